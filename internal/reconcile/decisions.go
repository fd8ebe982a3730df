package reconcile

import (
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// HoldID is what makes a hold the same hold from one plan to the next.
type HoldID struct {
	Kind    HoldKind
	Chat    chats.Key
	Do      Kind
	Account school.AccountID
	Rule    Rule
}

// ID identifies the hold.
func (h Hold) ID() HoldID { return holdID(h.Kind, h.Operation) }

func holdID(kind HoldKind, o Operation) HoldID {
	return HoldID{Kind: kind, Chat: o.Chat, Do: o.Kind, Account: o.Account, Rule: o.Rule}
}

// Decision is what has become of a hold.
type Decision string

// The decisions. A hold dissolves, whatever the decision, when its operation is not due any more.
const (
	DecisionWaiting  Decision = "waiting"  // nobody has decided
	DecisionApproved Decision = "approved" // to be done at the next pass
	DecisionRejected Decision = "rejected" // not to be done
	DecisionExpired  Decision = "expired"  // nobody decided in time: not to be done
)

// Approvable tells whether an operator's word can release every such hold. A chat never loses its last
// admin, and a chat that is gone has to be brought back in the messenger.
func (k HoldKind) Approvable() bool {
	switch k {
	case HoldBreaker, HoldFrozen, HoldNoEvidence, HoldNewYear:
		return true
	default:
		return false
	}
}

// Approvable tells whether an operator's word can release the hold. A chat that is gone, and was made by a person, can be asked for anew.
func (h Hold) Approvable() bool {
	return h.Kind.Approvable() || h.Kind == HoldChatGone && h.Operation.Kind == Ask
}

func (m *maker) approved(kind HoldKind, o Operation) bool {
	return Hold{Kind: kind, Operation: o}.Approvable() && m.in.Decisions[holdID(kind, o)] == DecisionApproved
}

// undecided tells whether this was held before because it was one of too many, and nobody has
// released it: then it stays held although the number has become smaller meanwhile, be it by an
// approved part.
func (m *maker) undecided(kind HoldKind, o Operation) bool {
	d, known := m.in.Decisions[holdID(kind, o)]
	return known && d != DecisionApproved
}
