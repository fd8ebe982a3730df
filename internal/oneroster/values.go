package oneroster

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/oneroster/bulk"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// row is a row with whom its faults name; schools are those that they concern beyond theirs.
type row struct {
	bulk.Row
	file    string
	people  []school.PersonID
	classes []school.ClassID
	schools []string
}

// about says whom the faults of the row name.
func (r row) about(people []school.PersonID, classes []school.ClassID) row {
	r.people, r.classes = people, classes
	return r
}

func (r row) origin() origin { return origin{id: strings.Clone(r.Get(colID)), line: r.Line} }

// hashed is the origin of a record of which there must be but one with its id.
func (r row) hashed() origin {
	o := r.origin()
	o.hash = r.Hash()
	return o
}

// bad notes a value that cannot be read. A row that names nobody concerns every school.
func (l *loader) bad(r row, column, want string) {
	l.findings.add(finding{
		Fault: school.Fault{
			Code: school.FaultBadValue, File: r.file, Row: r.Line, Column: column, People: r.people, Classes: r.classes,
			Advice: "the value cannot be read and is passed over: write " + want,
		},
		schools:    r.schools,
		everywhere: len(r.people)+len(r.classes)+len(r.schools) == 0,
	})
}

func (l *loader) date(r row, column string) school.Date {
	value := r.Get(column)
	date, err := school.ParseDate(value)
	if err != nil {
		l.bad(r, column, "a date as YYYY-MM-DD")
		return ""
	}
	return school.Date(l.keep(string(date)))
}

func (l *loader) period(r row, begin, end string) school.Period {
	return school.Period{Begin: l.date(r, begin), End: l.date(r, end)}
}

// flag reads true or false; an empty cell is what is usual.
func (l *loader) flag(r row, column string, usual bool) bool {
	switch value := strings.ToLower(r.Get(column)); value {
	case "":
		return usual
	case "true":
		return true
	case "false":
		return false
	default:
		l.bad(r, column, "true or false")
		return usual
	}
}

// ended tells whether the status says that the record is no longer in force.
func (l *loader) ended(r row) bool {
	switch value := strings.ToLower(r.Get(colStatus)); value {
	case "", "active":
		return false
	case "tobedeleted", "inactive":
		return true
	default:
		l.bad(r, colStatus, "active, inactive or tobedeleted, or leave it empty")
		return false
	}
}

func (l *loader) level(r row) school.Level {
	value := r.Get(colLevel)
	if value == "" {
		return 0
	}
	level, err := strconv.Atoi(value)
	if err != nil || level < 0 {
		l.bad(r, colLevel, "the level of the position as a number")
		return 0
	}
	return school.Level(level)
}

func (l *loader) accessRoles(r row) []school.AccessRole {
	roles := lo.FilterMap(list(r.Get(colAccess)), func(value string, _ int) (school.AccessRole, bool) {
		word, known := spelt(value, string(school.AccessAdministrator), string(school.AccessHead))
		if !known {
			l.bad(r, colAccess, fmt.Sprintf("%s or %s", school.AccessAdministrator, school.AccessHead))
		}
		return school.AccessRole(word), word != ""
	})
	return sortedUniq(roles)
}

// list splits a cell that holds several values.
func list(cell string) []string {
	if cell == "" {
		return nil
	}
	return lo.FilterMap(strings.Split(cell, ","), func(part string, _ int) (string, bool) {
		part = strings.TrimSpace(part)
		return part, part != ""
	})
}

// identities splits userIds, a list of {type:id}, into ids by type, in lower case.
func identities(cell string) map[string][]string {
	ids := map[string][]string{}
	for _, part := range list(cell) {
		kind, id, ok := strings.Cut(strings.Trim(part, "{} "), ":")
		if id = strings.TrimSpace(id); ok && id != "" {
			kind = strings.ToLower(strings.TrimSpace(kind))
			ids[kind] = append(ids[kind], id)
		}
	}
	return ids
}

// accountID reads a messenger account: people's are positive.
func accountID(value string) (school.AccountID, bool) {
	id, err := strconv.ParseInt(value, 10, 64)
	return school.AccountID(id), err == nil && id > 0
}
