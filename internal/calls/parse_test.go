package calls_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestParsePush(t *testing.T) {
	t.Parallel()
	got, err := calls.ParsePush([]byte(`{"calls": [
		{"id": "vc-7", "title": " Алгебра, урок 3 ", "class": "n-math", "chat": "subject", "teacher": "vera",
		 "startsAt": "2026-09-14T10:00:00+03:00", "endsAt": "2026-09-14T11:00:00+03:00",
		 "joinUrl": "https://calls.example/join/abc", "publishedAt": "2026-09-14T06:00:00.25Z", "cancelled": false},
		{"id": "vc-8", "title": "Педсовет", "startsAt": "2026-09-14T07:00:00Z", "class": null, "cancelled": true}
	]}`))
	require.NoError(t, err)
	require.Equal(t, []school.Call{
		lesson(),
		{ID: "vc-8", Title: "Педсовет", Starts: ten, Ends: ten.Add(calls.DefaultDuration), Cancelled: true},
	}, got)
	require.Equal(t, 3*time.Hour, calls.DefaultDuration)
}

// pushed is a push of one good call and one with more, or other, fields.
func pushed(fields string) string {
	return `{"calls": [{"id": "a", "title": "A", "startsAt": "2026-09-14T07:00:00Z"}, ` + fields + `]}`
}

func TestParsePushRefuses(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"id": "a"},`, 101), ",")
	for body, want := range map[string]string{
		"":                           `send a JSON object with one field, calls`,
		"hello":                      `send a JSON object with one field, calls`,
		"[]":                         `send a JSON object with one field, calls`,
		"null":                       `send a JSON object with one field, calls`,
		"{}":                         `send a JSON object with one field, calls`,
		`{"calls": {}}`:              `send a JSON object with one field, calls`,
		`{"Calls": [{}]}`:            `send a JSON object with one field, calls`,
		`{"calls": [{}], "more": 1}`: `send a JSON object with one field, calls`,
		pushed(`{}`) + "{}":          `send a JSON object with one field, calls`,
		`{"calls": []}`:              "send 1 to 100 calls at once",
		`{"calls": null}`:            "send 1 to 100 calls at once",
		`{"calls": [` + many + `]}`:  "send 1 to 100 calls at once",
		pushed(`7`):                  "call 2: write each call as a JSON object",
		pushed(`null`):               "call 2: write each call as a JSON object",
		pushed(`{"id": "b", "title": "B", "startsAt": "2026-09-14"}`):                                         "call 2 (b): startsAt: write date, time and offset",
		pushed(`{"id": "b", "title": 5, "startsAt": "2026-09-14T07:00:00Z"}`):                                 "call 2 (b): title: write a string",
		pushed(`{"id": "b", "title": "B", "startsAt": "2026-09-14T07:00:00Z", "cancelled": "true"}`):          "call 2 (b): cancelled: write true or false, without",
		pushed(`{"id": "b", "title": "B", "startsAt": "2026-09-14T07:00:00Z", "canceled": true}`):             "call 2 (b): canceled: a call has no such field: send only id, title,",
		pushed(`{"id": "b", "title": "B", "startsAt": "2026-09-14T07:00:00Z", "Анна Ш.": true}`):              "call 2 (b): a field: a call has no such field",
		pushed(`{"id": "b", "title": "B", "startsAt": "2026-09-14T07:00:00Z", "Teacher": "x"}`):               "call 2 (b): Teacher: a call has no such field",
		pushed(`{"id": "a", "title": "B", "startsAt": "2026-09-14T07:00:00Z"}`):                               "call 2 (a): id: call 1 has the same: send each call once",
		pushed(`{"id": "урок", "title": "B", "startsAt": "2026-09-14T07:00:00Z"}`):                            "call 2: id: write an id",
		pushed(`{"id": "b", "chat": "parents", "startsAt": "2026-09-14T07:00:00Z"}`):                          "call 2 (b): title: write a title of 1 to 200 characters, on one line; chat: write teachers where",
		pushed(`{"id": "b", "title": "B", "startsAt": "2026-09-14T07:00:00Z", "joinUrl": "http://h/secret"}`): "call 2 (b): joinUrl: write a link",
	} {
		got, err := calls.ParsePush([]byte(body))
		require.ErrorContains(t, err, want, body)
		require.Nil(t, got, body)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "урок")
		require.NotContains(t, err.Error(), "Анна")
	}
}

func TestParsePushTakesAHundred(t *testing.T) {
	t.Parallel()
	var body []string
	for i := range 100 {
		body = append(body, fmt.Sprintf(`{"id": "c-%d", "title": "C", "startsAt": "2026-09-14T07:00:00Z"}`, i))
	}
	got, err := calls.ParsePush([]byte(`{"calls": [` + strings.Join(body, ",") + `]}`))
	require.NoError(t, err)
	require.Len(t, got, 100)
	require.Equal(t, school.CallID("c-99"), got[99].ID)
}
