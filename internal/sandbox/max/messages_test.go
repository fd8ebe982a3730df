package max_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
)

func text(s string) any { return map[string]any{"text": s, "attachments": nil, "link": nil} }

func to(chat max.Chat) string { return fmt.Sprintf("/messages?chat_id=%d", chat.ChatID) }

type said struct {
	At   int64 `json:"timestamp"`
	Body struct {
		ID   string `json:"mid"`
		Text string `json:"text"`
	} `json:"body"`
}

// say sends a message and gives its id.
func (b *bench) say(chat max.Chat, what string) string {
	b.t.Helper()
	return good[struct{ Message said }](b, "POST", to(chat), text(what)).Message.Body.ID
}

func texts(list struct{ Messages []said }) []string {
	return lo.Map(list.Messages, func(s said, _ int) string { return s.Body.Text })
}

func TestMessagesAreSentReadAndDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	first := b.say(chat, "one")
	b.clock.advance(time.Hour)
	b.say(chat, "two")
	b.clock.advance(time.Hour)
	b.say(chat, "three")
	all := good[struct{ Messages []said }](b, "GET", to(chat), nil)
	require.Equal(t, []string{"three", "two", "one"}, texts(all), "the latest first")
	second := all.Messages[1].At
	read := func(rest string, of ...any) []string {
		return texts(good[struct{ Messages []said }](b, "GET", to(chat)+fmt.Sprintf(rest, of...), nil))
	}
	require.Equal(t, []string{"two", "one"}, read("&from=%d", second))
	require.Equal(t, []string{"three", "two"}, read("&to=%d", second))
	require.Equal(t, []string{"two"}, read("&from=%d&to=%d", second, second))
	require.Equal(t, []string{"three"}, read("&count=1"))

	byID := func() []string {
		ids := first + ",mid.other," + all.Messages[0].Body.ID
		return texts(good[struct{ Messages []said }](b, "GET", "/messages?message_ids="+ids, nil))
	}
	require.Equal(t, []string{"one", "three"}, byID())

	require.True(t, b.does("DELETE", "/messages?message_id="+first, nil))
	require.Equal(t, []string{"three"}, byID())
	require.False(t, b.does("DELETE", "/messages?message_id="+first, nil))
	require.False(t, b.does("DELETE", "/messages?message_id=nonsense", nil))
	require.Equal(t, []string{"two", "three"}, lo.Map(b.now(chat.ChatID).Messages, func(m max.Message, _ int) string { return m.Text }))
}

func TestWrongMessagesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	require.Equal(t, "400 proto.payload", b.wrong("POST", to(chat), text("")))
	require.Equal(t, "400 proto.payload", b.wrong("POST", to(chat), text(strings.Repeat("ы", 4001))))
	require.Equal(t, "400 proto.payload", b.wrong("POST", to(chat), nil))
	require.Equal(t, "400 proto.payload", b.wrong("POST", "/messages", text("x")))
	require.Equal(t, "400 proto.payload", b.wrong("GET", to(chat)+"&count=101", nil))
	require.Equal(t, "400 proto.payload", b.wrong("DELETE", "/messages", nil))
	require.Equal(t, "403 chat.denied", b.refused("POST", "/messages?user_id=5", text("x")))
	require.Equal(t, "404 chat.not.found", b.refused("POST", "/messages?chat_id=5", text("x")))
	require.Empty(t, b.now(chat.ChatID).Messages)
	require.NotEmpty(t, b.say(chat, strings.Repeat("ы", 4000)))
}

func TestTwoMessagesASecondGoToAChat(t *testing.T) {
	t.Parallel()
	b := setupLimited(t, 0)
	chat, other := b.chat(nil), b.chat(nil)
	b.say(chat, "1")
	b.say(chat, "2")
	require.Equal(t, "429 too.many.requests", b.refused("POST", to(chat), text("3")))
	b.say(other, "1")
	b.clock.advance(time.Second)
	b.say(chat, "3")
	require.Len(t, b.now(chat.ChatID).Messages, 3)
}

func TestThirtyRequestsASecondAreServed(t *testing.T) {
	t.Parallel()
	b := setupLimited(t, 0)
	for range 30 {
		good[struct{}](b, "GET", "/me", nil)
	}
	require.Equal(t, "429 too.many.requests", b.refused("GET", "/me", nil))
	b.register(901, "other")
	status, _ := b.askAs(b.url, "other", "GET", "/me", nil)
	require.Equal(t, 200, status)
	b.clock.advance(time.Second)
	good[struct{}](b, "GET", "/me", nil)
}
