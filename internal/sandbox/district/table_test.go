package district_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
)

// A reader may take a file that has merely lost its end for one that was cut off, so no edit
// may leave such a file: not taking the last rows away, and not taking new ones away again.
func TestDeletionNeverLooksLikeACutFile(t *testing.T) {
	t.Parallel()
	f := district.Generate(plain())
	last := ""
	for seat := range f.Enrollments().All() {
		last = seat.Get("userSourcedId")
	}
	whole := saved(t, f)
	_, err := f.RemovePerson(last)
	require.NoError(t, err)
	requireNotCut(t, whole, saved(t, f))

	before := saved(t, f)
	id, err := f.AddStudent("sch-102-cl-00003", true)
	require.NoError(t, err)
	grown := saved(t, f)
	for _, name := range []string{"users.csv", "roles.csv", "enrollments.csv", "userProfiles.csv"} {
		require.NotEqual(t, before[name], grown[name], name)
	}
	_, err = f.RemovePerson(id)
	require.NoError(t, err)
	requireNotCut(t, grown, saved(t, f))
}

func requireNotCut(t *testing.T, before, after map[string][]byte) {
	t.Helper()
	for name, data := range after {
		cut := len(data) < len(before[name]) && bytes.HasPrefix(before[name], data)
		require.False(t, cut, "%s looks cut off", name)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	orgs := district.Generate(plain()).Orgs()
	require.Equal(t, "orgs", orgs.Name())
	require.Equal(t, 3, orgs.Len())

	added := orgs.Append(district.Values{"sourcedId": "sch-999", "name": "Школа, «новая»", "type": "school"})
	require.Equal(t, "sch-999", added.ID())
	require.Empty(t, added.Get("parentSourcedId"))
	added.Set("parentSourcedId", "dst-1")
	found, ok := orgs.ByID("sch-999")
	require.True(t, ok)
	require.Equal(t, "dst-1", found.Get("parentSourcedId"))
	require.Len(t, orgs.Find("type", "school"), 3)

	orgs.Delete(orgs.Find("type", "school")...)
	require.Equal(t, 1, orgs.Len())
	orgs.Delete()
	require.Equal(t, 1, orgs.Len())
}

func TestUnknownNamesPanic(t *testing.T) {
	t.Parallel()
	f := district.Generate(plain())
	require.PanicsWithValue(t, `district: users.csv has no column "givenname": use a column of the OneRoster 1.2 CSV binding`, func() {
		f.Users().Find("givenname", "")
	})
	require.Panics(t, func() { f.Table("people") })
	require.Panics(t, func() { f.Users().Append(district.Values{"nickname": "x"}) })
}
