package chats

import (
	"cmp"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Settings are what a school and its district decide about chats.
type Settings struct {
	// SchoolName fills {school} in titles; the roster's own name is used where it is empty.
	SchoolName   string
	Titles       school.Titles
	SubjectChats bool
}

// Desired works out the chats of a school on a day, sorted by key.
func Desired(r school.Roster, s Settings, day school.Date) []Chat {
	d := newDesk(r, s, day)
	chats := []Chat{d.teachersRoom()}
	for _, c := range r.Classes {
		if !c.Ended {
			chats = append(chats, d.parents(c), d.students(c))
		}
	}
	if s.SubjectChats {
		for _, g := range r.Groups {
			if !g.Ended {
				chats = append(chats, d.subject(g))
			}
		}
	}
	slices.SortFunc(chats, func(a, b Chat) int { return cmp.Compare(a.Key, b.Key) })
	return chats
}

// desk is the roster laid out for looking things up.
type desk struct {
	roster    school.Roster
	settings  Settings
	day       school.Date
	people    map[school.PersonID]school.Person
	guardians map[school.PersonID][]school.PersonID // by student
	disputed  map[school.PersonID]bool
	// cohorts count the running classes, or groups, that claim a cohort id.
	cohorts map[Type]map[string]int
}

func newDesk(r school.Roster, s Settings, day school.Date) *desk {
	if s.SchoolName == "" {
		s.SchoolName = r.Name
	}
	classes := claims(r.Classes, func(c school.Class) (string, bool) { return c.CohortID, c.Ended })
	groups := claims(r.Groups, func(g school.Group) (string, bool) { return g.CohortID, g.Ended })
	d := &desk{
		roster:    r,
		settings:  s,
		day:       day,
		people:    lo.KeyBy(r.People, func(p school.Person) school.PersonID { return p.ID }),
		guardians: map[school.PersonID][]school.PersonID{},
		disputed:  Disputed(r),
		cohorts:   map[Type]map[string]int{Parents: classes, Students: classes, Subject: groups},
	}
	for _, p := range r.People {
		if p.Guardian == nil || !p.Enabled {
			continue
		}
		for _, student := range p.Guardian.Students {
			d.guardians[student] = append(d.guardians[student], p.ID)
		}
	}
	return d
}

// claims counts, for each cohort id, the running classes that claim it.
func claims[C any](classes []C, cohort func(C) (id string, ended bool)) map[string]int {
	counts := map[string]int{}
	for _, c := range classes {
		if id, ended := cohort(c); !ended {
			counts[id]++
		}
	}
	return counts
}

// Disputed are the people whose account cannot be relied on: one account linked by two, or
// one person with two accounts.
func Disputed(r school.Roster) map[school.PersonID]bool {
	disputed := map[school.PersonID]bool{}
	for _, f := range r.Faults {
		if f.Code == school.FaultSharedAccount || f.Code == school.FaultTwoAccounts {
			for _, p := range f.People {
				disputed[p] = true
			}
		}
	}
	owner := map[school.AccountID]school.PersonID{}
	for _, p := range r.People {
		if p.Account <= 0 {
			continue
		}
		if other, taken := owner[p.Account]; taken {
			disputed[p.ID], disputed[other] = true, true
		}
		owner[p.Account] = p.ID
	}
	return disputed
}

func (d *desk) teachersRoom() Chat {
	b := d.newChat(Chat{Key: Key(Teachers), Type: Teachers, Title: d.title(d.settings.Titles.Teachers, defaultTeachersTitle, "", "")})
	for _, p := range d.roster.People {
		for _, code := range StaffReasons(p, d.day) {
			b.put(p.ID, Reason{Code: code})
		}
	}
	return b.chat()
}

func (d *desk) parents(c school.Class) Chat {
	b := d.classChat(c, Parents, d.settings.Titles.Parents, defaultParentsTitle)
	for _, student := range d.activeStudents(c.Students) {
		for _, g := range d.guardians[student] {
			b.put(g, Reason{Code: ReasonGuardian, Of: student})
		}
	}
	return b.chat()
}

func (d *desk) students(c school.Class) Chat {
	b := d.classChat(c, Students, d.settings.Titles.Students, defaultStudentsTitle)
	for _, student := range d.activeStudents(c.Students) {
		b.put(student, Reason{Code: ReasonStudent})
	}
	return b.chat()
}

// classChat begins a chat of a homeroom class, with what both of them share: the class
// teacher as admin, and no chat without one or without students.
func (d *desk) classChat(c school.Class, t Type, template, standard string) *builder {
	b := d.newChat(d.bound(t, c.CohortID, c.ID))
	b.c.Title = d.title(template, standard, c.Title, "")
	if teacher, ok := ClassTeacher(c, d.people, d.day); ok {
		b.put(teacher, Reason{Code: ReasonClassTeacher})
	} else {
		b.notYet(NotYetNoClassTeacher)
	}
	if len(d.activeStudents(c.Students)) == 0 {
		b.notYet(NotYetNoStudents)
	}
	return b
}

func (d *desk) subject(g school.Group) Chat {
	b := d.newChat(d.bound(Subject, g.CohortID, g.ID))
	b.c.Title = d.subjectTitle(g)
	teachers := ActiveTeachers(g.Teachers, d.people, d.day)
	for _, t := range teachers {
		b.put(t, Reason{Code: ReasonSubjectTeacher})
	}
	students := d.activeStudents(g.Students)
	for _, s := range students {
		b.put(s, Reason{Code: ReasonStudent})
	}
	if len(teachers) == 0 {
		b.notYet(NotYetNoTeacher)
	}
	if len(students) == 0 {
		b.notYet(NotYetNoStudents)
	}
	return b.chat()
}

// bound begins a chat that belongs to a class or group. A cohort id that several claim names
// none of them: each is known by its own id, or two classes would fight over one chat.
func (d *desk) bound(t Type, cohort string, class school.ClassID) Chat {
	if d.cohorts[t][cohort] > 1 {
		cohort = ""
	}
	c := Chat{Key: KeyOf(t, cohort, d.roster.Year.ID, class), Type: t, Class: class}
	if cohort == "" {
		c.Year = d.roster.Year.ID
	}
	return c
}

func (d *desk) activeStudents(enrollments []school.Enrollment) []school.PersonID {
	active := lo.FilterMap(enrollments, func(e school.Enrollment, _ int) (school.PersonID, bool) {
		p, known := d.people[e.Person]
		// Somebody the source refers to without describing is kept: reported as missing.
		return e.Person, e.Active(d.day) && (!known || studies(p, d.day))
	})
	return lo.Uniq(active)
}

// The default titles of the domain.
const (
	defaultTeachersTitle = "Учительская · {school}"
	defaultParentsTitle  = "{class} · Родители"
	defaultStudentsTitle = "{class} · Ученики"
	defaultSubjectTitle  = "{class} · {subject}"
)

func (d *desk) title(template, standard, class, subject string) string {
	return strings.NewReplacer("{school}", d.settings.SchoolName, "{class}", class, "{subject}", subject).
		Replace(cmp.Or(template, standard))
}

// subjectTitle does not say the subject twice where the group's own title has it already.
func (d *desk) subjectTitle(g school.Group) string {
	if d.settings.Titles.Subject == "" && strings.Contains(strings.ToLower(g.Title), strings.ToLower(g.Subject)) {
		return g.Title
	}
	return d.title(d.settings.Titles.Subject, defaultSubjectTitle, g.Title, g.Subject)
}
