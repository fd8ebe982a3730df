package temporal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// ChangeKind says what is to be done about a schedule.
type ChangeKind string

// The kinds of changes.
const (
	ScheduleCreate  ChangeKind = "create"
	ScheduleUpdate  ChangeKind = "update"
	ScheduleDelete  ChangeKind = "delete"
	ScheduleSame    ChangeKind = "same"
	ScheduleForeign ChangeKind = "foreign" // the id is taken by a schedule that is not ours
	ScheduleUnclear ChangeKind = "unclear" // the registry's entry cannot be read
	ScheduleUnasked ChangeKind = "unasked" // the server gave no answer about it; it is asked again next time
)

// Change is what is to be done about one schedule, and why.
type Change struct {
	ID   string
	Kind ChangeKind
	Why  string
	// want is nil where the schedule is to go.
	want *Schedule
}

// Difference is what is between the registry and the server, by schedule id.
type Difference []Change

// Work leaves out what is the same.
func (d Difference) Work() Difference {
	return lo.Reject(d, func(c Change, _ int) bool { return c.Kind == ScheduleSame })
}

// Of are the changes of some kinds.
func (d Difference) Of(kinds ...ChangeKind) Difference {
	return lo.Filter(d, func(c Change, _ int) bool { return slices.Contains(kinds, c.Kind) })
}

func (d Difference) sorted() Difference {
	slices.SortFunc(d, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	return d
}

// judge compares a schedule as it should be with the one that the server has; either may be
// nil.
//
// The times, the policies and the action are the registry's alone: what was changed by hand is put
// back. (Of these the listing shows the times, so the others are put back with the schedule's next
// change.) A pause is the registry's word when that has changed since it was applied last, or
// is insisted on; otherwise what somebody paused or resumed at the Temporal UI stands.
func judge(id string, want *Schedule, have *client.ScheduleDescription) Change {
	c := Change{ID: id, Kind: ScheduleSame, want: want}
	switch {
	case want == nil && (have == nil || !ours(have.Memo)):
		return c
	case want == nil:
		c.Kind, c.Why = ScheduleDelete, "the registry does not call for it"
	case have == nil:
		c.Kind, c.Why = ScheduleCreate, want.Words
		if want.Paused != "" {
			c.Why += "; paused: " + want.Paused
		}
	case !ours(have.Memo):
		c.Kind, c.Why = ScheduleForeign, "somebody else made a schedule with this id: delete it in the Temporal UI"
	default:
		if why := want.reasons(have); len(why) > 0 {
			c.Kind, c.Why = ScheduleUpdate, strings.Join(why, "; ")
		}
	}
	return c
}

// reasons say what has to be changed about a schedule of ours.
func (s *Schedule) reasons(have *client.ScheduleDescription) []string {
	var why []string
	switch applied := appliedMark(have); {
	case applied.Times != s.mark().Times:
		why = append(why, "now "+s.Words)
	case !s.lookAlike(have):
		why = append(why, "changed by hand: back to "+s.Words)
	}
	if s.pauseCounts(have) {
		why = append(why, lo.Ternary(s.Paused == "", "resumed", "paused: "+s.Paused))
	}
	return why
}

// pauseCounts tells whether the registry's word on the pause has to be carried out.
func (s *Schedule) pauseCounts(have *client.ScheduleDescription) bool {
	if appliedMark(have).Pause != s.mark().Pause {
		return true
	}
	state := lo.FromPtr(have.Schedule.State)
	return s.Insist && (state.Paused != (s.Paused != "") || state.Paused && state.Note != s.Paused)
}

// updated is the server's schedule with what is the registry's replaced.
func (s *Schedule) updated(have *client.ScheduleDescription) *client.Schedule {
	state := lo.FromPtr(have.Schedule.State)
	switch {
	case s.pauseCounts(have):
		state.Paused, state.Note = s.Paused != "", s.note()
	case !state.Paused && s.Paused == "":
		state.Note = s.note()
	}
	return &client.Schedule{Spec: &s.Times, Action: s.action(), Policy: s.policies(), State: &state}
}

// plainly tells by the listing alone that a schedule is as it should be, as most are at most times: ours,
// not paused, with our note on it and the times that the note speaks of.
func (s *Schedule) plainly(e *client.ScheduleListEntry) bool {
	return s.Paused == "" && !e.Paused && ours(e.Memo) && e.Note == s.note() && meaning(s.Times) == meaning(lo.FromPtr(e.Spec))
}

// lookAlike tells whether the server's schedule means what it should. The server writes times in a
// form of its own, so it is their values that are compared.
func (s *Schedule) lookAlike(have *client.ScheduleDescription) bool {
	want := s.action()
	action, ok := have.Schedule.Action.(*client.ScheduleWorkflowAction)
	return ok && action.ID == want.ID && action.Workflow == want.Workflow && action.TaskQueue == want.TaskQueue &&
		lo.FromPtr(have.Schedule.Policy) == *s.policies() &&
		meaning(s.Times) == meaning(lo.FromPtr(have.Schedule.Spec))
}

// meaning writes times such that equal times are written equally.
func meaning(spec client.ScheduleSpec) string {
	values := func(ranges []client.ScheduleRange) []int {
		var all []int
		for _, r := range ranges {
			all = append(all, r.Start)
			for v := r.Start + max(r.Step, 1); v <= r.End; v += max(r.Step, 1) {
				all = append(all, v)
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	calendars := func(all []client.ScheduleCalendarSpec) [][][]int {
		return lo.Map(all, func(c client.ScheduleCalendarSpec, _ int) [][]int {
			second := lo.Ternary(c.Second == nil, []client.ScheduleRange{{}}, c.Second) // as the SDK fills it in
			return lo.Map([][]client.ScheduleRange{second, c.Minute, c.Hour, c.DayOfMonth, c.Month, c.DayOfWeek, c.Year},
				func(r []client.ScheduleRange, _ int) []int { return values(r) })
		})
	}
	zone := spec.TimeZoneName
	if len(spec.Calendars)+len(spec.Skip) == 0 {
		zone = "" // an interval has none
	}
	return fmt.Sprint(
		spec.Intervals, calendars(spec.Calendars), calendars(spec.Skip), zone, spec.Jitter,
		spec.StartAt.Unix(), spec.EndAt.Unix())
}

// ours tells by a schedule's memo whether the registry made it.
func ours(memo *commonpb.Memo) bool {
	_, marked := memo.GetFields()[ownerMemo]
	return marked
}

// appliedMark reads what was applied last; the zero mark where there is none to be read.
func appliedMark(have *client.ScheduleDescription) mark {
	var m mark
	if action, ok := have.Schedule.Action.(*client.ScheduleWorkflowAction); ok {
		if p, ok := action.Memo[markMemo].(*commonpb.Payload); ok && converter.GetDefaultDataConverter().FromPayload(p, &m) != nil {
			return mark{}
		}
	}
	return m
}

// scheduleOfOurs tells whether an id has the form of ours.
func scheduleOfOurs(id string) bool {
	return strings.HasPrefix(id, schoolSchedulePrefix) || strings.HasPrefix(id, districtSchedulePrefix)
}
