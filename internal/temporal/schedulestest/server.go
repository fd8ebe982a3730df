package schedulestest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Server keeps schedules as a server does: what it is given it gives back in a form of its own,
// an update leaves the memo alone, and the listing comes in pages and may lag. What the stand-in
// does not have must not be called.
type Server struct {
	client.ScheduleClient
	mu        sync.Mutex
	schedules map[string]*client.ScheduleDescription
	listed    []*client.ScheduleListEntry
	lagging   bool
	// Counts counts calls by name: create, describe, update, delete, page.
	counts map[string]int
	busy   int
	most   int
	// Refuse, where set, may refuse a call: it is given the call's name and the schedule's id, ""
	// for a page of the listing.
	Refuse func(call, id string) error
}

// New gives a server without schedules.
func New() *Server {
	return &Server{schedules: map[string]*client.ScheduleDescription{}, counts: map[string]int{}}
}

// Calls gives how many calls there were since it was asked last, by name.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	s.counts = map[string]int{}
	return counts
}

// Most is how many calls ran side by side at most.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// IDs are the ids of the schedules there are.
func (s *Server) IDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.schedules))
}

// Edit changes a schedule as a person at the Temporal UI does.
func (s *Server) Edit(id string, edit func(*client.ScheduleDescription)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(s.schedules[id])
}

// Get gives a copy of a schedule, nil if there is none.
func (s *Server) Get(id string) *client.ScheduleDescription {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, there := s.schedules[id]
	if !there {
		return nil
	}
	return copied(found)
}

// Lag keeps the listing as it is from now on, or lets it go on.
func (s *Server) Lag(lagging bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = s.listing()
	s.lagging = lagging
}

// called counts a call and gives the error it is refused with. The call ends with done.
func (s *Server) called(name, id string) (done func(), err error) {
	s.mu.Lock()
	s.counts[name]++
	s.busy++
	s.most = max(s.most, s.busy)
	refuse := s.Refuse
	s.mu.Unlock()
	if refuse != nil {
		err = refuse(name, id)
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
	}, err
}

// Create implements client.ScheduleClient.
func (s *Server) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	done, err := s.called("create", o.ID)
	defer done()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.schedules[o.ID]; there {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	s.schedules[o.ID] = &client.ScheduleDescription{
		Memo: &commonpb.Memo{Fields: encoded(o.Memo)},
		Schedule: client.Schedule{
			Spec: normalised(&o.Spec), Action: stored(o.Action),
			Policy: &client.SchedulePolicies{Overlap: o.Overlap, CatchupWindow: o.CatchupWindow, PauseOnFailure: o.PauseOnFailure},
			State:  &client.ScheduleState{Paused: o.Paused, Note: o.Note},
		},
		TypedSearchAttributes: o.TypedSearchAttributes,
	}
	return &handle{server: s, id: o.ID}, nil
}

// List implements client.ScheduleClient.
func (s *Server) List(_ context.Context, o client.ScheduleListOptions) (client.ScheduleListIterator, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lagging {
		s.listed = s.listing()
	}
	return &pages{server: s, entries: s.listed, size: o.PageSize}, nil
}

func (s *Server) listing() []*client.ScheduleListEntry {
	var all []*client.ScheduleListEntry
	for _, id := range slices.Sorted(maps.Keys(s.schedules)) {
		d := copied(s.schedules[id])
		all = append(all, &client.ScheduleListEntry{
			ID: id, Spec: d.Schedule.Spec, Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note, Memo: d.Memo,
			RecentActions: d.Info.RecentActions, NextActionTimes: d.Info.NextActionTimes,
		})
	}
	return all
}

// pages is a listing, fetched page by page.
type pages struct {
	server        *Server
	entries       []*client.ScheduleListEntry
	size, fetched int
	at            int
	err           error
}

func (p *pages) HasNext() bool {
	if p.at == p.fetched && p.at < len(p.entries) && p.err == nil {
		done, err := p.server.called("page", "")
		done()
		p.err = err
		p.fetched = min(p.fetched+p.size, len(p.entries))
	}
	return p.err != nil || p.at < p.fetched
}

func (p *pages) Next() (*client.ScheduleListEntry, error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.at >= p.fetched {
		return nil, errors.New("next was called without has next")
	}
	p.at++
	return p.entries[p.at-1], nil
}

// GetHandle implements client.ScheduleClient.
func (s *Server) GetHandle(_ context.Context, id string) client.ScheduleHandle {
	return &handle{server: s, id: id}
}

type handle struct {
	client.ScheduleHandle
	server *Server
	id     string
}

// find gives the schedule itself. The server's lock must be held.
func (h *handle) find() (*client.ScheduleDescription, error) {
	found, there := h.server.schedules[h.id]
	if !there {
		return nil, serviceerror.NewNotFound("schedule not found")
	}
	return found, nil
}

func (h *handle) Describe(context.Context) (*client.ScheduleDescription, error) {
	done, err := h.server.called("describe", h.id)
	defer done()
	if err != nil {
		return nil, err
	}
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	found, err := h.find()
	if err != nil {
		return nil, err
	}
	return copied(found), nil
}

func (h *handle) Update(_ context.Context, o client.ScheduleUpdateOptions) error {
	done, err := h.server.called("update", h.id)
	defer done()
	if err != nil {
		return err
	}
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	found, err := h.find()
	if err != nil {
		return err
	}
	update, err := o.DoUpdate(client.ScheduleUpdateInput{Description: *copied(found)})
	if errors.Is(err, temporal.ErrSkipScheduleUpdate) {
		return nil
	}
	if err != nil {
		return err
	}
	found.Schedule = client.Schedule{
		Spec: normalised(update.Schedule.Spec), Action: stored(update.Schedule.Action), Policy: update.Schedule.Policy, State: update.Schedule.State,
	}
	return nil
}

func (h *handle) Delete(context.Context) error {
	done, err := h.server.called("delete", h.id)
	defer done()
	if err != nil {
		return err
	}
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	_, err = h.find()
	delete(h.server.schedules, h.id)
	return err
}

// stored is an action as it is given back: arguments and memo are payloads.
func stored(action client.ScheduleAction) client.ScheduleAction {
	a := *action.(*client.ScheduleWorkflowAction)
	args := make([]any, len(a.Args))
	for i, arg := range a.Args {
		args[i] = payload(arg)
	}
	memo := map[string]any{}
	for key, p := range encoded(a.Memo) {
		memo[key] = p
	}
	a.Args, a.Memo = args, memo
	return &a
}

func encoded(memo map[string]any) map[string]*commonpb.Payload {
	fields := map[string]*commonpb.Payload{}
	for key, value := range memo {
		fields[key] = payload(value)
	}
	return fields
}

func payload(value any) *commonpb.Payload {
	if p, is := value.(*commonpb.Payload); is {
		return p
	}
	p, err := converter.GetDefaultDataConverter().ToPayload(value)
	if err != nil {
		panic("schedulestest: " + err.Error())
	}
	return p
}

// normalised writes times as a server does: each range with its end and step, each calendar with
// its seconds.
func normalised(spec *client.ScheduleSpec) *client.ScheduleSpec {
	n := *spec
	n.Intervals = slices.Clone(n.Intervals)
	n.Calendars = slices.Clone(n.Calendars)
	for i := range n.Calendars {
		c := &n.Calendars[i]
		if c.Second == nil {
			c.Second = []client.ScheduleRange{{}}
		}
		c.Year = []client.ScheduleRange{}
		for _, field := range []*[]client.ScheduleRange{&c.Second, &c.Minute, &c.Hour, &c.DayOfMonth, &c.Month, &c.DayOfWeek} {
			*field = slices.Clone(*field)
			for j := range *field {
				r := &(*field)[j]
				r.End, r.Step = max(r.End, r.Start), max(r.Step, 1)
			}
		}
	}
	return &n
}

// copied is a description that can be kept while the schedule changes.
func copied(d *client.ScheduleDescription) *client.ScheduleDescription {
	c := *d
	spec, policy, state := *d.Schedule.Spec, *d.Schedule.Policy, *d.Schedule.State
	action := *d.Schedule.Action.(*client.ScheduleWorkflowAction)
	c.Schedule = client.Schedule{Spec: &spec, Policy: &policy, State: &state, Action: &action}
	return &c
}
