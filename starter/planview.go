package main

import (
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// planView is what the next pass would do.
type planView struct {
	schoolHead
	// Operations counts what would be done, by kind.
	Operations map[string]int `json:"operations"`
	// Chats are those with anything to say about.
	Chats []plannedChat `json:"chats"`
}

type plannedChat struct {
	chatHead
	NotYet     []coded         `json:"notYet"`
	Operations []operationView `json:"operations"`
	Holds      []holdView      `json:"holds"`
	Missing    []missingView   `json:"missing"`
}

// operationView is one change to one chat.
type operationView struct {
	Kind coded `json:"kind"`
	// Person is null for operations on the chat itself, and for accounts that are nobody's we know.
	Person  *personView      `json:"person"`
	Account school.AccountID `json:"account"`
	Title   string           `json:"title"`
	Rule    coded            `json:"rule"`
	Reasons []reasonView     `json:"reasons"`
}

// holdView is an operation that waits for a human's word.
type holdView struct {
	Why       coded         `json:"why"`
	Operation operationView `json:"operation"`
	Faults    []coded       `json:"faults"`
	// Since is when it was first held, null while it is only planned.
	Since *time.Time `json:"since"`
}

// missingView is somebody who should be in a chat and cannot.
type missingView struct {
	Person  personView   `json:"person"`
	Role    chats.Role   `json:"role"`
	Why     coded        `json:"why"`
	Reasons []reasonView `json:"reasons"`
}

func viewPlan(s survey.Survey, types chatTypes) planView {
	v := planView{schoolHead: headOf(s), Operations: map[string]int{}, Chats: []plannedChat{}}
	who := peopleOf(s.Roster)
	for _, p := range placesOf(s) {
		if !types.covers(p.kind) || len(p.operations)+len(p.holds)+len(p.notYet())+len(p.missing()) == 0 {
			continue
		}
		for _, o := range p.operations {
			v.Operations[string(o.Kind)]++
		}
		v.Chats = append(v.Chats, plannedChat{
			chatHead:   p.head(),
			NotYet:     sayAll(notYetWords, p.notYet()),
			Operations: lo.Map(p.operations, func(o reconcile.Operation, _ int) operationView { return who.operation(o) }),
			Holds:      lo.Map(p.holds, func(h reconcile.Hold, _ int) holdView { return who.hold(h.Kind, h.Operation, h.Faults, nil) }),
			Missing:    lo.Map(p.missing(), func(m chats.Missing, _ int) missingView { return who.missing(m) }),
		})
	}
	return v
}

func (who people) operation(o reconcile.Operation) operationView {
	return operationView{
		Kind: say(kindWords, o.Kind), Person: who.find(o.Person, o.Account), Account: o.Account, Title: o.Title,
		Rule: say(ruleWords, o.Rule), Reasons: who.reasons(o.Reasons),
	}
}

func (who people) hold(kind reconcile.HoldKind, o reconcile.Operation, faults []school.FaultCode, since *time.Time) holdView {
	return holdView{Why: say(holdWords, kind), Operation: who.operation(o), Faults: sayAll(faultWords, faults), Since: since}
}

func (who people) missing(m chats.Missing) missingView {
	return missingView{Person: who.view(m.Person), Role: m.Role, Why: say(whyWords, m.Why), Reasons: who.reasons(m.Reasons)}
}

// subject is whom the operation concerns, or the title it gives.
func (v operationView) subject() string {
	switch {
	case v.Person != nil:
		return v.Person.String()
	case v.Account != 0:
		return fmt.Sprintf("account %d", v.Account)
	default:
		return v.Title
	}
}

func (v planView) text(p *page) {
	p.line("%s (%s), as of %s: %s", v.Name, v.School, v.Day, lo.CoalesceOrEmpty(tally(v.Operations), "nothing to do"))
	for _, c := range v.Chats {
		p.gap()
		p.line("%s", c.chatHead)
		for _, n := range c.NotYet {
			p.line("  not yet: %s", n.Words)
		}
		rows := lo.Map(c.Operations, func(o operationView, _ int) []string {
			return []string{"  " + o.Kind.Words, o.subject(), o.Rule.Words, joinReasons(o.Reasons)}
		})
		for _, h := range c.Holds {
			rows = append(rows, []string{"  held: " + h.Operation.Kind.Words, h.Operation.subject(), h.because(), joinReasons(h.Operation.Reasons)})
		}
		for _, m := range c.Missing {
			rows = append(rows, []string{"  cannot be in it", m.Person.String(), m.Why.Words, joinReasons(m.Reasons)})
		}
		if len(rows) > 0 {
			p.table([]string{"  WHAT", "WHO", "WHY", "GROUNDS"}, rows)
		}
	}
}

// because says why it is held, with the source faults behind it.
func (v holdView) because() string {
	if len(v.Faults) == 0 {
		return v.Why.Words
	}
	return fmt.Sprintf("%s (%s)", v.Why.Words, joinWords(v.Faults))
}
