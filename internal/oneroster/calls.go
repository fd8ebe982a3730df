package oneroster

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// call is a row of calls.csv.
type call struct {
	origin
	school string
	call   school.Call
	// wrong is what keeps the row from being a call, by its values alone.
	wrong calls.Errors
}

// callColumn is where calls.csv has a field of a call.
func callColumn(field calls.Field) string {
	switch field {
	case calls.FieldID:
		return colID
	case calls.FieldClass:
		return colClass
	case calls.FieldChat:
		return colChat
	case calls.FieldTeacher:
		return colTeacher
	case calls.FieldStarts:
		return colStarts
	case calls.FieldEnds:
		return colEnds
	case calls.FieldLink:
		return colLink
	case calls.FieldPublished:
		return colPublished
	case calls.FieldCancelled:
		return colCancelled
	default:
		return colTitle
	}
}

func (l *loader) call(r row) {
	c := call{origin: r.hashed(), school: l.keep(r.Get(colSchool))}
	c.call, c.wrong = calls.Read(func(field calls.Field) string { return r.Get(callColumn(field)) })
	r.schools = lo.Compact([]string{c.school})
	if l.ended(r) {
		c.call.Cancelled = true
	}
	l.calls = append(l.calls, c)
}

// addCalls takes in the calls that can be used. No fault of theirs names people or classes: a bad call
// is no doubt about anybody's place in a chat.
func (f *Feed) addCalls(records []call) {
	usable := lo.FilterMap(records, func(c call, _ int) (call, bool) {
		faults := f.callFaults(c)
		if !c.call.Cancelled { // whoever takes a call back need not mend it
			lo.ForEach(faults, func(fault finding, _ int) { f.findings.add(fault) })
		}
		if teacher := c.call.Teacher; teacher != "" && !lo.HasKey(f.users, teacher) {
			c.call.Teacher = ""
			if !c.call.Cancelled && len(faults) == 0 {
				advice := fmt.Sprintf("the teacher of call %s is not in users.csv, and left out: add the user, or mend the reference", c.id)
				f.findings.add(f.aboutCall(c, school.FaultUnknownPerson, colTeacher, advice))
			}
		}
		return c, len(faults) == 0
	})
	f.callsAt = map[string][]call{}
	for _, c := range choose[school.CallID](usable) {
		f.callsAt[c.school] = append(f.callsAt[c.school], c)
	}
}

// callFaults are what keeps a call from being used.
func (f *Feed) callFaults(c call) []finding {
	var faults []finding
	wrong := func(code school.FaultCode, column, advice string) {
		faults = append(faults, f.aboutCall(c, code, column, leftOut(c.call.ID)+advice))
	}
	for _, w := range c.wrong {
		wrong(school.FaultBadValue, callColumn(w.Field), w.Advice)
	}
	switch org := f.orgs[c.school]; {
	case c.school == "":
		wrong(school.FaultBadValue, colSchool, "write the sourcedId of the school")
	case org.kind != orgSchool:
		wrong(school.FaultUnknownSchool, colSchool, "no org of type school has this sourcedId in orgs.csv: add it, or mend the reference")
	}
	if c.call.Class == "" {
		return faults
	}
	switch class, known := f.classes[c.call.Class]; {
	case !known:
		wrong(school.FaultUnknownClass, colClass, "the class is not in classes.csv: add the class, or mend the reference")
	case class.school != c.school:
		wrong(school.FaultEnrollmentConflict, colSchool, "the call is at another school than its class: mend whichever is wrong")
	}
	return faults
}

// aboutCall is a fault of a call. It concerns the call's school and its class's, and where neither is
// known every school, or nobody would see it.
func (f *Feed) aboutCall(c call, code school.FaultCode, column, advice string) finding {
	schools := lo.Filter([]string{c.school, f.classes[c.call.Class].school}, func(s string, _ int) bool { return f.orgs[s].kind == orgSchool })
	return finding{
		Fault:   school.Fault{Code: code, File: fileCalls, Row: c.line, Column: column, Advice: advice},
		schools: schools, everywhere: len(schools) == 0,
	}
}

// repeatedCall says of whom a repeated id is: the calls of one school are told apart by their ids.
func repeatedCall(c call) finding {
	return finding{Fault: school.Fault{Advice: lo.Ternary(calls.ValidID(c.call.ID), "call "+c.id+": ", "")}, schools: []string{c.school}}
}

// leftOut begins the advice about a call that is not used. It names the call, so that equal faults of
// several are told apart.
func leftOut(id school.CallID) string {
	if calls.ValidID(id) {
		return fmt.Sprintf("call %s is left out: ", id)
	}
	return "the call is left out: "
}

// addCalls takes in the school's calls. Those for classes of other years are passed over, as the classes
// are.
func (b *builder) addCalls() {
	ids := b.classIDs()
	for _, record := range b.feed.callsAt[b.roster.SourceID] {
		c := calls.Resolve(record.call, b.roster)
		if c.Class != "" && !slices.Contains(ids, c.Class) {
			continue
		}
		if wrong, found := calls.Misplaced(c, b.roster); !found {
			b.roster.Calls = append(b.roster.Calls, c)
		} else if !c.Cancelled {
			b.misplaced = append(b.misplaced, school.Fault{
				Code: school.FaultBadValue, File: fileCalls, Row: record.line, Column: callColumn(wrong.Field), Advice: leftOut(c.ID) + wrong.Advice,
			})
		}
	}
	slices.SortFunc(b.roster.Calls, func(x, y school.Call) int { return cmp.Compare(x.ID, y.ID) })
}
