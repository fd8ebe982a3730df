package workflows

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	parents := Scope{Types: []chats.Type{chats.Parents}}
	students := Scope{Types: []chats.Type{chats.Students}}
	cases := []struct {
		name     string
		requests []Request
		want     Request
	}{
		{"one request stays as it is",
			[]Request{{ID: "a", Trigger: TriggerEvent, Scope: parents, Verify: true}},
			Request{ID: "a", Trigger: TriggerEvent, Scope: parents, Verify: true}},
		{"scopes unite",
			[]Request{{ID: "a", Trigger: TriggerEvent, Scope: students}, {ID: "b", Trigger: TriggerEvent, Scope: parents}},
			Request{ID: "a", Trigger: TriggerEvent, Scope: Scope{Types: []chats.Type{chats.Parents, chats.Students}}}},
		{"the whole school absorbs a part of it",
			[]Request{{ID: "a", Trigger: TriggerEvent, Scope: students}, {ID: "b", Trigger: TriggerEvent}},
			Request{ID: "a", Trigger: TriggerEvent}},
		{"verify absorbs no-verify",
			[]Request{{ID: "a", Trigger: TriggerEvent}, {ID: "b", Trigger: TriggerEvent, Verify: true}},
			Request{ID: "a", Trigger: TriggerEvent, Verify: true}},
		{"the most urgent trigger wins, with whoever asked",
			[]Request{{ID: "a", Trigger: TriggerDistrict, RequestedBy: "sweep"}, {ID: "b", Trigger: TriggerManual, RequestedBy: "op"}, {ID: "c", Trigger: TriggerSchedule}},
			Request{ID: "b", Trigger: TriggerManual, RequestedBy: "op"}},
		{"every type is the whole school",
			[]Request{
				{ID: "a", Trigger: TriggerEvent, Scope: Scope{Types: []chats.Type{chats.Teachers, chats.Subject}}},
				{ID: "b", Trigger: TriggerEvent, Scope: Scope{Types: []chats.Type{chats.Parents, chats.Students}}},
			},
			Request{ID: "a", Trigger: TriggerEvent}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Merge(c.requests))
		})
	}
}

func TestMergeCoversEveryRequest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfNDistinct(rapid.SampledFrom(chats.Types()), 0, 4, rapid.ID)
		requests := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Request {
			return Request{
				ID: rapid.StringN(1, 4, -1).Draw(t, "id"), Verify: rapid.Bool().Draw(t, "verify"),
				Trigger: rapid.SampledFrom([]Trigger{TriggerManual, TriggerEvent, TriggerContinuous, TriggerSchedule, TriggerDistrict}).Draw(t, "trigger"),
				Scope:   Scope{Types: types.Draw(t, "types")},
			}
		}), 1, 6).Draw(t, "requests")
		merged := Merge(requests)
		for _, r := range requests {
			for _, chatType := range chats.Types() {
				if r.Scope.Covers(chatType) && !merged.Scope.Covers(chatType) {
					t.Fatalf("%v lost %s of %v", merged, chatType, r)
				}
			}
			if r.Verify && !merged.Verify || r.Trigger.priority() < merged.Trigger.priority() {
				t.Fatalf("%v does not serve %v", merged, r)
			}
		}
	})
}

func TestRequestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, Request{ID: "a", Trigger: TriggerEvent, Scope: Scope{Types: []chats.Type{chats.Subject}}}.Validate())
	require.ErrorContains(t, Request{}.Validate(), "no id")
	require.ErrorContains(t, Request{ID: "a", Trigger: "whim"}.Validate(), `trigger "whim" is unknown: use one of [manual event continuous schedule district]`)
	require.ErrorContains(t, Request{ID: "a", Trigger: TriggerManual, Scope: Scope{Types: []chats.Type{"staff"}}}.Validate(), `"staff" is unknown: use one of`)
}

func TestSchoolSyncIDRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := school.ID(rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,62}`).Draw(t, "id"))
		back, ok := SchoolFromSyncID(SchoolSyncID(id))
		require.True(t, ok)
		require.Equal(t, id, back)
		_, ok = SchoolFromSyncID(ChatTypeSyncID(id, chats.Parents))
		require.False(t, ok, "a child's id is no lane's")
	})
	_, ok := SchoolFromSyncID(FeedSyncID("x"))
	require.False(t, ok)
}

func TestEveryActivityOfTheContractHasItsName(t *testing.T) {
	t.Parallel()
	contract := reflect.TypeFor[Activities]()
	names := []string{
		string(fetchRoster), string(readChats), string(diff), string(applyMembership), string(promoteAdmins),
		string(recordPass), string(lookAtFeed), string(readFeed), string(resyncSchool), string(beginSweep), string(schoolsPage), string(endSweep), string(resyncSelf), string(decideHolds), string(leaveChats),
		string(readLinks), string(publishChats), string(makeRooms), string(announceCalls), string(publishCalls), string(closeCalls),
	}
	require.Len(t, names, contract.NumMethod())
	for _, name := range names {
		_, there := contract.MethodByName(name)
		require.True(t, there, "no activity is called %s", name)
	}
}
