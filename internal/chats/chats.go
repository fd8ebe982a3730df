package chats

import (
	"cmp"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Type is a kind of chat. Each type of a school is synchronised by a workflow of its own.
type Type string

// The chat types.
const (
	Teachers Type = "teachers" // Учительская, one per school
	Parents  Type = "parents"  // Родительский чат, one per class
	Students Type = "students" // Чат учеников, one per class
	Subject  Type = "subject"  // one per subject taught to a class or group
)

// Types lists the chat types in the order in which people read them.
func Types() []Type { return []Type{Teachers, Parents, Students, Subject} }

// Key is a chat's stable name within its school. It survives a change of title, and, where
// the class has a cohort id, of school year.
type Key string

// KeyOf makes the key of a class's chat: by its cohort, else by its id within the school year.
func KeyOf(t Type, cohort, year string, class school.ClassID) Key {
	if cohort != "" {
		return Key(string(t) + ":cohort:" + cohort)
	}
	return Key(string(t) + ":" + year + ":" + string(class))
}

// Role is what somebody may do in a chat.
type Role string

// The roles.
const (
	RoleMember Role = "member"
	RoleAdmin  Role = "admin"
)

// ReasonCode names a ground for being in a chat.
type ReasonCode string

// The grounds, each a row of the domain's table of chats.
const (
	ReasonPedagogical       ReasonCode = "pedagogical"          // pedagogical employee
	ReasonHead              ReasonCode = "head"                 // active position «Руководитель 1 уровня»
	ReasonActingHead        ReasonCode = "acting-head"          // «Является ИО руководителя»
	ReasonAccessAdmin       ReasonCode = "access-administrator" // access role «Администратор»
	ReasonAccessHead        ReasonCode = "access-head"          // access role «Руководитель»
	ReasonSiteAdministrator ReasonCode = "site-administrator"   // access role «Администратор», given as a OneRoster role
	ReasonClassTeacher      ReasonCode = "class-teacher"        // the field of the class card
	ReasonGuardian          ReasonCode = "guardian"             // of the student in Of
	ReasonStudent           ReasonCode = "student"
	ReasonSubjectTeacher    ReasonCode = "subject-teacher"
)

// Role tells which role a ground gives.
func (c ReasonCode) Role() Role {
	switch c {
	case ReasonPedagogical, ReasonGuardian, ReasonStudent:
		return RoleMember
	default:
		return RoleAdmin
	}
}

// Reason is one ground for somebody's membership.
type Reason struct {
	Code ReasonCode `json:"code"`
	// Of is the student a guardian stands for; empty otherwise.
	Of school.PersonID `json:"of,omitempty"`
}

func compareReasons(a, b Reason) int {
	return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Of, b.Of))
}

// Chat is a chat as it must be.
type Chat struct {
	Key  Key
	Type Type
	// Class is the class or group it belongs to; empty for the teachers' room.
	Class school.ClassID
	// Year is the school year the key is bound to; empty where the key outlives years.
	Year  string
	Title string
	// Members are sorted by account.
	Members []Member
	// Missing should be members and cannot; sorted by person.
	Missing []Missing
	// NotYet says why the chat must not be made yet; empty where it may be. A chat that
	// exists stays, whatever is said here.
	NotYet []NotYet
}

// Member is somebody who must be in a chat.
type Member struct {
	Account school.AccountID
	Person  school.PersonID
	Role    Role
	Reasons []Reason
}

// Missing is somebody who should be in a chat and cannot.
type Missing struct {
	Person  school.PersonID `json:"person"`
	Role    Role            `json:"role"`
	Reasons []Reason        `json:"reasons"`
	Why     Why             `json:"why"`
}

// Why says why somebody who should be in a chat is not.
type Why string

// The obstacles that lie in the roster.
const (
	WhyNotLinked     Why = "not-linked"       // no messenger account is linked
	WhyDisputed      Why = "account-disputed" // the account is claimed by two people, or the person has two
	WhyUnknownPerson Why = "unknown-person"   // the source refers to somebody it does not describe
)

// NotYet is a reason not to make a chat.
type NotYet string

// The reasons.
const (
	NotYetNoStudents     NotYet = "no-students"
	NotYetNoClassTeacher NotYet = "no-class-teacher"
	NotYetNoTeacher      NotYet = "no-subject-teacher"
	NotYetNoLinkedMember NotYet = "no-linked-member"
	NotYetLinksUnread    NotYet = "links-not-read" // the Portal's account links have not been read completely yet
)
