package portal_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	port "github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

func TestChatsAreShownToTheirAudienceAndToNobodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link("p-1", 11)
	require.NoError(t, b.PutChats(t.Context(), school, []port.Chat{chatOf("parents/a", "p-1", "p-2"), chatOf("parents/b", "p-2"), chatOf("c")}))

	seen := b.seen("p-1")
	require.Equal(t, portal.Account{Identity: "p-1", Account: 11}, seen.Account)
	require.Equal(t, []portal.Chat{{
		ChatCard: portal.ChatCard{
			Key: "parents/a", Type: "parents", Class: "c-5a", Title: "5А", Link: "https://vk.me/join/parents/a",
		},
		VisibleAt: seen.Chats[0].VisibleAt, Changes: 1,
	}}, seen.Chats)
	require.Len(t, b.seen("p-2").Chats, 2)
	require.Empty(t, b.seen("p-3").Chats)
	require.Len(t, b.state().Chats, 3)
	require.Equal(t, []string{"p-1", "p-2"}, b.state().Chats[1].Audience)

	require.NoError(t, b.RemoveChat(t.Context(), school, "parents/a"))
	require.NoError(t, b.RemoveChat(t.Context(), school, "parents/a"), "twice is the same as once")
	require.NoError(t, b.RemoveChat(t.Context(), school, "never was"))
	require.Empty(t, b.seen("p-1").Chats)
	require.Len(t, b.state().Chats, 2)
}

func TestACallRemembersWhatItShowed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	call := b.callOf("lesson 1", "p-1")
	put := func(edit func(*port.Call)) portal.Call {
		b.clock.advance(time.Minute)
		edit(&call)
		require.NoError(t, b.PutCall(t.Context(), school, call))
		return b.state().Calls[0]
	}
	first := put(func(*port.Call) {})
	require.Equal(t, portal.Call{
		ID: "lesson 1", VisibleAt: b.clock.Now().UTC(), LinksShown: 1, Changes: 1,
		CallCard: portal.CallCard{
			Title: "Algebra", Class: "c-5a", Teacher: "p-teacher", StartsAt: call.Starts, EndsAt: call.Ends,
			Link: "https://vk.com/call/join/lesson 1", Audience: []string{"p-1"},
		},
	}, first)
	require.Equal(t, first, put(func(*port.Call) {}), "the same again changes nothing")

	moved := put(func(c *port.Call) { c.Starts, c.Audience = c.Starts.Add(time.Minute), []string{"p-1", "p-2"} })
	require.Equal(t, []any{first.VisibleAt, 1, 2}, []any{moved.VisibleAt, moved.LinksShown, moved.Changes})
	relinked := put(func(c *port.Call) { c.Link = "https://vk.com/call/join/other" })
	require.Equal(t, []any{first.VisibleAt, 2, 3}, []any{relinked.VisibleAt, relinked.LinksShown, relinked.Changes})

	require.Len(t, b.seen("p-2").Calls, 1)
	require.NoError(t, b.RemoveCall(t.Context(), school, "lesson 1"))
	require.NoError(t, b.RemoveCall(t.Context(), school, "lesson 1"))
	require.Empty(t, b.state().Calls)
	require.Empty(t, b.seen("p-2").Calls)

	again := put(func(*port.Call) {})
	require.Equal(t, []any{b.clock.Now().UTC(), 2, 4}, []any{again.VisibleAt, again.LinksShown, again.Changes})
}

func TestTheLastOfSeveralWritesCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	titles := func() []string {
		return lo.Map(b.state().Chats, func(c portal.Chat, _ int) string { return c.Title })
	}
	one, other := chatOf("a"), chatOf("a")
	other.Title = "5Б"
	for range 3 {
		require.NoError(t, b.PutChats(ctx, school, []port.Chat{one}))
		require.Equal(t, []string{"5А"}, titles())
		require.NoError(t, b.PutChats(ctx, school, []port.Chat{other}))
		require.Equal(t, []string{"5Б"}, titles())
		require.NoError(t, b.RemoveChat(ctx, school, "a"))
		require.Empty(t, titles())
	}
}

func TestALostReplyFollowedByARepeatShowsOnce(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(*bench){"at once": func(*bench) {}, "after a restart": func(b *bench) { b.open(-1) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			lost := traffic.Fault{Method: "portal.*", Mode: traffic.ModeLostReply}
			call := b.callOf("c1", "p-1")
			for _, write := range []func() error{
				func() error { return b.PutCall(t.Context(), school, call) },
				func() error { return b.PutChats(t.Context(), school, []port.Chat{chatOf("a", "p-1")}) },
			} {
				b.strike(lost)
				require.Equal(t, port.CodeUnavailable, port.CodeOf(write()))
				require.Len(t, b.state().Calls, 1, "it was performed")
				between(b)
				require.NoError(t, write())
			}
			require.Equal(t, []int{1, 1}, []int{b.state().Calls[0].Changes, b.state().Chats[0].Changes})
			b.strike(lost)
			require.Equal(t, port.CodeUnavailable, port.CodeOf(b.RemoveCall(t.Context(), school, "c1")))
			between(b)
			require.NoError(t, b.RemoveCall(t.Context(), school, "c1"))
			require.Empty(t, b.state().Calls)
		})
	}
}

func TestAKeyOfAnotherWriteIsAConflict(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := func(title string) string {
		return fmt.Sprintf(`{"chats":[{"key":"a","type":"parents","title":%q,"link":"https://x.example/1","audience":[]}]}`, title)
	}
	same := set("Idempotency-Key", "one-and-the-same")
	require.Equal(t, http.StatusUnprocessableEntity, b.ask(http.MethodPut, at+"/chats", body(""), same).Status)
	require.Equal(t, http.StatusNoContent, b.ask(http.MethodPut, at+"/chats", body("5А"), same).Status, "what was refused was no write")
	require.Equal(t, http.StatusNoContent, b.ask(http.MethodPut, at+"/chats", body("5А"), same).Status)
	a := b.ask(http.MethodPut, at+"/chats", body("5Б"), same)
	require.Equal(t, []any{http.StatusConflict, "idempotency-conflict"}, []any{a.Status, a.Code})
	require.Equal(t, http.StatusConflict, b.ask(http.MethodDelete, at+"/chats/a", "", same).Status)
	require.Equal(t, "5А", b.state().Chats[0].Title)

	for i := range 10_000 {
		require.Equal(t, http.StatusNoContent, b.ask(http.MethodDelete, at+"/calls/x", "", set("Idempotency-Key", fmt.Sprint(i))).Status)
	}
	require.Equal(t, http.StatusNoContent, b.ask(http.MethodDelete, at+"/chats/a", "", same).Status, "only the latest are remembered")
}

func TestWritesThatMakeNoSenseAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const chat = `{"key":"a","type":"parents","title":"5А","link":"https://x.example/1","audience":["p-1"]}`
	const call = `{"title":"T","startsAt":"2026-09-01T07:00:00Z","endsAt":"2026-09-01T08:00:00Z","link":"https://x.example/1","audience":[]}`
	chats := func(chats ...string) string { return `{"chats":[` + strings.Join(chats, ",") + `]}` }
	bad := func(target, good, old, now string, status int) {
		t.Helper()
		body := strings.Replace(good, old, now, 1)
		require.NotEqual(t, good, body)
		a := b.ask(http.MethodPut, at+target, body)
		require.Equal(t, status, a.Status, body)
		require.Equal(t, lo.Ternary(status == http.StatusBadRequest, "bad-request", "invalid"), a.Code)
		require.NotEmpty(t, a.Detail)
	}
	const unclear, senseless = http.StatusBadRequest, http.StatusUnprocessableEntity
	good := chats(chat, strings.Replace(chat, `"a"`, `"b"`, 1))
	bad("/chats", good, `{"chats"`, `{"chat"`, unclear)
	bad("/chats", good, `["p-1"]`, `"p-1"`, unclear)
	bad("/chats", good, `]}`, `]`, unclear)
	bad("/chats", good, `{"chats"`, `{}{"chats"`, unclear)
	bad("/chats", good, good, `{"chats":[]}`, senseless)
	bad("/chats", good, good, chats(lo.Times(101, func(i int) string {
		return strings.Replace(chat, `"a"`, fmt.Sprintf(`"%d"`, i), 1)
	})...), senseless)
	bad("/chats", good, `"b"`, `"a"`, senseless)
	bad("/chats", good, `"b"`, `""`, senseless)
	bad("/chats", good, `"parents"`, `""`, senseless)
	bad("/chats", good, `"https:`, `"ftp:`, senseless)
	bad("/chats", good, `"https://x.example/1"`, `"/1"`, senseless)
	bad("/chats", good, `,"audience":["p-1"]`, ``, senseless)
	bad("/chats", good, `"p-1"`, `""`, senseless)
	bad("/calls/1", call, `"T"`, `""`, senseless)
	bad("/calls/1", call, `T08:00`, `T07:00`, senseless)
	bad("/calls/1", call, `"2026-09-01T07:00:00Z"`, `null`, senseless)
	bad("/calls/1", call, `"2026-09-01T07:00:00Z"`, `"soon"`, unclear)
	bad("/calls/1", call, `{"title"`, `{"id":"1","title"`, unclear)
	require.Equal(t, unclear, b.ask(http.MethodPut, at+"/calls/1", call, set("Content-Type", "text/plain")).Status)
	require.Equal(t, unclear, b.ask(http.MethodPut, at+"/calls/1", call, set("Idempotency-Key", "")).Status)
	require.Equal(t, unclear, b.ask(http.MethodDelete, at+"/calls/1", "", set("Idempotency-Key", "a b")).Status)
	require.Empty(t, b.state().Chats)
	require.Empty(t, b.state().Calls)
	require.Equal(t, http.StatusNoContent, b.ask(http.MethodPut, at+"/chats", good).Status)
	require.Equal(t, http.StatusNoContent, b.ask(http.MethodPut, at+"/calls/1", call).Status)
}

func TestWaitingForACall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	call := b.callOf("c1", "p-1")
	ref := portal.CallRef{Organisation: school, Call: "c1"}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.WaitForCall(ended, ref, true)
	require.ErrorIs(t, err, context.Canceled)
	none, err := b.WaitForCall(t.Context(), ref, false)
	require.NoError(t, err)
	require.Nil(t, none)
	_, err = b.WaitForCall(t.Context(), portal.CallRef{Organisation: "sch-0", Call: "c1"}, true)
	require.ErrorIs(t, err, portal.ErrUnknown)

	waited := make(chan *portal.Call)
	wait := func(visible bool) {
		call, _ := b.WaitForCall(t.Context(), ref, visible)
		waited <- call
	}
	go wait(true)
	b.link("p-1", 1)
	require.NoError(t, b.PutCall(t.Context(), school, call))
	require.Equal(t, "c1", (<-waited).ID)
	go wait(false)
	require.NoError(t, b.RemoveCall(t.Context(), school, "c1"))
	require.Nil(t, <-waited)
}

func TestAWaitDoesNotEndBeforeItsCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world, err := portal.Open(portal.Options{Log: traffic.NewLog(), Faults: &traffic.Faults{}})
		require.NoError(t, err)
		_, err = world.RegisterOrganisation(portal.Organisation{Organisation: school, Name: "School"})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error, 1)
		go func() {
			_, err := world.WaitForCall(ctx, portal.CallRef{Organisation: school, Call: "c1"}, true)
			waited <- err
		}()
		_, err = world.LinkAccounts(portal.Linking{Organisation: school, Identity: "p-1", Account: 1})
		require.NoError(t, err)
		synctest.Wait()
		require.Empty(t, waited)
		cancel()
		require.ErrorIs(t, <-waited, context.Canceled)
	})
}
