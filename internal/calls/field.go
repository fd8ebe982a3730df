package calls

import (
	"strings"

	"github.com/samber/lo"
)

// Field names a part of a call, as a push spells it.
type Field string

// The fields.
const (
	FieldID        Field = "id"
	FieldTitle     Field = "title"
	FieldClass     Field = "class"
	FieldChat      Field = "chat"
	FieldTeacher   Field = "teacher"
	FieldStarts    Field = "startsAt"
	FieldEnds      Field = "endsAt"
	FieldLink      Field = "joinUrl"
	FieldPublished Field = "publishedAt"
	FieldCancelled Field = "cancelled"
)

// Fields lists the fields in the order in which people read them.
func Fields() []Field {
	return []Field{
		FieldID, FieldTitle, FieldClass, FieldChat, FieldTeacher, FieldStarts, FieldEnds, FieldLink, FieldPublished, FieldCancelled,
	}
}

// FieldError says what is wrong with a field. Its advice says what to do, and quotes no value.
type FieldError struct {
	Field  Field
	Advice string
}

func (e FieldError) Error() string { return string(e.Field) + ": " + e.Advice }

// Errors are all that is wrong with a call, at most one for each field.
type Errors []FieldError

func (e Errors) Error() string {
	return strings.Join(lo.Map(e, func(f FieldError, _ int) string { return f.Error() }), "; ")
}

// add takes in what is wrong with a field of which nothing is known to be wrong yet.
func (e Errors) add(field Field, advice string) Errors {
	if lo.ContainsBy(e, func(f FieldError) bool { return f.Field == field }) {
		return e
	}
	return append(e, FieldError{Field: field, Advice: advice})
}
