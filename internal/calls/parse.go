package calls

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// maxPushed is how many calls one push may hold.
const maxPushed = 100

var (
	errNotCalls = errors.New(`send a JSON object with one field, calls, a list of calls: {"calls": [{"id": "…", "title": "…", "startsAt": "…"}]}`)
	errHowMany  = fmt.Errorf("send 1 to %d calls at once", maxPushed)
)

// ParsePush reads the calls of a push. All of them are good, by Validate, or there is an error, which
// names the call and its fields, says what to do, and quotes no value but the id. A chat that is
// not given stays "".
func ParsePush(body []byte) ([]school.Call, error) {
	push, ok := object(body)
	list, has := push["calls"]
	if !ok || !has || len(push) > 1 {
		return nil, errNotCalls
	}
	var pushed []json.RawMessage
	if json.Unmarshal(list, &pushed) != nil {
		return nil, errNotCalls
	}
	if len(pushed) == 0 || len(pushed) > maxPushed {
		return nil, errHowMany
	}
	read := make([]school.Call, 0, len(pushed))
	first := map[school.CallID]int{}
	for i, raw := range pushed {
		c, err := parseCall(raw)
		if before, twice := first[c.ID]; err == nil && twice {
			err = FieldError{FieldID, fmt.Sprintf("call %d has the same: send each call once", before)}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", named(i+1, c.ID), err)
		}
		first[c.ID] = i + 1
		read = append(read, c)
	}
	return read, nil
}

// named says which call of a push it is.
func named(number int, id school.CallID) string {
	if ValidID(id) {
		return fmt.Sprintf("call %d (%s)", number, id)
	}
	return fmt.Sprintf("call %d", number)
}

// parseCall gives the call's id also where there is an error, as far as it can be read.
func parseCall(raw json.RawMessage) (school.Call, error) {
	fields, ok := object(raw)
	if !ok {
		return school.Call{}, errors.New("write each call as a JSON object")
	}
	var mistyped Errors
	c, wrong := Read(func(field Field) string {
		text, ok := text(fields[string(field)], field)
		if !ok {
			mistyped = mistyped.add(field, lo.Ternary(field == FieldCancelled, "write true or false, without quotation marks", "write a string"))
		}
		return text
	})
	for _, w := range wrong {
		mistyped = mistyped.add(w.Field, w.Advice)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !lo.Contains(Fields(), Field(name)) {
			return school.Call{ID: c.ID}, unknown(name)
		}
	}
	if len(mistyped) > 0 {
		return school.Call{ID: c.ID}, mistyped
	}
	return c, nil
}

// unknown says that a call has no such field. It is named where that is a plain word.
func unknown(name string) error {
	if !validID.MatchString(name) {
		name = "a field"
	}
	known := lo.Map(Fields(), func(f Field, _ int) string { return string(f) })
	return fmt.Errorf("%s: a call has no such field: send only %s", name, strings.Join(known, ", "))
}

// text gives a field's value as it would be written in a file; "" where it is null or not there.
func text(raw json.RawMessage, field Field) (string, bool) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", true
	}
	if field == FieldCancelled {
		var yes bool
		err := json.Unmarshal(raw, &yes)
		return strconv.FormatBool(yes), err == nil
	}
	var value string
	err := json.Unmarshal(raw, &value)
	return value, err == nil
}

// object reads a JSON object, and nothing else.
func object(raw []byte) (map[string]json.RawMessage, bool) {
	var fields map[string]json.RawMessage
	return fields, json.Unmarshal(raw, &fields) == nil && fields != nil
}
