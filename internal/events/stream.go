package events

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const (
	// maxPause bounds the pause between two attempts.
	maxPause = time.Minute
	// refusedPause is how long nothing is asked after a refusal: only another token helps, with
	// which listening begins anew, or another setting at the messenger, which is found after a while.
	refusedPause = 10 * time.Minute
	// breath is the least time between two polls: what people write ends polls as well.
	breath = 300 * time.Millisecond
)

// stream listens to one school's events.
type stream struct {
	school     school.ID
	store      *store.Store
	messengers connect.Messengers
	http       *http.Client
	pause      time.Duration
	logger     *slog.Logger

	// Once it is open:
	protocol  messenger.Protocol
	community int64

	failures int // in a row
}

// run listens until the context ends.
func (s *stream) run(ctx context.Context) {
	var poll connect.Stream
	s.insist(ctx, "the token could not be opened", func() (err error) {
		poll, err = s.open(ctx)
		return err
	})
	for gaps := 0; ctx.Err() == nil; {
		began := time.Now()
		events, gap, err := poll.Next(ctx)
		if err != nil {
			s.trouble(ctx, err)
			continue
		}
		s.recovered()
		// A messenger gives what it gave once: it must be taken before it is asked for more.
		s.insist(ctx, "events could not be taken", func() error { return s.take(ctx, events, gap, poll.Marker()) })
		if !gap {
			gaps = 0
			sleep(ctx, breath-time.Since(began))
			continue
		}
		if gaps++; gaps > 1 { // the first may be the beginning
			sleep(ctx, s.backoff(gaps-1))
		}
	}
}

func (s *stream) open(ctx context.Context) (connect.Stream, error) {
	community, err := s.store.Community(ctx, s.school)
	if err != nil {
		return nil, err
	}
	if community == nil {
		return nil, errors.New("there is none any more")
	}
	s.protocol, s.community = community.Messenger, community.ID
	return s.messengers.Listen(connect.Access{
		Protocol: community.Messenger, Community: community.ID, Token: community.Token, Marker: community.EventsMarker, HTTP: s.http,
		Gate: s.store.Pacer(s.school),
	})
}

// take takes events one by one, and then the proof that they were all.
func (s *stream) take(ctx context.Context, events []messenger.Event, gap bool, marker string) error {
	for _, e := range events {
		if _, err := s.store.TakeEvent(ctx, s.school, e); err != nil {
			return err
		}
	}
	if marker != "" {
		if err := s.store.SetEventsMarker(ctx, s.school, s.community, marker); err != nil {
			return err
		}
	}
	if !gap {
		return s.store.StreamConfirmed(ctx, s.school)
	}
	if err := s.store.StreamBegan(ctx, s.school); err != nil {
		return err
	}
	s.logger.Info("listening to the school's events from now on")
	return nil
}

// insist does something until it succeeds or the context ends.
func (s *stream) insist(ctx context.Context, trouble string, do func() error) {
	for failures := 0; ctx.Err() == nil; {
		err := do()
		if err == nil || ctx.Err() != nil {
			return
		}
		if failures == 0 {
			s.logger.Warn(trouble+": trying again", "problem", err)
		}
		failures++
		sleep(ctx, s.backoff(failures))
	}
}

// trouble says what is wrong, once, and waits.
func (s *stream) trouble(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	vendor, _ := errors.AsType[*messenger.Error](err)
	if vendor != nil && vendor.Code == messenger.CodeBudget {
		sleep(ctx, vendor.RetryAfter) // passes are using all of it: no trouble, and nothing is missed
		return
	}
	s.failures++
	if vendor != nil && vendor.Scope() == messenger.ScopeToken {
		if s.failures == 1 {
			s.logger.Warn("the messenger does not let the token listen to events: set a good one, or "+s.remedy(), "problem", err)
		}
		sleep(ctx, refusedPause)
		return
	}
	if s.failures == 1 {
		s.logger.Warn("the school's events are not heard for now: trying again", "problem", err)
	}
	pause := s.backoff(s.failures)
	if vendor != nil {
		pause = max(pause, vendor.RetryAfter)
	}
	sleep(ctx, pause)
}

// remedy is what helps where the token is good, and does not let us listen.
func (s *stream) remedy() string {
	if s.protocol == messenger.MAX {
		return "end the bot's callbacks, where it has any: MAX tells in one way alone"
	}
	return "switch on Long Poll API with message_new in the community's settings"
}

func (s *stream) recovered() {
	if s.failures > 0 {
		s.logger.Info("the school's events are heard again")
	}
	s.failures = 0
}

// backoff is the pause after so many failures: half of it by chance, so that not all schools come
// at once.
func (s *stream) backoff(failures int) time.Duration {
	pause := min(s.pause<<min(failures-1, 10), maxPause)
	return pause/2 + rand.N(pause/2+1)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
