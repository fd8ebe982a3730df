package reconcile

import (
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Scope is the part of a school that a pass is about: what any of its lists names. The zero Scope
// is the whole school.
type Scope struct {
	Types  []chats.Type      `json:"types,omitempty"`
	Chats  []chats.Key       `json:"chats,omitempty"`
	People []school.PersonID `json:"people,omitempty"`
	// Calls are the school's video calls.
	Calls bool `json:"calls,omitempty"`
	// Standings are the chats that the community was let into and that are none of the school's yet.
	Standings bool `json:"standings,omitempty"`
}

// smallScope is how many chats and people make a scope that may be let through while a pass runs.
const smallScope = 20

// Whole tells whether the scope is the whole school.
func (s Scope) Whole() bool {
	return len(s.Types) == 0 && len(s.Chats) == 0 && len(s.People) == 0 && !s.Calls && !s.Standings
}

// CoversCalls tells whether the video calls are in the scope.
func (s Scope) CoversCalls() bool { return s.Whole() || s.Calls }

// OnlyCalls tells whether nothing but the video calls is in the scope.
func (s Scope) OnlyCalls() bool {
	return s.Calls && len(s.Types) == 0 && len(s.Chats) == 0 && len(s.People) == 0 && !s.Standings
}

// CoversStandings tells whether chats that may be adopted are in the scope.
func (s Scope) CoversStandings() bool { return s.Whole() || s.Standings }

// Small tells whether the scope is a few chats and people, or the video calls.
func (s Scope) Small() bool {
	return !s.Whole() && len(s.Types) == 0 && len(s.Chats)+len(s.People) <= smallScope
}

// Unite gives the scope that covers what either covers.
func (s Scope) Unite(other Scope) Scope {
	if s.Whole() || other.Whole() {
		return Scope{}
	}
	types := sorted(s.Types, other.Types)
	if len(types) == len(chats.Types()) {
		return Scope{} // with all else, which costs nothing where there is none
	}
	return Scope{
		Calls:     s.Calls || other.Calls,
		Standings: s.Standings || other.Standings,
		Types:     types,
		Chats:     slices.DeleteFunc(sorted(s.Chats, other.Chats), func(k chats.Key) bool { return slices.Contains(types, typeOf(k)) }),
		People:    sorted(s.People, other.People),
	}
}

func sorted[T ~string](a, b []T) []T {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := lo.Union(a, b)
	slices.Sort(all)
	return all
}

func typeOf(k chats.Key) chats.Type {
	name, _, _ := strings.Cut(string(k), ":")
	return chats.Type(name)
}

// Covers tells whether anything of a chat type may be in the scope.
func (s Scope) Covers(t chats.Type) bool {
	return s.Whole() || len(s.People) > 0 || slices.Contains(s.Types, t) ||
		lo.ContainsBy(s.Chats, func(k chats.Key) bool { return typeOf(k) == t })
}

// CoversChat tells whether a chat as a whole is in the scope.
func (s Scope) CoversChat(t chats.Type, k chats.Key) bool {
	return s.Whole() || slices.Contains(s.Types, t) || slices.Contains(s.Chats, k)
}

// Within restricts a plan to a scope. Where a person's part needs more, it is taken along: the whole
// of a chat that has to be made first, and the promotions of a chat in which the person loses
// rights, so that it has its next admin before. Keys and holds are facts about the school and stay.
func (p Plan) Within(s Scope) Plan {
	if s.Whole() {
		return p
	}
	made := map[chats.Key]bool{}     // chats to be made for somebody in the scope
	retiring := map[chats.Key]bool{} // chats in which somebody in the scope loses rights
	for _, o := range p.Operations {
		if s.concerns(o) {
			retiring[o.Chat] = retiring[o.Chat] || o.Step > StepPromote
			made[o.Chat] = true
		}
	}
	created := map[chats.Key]bool{}
	promoted := map[chats.Key]map[school.AccountID]bool{}
	for _, o := range p.Operations {
		created[o.Chat] = created[o.Chat] || o.Kind == Create && made[o.Chat]
		if o.Kind == Promote && retiring[o.Chat] {
			if promoted[o.Chat] == nil {
				promoted[o.Chat] = map[school.AccountID]bool{}
			}
			promoted[o.Chat][o.Account] = true
		}
	}
	p.Operations = lo.Filter(p.Operations, func(o Operation, _ int) bool {
		return s.concerns(o) || created[o.Chat] || o.Step <= StepPromote && promoted[o.Chat][o.Account]
	})
	p.Notes = lo.Filter(p.Notes, func(n Note, _ int) bool {
		return s.CoversChat(n.Type, n.Chat) || slices.Contains(s.People, n.Person)
	})
	return p
}

func (s Scope) concerns(o Operation) bool {
	return s.CoversChat(o.Type, o.Chat) || o.Person != "" && slices.Contains(s.People, o.Person)
}

// WithoutCreations leaves out the chats of a scope that have to be made first.
func (p Plan) WithoutCreations(s Scope) Plan {
	created := map[chats.Key]bool{}
	for _, o := range p.Operations {
		created[o.Chat] = created[o.Chat] || o.Kind == Create && s.CoversChat(o.Type, o.Chat)
	}
	p.Operations = lo.Reject(p.Operations, func(o Operation, _ int) bool { return created[o.Chat] })
	return p
}
