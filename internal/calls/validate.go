package calls

import (
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	// DefaultDuration is how long a call lasts that does not say.
	DefaultDuration = 3 * time.Hour

	maxDuration = 24 * time.Hour
	// The longest texts, in characters; ids of the roster are as long as OneRoster allows.
	maxTitle, maxLink, maxSourcedID = 200, 500, 255
	// Times outside these years are slips, and JSON has no way to write the farthest of them.
	firstYear, lastYear = 2000, 2199
)

const (
	adviceTime = "write date, time and offset from UTC, e.g. 2026-09-14T10:00:00+03:00"
	adviceLink = "write a link of at most 500 characters that begins with https:// and holds no user name, or leave it empty"
)

var validID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,100}$`)

// ValidID tells whether an id may name a call: it becomes part of addresses and logs.
func ValidID(id school.CallID) bool { return validID.MatchString(string(id)) }

// Validate tells whether a call is one that can be announced. The chat may be empty: Resolve finds it.
// The error is an Errors.
func Validate(c school.Call) error {
	if wrong := check(c, nil); len(wrong) > 0 {
		return wrong
	}
	return nil
}

// check adds what is wrong with a call to what is known to be wrong already.
func check(c school.Call, wrong Errors) Errors {
	must := func(ok bool, field Field, advice string) {
		if !ok {
			wrong = wrong.add(field, advice)
		}
	}
	must(ValidID(c.ID), FieldID, "write an id of 1 to 100 Latin letters, digits, dots, dashes, underscores and colons")
	must(visible(c.Title) && oneLine(c.Title) && utf8.RuneCountInString(c.Title) <= maxTitle,
		FieldTitle, "write a title of 1 to 200 characters, on one line")
	must(sourcedID(string(c.Class)), FieldClass, "write the sourcedId of the class or group, or leave it empty for the staff")
	must(sourcedID(string(c.Teacher)), FieldTeacher, "write the sourcedId of the teacher, or leave it empty")
	must(c.Chat == "" || lo.Contains(chats.Types(), chats.Type(c.Chat)),
		FieldChat, "write students, parents, subject or teachers, or leave it empty")
	must(c.Chat == "" || (c.Class == "") == (c.Chat == string(chats.Teachers)),
		FieldChat, "write teachers where there is no class, and students, parents or subject where there is one, or leave it empty")
	must(plausible(c.Starts), FieldStarts, adviceTime)
	if plausible(c.Starts) {
		must(c.Ends.After(c.Starts), FieldEnds, "write an end that is after the start")
		must(c.Ends.Sub(c.Starts) <= maxDuration, FieldEnds, "write an end within 24 hours of the start")
	}
	must(c.Link == "" || isLink(c.Link), FieldLink, adviceLink)
	must(c.Published.IsZero() || plausible(c.Published), FieldPublished, adviceTime)
	return wrong
}

func plausible(t time.Time) bool {
	year := t.UTC().Year()
	return firstYear <= year && year <= lastYear
}

func sourcedID(id string) bool { return oneLine(id) && utf8.RuneCountInString(id) <= maxSourcedID }

// oneLine tells whether a text is clean: UTF-8, and nothing in it that breaks a line or cannot be stored.
func oneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// visible tells whether there is anything to be seen in a text.
func visible(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) })
}

func isLink(text string) bool {
	if !oneLine(text) || utf8.RuneCountInString(text) > maxLink || strings.ContainsFunc(text, unicode.IsSpace) || strings.ContainsAny(text, `\<>"`) {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}
