package calls_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestValidateTakes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*school.Call){
		"as it is":              func(*school.Call) {},
		"a chat to be resolved": func(c *school.Call) { c.Chat = "" },
		"for the staff":         func(c *school.Call) { c.Class, c.Chat = "", "teachers" },
		"no class and no chat":  func(c *school.Call) { c.Class, c.Chat = "", "" },
		"no link":               func(c *school.Call) { c.Link = "" },
		"a port and a query":    func(c *school.Call) { c.Link = "https://calls.example:8443/j?p=%D0%B0#x" },
		"a Russian host":        func(c *school.Call) { c.Link = "https://видео.рф/урок" },
		"the longest link":      func(c *school.Call) { c.Link = "https://c/" + strings.Repeat("я", 490) },
		"the longest title":     func(c *school.Call) { c.Title = strings.Repeat("я", 200) },
		"the longest id":        func(c *school.Call) { c.ID = school.CallID(strings.Repeat("a.B_:-9", 14)) },
		"a day long":            func(c *school.Call) { c.Ends = c.Starts.Add(24 * time.Hour) },
		"not said when":         func(c *school.Call) { c.Published = time.Time{} },
		"nobody knows who":      func(c *school.Call) { c.Teacher = "" },
	} {
		c := lesson()
		change(&c)
		require.NoError(t, calls.Validate(c), name)
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	link := func(text string) func(*school.Call) { return func(c *school.Call) { c.Link = text } }
	title := func(text string) func(*school.Call) { return func(c *school.Call) { c.Title = text } }
	id := func(text string) func(*school.Call) { return func(c *school.Call) { c.ID = school.CallID(text) } }
	for name, test := range map[string]struct {
		change func(*school.Call)
		field  calls.Field
	}{
		"no id":                 {id(""), calls.FieldID},
		"a long id":             {id(strings.Repeat("x", 101)), calls.FieldID},
		"a space in the id":     {id("a b"), calls.FieldID},
		"a slash in the id":     {id("../x"), calls.FieldID},
		"a newline after an id": {id("x\n"), calls.FieldID},
		"a Cyrillic id":         {id("урок"), calls.FieldID},
		"no title":              {title(""), calls.FieldTitle},
		"a blank title":         {title(" \u200b\u00a0"), calls.FieldTitle},
		"a long title":          {title(strings.Repeat("я", 201)), calls.FieldTitle},
		"two lines":             {title("a\nb"), calls.FieldTitle},
		"two lines otherwise":   {title("a\u2028b"), calls.FieldTitle},
		"a zero in the title":   {title("a\x00b"), calls.FieldTitle},
		"not UTF-8":             {title("a\xff"), calls.FieldTitle},
		"a zero in the class":   {func(c *school.Call) { c.Class = "a\x00" }, calls.FieldClass},
		"a long class":          {func(c *school.Call) { c.Class = school.ClassID(strings.Repeat("x", 256)) }, calls.FieldClass},
		"a zero in the teacher": {func(c *school.Call) { c.Teacher = "a\x00" }, calls.FieldTeacher},
		"another chat":          {func(c *school.Call) { c.Chat = "everybody" }, calls.FieldChat},
		"whose parents":         {func(c *school.Call) { c.Class, c.Chat = "", "parents" }, calls.FieldChat},
		"whose teachers":        {func(c *school.Call) { c.Chat = "teachers" }, calls.FieldChat},
		"no start":              {func(c *school.Call) { c.Starts = time.Time{} }, calls.FieldStarts},
		"a start long ago":      {func(c *school.Call) { c.Starts = c.Starts.AddDate(-1000, 0, 0) }, calls.FieldStarts},
		"no end":                {func(c *school.Call) { c.Ends = time.Time{} }, calls.FieldEnds},
		"no length":             {func(c *school.Call) { c.Ends = c.Starts }, calls.FieldEnds},
		"more than a day":       {func(c *school.Call) { c.Ends = c.Starts.Add(24*time.Hour + time.Second) }, calls.FieldEnds},
		"published in a future": {func(c *school.Call) { c.Published = c.Published.AddDate(7000, 0, 0) }, calls.FieldPublished},
		"not encrypted":         {link("http://calls.example/j"), calls.FieldLink},
		"another scheme":        {link("javascript:alert(1)"), calls.FieldLink},
		"no scheme":             {link("calls.example/j"), calls.FieldLink},
		"no slashes":            {link("https:calls.example"), calls.FieldLink},
		"no host":               {link("https:///j"), calls.FieldLink},
		"a port only":           {link("https://:443/j"), calls.FieldLink},
		"a user name":           {link("https://u@calls.example/j"), calls.FieldLink},
		"a hidden host":         {link(`https://calls.example\@evil.example/`), calls.FieldLink},
		"two links":             {link("https://calls.example/ https://evil.example/"), calls.FieldLink},
		"a line":                {link("https://calls.example/\nj"), calls.FieldLink},
		"a tag":                 {link("https://calls.example/<b>"), calls.FieldLink},
		"a long link":           {link("https://c/" + strings.Repeat("я", 491)), calls.FieldLink},
	} {
		c := lesson()
		test.change(&c)
		wrong, ok := calls.Validate(c).(calls.Errors)
		require.True(t, ok, name)
		require.Len(t, wrong, 1, name)
		require.Equal(t, test.field, wrong[0].Field, name)
		require.NotEmpty(t, wrong[0].Advice, name)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		class      school.ClassID
		chat, want string
		misplaced  calls.Field
	}{
		{"", "", "teachers", ""},
		{"n-1a", "", "students", ""},
		{"n-math", "", "subject", ""},
		{"n-1a", "parents", "parents", ""},
		{"n-1a", "teachers", "teachers", calls.FieldChat},
		{"n-math", "students", "students", calls.FieldChat},
		{"n-1a", "subject", "subject", calls.FieldChat},
		{"n-math", "parents", "parents", calls.FieldChat},
		{"", "students", "students", calls.FieldChat},
		{"gone", "", "", calls.FieldClass},
		{"gone", "teachers", "teachers", calls.FieldClass},
	} {
		got := calls.Resolve(school.Call{Class: test.class, Chat: test.chat}, roster())
		require.Equal(t, school.Call{Class: test.class, Chat: test.want}, got)
		require.Equal(t, got, calls.Resolve(got, roster()), "once is enough")
		wrong, found := calls.Misplaced(got, roster())
		require.Equal(t, test.misplaced != "", found, test)
		require.Equal(t, test.misplaced, wrong.Field, test)
	}
}

// Whatever is read without complaint is a good call, and can be stored.
func TestWhatIsReadIsGood(t *testing.T) {
	t.Parallel()
	texts := map[calls.Field][]string{
		calls.FieldID: {"vc-7", "", " x ", "a/b"}, calls.FieldTitle: {"Алгебра", " a ", "", "a\nb"},
		calls.FieldClass: {"", "n-1a"}, calls.FieldChat: {"", "Students", "subject", "nowhere"},
	}
	moments := []string{
		"", "2026-09-14T10:00:00+03:00", "2026-09-14T09:30:00.5Z", "2199-12-31T23:00:00Z", "0000-01-01T00:00:00+03:00", "9999-12-31T23:59:59-03:00",
		"2026-09-14", "2026-09-14T10:00:00", "tomorrow",
	}
	for _, field := range []calls.Field{calls.FieldStarts, calls.FieldEnds, calls.FieldPublished} {
		texts[field] = moments
	}
	rapid.Check(t, func(t *rapid.T) {
		c, wrong := calls.Read(func(field calls.Field) string {
			if some, ok := texts[field]; ok {
				return rapid.SampledFrom(some).Draw(t, string(field))
			}
			return ""
		})
		if len(wrong) == 0 {
			require.NoError(t, calls.Validate(c))
			text, err := json.Marshal(c)
			require.NoError(t, err)
			var stored school.Call
			require.NoError(t, json.Unmarshal(text, &stored))
			require.Equal(t, c, stored)
		}
	})
}
