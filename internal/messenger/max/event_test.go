package max

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/schematest"
)

// happened is an update as MAX writes it.
func happened(kind string, with object) string {
	update := object{"update_type": kind, "timestamp": 1785000000000, "chat_id": -7, "user": user(5), "is_channel": false}
	for name, value := range with {
		if value == "gone" {
			delete(update, name)
		} else {
			update[name] = value
		}
	}
	raw, err := json.Marshal(update)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func rightsOf(by int64) object {
	return object{"user": "gone", "user_id": by, "bot_id": testBot, "is_admin": true, "permissions": []string{"write"}}
}

func TestWhatUpdatesMean(t *testing.T) {
	t.Parallel()
	schema := schematest.Check(t)
	event := func(kind messenger.EventKind, own bool) *messenger.Event {
		return &messenger.Event{Kind: kind, Chat: "-7", Own: own}
	}
	tests := map[string]struct {
		body string
		want *messenger.Event
	}{
		"came by the link":       {happened("user_added", nil), event(messenger.EventJoined, false)},
		"came, null":             {happened("user_added", object{"inviter_id": nil}), event(messenger.EventJoined, false)},
		"came, own":              {happened("user_added", object{"inviter_id": 5}), event(messenger.EventJoined, false)},
		"was brought":            {happened("user_added", object{"inviter_id": 6}), event(messenger.EventAdded, false)},
		"was brought by us":      {happened("user_added", object{"inviter_id": testBot}), event(messenger.EventAdded, true)},
		"left":                   {happened("user_removed", nil), event(messenger.EventLeft, false)},
		"left, own":              {happened("user_removed", object{"admin_id": 5}), event(messenger.EventLeft, false)},
		"was turned out":         {happened("user_removed", object{"admin_id": 6}), event(messenger.EventRemoved, false)},
		"was turned out by us":   {happened("user_removed", object{"admin_id": testBot}), event(messenger.EventRemoved, true)},
		"we were let in":         {happened("bot_added", nil), event(messenger.EventOwnAdded, false)},
		"we were turned out":     {happened("bot_removed", nil), event(messenger.EventOwnRemoved, false)},
		"our rights are others":  {happened("bot_admin_permissions_changed", rightsOf(5)), event(messenger.EventOwnRights, false)},
		"our rights, by us":      {happened("bot_admin_permissions_changed", rightsOf(testBot)), event(messenger.EventOwnRights, true)},
		"comment":                {happened("comment_created", object{"comment": object{"text": "SECRET"}}), nil},
		"title":                  {happened("chat_title_changed", object{"title": "x"}), event(messenger.EventTitle, false)},
		"title, by us":           {happened("chat_title_changed", object{"title": "x", "user": user(testBot)}), event(messenger.EventTitle, true)},
		"new type":               {happened("owner_changed", object{"user": "gone"}), event(messenger.EventOther, false)},
		"new type of no chat":    {happened("name_changed", object{"chat_id": "gone"}), nil},
		"channel":                {happened("user_added", object{"is_channel": true}), nil},
		"new type, of a channel": {happened("owner_changed", object{"is_channel": true}), nil},
		"dialog began":           {happened("bot_started", nil), nil},
		"dialog ended":           {happened("bot_stopped", nil), nil},
		"dialog muted":           {happened("dialog_muted", object{"muted_until": 1}), nil},
		"message": {happened("message_created", object{
			"message": said("m", 5, 1, "SECRET"), "chat_id": "gone", "user": "gone",
		}), nil},
		"message gone": {happened("message_removed", object{"message_id": "m", "user_id": 5}), nil},
	}
	ids := map[string]string{}
	for name, tt := range tests {
		schema.Update(t, []byte(tt.body))
		got, err := ParseUpdate([]byte(tt.body), testBot)
		require.NoError(t, err, name)
		if tt.want == nil {
			require.Nil(t, got, name)
			continue
		}
		require.Regexp(t, `^max:[0-9a-f]{24}$`, got.ID)
		again, err := ParseUpdate([]byte(tt.body), testBot)
		require.NoError(t, err)
		require.Equal(t, got, again, "the same each time")
		if name != "came, null" && name != "title, by us" && name != "title" { // which MAX may tell in two ways
			require.Empty(t, ids[got.ID], name)
			ids[got.ID] = name
		}
		got.ID = ""
		require.Equal(t, tt.want, got, name)
	}
	later, err := ParseUpdate([]byte(strings.Replace(tests["left"].body, "1785000000000", "1785000000001", 1)), testBot)
	require.NoError(t, err)
	require.Empty(t, ids[later.ID])
}

func TestWhatIsNoUpdate(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":       "",
		"cut":           happened("user_added", nil)[:40],
		"a list":        "[]",
		"no type":       `{"timestamp":1,"chat_id":-7}`,
		"a long type":   happened(strings.Repeat("x", 65), nil),
		"no time":       happened("user_added", object{"timestamp": "gone"}),
		"a time before": happened("user_added", object{"timestamp": -1}),
		"no chat":       happened("user_added", object{"chat_id": "gone"}),
		"chat 0":        happened("user_removed", object{"chat_id": 0}),
		"a chat's name": happened("user_added", object{"chat_id": "SECRET"}),
		"user in words": happened("user_added", object{"user": "SECRET"}),
		"too long":      happened("user_added", nil) + strings.Repeat(" ", MaxUpdate),
	} {
		event, err := ParseUpdate([]byte(body), testBot)
		require.ErrorIs(t, err, ErrNoUpdate, name)
		require.Nil(t, event)
		requireHidden(t, err)
	}
}

func FuzzParseUpdate(f *testing.F) {
	f.Add([]byte(happened("user_added", object{"inviter_id": 6})))
	f.Add([]byte(happened("owner_changed", nil)))
	f.Fuzz(func(t *testing.T, body []byte) {
		event, err := ParseUpdate(bytes.Clone(body), testBot)
		require.False(t, event != nil && err != nil)
		if event != nil {
			_, err := ParseRef(event.Chat)
			require.NoError(t, err)
		}
	})
}
