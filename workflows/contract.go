package workflows

import (
	"cmp"
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Activities is what the workflows need done. Method names are activity type names.
type Activities interface {
	PortalActivities
	// FetchRoster begins a pass: it raises the school's epoch, records the pass and its
	// requests, and compares the desired chats with the mirror.
	FetchRoster(context.Context, FetchRosterInput) (Fetched, error)
	// ReadChats renews the mirror from the messenger, and compares again.
	ReadChats(context.Context, ReadChatsInput) (Work, error)
	// Diff stores the plan of one chat type and cuts it into slices.
	Diff(context.Context, DiffInput) (StoredPlan, error)
	// ApplyMembership makes a slice's chats and brings people in and out. It may be given
	// again what it has done already.
	ApplyMembership(context.Context, ApplyInput) (Applied, error)
	// PromoteAdmins sets the admin rights of a slice, and turns former admins out.
	PromoteAdmins(context.Context, ApplyInput) (Applied, error)
	// ResyncSelf asks the school's lane, from outside, for a pass: a workflow cannot signal
	// itself.
	ResyncSelf(context.Context, ResyncSelfInput) error
	// LeaveChats tells the people in a school's chats that the school has moved, and has its successor's chats and community
	// become its own.
	LeaveChats(context.Context, LeaveInput) (Served, error)
	// DecideHolds records an operator's decision on holds; a stale one is refused.
	DecideHolds(context.Context, DecideHoldsInput) error
	// RecordPass ends a pass, or a part of one: outcome, counts, and a reply to each request.
	RecordPass(context.Context, RecordPassInput) (PassReport, error)
	// LookAtFeed gives the fingerprint of a feed's files, without reading them.
	LookAtFeed(context.Context, school.FeedID) (string, error)
	// ReadFeed reads a feed as a whole and stores a snapshot per school.
	ReadFeed(context.Context, ReadFeedInput) (FeedReport, error)
	// ResyncSchool asks a school's lane for a pass and waits for how it ends.
	ResyncSchool(context.Context, ResyncSchoolInput) (ResyncReply, error)
	// BeginSweep records that a sweep over a district has begun, and counts the schools.
	BeginSweep(context.Context, BeginSweepInput) (int, error)
	// SchoolsPage gives the next schools of a district.
	SchoolsPage(context.Context, SchoolsPageInput) (SchoolsPage, error)
	// EndSweep records that a sweep has ended, and completes its report.
	EndSweep(context.Context, EndSweepInput) (SweepReport, error)
}

// activity is an activity type with its input and result: calls are checked by the compiler
// although the implementation is not imported.
type activity[I, O any] string

const (
	fetchRoster     activity[FetchRosterInput, Fetched]      = "FetchRoster"
	readChats       activity[ReadChatsInput, Work]           = "ReadChats"
	diff            activity[DiffInput, StoredPlan]          = "Diff"
	applyMembership activity[ApplyInput, Applied]            = "ApplyMembership"
	promoteAdmins   activity[ApplyInput, Applied]            = "PromoteAdmins"
	recordPass      activity[RecordPassInput, PassReport]    = "RecordPass"
	lookAtFeed      activity[school.FeedID, string]          = "LookAtFeed"
	readFeed        activity[ReadFeedInput, FeedReport]      = "ReadFeed"
	resyncSchool    activity[ResyncSchoolInput, ResyncReply] = "ResyncSchool"
	beginSweep      activity[BeginSweepInput, int]           = "BeginSweep"
	schoolsPage     activity[SchoolsPageInput, SchoolsPage]  = "SchoolsPage"
	endSweep        activity[EndSweepInput, SweepReport]     = "EndSweep"
	leaveChats      activity[LeaveInput, Served]             = "LeaveChats"
	decideHolds     activity[DecideHoldsInput, struct{}]     = "DecideHolds"
	resyncSelf      activity[ResyncSelfInput, struct{}]      = "ResyncSelf"
)

func (a activity[I, O]) run(ctx workflow.Context, o workflow.ActivityOptions, in I) (O, error) {
	var out O
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), string(a), in).Get(ctx, &out)
	return out, err
}

// FetchRosterInput begins a pass.
type FetchRosterInput struct {
	School school.ID `json:"school"`
	// Pass is the merged request that the pass serves; Requests are those it was merged from.
	Pass     Request   `json:"pass"`
	Requests []Request `json:"requests"`
}

// Fetched is a begun pass.
type Fetched struct {
	// Epoch numbers the passes of the school; activities of an earlier epoch are refused.
	Epoch int64 `json:"epoch"`
	// Roster is the digest of the snapshot the pass works from.
	Roster string `json:"roster"`
	Work   Work   `json:"work"`
	// Round is how long the lane of a continuous school waits before it asks itself for a pass; 0
	// is a school that is not continuous.
	Round time.Duration `json:"round,omitempty"`
	// Problem is what keeps a continuous school's pass from going on: the lane reports it and stays
	// open. Of other schools it is the activity's error.
	Problem *Problem `json:"problem,omitempty"`
	// Untried tells that the token has not been used yet: the chats are read, which tells whether it
	// is good.
	Untried bool `json:"untried,omitempty"`
	// LinksDue tells that the account links are to be read from the Portal; Publishes that there is a
	// Portal on which chats and calls are published.
	LinksDue  bool `json:"linksDue,omitempty"`
	Publishes bool `json:"publishes,omitempty"`
	// Proven tells that the messenger's events have been followed without a gap since the
	// chats were read last: they need not be read again.
	Proven bool `json:"proven,omitempty"`
}

// Work is what a comparison of desired chats and mirror found.
type Work struct {
	// Types are the chat types that have something to do, in the order of chats.Types.
	Types []chats.Type `json:"types,omitempty"`
	// HoldCounted tells that the breaker has tripped for the whole school.
	HoldCounted bool `json:"holdCounted,omitempty"`
	// Calls tells that something is to be done about video calls, Publish that the Portal does not
	// show the chats as they are.
	Calls   bool `json:"calls,omitempty"`
	Publish bool `json:"publish,omitempty"`
	// Chats and Unreadable count the chats read from the messenger, where that was done.
	Chats      int `json:"chats,omitempty"`
	Unreadable int `json:"unreadable,omitempty"`
	// Leaving tells that the school moves to another messenger, and that all its chats are there.
	Leaving bool `json:"leaving,omitempty"`
	// Adopted are chats that people made, and that have just become the school's: they are in the scope from now on.
	Adopted []chats.Key `json:"adopted,omitempty"`
}

// ReadChatsInput asks for the messenger's state.
type ReadChatsInput struct {
	School school.ID `json:"school"`
	Epoch  int64     `json:"epoch"`
	Roster string    `json:"roster"`
	Scope  Scope     `json:"scope"`
}

// LeaveInput asks for a school's chats to be left.
type LeaveInput struct {
	School school.ID `json:"school"`
	Epoch  int64     `json:"epoch"`
}

// DiffInput asks for the plan of one chat type.
type DiffInput struct {
	School      school.ID  `json:"school"`
	Epoch       int64      `json:"epoch"`
	Roster      string     `json:"roster"`
	Type        chats.Type `json:"type"`
	HoldCounted bool       `json:"holdCounted,omitempty"`
	// Scope restricts the plan. Part numbers the urgent parts that are let through while the
	// pass runs; 0 is the pass itself.
	Scope Scope `json:"scope"`
	Part  int   `json:"part,omitempty"`
	// PassScope is that of the pass that the part is let through.
	PassScope Scope `json:"passScope"`
}

// StoredPlan refers to a plan in the store.
type StoredPlan struct {
	ID         int64   `json:"id"`
	Digest     string  `json:"digest"`
	Operations int     `json:"operations"`
	Holds      int     `json:"holds"`
	Slices     []Slice `json:"slices,omitempty"`
}

// Slice is a run of a plan's operations, From to To (inclusive sequence numbers), that holds
// all operations of its chats.
type Slice struct {
	From  int `json:"from"`
	To    int `json:"to"`
	Chats int `json:"chats"`
	// Membership and Roles tell which of the two activities has something to do.
	Membership bool `json:"membership,omitempty"`
	Roles      bool `json:"roles,omitempty"`
}

// ApplyInput asks for one slice of a plan to be carried out.
type ApplyInput struct {
	School school.ID `json:"school"`
	Epoch  int64     `json:"epoch"`
	Plan   int64     `json:"plan"`
	Slice  Slice     `json:"slice"`
}

// Applied counts the operations of a slice that this attempt carried out.
type Applied struct {
	Done    int `json:"done"`
	Skipped int `json:"skipped,omitempty"`
	Failed  int `json:"failed,omitempty"`
}

func (a Applied) plus(b Applied) Applied {
	return Applied{Done: a.Done + b.Done, Skipped: a.Skipped + b.Skipped, Failed: a.Failed + b.Failed}
}

// RecordPassInput ends a pass.
type RecordPassInput struct {
	School school.ID `json:"school"`
	// Epoch is 0 where the pass could not even begin.
	Epoch int64 `json:"epoch"`
	// Part is the urgent part that ended; 0 is the pass itself.
	Part     int       `json:"part,omitempty"`
	Requests []Request `json:"requests"`
	// Unreadable counts chats that could not be read.
	Unreadable int `json:"unreadable,omitempty"`
	// Problem is set where the pass as a whole failed.
	Problem *Problem `json:"problem,omitempty"`
	// Portal is what was wrong with the Portal; Served what was done beside the plans' operations.
	Portal *Problem `json:"portal,omitempty"`
	Served Served   `json:"served,omitzero"`
}

// Problem is the trouble of a whole school or feed: a stable code and a sentence that says
// what to do. Neither names a person.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Outcome is how a pass ended.
type Outcome string

// The outcomes, from good to bad.
const (
	OutcomeInStep  Outcome = "in-step" // nothing had to be done
	OutcomeChanged Outcome = "changed" // everything that had to be done was
	OutcomeHeld    Outcome = "held"    // something waits for a human's word; the rest was done
	OutcomePartial Outcome = "partial" // some operations failed, the others were done
	OutcomeFailed  Outcome = "failed"  // the pass could not be carried out
)

// PassReport is a pass's result, and the reply to its requests.
type PassReport struct {
	School  school.ID `json:"school"`
	Epoch   int64     `json:"epoch"`
	Outcome Outcome   `json:"outcome"`
	Problem *Problem  `json:"problem,omitempty"`
	// Portal is what was wrong with the Portal, where everything else went its way.
	Portal *Problem `json:"portal,omitempty"`
	// Operations counts what was done, by kind of operation.
	Operations map[string]int `json:"operations,omitempty"`
	// Failed counts failed operations by error code, Skipped those that could not be done yet.
	Failed  map[string]int `json:"failed,omitempty"`
	Skipped map[string]int `json:"skipped,omitempty"`
	// Holds counts what waits for an operator's word; HoldsDigest identifies all that is held.
	// Expired counts the holds on which nobody decided in time: they are as good as rejected.
	Holds       int    `json:"holds,omitempty"`
	HoldsDigest string `json:"holdsDigest,omitempty"`
	Expired     int    `json:"expired,omitempty"`
	// Awaited counts the chats that wait for a person to make them.
	Awaited int `json:"awaited,omitempty"`
	// Requests is how many requests the pass served.
	Requests int `json:"requests"`
}

// ReadRequest asks for a feed to be read.
type ReadRequest struct {
	ID      string  `json:"id"`
	Trigger Trigger `json:"trigger"`
	// AcceptDrop is the fingerprint of a file set whose reading is taken for what it is although
	// it has far fewer rows than the last. It holds for that file set and for no other.
	AcceptDrop  string `json:"acceptDrop,omitempty"`
	RequestedBy string `json:"requestedBy,omitempty"`
}

// complete fills in what a person at the Temporal UI may leave out.
func (r *ReadRequest) complete(id string) {
	r.ID = cmp.Or(r.ID, id)
	r.Trigger = cmp.Or(r.Trigger, TriggerManual)
}

// ReadFeedInput asks for a reading.
type ReadFeedInput struct {
	Feed school.FeedID `json:"feed"`
	// Fingerprint is that of the stable file set; a set that has moved on since is not read.
	Fingerprint string `json:"fingerprint"`
	AcceptDrop  bool   `json:"acceptDrop,omitempty"`
}

// FeedReport is a reading's result.
type FeedReport struct {
	Feed school.FeedID `json:"feed"`
	// Moved tells that the files changed while they were read, and nothing was taken over.
	Moved bool `json:"moved,omitempty"`
	// Rows counts rows by file.
	Rows map[string]int `json:"rows,omitempty"`
	// Schools counts the registered schools of the feed; Changed are those with a snapshot
	// that no pass has worked from.
	Schools int         `json:"schools"`
	Changed []school.ID `json:"changed,omitempty"`
	// Faults counts source faults over the feed's registered schools, by code.
	Faults map[string]int `json:"faults,omitempty"`
	// Problems are schools whose roster could not be taken over.
	Problems []SchoolProblem `json:"problems,omitempty"`
}

// SchoolProblem is the trouble of one school in a reading.
type SchoolProblem struct {
	School school.ID `json:"school"`
	Problem
}

// ResyncSelfInput asks a school's lane for a pass.
type ResyncSelfInput struct {
	School  school.ID `json:"school"`
	Request Request   `json:"request"`
}
