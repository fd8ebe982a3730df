package reconcile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Kind is what an operation does.
type Kind string

// The operations.
const (
	Ask     Kind = "ask"     // ask a person to make the chat: no request, a state
	Create  Kind = "create"  // make the chat; the adds of the same chat are given along
	Rename  Kind = "rename"  // set the title
	Add     Kind = "add"     // put a person in
	Invite  Kind = "invite"  // the person must come by the invite link: no request, a state
	Remove  Kind = "remove"  // turn an account out
	Promote Kind = "promote" // give admin rights
	Demote  Kind = "demote"  // withdraw admin rights
)

// Step orders operations inside a chat. A plain member is removed before roles change and an
// admin after: so a chat has its new admin before it loses the old one, and the common case,
// people coming and going, needs no second round of requests.
type Step int

// The steps.
const (
	StepEnsure  Step = iota + 1 // ask, create, rename
	StepAdd                     // add, invite
	StepRemove                  // plain members
	StepPromote                 // give admin rights
	StepDemote                  // withdraw them
	StepRetire                  // removal of admins
)

// Rule says why an operation is done.
type Rule string

// The rules of operations that bring somebody in or set something right.
const (
	RuleNewChat   Rule = "new-chat"
	RuleTitle     Rule = "title"
	RuleEntitled  Rule = "entitled"   // belongs here, was not here before
	RulePutBack   Rule = "put-back"   // belongs here, was here, is missing
	RuleLeft      Rule = "left"       // went again after having been put back: only invited
	RuleAddDenied Rule = "add-denied" // the messenger does not let the community add people
	RuleAdmin     Rule = "admin"      // must be admin
	RuleNotAdmin  Rule = "not-admin"  // is admin without a ground
)

// The rules of removals: the evidence.
const (
	RuleStranger        Rule = "stranger"         // never placed here by the roster
	RuleGone            Rule = "gone"             // gone from users, roles and enrolments alike
	RuleEnded           Rule = "ended"            // status or end date says so
	RuleMoved           Rule = "moved"            // enrolled in another class of the same kind
	RuleDropped         Rule = "dropped"          // dropped one subject group, all else stands
	RuleReplaced        Rule = "replaced"         // somebody else teaches now
	RuleWithdrawn       Rule = "withdrawn"        // no longer this student's guardian
	RuleCleared         Rule = "cleared"          // flag or access role taken away
	RuleAccountReplaced Rule = "account-replaced" // the person has another account now
	RuleUnlinked        Rule = "unlinked"         // the Portal says that the account link was undone
	RuleApproved        Rule = "approved"         // no evidence, but an operator's word
)

// Counted tells whether removals by this rule count against the breaker. Moves, explicit
// ends, replacements and strangers do not: no damaged file can bring them about.
func (r Rule) Counted() bool {
	switch r {
	case RuleGone, RuleDropped, RuleWithdrawn, RuleCleared, RuleAccountReplaced, RuleUnlinked:
		return true
	default:
		return false
	}
}

// Operation is one change to one chat.
type Operation struct {
	Chat    chats.Key        `json:"chat"`
	Type    chats.Type       `json:"type"`
	Step    Step             `json:"step"`
	Kind    Kind             `json:"kind"`
	Account school.AccountID `json:"account,omitempty"`
	Person  school.PersonID  `json:"person,omitempty"`
	Title   string           `json:"title,omitempty"`
	Rule    Rule             `json:"rule"`
	// Reasons are the person's grounds for being in the chat (or, of a removal, those that
	// have ceased).
	Reasons []chats.Reason `json:"reasons,omitempty"`
}

// HoldKind says why something is held.
type HoldKind string

// The holds.
const (
	HoldBreaker    HoldKind = "breaker"     // too many removals at once
	HoldFrozen     HoldKind = "frozen"      // a source fault names the person
	HoldNoEvidence HoldKind = "no-evidence" // the roster gives no place (or no admin right) any more, and no reason why
	HoldLastAdmin  HoldKind = "last-admin"  // the next admin is not confirmed yet
	HoldChatGone   HoldKind = "chat-gone"   // the messenger no longer gives access to the chat
	HoldOwner      HoldKind = "owner"       // owns the chat: only the owner can hand it on or leave
	HoldNewYear    HoldKind = "new-year"    // a new school year, and nothing says which chat continues
)

// HoldKinds lists the holds.
func HoldKinds() []HoldKind {
	return []HoldKind{HoldBreaker, HoldFrozen, HoldNoEvidence, HoldLastAdmin, HoldChatGone, HoldOwner, HoldNewYear}
}

// Hold is an operation that is not done, and why.
type Hold struct {
	Kind      HoldKind  `json:"kind"`
	Operation Operation `json:"operation"`
	// Faults are the source faults behind a frozen hold.
	Faults []school.FaultCode `json:"faults,omitempty"`
}

// Note brings the mirror's knowledge of a present or invited member up to date: who they
// are and on what grounds they are here. No request is made for it.
type Note struct {
	Chat    chats.Key        `json:"chat"`
	Type    chats.Type       `json:"type"`
	Account school.AccountID `json:"account"`
	Person  school.PersonID  `json:"person"`
	Reasons []chats.Reason   `json:"reasons"`
}

// Rekey gives a chat its new key: the source has begun (or ceased) to give its class a cohort.
type Rekey struct {
	Type chats.Type `json:"type"`
	From chats.Key  `json:"from"`
	To   chats.Key  `json:"to"`
	Year string     `json:"year,omitempty"`
}

// Plan is what has to be done, in an order that does not depend on the order of any input.
type Plan struct {
	Rekeys     []Rekey     `json:"rekeys,omitempty"`
	Notes      []Note      `json:"notes,omitempty"`
	Operations []Operation `json:"operations,omitempty"`
	Holds      []Hold      `json:"holds,omitempty"`
	// SchoolHeld tells that the breaker holds the counted removals of the whole school.
	// Each chat type is planned again when its turn comes, and must not find the number
	// smaller because another type's removals are done by then: see Input.HoldCounted.
	SchoolHeld bool `json:"schoolHeld,omitempty"`
}

// Digest identifies the plan's content: 32 hex digits.
func (p Plan) Digest() string { return digest(p) }

// HoldsDigest identifies what is held, so that an unchanged set of holds is no work.
func (p Plan) HoldsDigest() string {
	if len(p.Holds) == 0 {
		return ""
	}
	return digest(p.Holds)
}

func digest(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("reconcile: a plan is plain data: " + err.Error())
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// Of restricts the plan to one chat type. SchoolHeld, a fact about the school, is not part of
// it.
func (p Plan) Of(t chats.Type) Plan {
	return Plan{
		Rekeys:     lo.Filter(p.Rekeys, func(r Rekey, _ int) bool { return r.Type == t }),
		Notes:      lo.Filter(p.Notes, func(n Note, _ int) bool { return n.Type == t }),
		Operations: lo.Filter(p.Operations, func(o Operation, _ int) bool { return o.Type == t }),
		Holds:      lo.Filter(p.Holds, func(h Hold, _ int) bool { return h.Operation.Type == t }),
	}
}

// Work tells whether carrying the plan out would change anything, given the digest of the
// holds that are stored already.
func (p Plan) Work(storedHolds string) bool {
	return len(p.Operations) > 0 || len(p.Notes) > 0 || len(p.Rekeys) > 0 || p.HoldsDigest() != storedHolds
}

func (p *Plan) sort() {
	slices.SortFunc(p.Operations, compareOperations)
	slices.SortFunc(p.Holds, func(a, b Hold) int {
		return cmp.Or(compareOperations(a.Operation, b.Operation), cmp.Compare(a.Kind, b.Kind))
	})
	slices.SortFunc(p.Notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Chat, b.Chat), cmp.Compare(a.Account, b.Account))
	})
	slices.SortFunc(p.Rekeys, func(a, b Rekey) int { return cmp.Compare(a.From, b.From) })
}

func compareOperations(a, b Operation) int {
	return cmp.Or(
		cmp.Compare(a.Chat, b.Chat),
		cmp.Compare(a.Step, b.Step),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Account, b.Account),
	)
}
