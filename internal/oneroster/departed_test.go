package oneroster_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestDeparted(t *testing.T) {
	t.Parallel()
	gone := func(d *desk, id string) {
		d.files.Delete(feedtest.Users, "sourcedId", id)
		d.files.Delete(feedtest.Roles, "userSourcedId", id)
		d.files.Delete(feedtest.Enrollments, "userSourcedId", id)
	}
	moved := func(d *desk) {
		d.row(feedtest.Roles, "r-cid")["orgSourcedId"] = south
		d.files.Delete(feedtest.Enrollments, "sourcedId", "e-09")
		d.row(feedtest.Enrollments, "e-06")["classSourcedId"] = "s-1a"
		d.row(feedtest.Enrollments, "e-06")["schoolSourcedId"] = south
	}
	is := func(id school.PersonID, standing school.Standing) []school.Departure {
		return []school.Departure{{Person: id, Standing: standing}}
	}
	for name, test := range map[string]struct {
		change func(*desk)
		want   []school.Departure
	}{
		"nobody":                 {func(*desk) {}, nil},
		"gone from the feed":     {func(d *desk) { gone(d, "boris") }, is("boris", school.Gone)},
		"still enrolled":         {func(d *desk) { d.files.Delete(feedtest.Users, "sourcedId", "ben") }, is("ben", school.Unclear)},
		"still somebody's agent": {func(d *desk) { gone(d, "dad") }, is("dad", school.Unclear)},
		"a profile is left":      {func(d *desk) { gone(d, "tina") }, is("tina", school.Unclear)},
		"in a class elsewhere":   {moved, is("cid", school.Elsewhere)},
		"elsewhere without a class": {
			func(d *desk) { moved(d); d.files.Delete(feedtest.Enrollments, "sourcedId", "e-06") }, is("cid", school.Unclear),
		},
		"elsewhere without a role": {
			func(d *desk) { moved(d); d.row(feedtest.Roles, "r-cid")["orgSourcedId"] = "district" }, is("cid", school.Unclear),
		},
		"elsewhere from later on": {
			func(d *desk) { moved(d); d.row(feedtest.Enrollments, "e-06")["beginDate"] = "2026-11-01" }, is("cid", school.Unclear),
		},
		"an employee elsewhere": {
			func(d *desk) {
				d.row(feedtest.Roles, "r-tina")["orgSourcedId"] = south
				d.files.Delete(feedtest.Enrollments, "userSourcedId", "tina")
			}, is("tina", school.Unclear),
		},
		"a user alone is left": {
			func(d *desk) {
				d.files.Delete(feedtest.Roles, "userSourcedId", "head")
			}, is("head", school.Unclear),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			previous := d.roster(north, nil)
			test.change(d)
			roster := d.roster(north, &previous)
			require.Equal(t, test.want, roster.Departed)
			require.Equal(t, roster, d.roster(north, &roster), "the same files give the same roster")
		})
	}
}

func TestDepartedComesBack(t *testing.T) {
	t.Parallel()
	d := setup(t)
	full := d.files.Clone()
	previous := d.roster(north, nil)
	d.files.Delete(feedtest.Roles, "userSourcedId", "head")
	without := d.roster(north, &previous)
	require.NotContains(t, ids(without), school.PersonID("head"))
	d.files = full
	require.Equal(t, previous, d.roster(north, &without))
}

// Somebody of whom it was unclear is gone once the last trace is.
func TestDepartedBecomesClear(t *testing.T) {
	t.Parallel()
	d := setup(t)
	previous := d.roster(north, nil)
	d.files.Delete(feedtest.Users, "sourcedId", "boris")
	unclear := d.roster(north, &previous)
	require.Equal(t, []school.Departure{{Person: "boris", Standing: school.Unclear}}, unclear.Departed)
	d.files.Delete(feedtest.Roles, "userSourcedId", "boris")
	d.files.Delete(feedtest.Enrollments, "userSourcedId", "boris")
	require.Equal(t, []school.Departure{{Person: "boris", Standing: school.Gone}}, d.roster(north, &unclear).Departed)
}

// That the feed disables somebody is an explicit end, even if nothing else of theirs is left.
func TestDisabledPeopleStayInTheRoster(t *testing.T) {
	t.Parallel()
	d := setup(t)
	previous := d.roster(north, nil)
	d.row(feedtest.Users, "head")["enabledUser"] = "false"
	d.files.Delete(feedtest.Roles, "userSourcedId", "head")
	roster := d.roster(north, &previous)
	require.False(t, find(t, roster, "head").Enabled)
	require.Empty(t, roster.Departed)
	require.Empty(t, roster.Faults)
	require.Equal(t, roster, d.roster(north, &roster))
}

func TestDepartedAreNotCarriedIntoAnotherYear(t *testing.T) {
	t.Parallel()
	d := setup(t)
	previous := d.roster(north, nil)
	previous.Year.ID = "y25"
	previous.Departed = []school.Departure{{Person: "old", Standing: school.Unclear}}
	d.files.Delete(feedtest.Roles, "userSourcedId", "head")
	roster := d.roster(north, &previous)
	require.Equal(t, []school.Departure{{Person: "head", Standing: school.Unclear}}, roster.Departed)
	require.Equal(t, roster, d.roster(north, &roster))
}
