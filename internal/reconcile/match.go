package reconcile

import (
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
)

// match pairs desired chats with actual ones by key. A class that begins or ceases to have a
// cohort within one school year keeps its chat, under its new key.
func (m *maker) match() map[chats.Key]Chat {
	byKey := lo.KeyBy(m.in.Actual, func(c Chat) chats.Key { return c.Key })
	m.claimed = map[chats.Key]bool{}
	matched := map[chats.Key]Chat{}
	claim := func(d chats.Chat, a Chat) {
		m.claimed[a.Key] = true
		// From here on it is the desired chat's: a cohort's chat has the class of last year
		// on record at the turn of the year, and that class says nothing about it.
		a.Key, a.Class, a.Year = d.Key, d.Class, d.Year
		matched[d.Key] = a
	}
	for _, d := range m.in.Desired {
		if a, ok := byKey[d.Key]; ok {
			claim(d, a)
		}
	}
	for _, d := range m.in.Desired {
		if _, ok := matched[d.Key]; ok || d.Class == "" {
			continue
		}
		a, ok := lo.Find(m.in.Actual, func(a Chat) bool {
			thisYear := a.Year == "" || a.Year == m.in.Roster.Year.ID
			return !m.claimed[a.Key] && a.Type == d.Type && a.Class == d.Class && thisYear
		})
		if ok {
			m.plan.Rekeys = append(m.plan.Rekeys, Rekey{Type: d.Type, From: a.Key, To: d.Key, Year: d.Year})
			claim(d, a)
		}
	}
	return matched
}

// mayPrecede tells whether a desired chat, bound to its year, may be the continuation of an
// actual one, without anything that says so: of a chat of another year, or of one whose
// class, once known by its cohort, is not in the roster any more.
func (m *maker) mayPrecede(a Chat, d chats.Chat) bool {
	if a.Type != d.Type || m.claimed[a.Key] || a.State == ChatAwaited { // one that nobody made precedes nothing
		return false
	}
	if a.Year != "" {
		return a.Year != d.Year
	}
	return !m.judge.knows(a.Class)
}
