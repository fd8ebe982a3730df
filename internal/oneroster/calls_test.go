package oneroster_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

var ten = time.Date(2026, 10, 15, 7, 0, 0, 0, time.UTC)

// call adds a call of school north with no more than is needed, and gives its row.
func (d *desk) call(id string) feedtest.Row {
	d.t.Helper()
	row := feedtest.Row{"sourcedId": id, "schoolSourcedId": north, "title": "Title of " + id, "startTime": "2026-10-15T10:00:00+03:00"}
	d.files.AddCall(row)
	return row
}

// calls are the ids of a school's calls.
func (d *desk) calls(sourceID string) []school.CallID {
	d.t.Helper()
	return lo.Map(d.roster(sourceID, nil).Calls, func(c school.Call, _ int) school.CallID { return c.ID })
}

func TestRosterOfCalls(t *testing.T) {
	t.Parallel()
	d := setup(t)
	staff := d.call("vc-9")
	staff["endTime"] = "2026-10-15T10:45:00+03:00"
	d.call("vc-1")["classSourcedId"] = "n-1a"
	whole := d.call("vc-2")
	for column, value := range map[string]string{
		"classSourcedId": "n-1b", "chat": "Parents", "teacherSourcedId": "tina", "joinUrl": "https://calls.example/j", "publishedAt": "2026-10-14T10:00:00Z",
	} {
		whole[column] = value
	}
	d.call("vc-3")["classSourcedId"] = "n-math"
	d.call("vc-4")["cancelled"] = "TRUE"
	d.call("vc-5")["status"] = "tobedeleted"
	d.call("vc-6")["status"] = "inactive"
	there := d.call("vc-7")
	there["schoolSourcedId"], there["classSourcedId"] = south, "s-1a"

	long := ten.Add(3 * time.Hour)
	staffs := func(id school.CallID) school.Call {
		return school.Call{ID: id, Title: "Title of " + string(id), Chat: "teachers", Starts: ten, Ends: long, Cancelled: true}
	}
	roster := d.roster(north, nil)
	require.Empty(t, roster.Faults)
	require.Equal(t, []school.Call{
		{ID: "vc-1", Title: "Title of vc-1", Class: "n-1a", Chat: "students", Starts: ten, Ends: long},
		{
			ID: "vc-2", Title: "Title of vc-2", Class: "n-1b", Chat: "parents", Teacher: "tina", Starts: ten, Ends: long,
			Link: "https://calls.example/j", Published: ten.Add(-21 * time.Hour),
		},
		{ID: "vc-3", Title: "Title of vc-3", Class: "n-math", Chat: "subject", Starts: ten, Ends: long},
		staffs("vc-4"), staffs("vc-5"), staffs("vc-6"),
		{ID: "vc-9", Title: "Title of vc-9", Chat: "teachers", Starts: ten, Ends: ten.Add(45 * time.Minute)},
	}, roster.Calls)
	require.Equal(t, []school.CallID{"vc-7"}, d.calls(south))
}

func TestARosterWithoutCallsIsAsItWas(t *testing.T) {
	t.Parallel()
	d := setup(t)
	write := func() string {
		text, err := json.Marshal(d.roster(north, nil))
		require.NoError(t, err)
		return string(text)
	}
	plain := write()
	require.NotContains(t, plain, "calls")
	d.call("vc-1")["schoolSourcedId"] = south
	require.Equal(t, plain, write(), "the calls of another school")
	d.files[feedtest.Calls].Rows = nil
	require.Equal(t, plain, write(), "a header only")
}

func TestCallsAreInTheDigest(t *testing.T) {
	t.Parallel()
	d := setup(t)
	digests := []string{oneroster.Digest(d.roster(north, nil))}
	row := d.call("vc-1")
	digests = append(digests, oneroster.Digest(d.roster(north, nil)))
	for column, value := range map[string]string{
		"classSourcedId": "n-1a", "chat": "parents", "teacherSourcedId": "tina", "title": "Other", "startTime": "2026-10-15T10:01:00+03:00",
		"endTime": "2026-10-15T11:00:00+03:00", "joinUrl": "https://calls.example/j", "publishedAt": "2026-10-14T10:00:00Z", "cancelled": "true",
	} {
		before := row[column]
		row[column] = value
		if column == "chat" {
			row["classSourcedId"] = "n-1a"
		}
		digests = append(digests, oneroster.Digest(d.roster(north, nil)))
		row["classSourcedId"], row[column] = "", before
	}
	require.Equal(t, digests, lo.Uniq(digests))
	row["startTime"] = "2026-10-15T07:00:00Z"
	require.Equal(t, digests[1], oneroster.Digest(d.roster(north, nil)), "the same moment")
}

func TestFaultsOfCalls(t *testing.T) {
	t.Parallel()
	set := func(column, value string) func(feedtest.Row) { return func(r feedtest.Row) { r[column] = value } }
	class := func(id, chat string) func(feedtest.Row) {
		return func(r feedtest.Row) { r["classSourcedId"], r["chat"] = id, chat }
	}
	for name, test := range map[string]struct {
		change       func(feedtest.Row)
		code         school.FaultCode
		column, says string
		at           []string
	}{
		"no id":              {set("sourcedId", ""), school.FaultBadValue, "sourcedId", "the call is left out", []string{north}},
		"bad id":             {set("sourcedId", "урок 1"), school.FaultBadValue, "sourcedId", "the call is left out", []string{north}},
		"no title":           {set("title", " "), school.FaultBadValue, "title", "call vc-1 is left out", []string{north}},
		"no start":           {set("startTime", ""), school.FaultBadValue, "startTime", "offset", []string{north}},
		"start without zone": {set("startTime", "2026-10-15T10:00:00"), school.FaultBadValue, "startTime", "offset", []string{north}},
		"start in no time":   {set("startTime", "0000-01-01T00:00:00+03:00"), school.FaultBadValue, "startTime", "offset", []string{north}},
		"end before start":   {set("endTime", "2026-10-15T09:00:00+03:00"), school.FaultBadValue, "endTime", "after the start", []string{north}},
		"end days later":     {set("endTime", "2026-10-17T10:00:00+03:00"), school.FaultBadValue, "endTime", "24 hours", []string{north}},
		"bad end":            {set("endTime", "noon"), school.FaultBadValue, "endTime", "offset", []string{north}},
		"bad link":           {set("joinUrl", "http://calls.example/j"), school.FaultBadValue, "joinUrl", "https://", []string{north}},
		"bad publication":    {set("publishedAt", "yesterday"), school.FaultBadValue, "publishedAt", "offset", []string{north}},
		"bad cancelled":      {set("cancelled", "yes"), school.FaultBadValue, "cancelled", "true or false", []string{north}},
		"bad chat":           {set("chat", "everybody"), school.FaultBadValue, "chat", "write students", []string{north}},
		"no class for it":    {set("chat", "parents"), school.FaultBadValue, "chat", "where there is", []string{north}},
		"chat of a group":    {class("n-1a", "subject"), school.FaultBadValue, "chat", "call vc-1 is left out: a homeroom class has", []string{north}},
		"chat of a class":    {class("n-math", "parents"), school.FaultBadValue, "chat", "a subject group has", []string{north}},
		"unknown class":      {class("n-9z", ""), school.FaultUnknownClass, "classSourcedId", "classes.csv", []string{north}},
		"class of another":   {class("s-1a", ""), school.FaultEnrollmentConflict, "schoolSourcedId", "another school", []string{north, south}},
		"no school":          {set("schoolSourcedId", ""), school.FaultBadValue, "schoolSourcedId", "sourcedId of the school", []string{north, south}},
		"unknown school":     {set("schoolSourcedId", "nowhere"), school.FaultUnknownSchool, "schoolSourcedId", "orgs.csv", []string{north, south}},
		"no school at all":   {set("schoolSourcedId", "district"), school.FaultUnknownSchool, "schoolSourcedId", "orgs.csv", []string{north, south}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			d.call("vc-0")
			row := d.call("vc-1")
			test.change(row)
			for _, sourceID := range []string{north, south} {
				roster := d.roster(sourceID, nil)
				if !lo.Contains(test.at, sourceID) {
					require.Empty(t, roster.Faults)
					continue
				}
				require.Len(t, roster.Faults, 1)
				fault := roster.Faults[0]
				require.Contains(t, fault.Advice, test.says)
				fault.Advice = ""
				require.Equal(t, school.Fault{Code: test.code, File: "calls.csv", Row: 3, Column: test.column}, fault, "and it names nobody")
			}
			require.Equal(t, []school.CallID{"vc-0"}, d.calls(north), "the other call is there")
			require.Empty(t, d.calls(south))

			row["cancelled"] = lo.Ternary(name == "bad cancelled", row["cancelled"], "true")
			row["status"] = "tobedeleted"
			require.Empty(t, d.roster(north, nil).Faults, "what is taken back need not be mended")
		})
	}
}

func TestAnUnknownTeacherIsNone(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.call("vc-1")["teacherSourcedId"] = "ghost"
	d.call("vc-2")["teacherSourcedId"] = "ghost"
	d.call("vc-3")["teacherSourcedId"] = "vera"
	roster := d.roster(north, nil)
	require.Equal(t, []school.PersonID{"", "", "vera"}, lo.Map(roster.Calls, func(c school.Call, _ int) school.PersonID { return c.Teacher }))
	require.Len(t, roster.Faults, 2, "one for each call")
	for i, fault := range roster.Faults {
		require.Contains(t, fault.Advice, "users.csv")
		fault.Advice = ""
		require.Equal(t, school.Fault{Code: school.FaultUnknownPerson, File: "calls.csv", Row: i + 2, Column: "teacherSourcedId"}, fault)
	}
}

func TestCallsWithOneIDAreOne(t *testing.T) {
	t.Parallel()
	d := setup(t)
	for _, id := range []string{"vc-1", "vc-1", "vc-2", "vc-2", "vc-3"} {
		d.call(id)
	}
	d.files[feedtest.Calls].Rows[1]["title"] = "Another"
	d.files[feedtest.Calls].Rows[3]["startTime"] = "soon"
	roster := d.roster(north, nil)
	require.Equal(t, []school.CallID{"vc-1", "vc-2", "vc-3"}, d.calls(north))
	duplicates := lo.Filter(roster.Faults, func(f school.Fault, _ int) bool { return f.Code == school.FaultDuplicate })
	require.Len(t, duplicates, 2)
	require.Contains(t, duplicates[0].Advice, "call vc-1: the id occurs in several rows")
	require.Equal(t, 3, duplicates[0].Row)
	require.Empty(t, duplicates[0].People)
	require.Empty(t, duplicates[0].Classes)
}

func TestCallsForClassesOfOtherYearsAreNone(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.files.Add(feedtest.Sessions, feedtest.Row{
		"sourcedId": "y25", "title": "2025/26", "type": "schoolYear", "startDate": "2025-09-01", "endDate": "2026-09-01", "schoolYear": "2026",
	})
	d.files.Add(feedtest.Classes, feedtest.Row{
		"sourcedId": "n-0a", "title": "0А", "courseSourcedId": "c-home", "classType": "homeroom", "schoolSourcedId": north, "termSourcedIds": "y25",
	})
	d.call("vc-1")["classSourcedId"] = "n-0a"
	roster := d.roster(north, nil)
	require.Empty(t, roster.Calls)
	require.Empty(t, roster.Faults)
}

func TestCallsDoNotHangOnTheOrderOfRows(t *testing.T) {
	t.Parallel()
	busy := func() *desk {
		d := setup(t)
		for _, id := range []string{"vc-3", "vc-1", "vc-2", "vc-2", "vc-5", "vc-4", "vc-4", "vc-6"} {
			d.call(id)
		}
		rows := d.files[feedtest.Calls].Rows
		rows[0]["classSourcedId"] = "n-1a"
		rows[1]["teacherSourcedId"] = "ghost"
		rows[2]["title"] = "Another"
		rows[4]["startTime"] = "soon"
		rows[5]["schoolSourcedId"] = south
		rows[6]["cancelled"] = "true"
		rows[7]["classSourcedId"] = "s-1a"
		return d
	}
	want := map[string]school.Roster{north: busy().roster(north, nil), south: busy().roster(south, nil)}
	require.Len(t, want[north].Faults, 5)
	rapid.Check(t, func(rt *rapid.T) {
		d := busy()
		d.files[feedtest.Calls].Rows = rapid.Permutation(d.files[feedtest.Calls].Rows).Draw(rt, "rows")
		for sourceID, roster := range want {
			got := d.roster(sourceID, nil)
			require.Equal(rt, withoutRows(roster), withoutRows(got))
			require.Equal(rt, oneroster.Digest(roster), oneroster.Digest(got))
		}
	})
}

func TestCallsFileIsFoundWhereItIs(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*desk){
		"not named": func(*desk) {},
		"bulk": func(d *desk) {
			d.files.Add(feedtest.Manifest, feedtest.Row{"propertyName": "file.calls", "value": "bulk"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			d.call("vc-1")
			change(d)
			for _, location := range []string{d.files.Folder(t), d.files.Zip(t, ""), d.files.Zip(t, "export")} {
				feed, err := oneroster.Read(t.Context(), location, oneroster.Options{})
				require.NoError(t, err)
				require.Equal(t, 1, feed.Counts()["calls.csv"])
				roster, err := feed.Roster(north, nil, oneroster.RosterOptions{Today: feedtest.Today})
				require.NoError(t, err)
				require.Len(t, roster.Calls, 1)
			}
		})
	}
	t.Run("absent", func(t *testing.T) {
		t.Parallel()
		d := setup(t)
		d.files.Add(feedtest.Manifest, feedtest.Row{"propertyName": "file.calls", "value": "absent"})
		require.Empty(t, d.calls(north))
	})
}

func TestCallsFileIsRefused(t *testing.T) {
	t.Parallel()
	raw := func(text string) func(*desk) { return func(d *desk) { d.files[feedtest.Calls].Raw = []byte(text) } }
	named := func(mode string) func(*desk) {
		return func(d *desk) {
			d.files.Add(feedtest.Manifest, feedtest.Row{"propertyName": "file.calls", "value": mode})
		}
	}
	for name, test := range map[string]struct {
		change func(*desk)
		want   unread
	}{
		"no newline at the end": {raw("sourcedId,schoolSourcedId,title,startTime\nvc-1,north,A,2026-10-15T10:00:00Z"), unread{File: "calls.csv", Problem: "cut off"}},
		"empty":                 {raw(""), unread{File: "calls.csv", Problem: "empty"}},
		"no start in it":        {raw("sourcedId,schoolSourcedId,title,startsAt\n"), unread{File: "calls.csv", Row: 1, Column: "startTime", Problem: "required column"}},
		"ragged row":            {raw("sourcedId,schoolSourcedId,title,startTime\nvc-1\n"), unread{File: "calls.csv", Row: 2, Problem: "1 cells"}},
		"there but absent":      {named("absent"), unread{File: "calls.csv", Problem: "says absent"}},
		"delta":                 {named("delta"), unread{File: "manifest.csv", Row: 14, Column: "value", Problem: "calls.csv is a delta file"}},
		"bulk but missing": {
			func(d *desk) { named("bulk")(d); delete(d.files, feedtest.Calls) },
			unread{File: "calls.csv", Problem: "says bulk, but the file is missing"},
		},
		"misspelt name": {
			func(d *desk) {
				d.files["Calls.csv"] = d.files[feedtest.Calls]
				delete(d.files, feedtest.Calls)
			},
			unread{File: "Calls.csv", Problem: "does not name it (but there is calls.csv)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			d.call("vc-1")
			test.change(d)
			_, err := d.read(oneroster.Options{})
			requireBad(t, err, test.want)
		})
	}
}

// Calls come and go: neither fewer rows, nor a cut end, nor a lost column, nor no file is a reason to doubt.
func TestCallsAreNotComparedWithTheLastReading(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(feedtest.Files)
		left   int
	}{
		"one cut off":   {func(f feedtest.Files) { f[feedtest.Calls].Rows = f[feedtest.Calls].Rows[:7] }, 7},
		"most cut off":  {func(f feedtest.Files) { f[feedtest.Calls].Rows = f[feedtest.Calls].Rows[:1] }, 1},
		"a column gone": {func(f feedtest.Files) { f[feedtest.Calls].Columns = f[feedtest.Calls].Columns[:11] }, 8},
		"a header only": {func(f feedtest.Files) { f[feedtest.Calls].Rows = nil }, 0},
		"no file":       {func(f feedtest.Files) { delete(f, feedtest.Calls) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			plain := d.feed().Receipt()
			for _, id := range []string{"vc-1", "vc-2", "vc-3", "vc-4", "vc-5", "vc-6", "vc-7", "vc-8"} {
				d.call(id)
			}
			last := d.feed().Receipt()
			require.Equal(t, plain, last, "nothing of calls is remembered")
			test.change(d.files)
			feed, err := d.read(oneroster.Options{Last: &last})
			require.NoError(t, err)
			roster, err := feed.Roster(north, nil, oneroster.RosterOptions{Today: feedtest.Today})
			require.NoError(t, err)
			require.Empty(t, roster.Faults)
			require.Len(t, roster.Calls, test.left)
		})
	}
}
