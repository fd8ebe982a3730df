package vk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// service is a callback with a service message from an account about another, in chat 7.
func service(action string, from, member int64) string {
	return fmt.Sprintf(`{"type":"message_new","event_id":"e1","v":"5.199","group_id":777,"secret":"SECRET","object":{"message":{
		"id":0,"date":1,"peer_id":2000000007,"from_id":%d,"text":"","action":{"type":%q,"member_id":%d}},"client_info":{"keyboard":true}}}`,
		from, action, member)
}

func TestWhatAServiceMessageMeans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action       string
		from, member int64
		kind         messenger.EventKind
		own          bool
	}{
		{"chat_invite_user_by_link", 5, 5, messenger.EventJoined, false},
		{"chat_invite_user_by_message_request", 5, 6, messenger.EventJoined, false},
		{"chat_invite_user", 5, 5, messenger.EventJoined, false},
		{"chat_invite_user", 5, 6, messenger.EventAdded, false},
		{"chat_invite_user", -777, 6, messenger.EventAdded, true},
		{"chat_invite_user", 5, -777, messenger.EventAdded, false},
		{"chat_kick_user", 5, 5, messenger.EventLeft, false},
		{"chat_kick_user", 5, 6, messenger.EventRemoved, false},
		{"chat_kick_user", -777, 6, messenger.EventRemoved, true},
		{"chat_kick_user", -778, 6, messenger.EventRemoved, false},
		{"chat_title_update", 5, 0, messenger.EventTitle, false},
		{"chat_create", -777, 0, messenger.EventOther, true},
		{"chat_owner_changed", 5, 6, messenger.EventOther, false},
		{"something_new", 5, 0, messenger.EventOther, false},
		{"", 5, 0, messenger.EventOther, false},
	} {
		got, err := ParseCallback([]byte(service(c.action, c.from, c.member)))
		require.NoError(t, err, c.action)
		want := messenger.Event{ID: "e1", Kind: c.kind, Chat: "7", Own: c.own}
		require.Equal(t, Callback{Group: 777, Type: "message_new", Secret: "SECRET", Event: &want}, got, c.action)
	}
}

func TestCallbacksThatAreNoChatsBusiness(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"confirmation":       `{"type":"confirmation","group_id":777}`,
		"another type":       `{"type":"wall_post_new","group_id":777,"secret":"s","object":{"message":{}}}`,
		"an object unknown":  `{"type":"message_typing_state","group_id":777,"secret":"s","object":[1]}`,
		"a message":          `{"type":"message_new","group_id":777,"object":{"message":{"peer_id":2000000007,"from_id":5,"text":"x"}}}`,
		"to the community":   `{"type":"message_new","group_id":777,"object":{"message":{"peer_id":5,"from_id":5,"action":{"type":"chat_create"}}}}`,
		"from a community":   `{"type":"message_new","group_id":777,"object":{"message":{"peer_id":-5,"from_id":-5}}}`,
		"a picture":          service("chat_photo_update", 5, 0),
		"a picture is gone":  service("chat_photo_remove", 5, 0),
		"a message pinned":   service("chat_pin_message", 5, 0),
		"a message unpinned": service("chat_unpin_message", 5, 0),
		"a screenshot":       service("chat_screenshot", 5, 5),
		"a call":             service("chat_group_call_started", 5, 5),
	} {
		got, err := ParseCallback([]byte(body))
		require.NoError(t, err, name)
		require.Nil(t, got.Event, name)
		require.EqualValues(t, 777, got.Group)
		require.NotEmpty(t, got.Type)
	}
}

func TestWhatIsNoCallback(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	message := func(rest string) string {
		return `{"type":"message_new","event_id":"e","group_id":777,"object":` + rest + `}`
	}
	for name, body := range map[string]string{
		"nothing":            ``,
		"null":               `null`,
		"a list":             `[]`,
		"a number":           `7`,
		"text":               `SECRET`,
		"cut":                service("chat_kick_user", 5, 6)[:200],
		"two":                `{"type":"confirmation","group_id":777}{}`,
		"no type":            `{"group_id":777}`,
		"no group":           `{"type":"confirmation"}`,
		"a negative group":   `{"type":"confirmation","group_id":-777}`,
		"a group in words":   `{"type":"confirmation","group_id":"777"}`,
		"a group too large":  `{"type":"confirmation","group_id":77777777777777777777}`,
		"a long type":        `{"type":"` + long + `","group_id":777}`,
		"a long secret":      `{"type":"confirmation","group_id":777,"secret":"` + long + `"}`,
		"no object":          `{"type":"message_new","event_id":"e","group_id":777}`,
		"no message":         message(`{}`),
		"an older version":   message(`{"peer_id":2000000007,"from_id":5,"action":{"type":"chat_kick_user","member_id":5}}`),
		"no peer":            message(`{"message":{"from_id":5}}`),
		"peer in words":      message(`{"message":{"peer_id":"2000000007","from_id":5}}`),
		"a peer beyond":      message(`{"message":{"peer_id":3000000000,"from_id":5,"action":{"type":"chat_kick_user"}}}`),
		"from nobody":        message(`{"message":{"peer_id":2000000007,"action":{"type":"chat_kick_user"}}}`),
		"action in words":    message(`{"message":{"peer_id":2000000007,"from_id":5,"action":"chat_kick_user"}}`),
		"without an id":      strings.Replace(service("chat_kick_user", 5, 6), `"e1"`, `""`, 1),
		"with a long id":     strings.Replace(service("chat_kick_user", 5, 6), `"e1"`, `"`+long+`"`, 1),
		"a zero in its id":   strings.Replace(service("chat_kick_user", 5, 6), `"e1"`, `"e\u0000"`, 1),
		"too long":           service("chat_kick_user", 5, 6) + strings.Repeat(" ", MaxCallback),
		"nested beyond sane": strings.Repeat(`{"object":`, 20_000) + strings.Repeat(`}`, 20_000),
	} {
		got, err := ParseCallback([]byte(body))
		require.ErrorIs(t, err, ErrNoCallback, name)
		require.Equal(t, Callback{}, got, name)
		requireHidden(t, err, long)
	}
}

// Whatever comes in, a refusal gives nothing, and what is given has what a caller relies on.
func TestParsingNeverPanics(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(service(rapid.String().Draw(t, "action"), rapid.Int64().Draw(t, "from"), rapid.Int64().Draw(t, "member")))
		for range rapid.IntRange(0, 3).Draw(t, "damages") {
			at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
			body[at] = rapid.Byte().Draw(t, "byte")
		}
		got, err := ParseCallback(body)
		if err != nil {
			require.Equal(t, Callback{}, got)
			return
		}
		require.Positive(t, got.Group)
		require.NotEmpty(t, got.Type)
		if got.Event != nil {
			require.NotEmpty(t, got.Event.ID)
			require.NotEmpty(t, got.Event.Kind)
			_, err := ParseRef(got.Event.Chat)
			require.NoError(t, err)
		}
	})
}

func TestPrintingACallbackShowsNoSecret(t *testing.T) {
	t.Parallel()
	got, err := ParseCallback([]byte(service("chat_kick_user", 5, 6)))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb+verb, got, &got), "SECRET")
	}
	encoded, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "SECRET")
}
