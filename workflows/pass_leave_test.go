package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
)

// TestLeavingIsTheLastActOfAPass: the Portal shows the new chats before the old ones are left.
func TestLeavingIsTheLastActOfAPass(t *testing.T) {
	t.Parallel()
	var left LeaveInput
	f, err := portalPass(t, Work{Types: []chats.Type{chats.Parents}, Publish: true, Leaving: true}, Request{}, func(f *fake, _ *Fetched) {
		f.leaveChats = func(in LeaveInput) (Served, error) {
			left = in
			return Served{Done: map[string]int{ServedFarewells: 2}}, nil
		}
	})
	require.NoError(t, err)
	require.Equal(t, []string{"PublishChats", "LeaveChats", "RecordPass"}, f.calls[len(f.calls)-3:])
	require.Equal(t, LeaveInput{School: "s1", Epoch: left.Epoch}, left)
	require.Positive(t, left.Epoch)
	require.Equal(t, 2, f.recorded[0].Served.Done[ServedFarewells])
}

func TestNothingElseNeedsToBeDueForLeaving(t *testing.T) {
	t.Parallel()
	f, err := portalPass(t, Work{Leaving: true}, Request{}, func(*fake, *Fetched) {})
	require.NoError(t, err)
	require.Contains(t, f.calls, "LeaveChats")
}

func TestTroubleInTheOldChatsPutsLeavingOff(t *testing.T) {
	t.Parallel()
	f, err := portalPass(t, Work{Types: []chats.Type{chats.Parents}, Leaving: true}, Request{}, func(f *fake, _ *Fetched) {
		f.diff = func(DiffInput) (StoredPlan, error) { return StoredPlan{}, refuse(ProblemTokenRefused) }
	})
	require.Error(t, err)
	require.NotContains(t, f.calls, "LeaveChats")
}

// TestChatsThatWereAdoptedAreInThePass from then on: what the pass is about grows by them.
func TestChatsThatWereAdoptedAreInThePass(t *testing.T) {
	t.Parallel()
	var scope Scope
	f, err := portalPass(t, Work{}, Request{Scope: Scope{Standings: true}, Verify: true}, func(f *fake, _ *Fetched) {
		f.readChats = func(ReadChatsInput) (Work, error) {
			return Work{Types: []chats.Type{chats.Parents}, Adopted: []chats.Key{"parents:a"}}, nil
		}
		f.diff = func(in DiffInput) (StoredPlan, error) {
			scope = in.Scope
			return StoredPlan{ID: 1}, nil
		}
	})
	require.NoError(t, err)
	require.Equal(t, []chats.Type{chats.Parents}, f.diffed)
	require.Equal(t, Scope{Standings: true, Chats: []chats.Key{"parents:a"}}, scope)
}
