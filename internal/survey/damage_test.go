package survey_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const day school.Date = "2026-11-24"

// intact is a district whose chats are in step with its undamaged files.
type intact struct {
	dir     string
	receipt oneroster.Receipt
	rosters map[string]school.Roster
	actual  map[string][]reconcile.Chat
}

func newIntact(t *testing.T) intact {
	t.Helper()
	d := intact{dir: t.TempDir(), rosters: map[string]school.Roster{}, actual: map[string][]reconcile.Chat{}}
	o := district.Demo()
	o.Schools, o.MinClasses, o.MaxClasses, o.StudentsPerClass, o.Subjects, o.Year = 2, 13, 14, 4, 2, 2026
	require.NoError(t, district.Generate(o).Save(d.dir))
	feed, err := oneroster.Read(t.Context(), d.dir, oneroster.Options{})
	require.NoError(t, err)
	d.receipt = feed.Receipt()
	for _, org := range feed.Schools() {
		r, err := feed.Roster(org.SourcedID, nil, oneroster.RosterOptions{Today: day})
		require.NoError(t, err)
		d.rosters[org.SourcedID] = r
		d.actual[org.SourcedID] = lo.Map(chats.Desired(r, chats.Settings{SubjectChats: true}, day), inStep)
	}
	return d
}

func inStep(c chats.Chat, _ int) reconcile.Chat {
	return reconcile.Chat{
		Key: c.Key, Type: c.Type, Class: c.Class, Year: c.Year, State: reconcile.ChatLive, Title: c.Title,
		Members: lo.Map(c.Members, func(m chats.Member, _ int) reconcile.Member {
			return reconcile.Member{
				Account: m.Account, Person: m.Person, Reasons: m.Reasons, State: reconcile.MemberPresent, Admin: m.Role == chats.RoleAdmin,
			}
		}),
	}
}

// plans reads a damaged copy, and gives the plan of each school whose roster was taken over.
func (d intact) plans(t *testing.T, dir string) map[string]reconcile.Plan {
	t.Helper()
	feed, err := oneroster.Read(t.Context(), dir, oneroster.Options{Last: &d.receipt})
	if badRead(t, err) {
		return nil
	}
	plans := map[string]reconcile.Plan{}
	for id, previous := range d.rosters {
		r, err := feed.Roster(id, &previous, oneroster.RosterOptions{Today: day})
		if badRead(t, err) {
			continue
		}
		plans[id] = reconcile.Make(reconcile.Input{
			Roster: r, Day: day, Desired: chats.Desired(r, chats.Settings{SubjectChats: true}, day),
			Actual: d.actual[id], Limits: reconcile.DefaultLimits(),
		})
	}
	return plans
}

// badRead tells whether a reading was refused, which must come with a reason and advice.
func badRead(t *testing.T, err error) bool {
	t.Helper()
	if err == nil {
		return false
	}
	if unknown, ok := errors.AsType[*oneroster.UnknownSchoolError](err); ok {
		require.NotEmpty(t, unknown.Error())
		return true
	}
	bad, ok := errors.AsType[*oneroster.BadReadError](err)
	require.True(t, ok, "%T: %v", err, err)
	require.NotEmpty(t, bad.Problem)
	require.NotEmpty(t, bad.Advice)
	return true
}

// Nobody loses a place in a chat, or their rights in it, to a damaged file.
func TestDamagedFilesRemoveNobody(t *testing.T) {
	t.Parallel()
	d := newIntact(t)
	for id, plan := range d.plans(t, d.dir) {
		require.Empty(t, plan.Operations, "%s must be in step to begin with", id)
	}
	files, err := filepath.Glob(filepath.Join(d.dir, "*.csv"))
	require.NoError(t, err)
	require.Len(t, files, 9)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			whole, err := os.ReadFile(file)
			require.NoError(t, err)
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(d.dir)))
			damaged := filepath.Join(dir, filepath.Base(file))

			require.NoError(t, os.Remove(damaged))
			require.Empty(t, d.plans(t, dir), "missing: nothing is taken over")
			for name, content := range damages(whole) {
				require.NoError(t, os.WriteFile(damaged, content, 0o600))
				for id, plan := range d.plans(t, dir) {
					for _, o := range plan.Operations {
						if o.Kind == reconcile.Remove || o.Kind == reconcile.Demote {
							require.Fail(t, "somebody loses their place", "cut at %d of %d: %s: %+v", name, len(whole), id, o)
						}
					}
				}
			}
		})
	}
}

// damages are the file empty, with its header only, cut at each row's end in its last tenth
// and at 200 random bytes; by the length that is left.
func damages(whole []byte) map[int][]byte {
	cuts := map[int][]byte{0: nil}
	header := bytes.IndexByte(whole, '\n') + 1
	cuts[header] = whole[:header]
	for end := len(whole) * 9 / 10; end < len(whole); end++ {
		if whole[end-1] == '\n' {
			cuts[end] = whole[:end]
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		end := random.IntN(len(whole))
		cuts[end] = whole[:end]
	}
	return cuts
}
