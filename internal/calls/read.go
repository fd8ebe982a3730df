package calls

import (
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Read makes a call of its fields as they were written: times as RFC 3339, cancelled as true or false,
// and "" for what is not said. Times are given in UTC, to the second. The call is good, by
// Validate, if nothing is wrong.
func Read(text func(Field) string) (school.Call, Errors) {
	get := func(field Field) string { return strings.TrimSpace(text(field)) }
	var wrong Errors
	moment := func(field Field) time.Time {
		t, ok := readTime(get(field))
		if !ok {
			wrong = wrong.add(field, adviceTime)
		}
		return t
	}
	c := school.Call{
		ID: school.CallID(get(FieldID)), Title: get(FieldTitle),
		Class: school.ClassID(get(FieldClass)), Chat: strings.ToLower(get(FieldChat)), Teacher: school.PersonID(get(FieldTeacher)),
		Starts: moment(FieldStarts), Ends: moment(FieldEnds), Link: get(FieldLink), Published: moment(FieldPublished),
	}
	if get(FieldEnds) == "" && !c.Starts.IsZero() {
		c.Ends = c.Starts.Add(DefaultDuration)
	}
	switch strings.ToLower(get(FieldCancelled)) {
	case "true":
		c.Cancelled = true
	case "", "false":
	default:
		wrong = wrong.add(FieldCancelled, "write true or false")
	}
	return c, check(c, wrong)
}

// readTime gives the zero time for an empty text.
func readTime(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !plausible(t) {
		return time.Time{}, false
	}
	return t.UTC().Truncate(time.Second), true
}
