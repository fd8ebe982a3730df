package activities_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/workflows"
)

// take takes in the events of one word of the messenger's.
func (b *maxBench) take() error {
	events, _, err := b.stream.Next(b.t.Context())
	for _, e := range events {
		if err == nil {
			_, err = b.store.TakeEvent(b.t.Context(), b.id, e)
		}
	}
	return err
}

// TestATitleThatGetsItsCodeWhileItIsReadIsReadAgain: what happens between reading and recording is not lost.
func TestATitleThatGetsItsCodeWhileItIsReadIsReadAgain(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	made := b.make(account(r, "t00"), "Наш чат")
	b.meanwhile(fmt.Sprintf("%d/members", made.ChatID), func() error {
		if _, err := b.sandbox.Max.Rename(max.Renaming{Chat: made.ChatID, Title: "Наш чат " + b.code(parents)}); err != nil {
			return err
		}
		return b.take()
	})
	b.follow(workflows.OutcomeInStep)
	require.Equal(t, []adoption.Problem{adoption.ProblemNoCode}, b.problems(), "as it was read")
	require.Equal(t, []reconcile.Scope{{Standings: true}}, b.outbox())
	report, err := b.run(workflows.Request{Trigger: workflows.TriggerEvent, Scope: reconcile.Scope{Standings: true}, Verify: true})
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeChanged, report.Outcome)
	require.Equal(t, reconcile.ChatLive, b.mirrored(parents).State)
}

// TestWhoComesWhileAChatIsAdoptedIsSeen: to the mirror the chat is not there yet when the word comes.
func TestWhoComesWhileAChatIsAdoptedIsSeen(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	made := b.make(account(r, "g00-00-0"), b.code(parents))
	b.meanwhile(fmt.Sprintf("%d/members", made.ChatID), func() error {
		for _, user := range []int64{stranger, int64(account(r, "t00"))} {
			if _, err := b.sandbox.Max.Join(max.Joining{Chat: made.ChatID, User: user}); err != nil {
				return err
			}
		}
		return b.take()
	})
	b.follow(workflows.OutcomeChanged)
	wanted := b.outbox()
	require.NotEmpty(t, wanted)
	for _, scope := range wanted {
		_, err := b.run(workflows.Request{Trigger: workflows.TriggerEvent, Scope: scope, Verify: true})
		require.NoError(t, err)
	}
	c := b.chat(made.ChatID)
	require.Equal(t, []int64{stranger}, c.Blocked)
	require.Contains(t, c.Admins, int64(account(r, "t00")))
	b.mustPass(true, workflows.OutcomeInStep)
}
