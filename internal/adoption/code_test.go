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
	form := regexp.MustCompile(`^\d{3}-\d{3}-\d{3}-\d{3}$`)
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
	const code = "482-913-570-264"
	for title, want := range map[string][]string{
		"":                                  nil,
		"5А Родители":                       nil,
		"5А Родители 482-913-570-264":       {code},
		"482-913-570-264":                   {code},
		"482913570264 5А":                   {code},
		"5А (482 913 570 264)":              {code},
		"5А 482–913—570-264!":               {code},
		"5А 482\u00a0913\u00a0570\u00a0264": {code},
		"код:482-913-570-264":               {code},
		"8 482-913-570-2641":                nil,
		"1482913570264":                     nil,
		"48-2913-570-264":                   nil,
		"482-913-570":                       nil,
		"8 912 345-67-89":                   nil,
		"111-222-333-444 555-666-777-888":   {"111-222-333-444", "222-333-444-555", "333-444-555-666", "444-555-666-777", "555-666-777-888"},
		"111-222-333-444,111222333444":      {"111-222-333-444"},
		"2026/27 5А 482-913-570-264 2026":   {code},
		"Учительская · Школа № 103 216-783-008-111": {"103-216-783-008", "216-783-008-111"},
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
