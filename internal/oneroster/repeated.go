package oneroster

import (
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// checkRepeated looks for ids that occur twice in a file, and names whom the rows speak of.
func (f *Feed) checkRepeated(l *loader) {
	repeated(f, fileOrgs, l.orgs, func(o org) finding { return finding{schools: []string{o.id}} })
	repeated(f, fileSessions, l.sessions, func(session) finding { return finding{everywhere: true} })
	taught := lo.GroupBy(l.classes, func(c class) string { return c.course })
	repeated(f, fileCourses, l.courses, func(c course) finding {
		return named(nil, lo.Map(taught[c.id], func(c class, _ int) school.ClassID { return c.classID() }))
	})
	repeated(f, fileClasses, l.classes, func(c class) finding { return named(nil, []school.ClassID{c.classID()}) })
	repeated(f, fileUsers, l.users, func(u user) finding { return named([]school.PersonID{u.person()}, nil) })
	repeated(f, fileRoles, l.roles, func(r *role) finding { return named([]school.PersonID{r.user}, nil) })
	repeated(f, fileProfiles, l.profiles, func(p profile) finding { return named([]school.PersonID{p.user}, nil) })
	repeated(f, fileEnrollments, l.enrollments, func(e *enrollment) finding {
		return named([]school.PersonID{e.user}, []school.ClassID{e.class})
	})
	repeated(f, fileCalls, l.calls, repeatedCall)
}

func named(people []school.PersonID, classes []school.ClassID) finding {
	return finding{Fault: school.Fault{People: people, Classes: classes}}
}

// repeated makes one finding of all rows with the same id. What about says of a row may begin the advice.
func repeated[T interface{ place() origin }](f *Feed, file string, records []T, about func(T) finding) {
	found := map[string]*finding{}
	for _, r := range again(records) {
		part := about(r)
		whole, ok := found[r.place().id]
		if !ok {
			whole = &finding{Fault: school.Fault{
				Code: school.FaultDuplicate, File: file, Column: colID,
				Advice: part.Advice + "the id occurs in several rows: give each row its own, or take out the rows that are not in force",
			}}
			found[r.place().id] = whole
		}
		whole.Row = max(whole.Row, r.place().line)
		whole.People = sortedUniq(append(whole.People, part.People...))
		whole.Classes = sortedUniq(append(whole.Classes, part.Classes...))
		whole.schools = append(whole.schools, part.schools...)
		whole.everywhere = whole.everywhere || part.everywhere
	}
	for _, whole := range found {
		f.findings.add(*whole)
	}
}

// again are the records whose id is that of another one. Rows without an id have none to share.
func again[T interface{ place() origin }](records []T) []T {
	seen, twice := make(map[string]bool, len(records)), map[string]bool{}
	for _, r := range records {
		id := r.place().id
		if seen[id] && id != "" {
			twice[id] = true
		}
		seen[id] = true
	}
	if len(twice) == 0 {
		return nil
	}
	return lo.Filter(records, func(r T, _ int) bool { return twice[r.place().id] })
}
