package calls

import (
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Among puts calls among a school's chats: which chat each is announced in, and who is entitled to
// see it on the Portal, where the school is that organisation. Refs are the chats that the messenger
// has, zone is that of the district.
func Among(
	states []State, roster school.Roster, desired []chats.Chat, refs map[chats.Key]messenger.ChatRef, zone *time.Location, organisation string,
) []Item {
	identities := Identities(roster)
	return lo.Map(states, func(s State, _ int) Item {
		s.Call = Resolve(s.Call, roster)
		item := Item{State: s, Organisation: organisation, zone: zone, Entitled: portal.Call{
			ID: string(s.Call.ID), Title: s.Call.Title, Class: string(s.Call.Class), Teacher: identities[s.Call.Teacher],
			Starts: s.Call.Starts, Ends: s.Call.Ends, Audience: []string{},
		}}
		item.Lost = s.Call.Class != "" && !has(roster, s.Call.Class)
		people := []school.PersonID{s.Call.Teacher}
		if chat, ok := lo.Find(desired, func(c chats.Chat) bool { return string(c.Type) == s.Call.Chat && c.Class == s.Call.Class }); ok {
			item.Chat, item.Ref = chat.Key, refs[chat.Key]
			people = append(people, People(chat)...)
		}
		item.Entitled.Audience = Audience(people, identities)
		return item
	})
}

// has tells whether a roster has a class or group.
func has(r school.Roster, id school.ClassID) bool {
	return lo.ContainsBy(r.Classes, func(c school.Class) bool { return c.ID == id }) ||
		lo.ContainsBy(r.Groups, func(g school.Group) bool { return g.ID == id })
}

// Identities are those of people on the Portal. One that several people have is nobody's: whoever has
// it would see what is meant for the others.
func Identities(r school.Roster) map[school.PersonID]string {
	owners := lo.CountValuesBy(r.People, func(p school.Person) string { return p.Portal })
	known := lo.Filter(r.People, func(p school.Person, _ int) bool { return p.Portal != "" && owners[p.Portal] == 1 })
	return lo.SliceToMap(known, func(p school.Person) (school.PersonID, string) { return p.ID, p.Portal })
}

// People are all who belong into a chat, be they able to be in it or not.
func People(c chats.Chat) []school.PersonID {
	return append(
		lo.Map(c.Members, func(m chats.Member, _ int) school.PersonID { return m.Person }),
		lo.Map(c.Missing, func(m chats.Missing, _ int) school.PersonID { return m.Person })...)
}

// Audience gives the identities of people on the Portal, sorted; who has none is left out.
func Audience(people []school.PersonID, identities map[school.PersonID]string) []string {
	audience := lo.FilterMap(people, func(p school.PersonID, _ int) (string, bool) { return identities[p], identities[p] != "" })
	slices.Sort(audience)
	return slices.Compact(audience)
}
