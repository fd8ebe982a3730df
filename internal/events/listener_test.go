package events_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// messengers is a sandbox with community 5, whose chat 1 has the members 1 to 3.
type messengers struct {
	*sandbox.Server
	t   *testing.T
	url string
}

func setupSandbox(t *testing.T) *messengers {
	t.Helper()
	server, err := sandbox.Open(sandbox.Options{CallbackPause: time.Millisecond})
	require.NoError(t, err)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	t.Cleanup(func() { _ = server.Close() }) // first: it ends long polls
	s := &messengers{Server: server, t: t, url: listener.URL}
	s.community(group, token)
	return s
}

// community registers a community with a chat.
func (s *messengers) community(id int64, token string) {
	s.t.Helper()
	_, err := s.RegisterCommunity(vk.Registration{GroupID: id, Token: token, Name: "School"})
	require.NoError(s.t, err)
	response, err := httpPost(s.t, s.url+"/method/messages.createChat", "access_token", token, "v", vk.Version, "title", "1A", "user_ids", "1,2,3")
	require.NoError(s.t, err)
	require.Contains(s.t, response, `"chat_id":1`)
}

func (s *messengers) leave(account int64) {
	s.t.Helper()
	_, err := s.Leave(vk.Seat{GroupID: group, ChatID: 1, Account: account})
	require.NoError(s.t, err)
}

func (s *messengers) rename(title string) {
	s.t.Helper()
	_, err := s.RenameByHand(vk.Renaming{GroupID: group, ChatID: 1, Title: title})
	require.NoError(s.t, err)
}

func (s *messengers) waiting() int {
	state, err := s.State(vk.GroupRef{GroupID: group})
	if err != nil {
		return -1
	}
	return state.Community.Waiting
}

// asked counts the calls of a method by a community.
func (s *messengers) asked(community int64, method string) int {
	return s.RequestCounts().Communities[community].Calls[method]
}

const getServer = "groups.getLongPollServer"

// ear is a listener on a bench and a sandbox.
type ear struct {
	*bench
	*messengers
	listener *events.Listener
}

func setupEar(t *testing.T) *ear {
	t.Helper()
	e := &ear{bench: setup(t), messengers: setupSandbox(t)}
	e.listener = &events.Listener{Store: e.store, Messengers: connect.Messengers{VKURL: e.url}, Logger: e.logger, Pause: time.Millisecond}
	t.Cleanup(e.listener.Stop)
	e.longPoll("s", true)
	return e
}

func (e *ear) longPoll(id school.ID, on bool) {
	e.bench.t.Helper()
	require.NoError(e.bench.t, e.store.SetLongPoll(e.bench.t.Context(), id, on))
}

func (e *ear) look() {
	e.bench.t.Helper()
	require.NoError(e.bench.t, e.listener.Look(context.WithoutCancel(e.bench.t.Context())))
}

// proven tells whether the school's events are proven since a time.
func (e *ear) proven(id school.ID, since time.Time) bool {
	ok, err := e.store.EventsProven(context.WithoutCancel(e.bench.t.Context()), id, since)
	return err == nil && ok
}

func (e *ear) eventually(what string, is func() bool) {
	e.bench.t.Helper()
	require.Eventually(e.bench.t, is, patience, 2*time.Millisecond, what)
}

// listening waits until the school is listened to, and gives a time from which on all is proven.
func (e *ear) listening(id school.ID) time.Time {
	e.bench.t.Helper()
	e.eventually("it is listened to", func() bool { return e.proven(id, time.Now()) })
	return time.Now()
}

// listeningToMAX waits until a school on MAX is listened to. No stream of MAX's is a proof.
func (e *ear) listeningToMAX(id school.ID) {
	e.bench.t.Helper()
	e.eventually("it is listened to", func() bool {
		c, err := e.store.Community(context.WithoutCancel(e.bench.t.Context()), id)
		return err == nil && c.EventsMarker != ""
	})
}

// reads waits until so many readings have been asked for.
func (e *ear) reads(n int) {
	e.bench.t.Helper()
	got := 0
	e.eventually("readings are asked for", func() bool {
		got += len(e.outbox("s"))
		return got >= n
	})
	require.Equal(e.bench.t, n, got)
}

func TestListenerTakesWhatHappens(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.look()
	since := e.listening("s")
	require.False(t, e.proven("s", since.Add(-time.Hour)), "what was before is not known")
	e.leave(2)
	e.reads(1)
	e.rename("2A")
	e.leave(3)
	e.reads(2)
	require.True(t, e.proven("s", since))
	require.Equal(t, 1, e.asked(group, getServer))
	e.look()
	e.look()
	require.NotContains(t, e.logged.String(), token)
	require.NotContains(t, e.logged.String(), "level=WARN")
}

func TestEachSchoolIsListenedToByItself(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.community(6, "token-of-six")
	e.addSchool("deaf", 7, "token-of-seven") // which the sandbox does not know
	e.addSchool("other", 6, "token-of-six")
	e.addChat("other", "1")
	e.addSchool("off", 8, "token-of-eight")
	e.longPoll("deaf", true)
	e.longPoll("other", true)
	e.look()
	e.listening("s")
	e.listening("other")
	_, err := e.Leave(vk.Seat{GroupID: 6, ChatID: 1, Account: 1})
	require.NoError(t, err)
	e.eventually("the other's event", func() bool { return len(e.outbox("other")) == 1 })
	require.Empty(t, e.outbox("s"))
	require.False(t, e.proven("deaf", time.Now().Add(time.Hour)))
	require.False(t, e.proven("off", time.Now().Add(time.Hour)))
}

func TestAGapMovesTheBeginning(t *testing.T) {
	t.Parallel()
	for _, trouble := range []vk.Trouble{vk.TroubleLose, vk.TroubleForget} {
		e := setupEar(t)
		e.look()
		since := e.listening("s")
		e.leave(2)
		e.reads(1)
		require.True(t, e.proven("s", since))
		_, err := e.TroubleStream(vk.StreamTrouble{GroupID: group, Trouble: trouble})
		require.NoError(t, err)
		e.eventually("the gap is known", func() bool { return !e.proven("s", since) })
		e.listening("s")
		e.leave(3)
		e.reads(1)
		require.False(t, e.proven("s", since), "what was lost stays lost")
	}
}

func TestAnExpiredKeyIsNoGap(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.look()
	since := e.listening("s")
	_, err := e.TroubleStream(vk.StreamTrouble{GroupID: group, Trouble: vk.TroubleExpire})
	require.NoError(t, err)
	e.leave(2)
	e.reads(1)
	require.True(t, e.proven("s", since))
	require.Equal(t, 2, e.asked(group, getServer))
}

func TestTroubleOnTheWayIsNoGap(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.look()
	since := e.listening("s")
	for _, mode := range []traffic.Mode{traffic.ModeHTTP500, traffic.ModeDrop} {
		require.NoError(t, e.AddFault(traffic.Fault{Method: vk.PollMethod, Mode: mode, Times: 2}))
		require.NoError(t, e.AddFault(traffic.Fault{Method: getServer, Mode: traffic.ModeError, ErrorCode: 10}))
	}
	e.leave(2)
	e.leave(3)
	e.eventually("the faults are over", func() bool { return len(e.Faults()) == 0 })
	e.rename("2A")
	e.reads(3)
	require.True(t, e.proven("s", since))
	require.Contains(t, e.logged.String(), "events are not heard for now")
	require.Contains(t, e.logged.String(), "events are heard again")
}

func TestARefusedTokenWaitsForAnother(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.community(6, "token-of-six")
	e.addSchool("other", 6, "token-of-six")
	e.addChat("other", "1")
	e.longPoll("other", true)
	_, err := e.RevokeToken(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	e.look()
	refused := func() int { return e.RequestCounts().All.Errors[5] }
	e.eventually("the token is refused", func() bool { return refused() == 1 })
	e.listening("other")
	for account := range int64(3) { // while much goes on elsewhere
		_, err := e.Leave(vk.Seat{GroupID: 6, ChatID: 1, Account: account + 1})
		require.NoError(t, err)
		e.eventually("the other's event", func() bool { return len(e.outbox("other")) == 1 })
		e.look()
	}
	require.Equal(t, 1, refused(), "it is not asked again")
	require.False(t, e.proven("s", time.Now().Add(time.Hour)))

	_, err = e.RegisterCommunity(vk.Registration{GroupID: group, Token: "another", Name: "School"})
	require.NoError(t, err)
	require.NoError(t, e.store.SetToken(t.Context(), "s", group, "another"))
	e.look()
	e.listening("s")
	e.leave(2)
	e.reads(1)
	require.Equal(t, 1, refused())
	require.NotContains(t, e.logged.String(), token)
}

func TestAnotherTokenIsListenedWith(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.look()
	e.listening("s")
	e.community(6, "token-of-six")
	require.NoError(t, e.store.SetToken(t.Context(), "s", 6, "token-of-six"))
	e.look()
	e.eventually("the other community is listened to", func() bool { return e.asked(6, getServer) == 1 })
	_, err := e.Leave(vk.Seat{GroupID: 6, ChatID: 1, Account: 1})
	require.NoError(t, err)
	e.reads(1)
}

func TestListeningEndsWhereItIsSwitchedOff(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.look()
	e.listening("s")
	polls := func() int { return e.RequestCounts().Communities[group].Requests[vk.PollMethod] }
	e.longPoll("s", false)
	require.False(t, e.proven("s", time.Now().Add(time.Hour)))
	before := polls()
	e.look()
	e.eventually("the poll is given up", func() bool { return polls() == before+1 })
	e.leave(2)
	e.longPoll("s", true)
	e.look()
	e.listening("s")
	require.Empty(t, e.outbox("s"), "nobody listened")
}

func TestAnotherListenerTakesOver(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.look()
	since := e.listening("s")
	e.listener.Stop()
	e.leave(2)
	second := &events.Listener{Store: e.store, Messengers: connect.Messengers{VKURL: e.url}, Logger: e.logger, Pause: time.Millisecond}
	t.Cleanup(second.Stop)
	require.NoError(t, second.Look(context.WithoutCancel(t.Context())))
	e.eventually("it begins anew", func() bool { return !e.proven("s", since) && e.proven("s", time.Now()) })
	e.leave(3)
	e.reads(1)
}

func TestTwoListenersHearEverythingOnce(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	second := &events.Listener{Store: e.store, Messengers: connect.Messengers{VKURL: e.url}, Logger: e.logger, Pause: time.Millisecond}
	t.Cleanup(second.Stop)
	e.look()
	require.NoError(t, second.Look(context.WithoutCancel(t.Context())))
	e.eventually("both listen", func() bool { return e.asked(group, getServer) == 2 })
	polls := func() int { return e.RequestCounts().Communities[group].Requests[vk.PollMethod] }
	e.listening("s")
	e.leave(2)
	e.eventually("both have heard", func() bool { return polls() >= 2 })
	e.leave(3)
	e.eventually("and again", func() bool { return polls() >= 4 })
	e.reads(2)
	require.Empty(t, e.outbox("s"))
}

func TestListeningEndsWithItsContext(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, e.listener.Look(ctx))
	e.listening("s")
	cancel()
	e.listener.Stop()
	require.NotContains(t, e.logged.String(), "level=WARN", "that is no trouble")
}
