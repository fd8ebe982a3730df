package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"
)

const (
	// schedulesAtOnce is how many schedules are asked for or changed side by side.
	schedulesAtOnce = 16
	// schedulesPage is how many schedules a page of the listing has.
	schedulesPage = 500
)

// Schedules makes a server's schedules equal to the registry. It remembers what it found to be
// equal at a close look, so that the next comparison looks only at what has changed on either
// side. It is not for concurrent use.
type Schedules struct {
	client client.ScheduleClient
	equal  map[string]string
}

// NewSchedules works on the schedules of the client's namespace.
func NewSchedules(c client.ScheduleClient) *Schedules {
	return &Schedules{client: c, equal: map[string]string{}}
}

// Difference compares all schedules. The server's listing may be some moments old, so it only
// says where to look: what a change is made for has been asked of the schedule itself.
func (s *Schedules) Difference(ctx context.Context, w Wanted) (Difference, error) {
	listed, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	var all Difference
	var look []string
	prints := map[string]string{}
	for _, want := range w.Schedules {
		e, there := listed[want.ID]
		if there {
			prints[want.ID] = fingerprint(want, e)
		}
		if there && (want.plainly(e) || s.equal[want.ID] == prints[want.ID]) {
			all = append(all, Change{ID: want.ID, Kind: ScheduleSame, want: &want})
		} else {
			look = append(look, want.ID)
		}
	}
	wanted := w.byID()
	for id, e := range listed {
		_, is := wanted[id]
		_, unclear := w.Unclear[id]
		if !is && !unclear && scheduleOfOurs(id) && ours(e.Memo) {
			look = append(look, id)
		}
	}
	for _, l := range s.look(ctx, w, append(look, lo.Keys(w.Unclear)...)) {
		if l.err != nil {
			l.change = Change{ID: l.change.ID, Kind: ScheduleUnasked, Why: l.err.Error()}
		}
		if l.change.Kind == ScheduleSame && l.change.want == nil {
			continue // it is listed still, and gone
		}
		all = append(all, l.change)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.equal = map[string]string{}
	for _, c := range all {
		if c.Kind == ScheduleSame && prints[c.ID] != "" {
			s.equal[c.ID] = prints[c.ID]
		}
	}
	return all.sorted(), nil
}

// DifferenceOf compares the schedules with these ids alone.
func (s *Schedules) DifferenceOf(ctx context.Context, w Wanted, ids ...string) (Difference, error) {
	var d Difference
	for _, l := range s.look(ctx, w, ids) {
		if l.err != nil {
			return nil, l.err
		}
		d = append(d, l.change)
	}
	return d.sorted(), nil
}

// looked is what a close look at a schedule found.
type looked struct {
	change Change
	err    error
}

// look asks for schedules one by one, several at once.
func (s *Schedules) look(ctx context.Context, w Wanted, ids []string) []looked {
	wanted := w.byID()
	found := make([]looked, len(ids))
	var group errgroup.Group
	group.SetLimit(schedulesAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			found[i].change.ID = id
			if problem, unclear := w.Unclear[id]; unclear {
				found[i].change = Change{ID: id, Kind: ScheduleUnclear, Why: problem.Error()}
				return nil
			}
			have, err := s.client.GetHandle(ctx, id).Describe(ctx)
			switch {
			case notFound(err):
				found[i].change = judge(id, wanted[id], nil)
			case err != nil:
				found[i].err = fmt.Errorf("ask for schedule %s: %w", id, err)
			default:
				found[i].change = judge(id, wanted[id], have)
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are in what was found
	return found
}

func (w Wanted) byID() map[string]*Schedule {
	return lo.SliceToMap(w.Schedules, func(s Schedule) (string, *Schedule) { return s.ID, &s })
}

// fingerprint is what is seen of a schedule from afar: as it is wanted, and as it is listed.
func fingerprint(want Schedule, listed *client.ScheduleListEntry) string {
	return digest([]any{want.mark(), listed.Spec, listed.Paused, listed.Note})
}

// list gives all schedules of the namespace by id. A listing that breaks off is an error and
// never a short list: what it lacks would be made and deleted.
func (s *Schedules) list(ctx context.Context) (map[string]*client.ScheduleListEntry, error) {
	entries, err := s.client.List(ctx, client.ScheduleListOptions{PageSize: schedulesPage})
	if err != nil {
		return nil, fmt.Errorf("list the schedules: %w", err)
	}
	all := map[string]*client.ScheduleListEntry{}
	for entries.HasNext() {
		e, err := entries.Next()
		if err != nil {
			return nil, fmt.Errorf("list the schedules: %w", err)
		}
		all[e.ID] = e
	}
	return all, nil
}

// Apply carries a difference out and gives what was done of it. One schedule's trouble does not
// stop the others; the error says how many were refused, and why the first was.
func (s *Schedules) Apply(ctx context.Context, d Difference) (done Difference, err error) {
	work := d.Of(ScheduleCreate, ScheduleUpdate, ScheduleDelete)
	problems := make([]error, len(work))
	var group errgroup.Group
	group.SetLimit(schedulesAtOnce)
	for i, c := range work {
		group.Go(func() error {
			problems[i] = s.apply(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // the errors are in problems
	done = lo.Filter(work, func(_ Change, i int) bool { return problems[i] == nil })
	failed := len(work) - len(done)
	first, _ := lo.Find(problems, func(err error) bool { return err != nil })
	if failed > 1 {
		first = fmt.Errorf("%d of %d schedules could not be changed, the first: %w", failed, len(work), first)
	}
	return done, first
}

func (s *Schedules) apply(ctx context.Context, c Change) error {
	var err error
	switch handle := s.client.GetHandle(ctx, c.ID); c.Kind {
	case ScheduleCreate:
		_, err = s.client.Create(ctx, c.want.options())
		if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			err = nil // somebody else has made it just now; the next comparison judges it
		}
	case ScheduleUpdate:
		err = handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			if judge(c.ID, c.want, &in.Description).Kind != ScheduleUpdate {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			return &client.ScheduleUpdate{Schedule: c.want.updated(&in.Description)}, nil
		}})
	default:
		if err = handle.Delete(ctx); notFound(err) {
			err = nil
		}
	}
	if _, refused := errors.AsType[*serviceerror.InvalidArgument](err); refused {
		return fmt.Errorf("%s schedule %s: the server refuses it: check that \"rollcall migrate\" was run after the last upgrade: %w", c.Kind, c.ID, err)
	}
	if err != nil {
		return fmt.Errorf("%s schedule %s: %w", c.Kind, c.ID, err)
	}
	return nil
}

// ScheduleState is how a schedule stands on the server.
type ScheduleState struct {
	Paused bool
	Note   string
	// Next is when it starts something next, were it not paused; nil if never.
	Next *time.Time
	// Last is when it last started something, and WorkflowID what; nil if it has not yet.
	Last       *time.Time
	WorkflowID string
}

// States are how the registry's schedules stand on the server, by id. Those of others are left out.
func (s *Schedules) States(ctx context.Context) (map[string]ScheduleState, error) {
	listed, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	mine := lo.PickBy(listed, func(id string, e *client.ScheduleListEntry) bool { return scheduleOfOurs(id) && ours(e.Memo) })
	return lo.MapValues(mine, func(e *client.ScheduleListEntry, _ string) ScheduleState {
		state := ScheduleState{Paused: e.Paused, Note: e.Note}
		if len(e.NextActionTimes) > 0 {
			state.Next = &e.NextActionTimes[0]
		}
		if last, started := lo.Last(e.RecentActions); started {
			state.Last = &last.ActualTime
			state.WorkflowID = lo.FromPtr(last.StartWorkflowResult).WorkflowID
		}
		return state
	}), nil
}

// RunStatuses are the statuses of workflows by id, in words: "completed", "failed", "running". One
// that the server has forgotten is left out.
func RunStatuses(ctx context.Context, c client.Client, ids []string) (map[string]string, error) {
	statuses := make([]string, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(schedulesAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			described, err := c.DescribeWorkflowExecution(ctx, id, "")
			if notFound(err) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("ask for run %s: %w", id, err)
			}
			statuses[i] = lo.KebabCase(described.GetWorkflowExecutionInfo().GetStatus().String())
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for i, id := range ids {
		if statuses[i] != "" {
			found[id] = statuses[i]
		}
	}
	return found, nil
}

func notFound(err error) bool {
	_, is := errors.AsType[*serviceerror.NotFound](err)
	return is
}
