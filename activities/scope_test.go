package activities_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

func TestPassOverOnePersonConcernsNobodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	roster := big(2, 3)
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	for _, account := range []int64{int64(5000), 5001} {
		enrol(&roster, school.PersonID(fmt.Sprint("z", account)), school.AccountID(account))
	}
	b.roster(roster)
	one := workflows.Scope{People: []school.PersonID{"z5000"}}
	report, err := b.run(workflows.Request{Trigger: workflows.TriggerManual, Scope: one, Verify: true})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"add": 1}, report.Operations)
	members := b.chats()["00А · Ученики"].Members
	require.Contains(t, members, int64(5000))
	require.NotContains(t, members, int64(5001))
	require.Equal(t, map[string]int{"add": 1}, b.mustPass(false, workflows.OutcomeChanged).Operations, "the rest follows with the whole school")
}

func TestPassOverOneChatReadsThatChatAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(2, 3))
	b.mustPass(false, workflows.OutcomeChanged)
	mirror, err := b.store.Mirror(t.Context(), "s", chats.Students)
	require.NoError(t, err)
	stranger := func(title string) {
		_, err := b.sandbox.AddByHand(vk.Seat{GroupID: group, ChatID: b.chats()[title].ChatID, Account: 31337})
		require.NoError(t, err)
	}
	stranger("00А · Ученики")
	stranger("01А · Ученики")
	before := b.sandbox.LastRequest()
	report, err := b.run(workflows.Request{Trigger: workflows.TriggerEvent, Verify: true, Scope: workflows.Scope{Chats: []chats.Key{mirror[0].Key}}})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"remove": 1}, report.Operations)
	reads := 0
	for _, entry := range b.sandbox.Requests(before, group) {
		for _, call := range entry.Calls {
			if call.Method == "messages.getConversationMembers" {
				reads++
			}
		}
	}
	require.Equal(t, 1, reads)
	require.Equal(t, map[string]int{"remove": 1}, b.mustPass(true, workflows.OutcomeChanged).Operations)
}

func TestApprovedHoldsAreDone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	roster := big(1, 6)
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	gone := roster
	gone.People = slices.DeleteFunc(slices.Clone(roster.People), func(p school.Person) bool {
		return p.Guardian != nil && slices.Contains([]school.PersonID{"g00-00-0", "g00-01-0", "g00-02-0"}, p.ID)
	})
	for _, id := range []school.PersonID{"g00-00-0", "g00-01-0", "g00-02-0"} {
		gone.Departed = append(gone.Departed, school.Departure{Person: id, Standing: school.Gone})
	}
	b.roster(gone)
	report := b.mustPass(false, workflows.OutcomeHeld)
	require.Equal(t, 3, report.Holds)
	holds, err := b.store.Holds(t.Context(), "s")
	require.NoError(t, err)

	require.NoError(t, b.decide(workflows.Decision{Holds: []int64{holds[0].ID}, Digest: report.HoldsDigest, DecidedBy: "op"}))
	err = b.decide(workflows.Decision{Holds: []int64{holds[1].ID}, Digest: report.HoldsDigest, Approve: true, DecidedBy: "op"})
	requireProblem(t, err, workflows.ProblemStale, "look again")
	digest, err := b.store.HoldsDigest(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, map[string]int{"messages.removeChatUser": 2}, b.calls(func() {
		require.NoError(t, b.decide(workflows.Decision{Holds: []int64{holds[1].ID, holds[2].ID}, Digest: digest, Approve: true, DecidedBy: "op"}))
	}))
	report = b.mustPass(false, workflows.OutcomeInStep)
	require.Zero(t, report.Holds, "the one that was rejected waits for nobody")
	require.Contains(t, b.chats()["00А · Родители"].Members, int64(holds[0].Operation.Account))

	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	holds, err = b.store.Holds(t.Context(), "s")
	require.NoError(t, err)
	require.Empty(t, holds, "the source has recovered")
}
