package calls

import (
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Resolve gives a call that does not say in which chat it is announced the usual one: the students' of a
// homeroom class, the subject chat of a group, the teachers' room where there is no class. For a
// class that the roster has not it stays "".
func Resolve(c school.Call, r school.Roster) school.Call {
	if c.Chat == "" {
		c.Chat = lo.FirstOrEmpty(chatsOf(c.Class, r))
	}
	return c
}

// Misplaced finds what keeps a resolved call from being announced in a chat of the school: its class
// is not in the roster, or is not of the kind that has such a chat.
func Misplaced(c school.Call, r school.Roster) (FieldError, bool) {
	possible := chatsOf(c.Class, r)
	switch {
	case len(possible) == 0:
		return FieldError{FieldClass, "the school has no such class or group: mend the id, or wait for the roster that has it"}, true
	case !lo.Contains(possible, c.Chat):
		return FieldError{FieldChat, "a homeroom class has the chats students and parents, a subject group has subject, and no class has teachers: write one of them, or leave it empty"}, true
	default:
		return FieldError{}, false
	}
}

// chatsOf are the chats in which a call for a class may be announced, the usual one first; none for a
// class that is not in the roster.
func chatsOf(class school.ClassID, r school.Roster) []string {
	switch {
	case class == "":
		return []string{string(chats.Teachers)}
	case lo.ContainsBy(r.Classes, func(c school.Class) bool { return c.ID == class }):
		return []string{string(chats.Students), string(chats.Parents)}
	case lo.ContainsBy(r.Groups, func(g school.Group) bool { return g.ID == class }):
		return []string{string(chats.Subject)}
	default:
		return nil
	}
}
