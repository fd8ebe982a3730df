package oneroster

import (
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Application and identity types of the accounts that are read.
const (
	messengerApp = "sferum"
	portalID     = "portal"
)

// loader takes in the rows of all files.
type loader struct {
	orgs        []org
	sessions    []session
	courses     []course
	classes     []class
	users       []user
	roles       []*role
	enrollments []*enrollment
	profiles    []profile // of the messenger only
	claims      []claim
	calls       []call
	findings    findings
	kept        map[string]string
}

func newLoader() *loader { return &loader{kept: map[string]string{}} }

// keep gives a string that does not hold on to the row it was cut from, the same for equal
// values: ids and dates recur a million times.
func (l *loader) keep(s string) string {
	if kept, ok := l.kept[s]; ok {
		return kept
	}
	s = strings.Clone(s)
	l.kept[s] = s
	return s
}

func (l *loader) keepAll(values []string) []string {
	return lo.Map(values, func(v string, _ int) string { return l.keep(v) })
}

// identified notes a row without an id; such a row cannot be spoken of and is passed over.
func (l *loader) identified(r row) bool {
	if r.Get(colID) != "" {
		return true
	}
	l.bad(r, colID, "an id that is the row's own")
	return false
}

func (l *loader) org(r row) {
	if l.identified(r) {
		l.orgs = append(l.orgs, org{
			origin: r.hashed(), name: l.keep(r.Get(colName)), kind: strings.ToLower(r.Get(colType)), parent: l.keep(r.Get(colParent)),
		})
	}
}

func (l *loader) session(r row) {
	if l.identified(r) {
		l.sessions = append(l.sessions, session{
			origin: r.hashed(), title: l.keep(r.Get(colTitle)), isYear: strings.EqualFold(r.Get(colType), "schoolYear"),
			period: l.period(r, colStart, colEnd), ended: l.ended(r),
		})
	}
}

func (l *loader) course(r row) {
	if l.identified(r) {
		l.courses = append(l.courses, course{origin: r.hashed(), title: l.keep(r.Get(colTitle))})
	}
}

func (l *loader) class(r row) {
	if !l.identified(r) {
		return
	}
	r = r.about(nil, []school.ClassID{school.ClassID(l.keep(r.Get(colID)))})
	c := class{
		origin: r.hashed(), title: l.keep(r.Get(colTitle)), course: l.keep(r.Get(colCourse)), school: l.keep(r.Get(colSchool)),
		cohort: l.keep(r.Get(colCohort)), terms: l.keepAll(list(r.Get(colTerms))), ended: l.ended(r),
	}
	switch kind, known := spelt(r.Get(colKind), "homeroom", "scheduled"); {
	case kind == "homeroom":
		c.kind = kindHomeroom
	case kind == "scheduled":
		c.kind = kindScheduled
	case !known:
		l.bad(r, colKind, "homeroom or scheduled")
	}
	l.classes = append(l.classes, c)
}

func (l *loader) user(r row) {
	if !l.identified(r) {
		return
	}
	id := school.PersonID(l.keep(r.Get(colID)))
	r = r.about([]school.PersonID{id}, nil)
	if r.Get(colEnabled) == "" {
		l.bad(r, colEnabled, "true or false")
	}
	ids := identities(r.Get(colUserIDs))
	u := user{
		origin:      r.hashed(),
		name:        school.Name{Family: l.keep(r.Get(colFamily)), Given: l.keep(r.Get(colGiven)), Middle: l.keep(r.Get(colMiddle))},
		enabled:     l.flag(r, colEnabled, true),
		portal:      strings.Clone(lo.FirstOrEmpty(ids[portalID])),
		agents:      lo.Map(list(r.Get(colAgents)), func(a string, _ int) school.PersonID { return school.PersonID(l.keep(a)) }),
		acting:      l.flag(r, colActing, false),
		access:      l.accessRoles(r),
		card:        l.keep(r.Get(colCard)),
		level:       l.level(r),
		pedagogical: l.flag(r, colPedagogical, false),
	}
	if l.ended(r) {
		u.enabled = false
	}
	for _, value := range ids[messengerApp] {
		l.claim(r, id, colUserIDs, value)
	}
	l.users = append(l.users, u)
}

func (l *loader) role(r row) {
	user := school.PersonID(l.keep(r.Get(colUser)))
	if user == "" {
		l.bad(r, colUser, "the id of a user")
		return
	}
	r = r.about([]school.PersonID{user}, nil)
	kind, known := userRole(r.Get(colRole))
	if !known {
		l.bad(r, colRole, "a role of the OneRoster 1.2 vocabulary, or one with the prefix "+extension)
	}
	l.roles = append(l.roles, &role{
		origin: r.origin(), user: user, org: l.keep(r.Get(colOrg)), role: kind, period: l.period(r, colBegin, colEnd), ended: l.ended(r),
		level: l.level(r), pedagogical: l.flag(r, colPedagogical, false) || kind == roleTeacher || kind == roleCounselor,
	})
}

func (l *loader) profile(r row) {
	if !strings.EqualFold(r.Get(colApp), messengerApp) {
		return
	}
	id := school.PersonID(l.keep(r.Get(colUser)))
	if id == "" {
		l.bad(r, colUser, "the id of a user")
		return
	}
	r = r.about([]school.PersonID{id}, nil)
	if l.ended(r) {
		return
	}
	l.profiles = append(l.profiles, profile{origin: r.origin(), user: id})
	value := r.Get(colLogin)
	if _, numeric := accountID(value); !numeric {
		value = r.Get(colVendor)
	}
	l.claim(r, id, colLogin, value)
}

func (l *loader) claim(r row, person school.PersonID, column, value string) {
	account, ok := accountID(value)
	if !ok {
		l.bad(r, column, "the messenger account as a positive number")
		return
	}
	l.claims = append(l.claims, claim{person: person, account: account, file: r.file, line: r.Line})
}

func (l *loader) enrollment(r row) {
	user, class := school.PersonID(l.keep(r.Get(colUser))), school.ClassID(l.keep(r.Get(colClass)))
	if user == "" || class == "" {
		r = r.about(sortedUniq(lo.Compact([]school.PersonID{user})), sortedUniq(lo.Compact([]school.ClassID{class})))
		l.bad(r, lo.Ternary(user == "", colUser, colClass), "the id of a "+lo.Ternary(user == "", "user", "class"))
		return
	}
	r = r.about([]school.PersonID{user}, []school.ClassID{class})
	kind, known := enrollmentRole(r.Get(colRole))
	if !known {
		l.bad(r, colRole, "student or teacher")
	}
	l.enrollments = append(l.enrollments, &enrollment{
		origin: r.origin(), user: user, class: class, school: l.keep(r.Get(colSchool)), role: kind,
		primary: l.flag(r, colPrimary, false), period: l.period(r, colBegin, colEnd), ended: l.ended(r),
	})
}
