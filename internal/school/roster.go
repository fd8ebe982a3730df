package school

import "time"

type (
	// PersonID is a person's sourcedId, the same in every school of a feed.
	PersonID string
	// ClassID is the sourcedId of a class or of a subject group.
	ClassID string
	// AccountID is a messenger account; 0 is none. It is positive for people.
	AccountID int64
)

// Roster is what one reading of a feed says about one school. Slices are sorted by id, so
// that equal rosters are equal byte for byte; dates are kept, not applied: who is active is
// asked for a day.
type Roster struct {
	// SourceID is the school's sourcedId in the feed.
	SourceID string     `json:"sourceId"`
	Name     string     `json:"name"`
	Year     SchoolYear `json:"year"`
	People   []Person   `json:"people"`
	Classes  []Class    `json:"classes"`
	Groups   []Group    `json:"groups"`
	// Calls are the video calls that the feed tells of.
	Calls []Call `json:"calls,omitempty"`
	// Departed are people an earlier reading had in this school and this one has not.
	Departed []Departure `json:"departed,omitempty"`
	Faults   []Fault     `json:"faults,omitempty"`
}

// SchoolYear is the academic session of type schoolYear that the roster belongs to.
type SchoolYear struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Period Period `json:"period"`
}

// Name is a person's name. It never enters a workflow's history.
type Name struct {
	Family string `json:"family"`
	Given  string `json:"given"`
	Middle string `json:"middle,omitempty"`
}

// String writes family name first, as Russian school papers do.
func (n Name) String() string {
	s := n.Family
	for _, part := range []string{n.Given, n.Middle} {
		if part != "" {
			if s != "" {
				s += " "
			}
			s += part
		}
	}
	return s
}

// Person is somebody the roster speaks of in this school. A person may be employee, student
// and guardian at once; each facet is nil where it does not apply.
type Person struct {
	ID   PersonID `json:"id"`
	Name Name     `json:"name"`
	// Enabled is false where the source says so outright: enabledUser=false, or a status
	// of inactive or tobedeleted. It is an explicit end of everything the person is.
	Enabled bool `json:"enabled"`
	// Account is the linked messenger account, 0 if there is none.
	Account AccountID `json:"account,omitempty"`
	// AccountSource is where Account was read, "" where there is none, and in rosters from
	// before it was kept.
	AccountSource AccountSource `json:"accountSource,omitempty"`
	// AccountSince is when Account was linked, where its source says so.
	AccountSince time.Time `json:"accountSince,omitzero"`
	// Unlinked is set where the Portal says that the person's account link was undone.
	Unlinked bool `json:"unlinked,omitempty"`
	// Portal is the person's identity on the Portal, "" if unknown.
	Portal   string    `json:"portal,omitempty"`
	Employee *Employee `json:"employee,omitempty"`
	Student  *Student  `json:"student,omitempty"`
	Guardian *Guardian `json:"guardian,omitempty"`
}

// AccountSource names what said that a messenger account is somebody's.
type AccountSource string

const (
	// AccountFromProfiles is a row of userProfiles.csv; it goes before userIds saying the same.
	AccountFromProfiles AccountSource = "userProfiles"
	// AccountFromUserIDs is the column userIds of users.csv.
	AccountFromUserIDs AccountSource = "userIds"
	// AccountFromPortal is the Portal; its word goes before the roster's.
	AccountFromPortal AccountSource = "portal"
)

// Employee is the staff facet of a person.
type Employee struct {
	Positions []Position `json:"positions,omitempty"`
	// ActingHead is «Является ИО руководителя».
	ActingHead  bool         `json:"actingHead,omitempty"`
	AccessRoles []AccessRole `json:"accessRoles,omitempty"`
	// CardClass is the class chosen in the employee's own card. It is kept to be shown and
	// has no effect on any chat (manual, step 4).
	CardClass string `json:"cardClass,omitempty"`
}

// Position is one role of an employee at this school.
type Position struct {
	// Role is the OneRoster role, e.g. "teacher" or "principal".
	Role        string `json:"role"`
	Level       Level  `json:"level,omitempty"`
	Pedagogical bool   `json:"pedagogical,omitempty"`
	Period      Period `json:"period"`
	// Ended is an explicit end by status, whatever the dates say.
	Ended bool `json:"ended,omitempty"`
}

// Active tells whether the position is held on that day.
func (p Position) Active(day Date) bool { return !p.Ended && p.Period.Covers(day) }

// Over tells whether the source says that the position has ended by that day.
func (p Position) Over(day Date) bool { return p.Ended || p.Period.Over(day) }

// Level is the level of a leading position; 0 is none.
type Level int

// HeadLevel1 is «Руководитель 1 уровня».
const HeadLevel1 Level = 1

// AccessRole is the role of an employee's user account in the school system.
type AccessRole string

const (
	// AccessAdministrator is «Администратор».
	AccessAdministrator AccessRole = "administrator"
	// AccessHead is «Руководитель».
	AccessHead AccessRole = "head"
)

// Student is the student facet of a person.
type Student struct {
	Period Period `json:"period"`
	// Ended is an explicit end by status.
	Ended bool `json:"ended,omitempty"`
}

// Guardian is the facet of a parent or other legal representative.
type Guardian struct {
	// Students are the students of this school the guardian stands for, sorted.
	Students []PersonID `json:"students,omitempty"`
}

// Class is a homeroom class, e.g. 1А.
type Class struct {
	ID ClassID `json:"id"`
	// CohortID stays the same over the years (5А → 6А); "" if the source gives none.
	CohortID string `json:"cohortId,omitempty"`
	Title    string `json:"title"`
	// Ended is an explicit end by status.
	Ended bool `json:"ended,omitempty"`
	// Teachers are the teacher enrolments; only a Primary one is the class teacher.
	Teachers []Enrollment `json:"teachers,omitempty"`
	Students []Enrollment `json:"students,omitempty"`
}

// Group is a subject taught to a class or to a group of it.
type Group struct {
	ID       ClassID      `json:"id"`
	CohortID string       `json:"cohortId,omitempty"`
	Title    string       `json:"title"`
	Subject  string       `json:"subject"`
	Ended    bool         `json:"ended,omitempty"`
	Teachers []Enrollment `json:"teachers,omitempty"`
	Students []Enrollment `json:"students,omitempty"`
}

// Enrollment ties a person to a class or group.
type Enrollment struct {
	Person  PersonID `json:"person"`
	Primary bool     `json:"primary,omitempty"`
	Period  Period   `json:"period"`
	// Ended is an explicit end by status.
	Ended bool `json:"ended,omitempty"`
}

// Active tells whether the enrolment holds on that day.
func (e Enrollment) Active(day Date) bool { return !e.Ended && e.Period.Covers(day) }

// Over tells whether the source says that the enrolment has ended by that day.
func (e Enrollment) Over(day Date) bool { return e.Ended || e.Period.Over(day) }

// Standing is what the feed as a whole says about somebody who is no longer in a school.
type Standing string

const (
	// Gone: in no users, roles or enrolments row of the feed.
	Gone Standing = "gone"
	// Elsewhere: a student who is enrolled in a homeroom class of another school.
	Elsewhere Standing = "elsewhere"
	// Unclear: the feed still speaks of the person, but gives no reason for leaving.
	Unclear Standing = "unclear"
)

// Departure is a person whom an earlier reading had in this school and this one has not.
type Departure struct {
	Person   PersonID `json:"person"`
	Standing Standing `json:"standing"`
}
