package max

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/schematest"
)

// listen gives a Poll of a fake MAX that answers as it is put down, and how often the gate was passed.
func listen(t *testing.T, held bool, answers ...any) (*Poll, *fakeMAX, *int) {
	t.Helper()
	fake := &fakeMAX{}
	fake.answer = func(asked) any {
		answer := answers[0]
		answers = answers[1:]
		return answer
	}
	var handler http.Handler = fake
	if held {
		handler = schematest.Check(t).Handler(t, fake)
	}
	server := httptest.NewServer(handler)
	server.Config.SetKeepAlivesEnabled(false) // else net/http itself asks again where an old connection is cut
	t.Cleanup(server.Close)
	passed := new(int)
	config := testConfig(server.URL)
	config.Gate = gateFunc(func(context.Context) error { *passed++; return nil })
	p, err := NewPoll(config)
	require.NoError(t, err)
	return p, fake, passed
}

func batch(marker string, updates string) string {
	return `{"marker":` + marker + `,"updates":[` + updates + `]}`
}

// next calls Next, which must not fail.
func next(t *testing.T, p *Poll) ([]messenger.Event, bool) {
	t.Helper()
	events, gap, err := p.Next(t.Context())
	require.NoError(t, err)
	return events, gap
}

// polls are the markers and waits of the polls.
func polls(fake *fakeMAX) []string {
	var polls []string
	for _, a := range fake.seen {
		polls = append(polls, a.params.Get("marker")+"/"+a.params.Get("timeout"))
	}
	return polls
}

func TestNextGivesWhatHappened(t *testing.T) {
	t.Parallel()
	left := happened("user_removed", nil)
	p, fake, passed := listen(t, true,
		batch("10", happened("bot_added", nil)), batch("12", left+","+happened("bot_started", nil)), batch("null", ""), batch("13", left+","+left))
	events, gap := next(t, p)
	require.True(t, gap, "what came before is not known")
	require.Len(t, events, 1, "the latest is told all the same: it may tell of a chat that nobody knows")
	events, gap = next(t, p)
	require.False(t, gap)
	require.Len(t, events, 1)
	require.Equal(t, messenger.EventLeft, events[0].Kind)
	events, gap = next(t, p)
	require.False(t, gap)
	require.Empty(t, events)
	events, _ = next(t, p)
	require.Len(t, events, 2)
	require.Equal(t, []string{"/0", "10/25", "12/25", "12/25"}, polls(fake))
	require.Equal(t, "user_added,user_removed,bot_added,bot_removed,bot_admin_permissions_changed,chat_title_changed", fake.seen[0].params.Get("types"))
	require.Equal(t, 4, *passed, "polls count among the token's requests")
}

func TestWithoutAMarkerUpdatesGoByUnheard(t *testing.T) {
	t.Parallel()
	left := happened("user_removed", nil)
	p, fake, _ := listen(t, true, batch("null", ""), batch("null", ""), batch("5", left), batch("6", left))
	var gaps []bool
	for range 4 {
		_, gap := next(t, p)
		gaps = append(gaps, gap)
	}
	require.Equal(t, []bool{true, false, true, false}, gaps)
	require.Equal(t, []string{"/0", "/25", "/25", "5/25"}, polls(fake))
}

func TestAnUpdateThatCannotBeReadIsAGap(t *testing.T) {
	t.Parallel()
	p, _, _ := listen(t, false, batch("1", ""), batch("2", `{"update_type":"user_added"},7,`+happened("user_added", nil)))
	next(t, p)
	events, gap := next(t, p)
	require.True(t, gap)
	require.Len(t, events, 1)
}

func TestAfterTroubleItGoesOn(t *testing.T) {
	t.Parallel()
	troubles := []struct {
		answer any
		want   messenger.Code
	}{
		{cut{}, away}, {refuse{503, "x"}, away}, {"<html>", away}, {"{}", away}, {"[]", away}, {refuse{429, "x"}, rate},
		{refuse{401, "verify.token"}, refused}, {refuse{403, "access.denied"}, tokenNo}, {refuse{405, "method.not.allowed"}, tokenNo},
	}
	for _, trouble := range troubles {
		p, fake, passed := listen(t, false, trouble.answer, batch("10", ""), trouble.answer, batch("11", happened("user_added", nil)))
		for range 2 {
			events, gap, err := p.Next(t.Context())
			require.Equal(t, trouble.want, messenger.CodeOf(err), trouble.answer)
			requireHidden(t, err)
			require.False(t, gap)
			require.Empty(t, events)
			next(t, p)
		}
		require.Equal(t, []string{"/0", "/0", "10/25", "10/25"}, polls(fake)[:4])
		require.Equal(t, 4, *passed)
	}
}

func TestAGateThatRefusesAPoll(t *testing.T) {
	t.Parallel()
	p, fake, _ := listen(t, false)
	p.client.gate = gateFunc(func(context.Context) error { return &messenger.Error{Code: messenger.CodeFenced} })
	_, _, err := p.Next(t.Context())
	require.Equal(t, messenger.CodeFenced, messenger.CodeOf(err))
	require.Empty(t, fake.lines())
}

// silent is a MAX that takes a request and never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// trickling is a MAX whose body never ends.
type trickling struct{}

func (trickling) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
	return &http.Response{StatusCode: http.StatusOK, Body: reader, Request: r}, nil
}

func TestAPollEndsThoughMAXIsSilent(t *testing.T) {
	t.Parallel()
	for _, transport := range []http.RoundTripper{silent{}, trickling{}} {
		synctest.Test(t, func(t *testing.T) {
			config := testConfig("")
			config.HTTP = &http.Client{Transport: transport}
			p, err := NewPoll(config)
			require.NoError(t, err)
			began := time.Now()
			_, gap, err := p.Next(t.Context())
			require.Equal(t, pollTimeout, time.Since(began))
			require.Equal(t, away, messenger.CodeOf(err))
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			require.False(t, gap)
			requireHidden(t, err)
		})
	}
}

func TestAListenerWhoGivesUpIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p, _, _ := listen(t, false, batch("1", ""))
	next(t, p)
	cancel()
	_, _, err := p.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
	requireHidden(t, err)
}
