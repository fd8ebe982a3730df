package main

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// registry is all that is registered of the schools and their communities.
func (m *mover) registry() []string {
	m.t.Helper()
	rows, err := database(m.t, m.bench).Query(m.t.Context(), `SELECT s::text || c::text FROM schools s JOIN communities c ON c.school_id = s.id ORDER BY s.id`)
	require.NoError(m.t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(m.t, err)
	require.Len(m.t, lines, 2)
	return lines
}

// TestAMoveIsEndedWithoutFarewell: what is there becomes the school's, and what is not is the school's to wait for.
func TestAMoveIsEndedWithoutFarewell(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.begin()
	asked := m.asked()
	m.made(asked["teachers"])
	m.made(asked["parents:2026:2a"])
	m.execute(`UPDATE chats SET state = 'gone', problem = 'chat-gone' WHERE school_id = 's.max' AND key = 'parents:2026:2a'`)
	end := []string{"school", "move", "s", "--without-farewell"}

	golden(t, "move-to-be-ended.txt", m.ok(end...))
	want := moveEnded{School: "s", From: messenger.VK, To: messenger.MAX, Waited: 7, There: 1, Awaited: 5, Lost: 1, Left: 1}
	require.Equal(t, want, decode[moveEnded](m.bench, end...))
	require.Equal(t, string(moveUnderWay), m.move().State.Code, "it is only shown")
	require.Equal(t, []string{"operator begin-move s max"}, audited(t, m.bench))

	golden(t, "move-ended.txt", m.ok(append(end, "--yes")...))
	require.Equal(t, []string{"operator begin-move s max", "operator end-move s max"}, audited(t, m.bench))
	row, err := m.st.School(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, []any{messenger.MAX, int64(700), true}, []any{row.Messenger, row.CommunityID, row.Successor == ""})
	mirror, err := m.st.Mirror(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, mirror, 7)
	require.Equal(t, messenger.ChatRef("-teachers"), mirror.ByKey()["teachers"].Ref)
	require.Contains(t, m.ok("chats", "s", "--to-make"), asked["students:2026:2a"].Code, "what was asked for is asked for on")
	left, err := m.st.LeftChats(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, []chats.Key{"teachers"}, lo.Map(left, func(c store.LeftChat, _ int) chats.Key { return c.Key }))
	require.Contains(t, wanted(t, m.bench), "moved {}", "a pass follows")
}

// TestAMoveThatHasBegunToLeaveIsEnded: it cannot be taken back, and the way out is named.
func TestAMoveThatHasBegunToLeaveIsEnded(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.begin()
	require.True(t, m.move().CanBeTakenBack)
	for _, c := range m.asked() {
		m.made(c)
	}
	m.farewells()
	v := m.move()
	require.Equal(t, string(moveLeaving), v.State.Code)
	require.False(t, v.CanBeTakenBack)
	text := m.ok("school", "move", "s")
	require.Contains(t, text, "the move cannot be taken back any more\n")
	require.Contains(t, text, "rollcall school move s --without-farewell\n")
	require.NotContains(t, text, "--back")
	require.True(t, decode[moveEnded](m.bench, "school", "move", "s", "--without-farewell", "--yes").Ended)
	require.Equal(t, string(moveDone), m.move().State.Code)
}

func TestAMoveIsTakenBack(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.begin()
	m.made(m.asked()["teachers"])
	keys := m.keys
	m.keys = nil // nothing sealed is touched
	require.Equal(t, ""+
		"school s stays on VK: its move to MAX is taken back\n"+
		"the codes for chats on MAX are good for nothing any more\n"+
		"chats that are on MAX already: 1. They stay, and nobody keeps them in step: have their owners take bot 700 out of them\n",
		m.ok("school", "move", "s", "--back"))
	m.keys = keys
	require.Equal(t, []string{"operator begin-move s max", "operator take-move-back s max"}, audited(t, m.bench))
	require.Contains(t, m.refused(exitUsage, "school", "move", "s", "--back"), "school s does not move")
	require.Len(t, audited(t, m.bench), 2)

	m.begin() // it can be begun again
	v := decode[moveTakenBack](m.bench, "school", "move", "s", "--back")
	require.Equal(t, moveTakenBack{School: "s", Messenger: messenger.VK, From: messenger.MAX, Community: 700}, v)
	text, _ := written(t, moveTakenBack{School: "s", Messenger: messenger.MAX, From: messenger.VK, Community: 1001, Chats: 3})
	require.Contains(t, text, "have the managers of community 1001 end them")
	require.NotContains(t, text, "codes")
}

func TestMovesThatAreNotEnded(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	refused := func(code int, want string, args ...string) {
		t.Helper()
		require.Contains(t, m.refused(code, append([]string{"school", "move"}, args...)...), want)
	}
	refused(exitUsage, "school s does not move", "s", "--without-farewell")
	refused(exitUsage, "school s does not move", "s", "--without-farewell", "--yes")
	refused(exitUsage, `no school "z"`, "z", "--without-farewell", "--yes")
	refused(exitUsage, "--yes goes with --without-farewell", "s", "--yes")
	refused(exitUsage, "--yes goes with --without-farewell", "s", "--back", "--yes")
	refused(exitUsage, "none of the others can be", "s", "--without-farewell", "--back")
	refused(exitUsage, "none of the others can be", "s", "--without-farewell", "--to", "max", "--dry-run")
	require.Empty(t, audited(t, m.bench))
	m.begin()
	refused(exitUsage, "s.max is the successor of s: see to its move there", "s.max", "--without-farewell", "--yes")
	m.execute("ALTER TABLE audit RENAME TO away")
	refused(exitFailed, "", "s", "--without-farewell", "--yes")
	require.Equal(t, string(moveUnderWay), m.move().State.Code, "what cannot be recorded is not done")
}

// TestWhatIsTheSchoolsOwnIsNotSetOnItsSuccessor: one sentence names the school, whatever is asked for, and nothing is changed or read.
func TestWhatIsTheSchoolsOwnIsNotSetOnItsSuccessor(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.begin()
	box, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	m.givePortal(box)
	before := m.registry()
	for args, act := range map[string]string{
		"school set-proxy s.max --server proxy.example --port 3128": "set it",
		"school set-proxy s.max --off":                              "set it",
		"school set-user-token s.max":                               "set it",
		"school set-user-token s.max --off":                         "set it",
		"school set-calls-push s.max":                               "set it",
		"school set-messenger s.max vk":                             "set it",
		"schedule set s.max --every 30m":                            "set it",
		"schedule pause s.max --reason holidays":                    "set it",
		"schedule resume s.max":                                     "set it",
		"accounts show s.max":                                       "see them",
		"accounts read s.max":                                       "read them",
	} {
		require.Equal(t, "rollcall: s.max is the successor of s: "+act+" there\n", m.refused(exitUsage, strings.Fields(args)...), args)
	}
	for _, flag := range []string{"", " --back", " --without-farewell"} {
		require.Equal(t, "rollcall: s.max is the successor of s: see to its move there: rollcall school move s"+flag+"\n",
			m.refused(exitUsage, strings.Fields("school move s.max"+flag)...))
	}
	require.Equal(t, before, m.registry())
}
