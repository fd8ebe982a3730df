package oneroster_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Ids of the example that are spoken of often.
const (
	north = "north"
	south = "south"
)

// desk reads the example as it is changed by a test.
type desk struct {
	t     *testing.T
	files feedtest.Files
}

func setup(t *testing.T) *desk {
	t.Helper()
	return &desk{t: t, files: feedtest.Example()}
}

// row finds a row to be changed in place.
func (d *desk) row(file, id string) feedtest.Row {
	d.t.Helper()
	return d.files.Row(d.t, file, id)
}

// read reads the files as they are now.
func (d *desk) read(o oneroster.Options) (*oneroster.Feed, error) {
	d.t.Helper()
	return oneroster.Read(d.t.Context(), d.files.Folder(d.t), o)
}

func (d *desk) feed() *oneroster.Feed {
	d.t.Helper()
	feed, err := d.read(oneroster.Options{})
	require.NoError(d.t, err)
	return feed
}

// roster reads the files and gives a school's roster as of the example's day.
func (d *desk) roster(sourceID string, previous *school.Roster) school.Roster {
	d.t.Helper()
	roster, err := d.feed().Roster(sourceID, previous, oneroster.RosterOptions{Today: feedtest.Today, AcceptDrop: true})
	require.NoError(d.t, err)
	return roster
}

func (d *desk) person(sourceID string, id school.PersonID) school.Person {
	d.t.Helper()
	return find(d.t, d.roster(sourceID, nil), id)
}

func find(t *testing.T, r school.Roster, id school.PersonID) school.Person {
	t.Helper()
	for _, p := range r.People {
		if p.ID == id {
			return p
		}
	}
	require.Fail(t, "not in the roster", "person %s", id)
	return school.Person{}
}

func ids(r school.Roster) []school.PersonID {
	var all []school.PersonID
	for _, p := range r.People {
		all = append(all, p.ID)
	}
	return all
}
