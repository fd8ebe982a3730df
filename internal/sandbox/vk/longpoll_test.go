package vk_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// listener polls for a community's events.
type listener struct {
	b      *bench
	Key    string `json:"key"`
	Server string `json:"server"`
	TS     string `json:"ts"`
}

// listen begins to listen to community 5.
func (b *bench) listen() *listener {
	b.t.Helper()
	l := good[listener](b, "groups.getLongPollServer", "group_id", group)
	l.b = b
	return &l
}

type polled struct {
	Failed  int             `json:"failed"`
	TS      json.RawMessage `json:"ts"`
	Updates []told          `json:"updates"`
}

// ask makes one poll and gives its answer.
func (l *listener) ask(ctx context.Context, wait int) (answer polled, err error) {
	query := url.Values{"act": {"a_check"}, "key": {l.Key}, "ts": {l.TS}, "wait": {strconv.Itoa(wait)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.Server+"?"+query.Encode(), nil)
	require.NoError(l.b.t, err)
	request.Close = true // on a connection of its own, or the client asks again by itself
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer, err
	}
	defer func() { _ = response.Body.Close() }()
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}

// poll makes a poll that must not fail, moves on, and gives the events.
func (l *listener) poll(wait int) []told {
	l.b.t.Helper()
	answer, err := l.ask(l.b.t.Context(), wait)
	require.NoError(l.b.t, err)
	require.Zero(l.b.t, answer.Failed)
	require.NoError(l.b.t, json.Unmarshal(answer.TS, &l.TS), "ts is a string")
	return answer.Updates
}

func (l *listener) failed() (int, string) {
	l.b.t.Helper()
	answer, err := l.ask(l.b.t.Context(), 0)
	require.NoError(l.b.t, err)
	return answer.Failed, string(answer.TS)
}

func (b *bench) rename(title string) {
	b.t.Helper()
	_, err := b.RenameByHand(vk.Renaming{GroupID: group, ChatID: 1, Title: title})
	require.NoError(b.t, err)
}

func (b *bench) trouble(trouble vk.Trouble) {
	b.t.Helper()
	_, err := b.TroubleStream(vk.StreamTrouble{GroupID: group, Trouble: trouble})
	require.NoError(b.t, err)
}

func titles(events []told) []string {
	titles := []string{}
	for _, e := range events {
		titles = append(titles, e.Object.Message.Action.Text)
	}
	return titles
}

func TestALongPollGivesWhatCameSinceItsTS(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	l := b.listen()
	require.Empty(t, l.poll(0), "what was before is not told")
	b.rename("2A")
	b.rename("3A")
	before := *l
	require.Equal(t, []string{"2A", "3A"}, titles(l.poll(0)))
	require.Empty(t, l.poll(0))
	require.Equal(t, []string{"2A", "3A"}, titles(before.poll(0)), "again, for whoever lost the answer")
	require.Equal(t, l.Key, b.listen().Key, "one key for all")
}

func TestALongPollWaitsForAnEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	l := b.listen()
	b.arm(traffic.Fault{Method: vk.PollMethod, Mode: traffic.ModeSlow, DelayMS: 1}) // tells that the poll is there
	got := make(chan polled, 1)
	go func() {
		if answer, err := l.ask(t.Context(), 90); err == nil {
			got <- answer
		}
	}()
	require.Eventually(t, func() bool { return len(b.faults.Armed()) == 0 }, time.Minute, time.Millisecond)
	b.rename("2A")
	require.Equal(t, []string{"2A"}, titles((<-got).Updates))
}

func TestALongPollEndsAfterItsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world, err := vk.Open(vk.Options{Log: traffic.NewLog(), Faults: &traffic.Faults{}})
		require.NoError(t, err)
		_, err = world.RegisterCommunity(vk.Registration{GroupID: group, Token: token, Name: "School"})
		require.NoError(t, err)
		ask := func(path string, values url.Values) []byte {
			rw := httptest.NewRecorder()
			world.ServeHTTP(rw, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"?"+values.Encode(), nil))
			return rw.Body.Bytes()
		}
		var reply struct {
			Response listener `json:"response"`
		}
		require.NoError(t, json.Unmarshal(ask("/method/groups.getLongPollServer", form("group_id", group)), &reply))
		for wait, want := range map[string]time.Duration{"7": 7 * time.Second, "": 25 * time.Second, "300": 90 * time.Second} {
			began := time.Now()
			answer := ask("/longpoll/5", url.Values{"act": {"a_check"}, "key": {reply.Response.Key}, "ts": {reply.Response.TS}, "wait": {wait}})
			require.Equal(t, want, time.Since(began))
			require.JSONEq(t, `{"ts":"0","updates":[]}`, string(answer))
		}
	})
}

func TestALongPollFailsAsVKsDoes(t *testing.T) {
	t.Parallel()
	wanted := func(code int) func(*bench, *listener) {
		return func(b *bench, _ *listener) {
			b.arm(traffic.Fault{Method: vk.PollMethod, Mode: traffic.ModeError, ErrorCode: code})
		}
	}
	for name, c := range map[string]struct {
		spoil  func(*bench, *listener)
		failed int
		ts     string
	}{
		"nothing is wrong":     {func(*bench, *listener) {}, 0, `"2"`},
		"events were lost":     {func(b *bench, _ *listener) { b.trouble(vk.TroubleLose) }, 1, "3"},
		"a ts from the future": {func(_ *bench, l *listener) { l.TS = "99" }, 1, "2"},
		"a ts that is none":    {func(_ *bench, l *listener) { l.TS = "x" }, 1, "2"},
		"the key has expired":  {func(b *bench, _ *listener) { b.trouble(vk.TroubleExpire) }, 2, ""},
		"a key that never was": {func(_ *bench, l *listener) { l.Key = "x" }, 2, ""},
		"no key":               {func(_ *bench, l *listener) { l.Key = "" }, 2, ""},
		"unknown community":    {func(_ *bench, l *listener) { l.Server += "9" }, 2, ""},
		"everything is lost":   {func(b *bench, _ *listener) { b.trouble(vk.TroubleForget) }, 3, ""},
		"as somebody wants it": {wanted(3), 3, ""},
		"as wanted, with a ts": {wanted(1), 1, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.create("1A", "1")
			b.rename("2A")
			l := b.listen()
			c.spoil(b, l)
			failed, ts := l.failed()
			require.Equal(t, c.failed, failed)
			require.Equal(t, c.ts, ts)

			again := b.listen()
			b.rename("3A")
			require.Equal(t, []string{"3A"}, titles(again.poll(0)), "another key and ts are good")
		})
	}
}

func TestAfterAnExpiredKeyNothingIsLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	l := b.listen()
	b.trouble(vk.TroubleExpire)
	b.rename("2A")
	l.Key = b.listen().Key
	require.Equal(t, []string{"2A"}, titles(l.poll(0)))
}

func TestOnlyTheLatestEventsAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	l := b.listen()
	for i := range 1000 {
		b.rename(strconv.Itoa(i))
	}
	before := *l
	require.Len(t, l.poll(0), 1000)
	b.rename("one more")
	failed, ts := before.failed()
	require.Equal(t, 1, failed)
	require.Equal(t, "1002", ts)
	require.Len(t, l.poll(0), 1)
}

func TestTheStreamSurvivesAKill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	l := b.listen()
	b.rename("2A")
	before := *l
	first := before.poll(0)
	for _, when := range []string{"from the changes", "from the compacted journal"} {
		b.open(-1)
		before := *l
		require.Equal(t, first, before.poll(0), when)
	}
	b.trouble(vk.TroubleLose)
	b.open(-1)
	failed, ts := l.failed()
	require.Equal(t, 1, failed)
	require.Equal(t, "3", ts)
	b.trouble(vk.TroubleForget)
	b.open(-1)
	failed, _ = l.failed()
	require.Equal(t, 3, failed)
}

func TestOnlyTheMethodCountsTowardsTheLimit(t *testing.T) {
	t.Parallel()
	b := setupLimited(t, 2)
	l := b.listen()
	for range 50 {
		require.Empty(t, l.poll(0))
	}
	b.listen()
	require.Equal(t, 6, b.code("groups.getLongPollServer", "group_id", group))
	require.Equal(t, 50, b.log.Totals().Communities[group].Requests[vk.PollMethod])
	require.Equal(t, 3, b.log.Totals().Communities[group].Requests["groups.getLongPollServer"])
}

func TestTheLogOfPollsHoldsNoKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.listen()
	l.poll(0)
	entries, err := json.Marshal(b.log.Entries(0, 0))
	require.NoError(t, err)
	require.NotContains(t, string(entries), l.Key)
	require.Contains(t, string(entries), `"wait":"0"`)
}

func TestPollsAreDisturbedByFaults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.listen()
	b.arm(traffic.Fault{GroupID: group, Method: vk.PollMethod, Mode: traffic.ModeHTTP500})
	b.arm(traffic.Fault{Method: traffic.AnyRequest, Mode: traffic.ModeDrop})
	b.arm(traffic.Fault{Method: vk.PollMethod, Mode: traffic.ModeLostReply})
	for range 3 {
		_, err := l.ask(t.Context(), 0)
		require.Error(t, err)
	}
	require.Empty(t, l.poll(0))
}

func TestThePollServerIsAskedForRightly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, 100, b.code("groups.getLongPollServer"))
	require.Equal(t, 15, b.code("groups.getLongPollServer", "group_id", 6))
	a := b.ask("execute", form("code", `return API.groups.getLongPollServer({"group_id":5}).server;`))
	require.JSONEq(t, `"`+b.url+`/longpoll/5"`, string(a.Response))

	for _, path := range []string{"/longpoll/x?act=a_check", "/longpoll/5?act=other"} {
		response, err := http.Get(b.url + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusBadRequest, response.StatusCode, path)
	}
	_, err := b.TroubleStream(vk.StreamTrouble{GroupID: group, Trouble: "flood"})
	require.ErrorIs(t, err, vk.ErrInvalid)
	_, err = b.TroubleStream(vk.StreamTrouble{GroupID: 6, Trouble: vk.TroubleLose})
	require.ErrorIs(t, err, vk.ErrUnknown)
}

func TestPollsEndWithTheWorld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.listen()
	b.arm(traffic.Fault{Method: vk.PollMethod, Mode: traffic.ModeSlow, DelayMS: 1})
	ended := make(chan error, 1)
	go func() {
		_, err := l.ask(t.Context(), 90)
		ended <- err
	}()
	require.Eventually(t, func() bool { return len(b.faults.Armed()) == 0 }, time.Minute, time.Millisecond)
	require.NoError(t, b.Close())
	require.Error(t, <-ended)
}
