package workflows

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/testsuite"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// fake fulfils the contract with function fields; a nil one is a success without content.
// It records the names of the activities in the order in which they began.
type fake struct {
	mu    sync.Mutex
	calls []string

	fetchRoster  func(FetchRosterInput) (Fetched, error)
	readChats    func(ReadChatsInput) (Work, error)
	diff         func(DiffInput) (StoredPlan, error)
	apply        func(ApplyInput) (Applied, error)
	promote      func(ApplyInput) (Applied, error)
	lookAtFeed   func() (string, error)
	readFeed     func(ReadFeedInput) (FeedReport, error)
	resyncSchool func(ResyncSchoolInput) (ResyncReply, error)
	beginSweep   func(BeginSweepInput) (int, error)
	schoolsPage  func(SchoolsPageInput) (SchoolsPage, error)
	endSweep     func(EndSweepInput) (SweepReport, error)
	decideHolds  func(DecideHoldsInput) error
	resyncSelf   func(ResyncSelfInput) error

	leaveChats    func(LeaveInput) (Served, error)
	readLinks     func(ReadLinksInput) (LinksRead, error)
	publishChats  func(PublishInput) (Served, error)
	makeRooms     func(PublishInput) (Served, error)
	announceCalls func(PublishInput) (Served, error)
	publishCalls  func(PublishInput) (Served, error)
	closeCalls    func(PublishInput) (Served, error)

	recorded  []RecordPassInput
	digest    string // of what is held, as passes report it
	applied   []ApplyInput
	resynced  []ResyncSelfInput
	diffed    []chats.Type
	epochSeen int64
}

func do[I, O any](f *fake, name string, in I, with func(I) (O, error)) (O, error) {
	f.mu.Lock()
	f.calls = append(f.calls, name)
	f.mu.Unlock()
	if with == nil {
		var zero O
		return zero, nil
	}
	return with(in)
}

func (f *fake) FetchRoster(_ context.Context, in FetchRosterInput) (Fetched, error) {
	return do(f, "FetchRoster", in, f.fetchRoster)
}

func (f *fake) ReadChats(_ context.Context, in ReadChatsInput) (Work, error) {
	return do(f, "ReadChats", in, f.readChats)
}

func (f *fake) Diff(_ context.Context, in DiffInput) (StoredPlan, error) {
	f.mu.Lock()
	f.diffed = append(f.diffed, in.Type)
	f.epochSeen = in.Epoch
	f.mu.Unlock()
	return do(f, "Diff", in, f.diff)
}

func (f *fake) ApplyMembership(_ context.Context, in ApplyInput) (Applied, error) {
	return do(f, "ApplyMembership", in, f.apply)
}

func (f *fake) PromoteAdmins(_ context.Context, in ApplyInput) (Applied, error) {
	return do(f, "PromoteAdmins", in, f.promote)
}

func (f *fake) RecordPass(_ context.Context, in RecordPassInput) (PassReport, error) {
	return do(f, "RecordPass", in, func(in RecordPassInput) (PassReport, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.recorded = append(f.recorded, in)
		outcome := OutcomeInStep
		if in.Problem != nil {
			outcome = OutcomeFailed
		}
		return PassReport{School: in.School, Epoch: in.Epoch, Outcome: outcome, Problem: in.Problem, Requests: len(in.Requests), HoldsDigest: f.digest}, nil
	})
}

func (f *fake) LookAtFeed(_ context.Context, id school.FeedID) (string, error) {
	return do(f, "LookAtFeed", id, func(school.FeedID) (string, error) {
		if f.lookAtFeed == nil {
			return "same", nil
		}
		return f.lookAtFeed()
	})
}

func (f *fake) ReadFeed(_ context.Context, in ReadFeedInput) (FeedReport, error) {
	return do(f, "ReadFeed", in, f.readFeed)
}

func (f *fake) DecideHolds(_ context.Context, in DecideHoldsInput) error {
	_, err := do(f, "DecideHolds", in, func(in DecideHoldsInput) (struct{}, error) {
		if f.decideHolds != nil {
			return struct{}{}, f.decideHolds(in)
		}
		return struct{}{}, nil
	})
	return err
}

func (f *fake) ResyncSelf(_ context.Context, in ResyncSelfInput) error {
	_, err := do(f, "ResyncSelf", in, func(in ResyncSelfInput) (struct{}, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.resynced = append(f.resynced, in)
		if f.resyncSelf != nil {
			return struct{}{}, f.resyncSelf(in)
		}
		return struct{}{}, nil
	})
	return err
}

func (f *fake) ResyncSchool(_ context.Context, in ResyncSchoolInput) (ResyncReply, error) {
	return do(f, "ResyncSchool", in, f.resyncSchool)
}

func (f *fake) BeginSweep(_ context.Context, in BeginSweepInput) (int, error) {
	return do(f, "BeginSweep", in, f.beginSweep)
}

func (f *fake) SchoolsPage(_ context.Context, in SchoolsPageInput) (SchoolsPage, error) {
	return do(f, "SchoolsPage", in, f.schoolsPage)
}

func (f *fake) EndSweep(_ context.Context, in EndSweepInput) (SweepReport, error) {
	return do(f, "EndSweep", in, func(in EndSweepInput) (SweepReport, error) {
		if f.endSweep == nil {
			return in.Report, nil
		}
		return f.endSweep(in)
	})
}

func (f *fake) ReadLinks(_ context.Context, in ReadLinksInput) (LinksRead, error) {
	return do(f, "ReadLinks", in, f.readLinks)
}

func (f *fake) PublishChats(_ context.Context, in PublishInput) (Served, error) {
	return do(f, "PublishChats", in, f.publishChats)
}

func (f *fake) MakeRooms(_ context.Context, in PublishInput) (Served, error) {
	return do(f, "MakeRooms", in, f.makeRooms)
}

func (f *fake) AnnounceCalls(_ context.Context, in PublishInput) (Served, error) {
	return do(f, "AnnounceCalls", in, f.announceCalls)
}

func (f *fake) PublishCalls(_ context.Context, in PublishInput) (Served, error) {
	return do(f, "PublishCalls", in, f.publishCalls)
}

func (f *fake) CloseCalls(_ context.Context, in PublishInput) (Served, error) {
	return do(f, "CloseCalls", in, f.closeCalls)
}

// made counts how often an activity began.
func (f *fake) made(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return lo.Count(f.calls, name)
}

// setup makes a test environment with the workflows and a fake.
func setup(t *testing.T) (*testsuite.TestWorkflowEnvironment, *fake) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	f := &fake{}
	Register(env)
	env.RegisterActivity(f)
	return env, f
}

// answer takes an update's outcome.
type answer struct {
	refused error
	report  any
	err     error
	done    bool
}

func (a *answer) Accept()          {}
func (a *answer) Reject(err error) { a.refused = err }
func (a *answer) Complete(report any, err error) {
	a.report, a.err, a.done = report, err, true
}

var errPlain = errors.New("something the interceptor would have mapped")

func (f *fake) LeaveChats(_ context.Context, in LeaveInput) (Served, error) {
	return do(f, "LeaveChats", in, f.leaveChats)
}
