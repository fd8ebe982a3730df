package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
)

// Trigger says what asked for a pass.
type Trigger string

// The triggers.
const (
	TriggerManual     Trigger = "manual"     // a person: CLI, console, Temporal UI
	TriggerEvent      Trigger = "event"      // a new roster snapshot, an event of the messenger
	TriggerContinuous Trigger = "continuous" // a lane that never rests asks itself
	TriggerSchedule   Trigger = "schedule"   // the school's interval
	TriggerDistrict   Trigger = "district"   // a sweep over a district
)

// Triggers lists the triggers.
func Triggers() []Trigger {
	return []Trigger{TriggerManual, TriggerEvent, TriggerContinuous, TriggerSchedule, TriggerDistrict}
}

func (t Trigger) validate() error {
	if !slices.Contains(Triggers(), t) {
		return fmt.Errorf("trigger %q is unknown: use one of %v, or leave it out", t, Triggers())
	}
	return nil
}

// priority is the trigger's Temporal priority key: lower is sooner.
func (t Trigger) priority() int {
	switch t {
	case TriggerManual:
		return 1
	case TriggerEvent, TriggerContinuous:
		return 2
	case TriggerDistrict:
		return 4
	default:
		return 3
	}
}

// Scope is the part of a school that a request is about; the zero Scope is the whole school.
type Scope = reconcile.Scope

// Request asks a school's lane for a pass.
type Request struct {
	// ID makes the request and its reply known; of an update it is the update id.
	ID      string  `json:"id"`
	Trigger Trigger `json:"trigger"`
	Scope   Scope   `json:"scope"`
	// Verify has the messenger's state read first, so that changes made by hand are found.
	Verify bool `json:"verify,omitempty"`
	// RequestedBy is an operator's login or the part of Rollcall that asks; never a name.
	RequestedBy string `json:"requestedBy,omitempty"`
}

// complete fills in what a person at the Temporal UI may leave out: the id, and that it is a
// person who asks.
func (r *Request) complete(id string) {
	r.ID = cmp.Or(r.ID, id)
	r.Trigger = cmp.Or(r.Trigger, TriggerManual)
}

// Validate refuses a request that no pass could serve.
func (r Request) Validate() error {
	if r.ID == "" {
		return errors.New("the request has no id")
	}
	if err := r.Trigger.validate(); err != nil {
		return err
	}
	for _, t := range r.Scope.Types {
		if !slices.Contains(chats.Types(), t) {
			return fmt.Errorf("chat type %q is unknown: use one of %v", t, chats.Types())
		}
	}
	for _, k := range r.Scope.Chats {
		if !slices.ContainsFunc(chats.Types(), func(t chats.Type) bool { return strings.HasPrefix(string(k), string(t)+":") || string(k) == string(t) }) {
			return fmt.Errorf("%q is no chat's key: see the keys with: rollcall chats SCHOOL -o json", k)
		}
	}
	return nil
}

// urgent tells whether a request may be let through while a pass runs: somebody or something waits
// for it, and it is about a few chats or people.
func (r Request) urgent() bool { return r.Trigger.priority() <= 2 && r.Scope.Small() }

// Merge makes one request of several, of which there must be one: scopes unite, verify absorbs
// no-verify, the most urgent trigger wins and gives its id and who asks.
func Merge(requests []Request) Request {
	merged := requests[0]
	for _, r := range requests[1:] {
		merged.Scope = merged.Scope.Unite(r.Scope)
		merged.Verify = merged.Verify || r.Verify
		if r.Trigger.priority() < merged.Trigger.priority() {
			merged.Trigger, merged.RequestedBy, merged.ID = r.Trigger, r.RequestedBy, r.ID
		}
	}
	return merged
}

// withAdopted is the scope with the chats that have just become the school's.
func withAdopted(s Scope, w Work) Scope {
	if len(w.Adopted) == 0 {
		return s
	}
	return s.Unite(Scope{Chats: w.Adopted})
}
