package adoption_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/adoption"
)

func TestNewCodes(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^\d{3}-\d{3}-\d{3}$`)
	seen := map[string]bool{}
	for range 1000 {
		code := adoption.NewCode()
		require.Regexp(t, form, code)
		seen[code] = true
	}
	require.Greater(t, len(seen), 990)
}

func TestCodesInTitles(t *testing.T) {
	t.Parallel()
	for title, want := range map[string][]string{
		"":                         nil,
		"5А Родители":              nil,
		"5А Родители 482-913-570":  {"482-913-570"},
		"482-913-570":              {"482-913-570"},
		"482913570 5А":             {"482-913-570"},
		"5А (482 913 570)":         {"482-913-570"},
		"5А 482–913—570!":          {"482-913-570"},
		"5А 482\u00a0913\u00a0570": {"482-913-570"},
		"код:482-913-570":          {"482-913-570"},
		"8 482-913-5701":           nil,
		"1482913570":               nil,
		"48-2913-570":              nil,
		"482-913-57":               nil,
		"111-222-333 444-555-666":  {"111-222-333", "222-333-444", "333-444-555", "444-555-666"},
		"Учительская · Школа № 103 216-783-008": {"103-216-783", "216-783-008"},
		"111-222-333,111222333":                {"111-222-333"},
		"2026/27 5А 482-913-570 Родители 2026": {"482-913-570"},
	} {
		require.Equal(t, want, adoption.CodesIn(title), "%q", title)
	}
}

func TestACodeIsFoundInAnyTitle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := adoption.NewCode()
		before := rapid.StringMatching(`[а-яА-Я .,()]{0,20}`).Draw(t, "before")
		after := rapid.StringMatching(`[а-яА-Я .,()]{0,20}`).Draw(t, "after")
		require.Equal(t, []string{code}, adoption.CodesIn(before+code+after))
	})
}
