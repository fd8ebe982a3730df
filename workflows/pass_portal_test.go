package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// callSteps are the activities of the child that serves video calls.
func callSteps() []string {
	return []string{"MakeRooms", "AnnounceCalls", "PublishCalls", "CloseCalls"}
}

// portalPass runs a lane with a Portal for one request. What is to be done it learns from work.
func portalPass(t *testing.T, work Work, r Request, change func(*fake, *Fetched)) (*fake, error) {
	t.Helper()
	env, f := setup(t)
	fetched := Fetched{Epoch: 4, Roster: "digest", Work: work, Publishes: true}
	if change != nil {
		change(f, &fetched)
	}
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) { return fetched, nil }
	r.ID, r.Trigger = "a", TriggerManual
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, r) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	return f, env.GetWorkflowError()
}

func TestVideoCallsAreServedWhereTheyHaveWorkAndAreInScope(t *testing.T) {
	t.Parallel()
	parents := []chats.Type{chats.Parents}
	for name, c := range map[string]struct {
		work  Work
		scope Scope
		calls int
		types []chats.Type
	}{
		"nothing to do":                   {work: Work{}},
		"nothing about calls":             {work: Work{Types: parents}, types: parents},
		"the whole school":                {work: Work{Types: parents, Calls: true}, calls: 1, types: parents},
		"calls alone have work":           {work: Work{Calls: true}, calls: 1},
		"a scope without calls":           {work: Work{Types: parents, Calls: true}, scope: Scope{Types: parents}, types: parents},
		"a person":                        {work: Work{Types: parents, Calls: true}, scope: Scope{People: []school.PersonID{"p"}}, types: parents},
		"the scope of calls alone":        {work: Work{Types: parents, Calls: true}, scope: Scope{Calls: true}, calls: 1},
		"the scope of calls, and no work": {work: Work{Types: parents}, scope: Scope{Calls: true}},
		"calls and a type":                {work: Work{Types: chats.Types(), Calls: true}, scope: Scope{Calls: true, Types: parents}, calls: 1, types: parents},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := portalPass(t, c.work, Request{Scope: c.scope}, nil)
			require.NoError(t, err)
			for _, step := range callSteps() {
				require.Equal(t, c.calls, f.made(step), step)
			}
			require.Equal(t, c.types, f.diffed)
		})
	}
}

func TestVideoCallsAreServedBesideTheChatTypes(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	f, err := portalPass(t, Work{Types: []chats.Type{chats.Parents}, Calls: true}, Request{}, func(f *fake, _ *Fetched) {
		f.diff = func(DiffInput) (StoredPlan, error) {
			<-begun // by the calls
			return StoredPlan{}, nil
		}
		f.makeRooms = func(in PublishInput) (Served, error) {
			close(begun)
			return Served{}, nil
		}
	})
	require.NoError(t, err)
	require.Equal(t, 1, f.made("CloseCalls"), "no call waited")
}

func TestCallsThatWaitForAChatAreServedAgainAfterTheChats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		types []chats.Type
		want  int
	}{"where chats are worked on": {[]chats.Type{chats.Students}, 2}, "not where they are not": {nil, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := portalPass(t, Work{Types: c.types, Calls: true}, Request{}, func(f *fake, _ *Fetched) {
				f.diff = func(DiffInput) (StoredPlan, error) {
					return StoredPlan{ID: 1, Slices: []Slice{{Membership: true}}}, nil
				}
				waiting := 1
				f.announceCalls = func(PublishInput) (Served, error) {
					defer func() { waiting = 0 }()
					return Served{Done: map[string]int{ServedAnnouncements: 1}, Waiting: waiting}, nil
				}
			})
			require.NoError(t, err)
			require.Equal(t, c.want, f.made("AnnounceCalls"))
			if c.want > 1 {
				last := len(f.calls) - 1 - slices.Index(reversed(f.calls), "AnnounceCalls")
				require.Greater(t, last, slices.Index(f.calls, "ApplyMembership"))
			}
			require.Equal(t, c.want, f.recorded[0].Served.Done[ServedAnnouncements], "all is counted")
		})
	}
}

func reversed(all []string) []string {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}

func TestWhatIsServedAndThePortalsTroubleAreInTheReport(t *testing.T) {
	t.Parallel()
	f, err := portalPass(t, Work{Types: []chats.Type{chats.Parents}, Calls: true, Publish: true}, Request{}, func(f *fake, fetched *Fetched) {
		fetched.LinksDue = true
		f.readLinks = func(ReadLinksInput) (LinksRead, error) { return LinksRead{}, refuse(ProblemLinksUnreadable) }
		f.publishCalls = func(PublishInput) (Served, error) { return Served{}, refuse(ProblemPortalTrouble) }
		f.announceCalls = done(ServedAnnouncements)
		f.publishChats = done(ServedChats)
		f.makeRooms = func(PublishInput) (Served, error) {
			return Served{Failed: map[string]int{"user-token-refused": 1}}, nil
		}
	})
	require.NoError(t, err, "it is no trouble of the school")
	require.Len(t, f.recorded, 1)
	require.Nil(t, f.recorded[0].Problem)
	require.Equal(t, &Problem{Code: ProblemLinksUnreadable, Message: "refused"}, f.recorded[0].Portal, "the first counts")
	require.Equal(t, Served{
		Done: map[string]int{ServedAnnouncements: 1, ServedChats: 1}, Failed: map[string]int{"user-token-refused": 1},
	}, f.recorded[0].Served)
	require.Equal(t, []chats.Type{chats.Parents}, f.diffed, "the chats go on, with what was known of the links")
}

func TestLinksAreReadBeforeAnythingElseAndTheirWorkCounts(t *testing.T) {
	t.Parallel()
	var asked ReadLinksInput
	scope := Scope{People: []school.PersonID{"p"}}
	f, err := portalPass(t, Work{Types: []chats.Type{chats.Parents}}, Request{Scope: scope}, func(f *fake, fetched *Fetched) {
		fetched.LinksDue = true
		f.readLinks = func(in ReadLinksInput) (LinksRead, error) {
			asked = in
			return LinksRead{Changed: 1, Complete: true, Work: Work{Types: []chats.Type{chats.Students}}}, nil
		}
	})
	require.NoError(t, err)
	require.Equal(t, ReadLinksInput{School: "s1", Roster: "digest", Scope: scope}, asked)
	require.Equal(t, []chats.Type{chats.Students}, f.diffed)
	require.Equal(t, []string{"FetchRoster", "ReadLinks", "Diff"}, f.calls[:3])
}

func TestAVerifyingPassReadsTheChatsAfterTheLinks(t *testing.T) {
	t.Parallel()
	f, err := portalPass(t, Work{}, Request{Verify: true}, func(f *fake, fetched *Fetched) {
		fetched.LinksDue = true
		f.readLinks = func(ReadLinksInput) (LinksRead, error) { return LinksRead{Work: Work{Calls: true}}, nil }
		f.readChats = func(ReadChatsInput) (Work, error) { return Work{Types: []chats.Type{chats.Parents}}, nil }
	})
	require.NoError(t, err)
	require.Equal(t, []string{"FetchRoster", "ReadLinks", "ReadChats", "Diff", "PublishChats", "RecordPass"}, f.calls)
}

func TestChatsArePublishedOnlyWhereThatIsNeeded(t *testing.T) {
	t.Parallel()
	parents := []chats.Type{chats.Parents}
	for name, c := range map[string]struct {
		work     Work
		noPortal bool
		want     int
	}{
		"nothing to do":             {},
		"it does not show them so":  {work: Work{Publish: true}, want: 1},
		"chats were worked on":      {work: Work{Types: parents}, want: 1},
		"calls only":                {work: Work{Calls: true}},
		"there is no Portal":        {work: Work{Types: parents, Calls: true}, noPortal: true},
		"chats and calls and shown": {work: Work{Types: parents, Calls: true, Publish: true}, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got PublishInput
			f, err := portalPass(t, c.work, Request{}, func(f *fake, fetched *Fetched) {
				fetched.Publishes = !c.noPortal
				f.publishChats = func(in PublishInput) (Served, error) { got = in; return Served{}, nil }
			})
			require.NoError(t, err)
			require.Equal(t, c.want, f.made("PublishChats"))
			if c.noPortal {
				require.Zero(t, f.made("PublishCalls"))
			}
			if c.want > 0 {
				require.Equal(t, PublishInput{School: "s1", Epoch: 4, Roster: "digest"}, got)
				require.Equal(t, "PublishChats", f.calls[len(f.calls)-2], "last of all")
			}
		})
	}
}

func TestPublishingTroubleIsNotThePasses(t *testing.T) {
	t.Parallel()
	f, err := portalPass(t, Work{Publish: true}, Request{}, func(f *fake, _ *Fetched) {
		f.publishChats = func(PublishInput) (Served, error) { return Served{}, errPlain }
	})
	require.NoError(t, err)
	require.Equal(t, 3, f.made("PublishChats"))
	require.Nil(t, f.recorded[0].Problem)
	require.NotNil(t, f.recorded[0].Portal)
}

func TestWhatKeepsCallsFromTheirChatsIsThePassesTrouble(t *testing.T) {
	t.Parallel()
	f, err := portalPass(t, Work{Calls: true}, Request{}, func(f *fake, _ *Fetched) {
		f.announceCalls = func(PublishInput) (Served, error) { return Served{}, refuse(ProblemTokenRefused) }
		f.publishCalls = done(ServedCalls)
	})
	requireProblem(t, err, ProblemTokenRefused, "refused")
	require.Nil(t, f.recorded[0].Portal)
	require.Equal(t, map[string]int{ServedCalls: 1}, f.recorded[0].Served.Done, "what was done is told all the same")
}

func TestVideoCallsOfAnEarlierRunAreWaitedFor(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) { return Fetched{Epoch: 1, Work: Work{Calls: true}}, nil }
	busy := serviceerror.NewWorkflowExecutionAlreadyStarted("", "", "")
	env.OnWorkflow(TypeVideoCallSync, mock.Anything, mock.Anything).Return(VideoCallReport{}, busy).Twice()
	env.OnWorkflow(TypeVideoCallSync, mock.Anything, mock.Anything).Return(VideoCallReport{}, nil)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	env.AssertWorkflowNumberOfCalls(t, TypeVideoCallSync, 3)
}

// TestCancelledInThePortalsPart: the pass says so, wherever that was, and begins nothing else.
func TestCancelledInThePortalsPart(t *testing.T) {
	t.Parallel()
	fails := func(PublishInput) (Served, error) { return Served{}, errPlain } // tried again for seconds
	for name, c := range map[string]struct {
		work  Work
		set   func(*fake, *Fetched)
		never []string
	}{
		"reading the links": {Work{}, func(f *fake, fetched *Fetched) {
			fetched.LinksDue = true
			f.readLinks = func(ReadLinksInput) (LinksRead, error) { return LinksRead{}, errPlain }
		}, []string{"ReadChats", "Diff", "MakeRooms", "PublishChats"}},
		"serving calls":        {Work{Calls: true, Publish: true}, func(f *fake, _ *Fetched) { f.makeRooms = fails }, []string{"CloseCalls", "PublishChats"}},
		"publishing the chats": {Work{Publish: true}, func(f *fake, _ *Fetched) { f.publishChats = fails }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, f := setup(t)
			fetched := Fetched{Epoch: 3, Work: c.work, Publishes: true}
			c.set(f, &fetched)
			f.fetchRoster = func(FetchRosterInput) (Fetched, error) { return fetched, nil }
			env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
			env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
			env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
			require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
			require.Len(t, f.recorded, 1)
			require.NotNil(t, f.recorded[0].Problem)
			require.Equal(t, ProblemCancelled, f.recorded[0].Problem.Code)
			require.Nil(t, f.recorded[0].Portal, "that is no trouble of the Portal")
			for _, name := range c.never {
				require.Zero(t, f.made(name), name)
			}
		})
	}
}
