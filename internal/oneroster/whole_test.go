package oneroster_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// faulty is the example with a few of each kind of fault.
func faulty(t *testing.T) feedtest.Files {
	t.Helper()
	f := feedtest.Example()
	f.Delete(feedtest.Users, "sourcedId", "eve")
	f.Delete(feedtest.Roles, "sourcedId", "r-clerk")
	f.Row(t, feedtest.Enrollments, "e-02")["primary"] = "true"
	f.Row(t, feedtest.Enrollments, "e-04")["endDate"] = "tomorrow"
	f.Row(t, feedtest.Users, "gran")["userIds"] = "{sferum:2001}"
	f.Row(t, feedtest.Users, "cid")["agentSourcedIds"] = "nobody,boris"
	f.Add(feedtest.Users, feedtest.Row{"sourcedId": "dan", "enabledUser": "true", "familyName": "Other", "userIds": "{sferum:7}"})
	f.Add(feedtest.Users, feedtest.Row{"sourcedId": "dan", "enabledUser": "true", "familyName": "Third", "userIds": "{sferum:8}"})
	f.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-dan", "userSourcedId": "ann", "role": "student", "orgSourcedId": "nowhere"})
	f.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-dan", "userSourcedId": "ben", "role": "student", "orgSourcedId": north, "endDate": "2026-10-01"})
	f.Add(feedtest.Classes, feedtest.Row{"sourcedId": "n-1b", "title": "1Б again", "classType": "homeroom", "schoolSourcedId": south})
	f.Add(feedtest.Profiles, feedtest.Row{"sourcedId": "p-tina", "userSourcedId": "ghost", "applicationId": "sferum", "vendorId": "12"})
	f.Add(feedtest.Orgs, feedtest.Row{"sourcedId": north, "name": "Another North", "type": "school"})
	f.Add(feedtest.Courses, feedtest.Row{"sourcedId": "c-math", "title": "Another"})
	f.Add(feedtest.Enrollments, feedtest.Row{"sourcedId": "e-01", "classSourcedId": "n-1b", "schoolSourcedId": north, "userSourcedId": "ann", "role": "student"})
	return f
}

func TestRosterDoesNotHangOnTheOrderOfRows(t *testing.T) {
	t.Parallel()
	previous := setup(t).roster(north, nil)
	d := &desk{t: t, files: faulty(t)}
	want := d.roster(north, &previous)
	require.Greater(t, len(want.Faults), 10)
	rapid.Check(t, func(rt *rapid.T) {
		shuffled := &desk{t: t, files: faulty(t)}
		for _, file := range slices.Sorted(maps.Keys(shuffled.files)) {
			shuffled.files[file].Rows = rapid.Permutation(shuffled.files[file].Rows).Draw(rt, file)
		}
		got := shuffled.roster(north, &previous)
		require.Equal(rt, withoutRows(want), withoutRows(got))
		require.Equal(rt, oneroster.Digest(want), oneroster.Digest(got))
	})
}

func withoutRows(r school.Roster) school.Roster {
	r.Faults = lo.Map(r.Faults, func(f school.Fault, _ int) school.Fault {
		f.Row = 0
		return f
	})
	return r
}

func TestRosterOfFaultyFilesIsIdempotent(t *testing.T) {
	t.Parallel()
	previous := setup(t).roster(north, nil)
	d := &desk{t: t, files: faulty(t)}
	for range 3 {
		next := d.roster(north, &previous)
		again := d.roster(north, &next)
		require.Equal(t, next, again)
		previous = next
	}
}

// Whatever end of whichever file is lost, nobody seems to have left on the strength of it.
func TestNoLossOfAnEndIsEvidenceAgainstAnybody(t *testing.T) {
	t.Parallel()
	whole := crowd()
	d := &desk{t: t, files: whole}
	last := d.feed().Receipt()
	before := map[string]school.Roster{north: d.roster(north, nil), south: d.roster(south, nil)}
	for file := range whole {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			folder := whole.Folder(t)
			text := whole[file].Bytes(t)
			require.NoError(t, os.Remove(filepath.Join(folder, file)))
			check(t, folder, &last, before)
			for _, cut := range cuts(text) {
				require.NoError(t, os.WriteFile(filepath.Join(folder, file), text[:cut], 0o600))
				check(t, folder, &last, before)
			}
		})
	}
}

// crowd is the example with enough rows that a tenth of each file is some of them.
func crowd() feedtest.Files {
	f := feedtest.Example()
	for i := range 40 {
		id := fmt.Sprintf("st-%02d", i)
		home := lo.Ternary(i%2 == 0, "n-1a", "s-1a")
		at := lo.Ternary(i%2 == 0, north, south)
		f.Add(feedtest.Users, feedtest.Row{"sourcedId": id, "enabledUser": "true", "agentSourcedIds": "pa-" + id})
		f.Add(feedtest.Users, feedtest.Row{"sourcedId": "pa-" + id, "enabledUser": "true"})
		f.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-" + id, "userSourcedId": id, "role": "student", "orgSourcedId": at})
		f.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-pa-" + id, "userSourcedId": "pa-" + id, "role": "parent", "orgSourcedId": at})
		f.Add(feedtest.Profiles, feedtest.Row{"sourcedId": "p-" + id, "userSourcedId": id, "applicationId": "sferum", "vendorId": strconv.Itoa(8800 + i)})
		f.Add(feedtest.Enrollments, feedtest.Row{"sourcedId": "e-" + id, "classSourcedId": home, "schoolSourcedId": at, "userSourcedId": id, "role": "student"})
	}
	for i, id := range []string{"e-02", "e-03", "e-07", "e-08", "e-09"} {
		// The rows that contradict nothing when they are lost come last.
		rows := f[feedtest.Enrollments].Rows
		_, at, _ := lo.FindIndexOf(rows, func(r feedtest.Row) bool { return r["sourcedId"] == id })
		rows[at], rows[len(rows)-1-i] = rows[len(rows)-1-i], rows[at]
	}
	return f
}

// cuts are the places to cut a file at: its start, after its header, the ends of the rows in
// its last tenth, and two hundred places in between.
func cuts(text []byte) []int {
	at := []int{0, bytes.IndexByte(text, '\n') + 1}
	rows := bytes.Count(text, []byte("\n"))
	end, row := 0, 0
	for line := range bytes.Lines(text) {
		end, row = end+len(line), row+1
		if row < rows && row >= rows-max(2, rows/10) {
			at = append(at, end)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		at = append(at, random.IntN(len(text)))
	}
	return at
}

func check(t *testing.T, folder string, last *oneroster.Receipt, before map[string]school.Roster) {
	t.Helper()
	feed, err := oneroster.Read(t.Context(), folder, oneroster.Options{Last: last})
	if refused(t, err) {
		return
	}
	for sourceID, previous := range before {
		roster, err := feed.Roster(sourceID, &previous, oneroster.RosterOptions{Today: feedtest.Today})
		if refused(t, err) {
			continue
		}
		named := map[school.PersonID]bool{}
		for _, f := range roster.Faults {
			if f.Code == school.FaultTailMissing {
				return // in every school, or the test of tail-missing would fail
			}
			for _, p := range f.People {
				named[p] = true
			}
		}
		for _, departure := range roster.Departed {
			require.Equal(t, school.Unclear, departure.Standing, departure.Person)
		}
		now := holdings(roster)
		for person, held := range holdings(previous) {
			require.True(t, named[person] || lo.Every(now[person], held), "%s had %v and has %v, unseen", person, held, now[person])
		}
	}
}

// holdings are what people have in a school, in words.
func holdings(r school.Roster) map[school.PersonID][]string {
	held := map[school.PersonID][]string{}
	add := func(p school.PersonID, what string) { held[p] = append(held[p], what) }
	for _, p := range r.People {
		add(p.ID, "row")
		if p.Employee != nil {
			for _, position := range p.Employee.Positions {
				add(p.ID, "position "+position.Role)
			}
		}
		if p.Student != nil {
			add(p.ID, "student")
		}
		if p.Guardian != nil {
			for _, student := range p.Guardian.Students {
				add(p.ID, "guardian of "+string(student))
			}
		}
	}
	enrolled := func(id school.ClassID, teachers, students []school.Enrollment) {
		for _, e := range teachers {
			add(e.Person, "teacher of "+string(id))
		}
		for _, e := range students {
			add(e.Person, "student of "+string(id))
		}
	}
	for _, c := range r.Classes {
		enrolled(c.ID, c.Teachers, c.Students)
	}
	for _, g := range r.Groups {
		enrolled(g.ID, g.Teachers, g.Students)
	}
	return held
}

func refused(t *testing.T, err error) bool {
	t.Helper()
	if err == nil {
		return false
	}
	_, bad := errors.AsType[*oneroster.BadReadError](err)
	_, unknown := errors.AsType[*oneroster.UnknownSchoolError](err)
	require.True(t, bad || unknown, "%v", err)
	return true
}

// Rows may be lost from the middle of a file too: no hash shows that, but the rest does.
func TestARowLostFromTheMiddleIsNoEvidence(t *testing.T) {
	t.Parallel()
	whole := crowd()
	d := &desk{t: t, files: whole}
	previous := d.roster(north, nil)
	for _, file := range []string{feedtest.Users, feedtest.Roles, feedtest.Enrollments} {
		for i, row := range whole[file].Rows {
			person := school.PersonID(lo.CoalesceOrEmpty(row["userSourcedId"], row["sourcedId"]))
			if i%7 != 0 || !lo.ContainsBy(previous.People, func(p school.Person) bool { return p.ID == person }) {
				continue
			}
			damaged := &desk{t: t, files: whole.Clone()}
			damaged.files[file].Rows = slices.Delete(damaged.files[file].Rows, i, i+1)
			roster := damaged.roster(north, &previous)
			for _, departure := range roster.Departed {
				require.Equal(t, school.Unclear, departure.Standing, "%s row %d", file, i)
			}
			named := lo.ContainsBy(roster.Faults, func(f school.Fault) bool { return lo.Contains(f.People, person) })
			// A teacher or a subject group loses an enrolment without contradiction: reconcile
			// asks for a successor, or for just one dropped group.
			require.True(t, named || file == feedtest.Enrollments && !strings.HasPrefix(string(person), "st-"), "%s row %d: %s", file, i, person)
		}
	}
}
