package main

import (
	"crypto/rand"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// mover is the school s on VK, with its teachers' room there. In the sandbox 700 is its bot.
type mover struct {
	*bench
	st      *store.Store
	sandbox *sandbox.Server
}

func setupMover(t *testing.T) *mover {
	t.Helper()
	b := setupRoster(t)
	b.in = "vk-token\n"
	b.ok("school", "set-token", "s", "--community-id", "1001")
	box, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	_, err = box.Max.RegisterBot(max.Registration{ID: 700, Token: "max-token", Name: "School"})
	require.NoError(t, err)
	_, err = box.RegisterCommunity(vk.Registration{GroupID: 1001, Token: "vk-token", Name: "School"})
	require.NoError(t, err)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	b.settings.MAXURL, b.settings.VKURL = server.URL+"/max", server.URL
	return &mover{b, b.store(), box}
}

// begin has the school begin to move to MAX.
func (m *mover) begin() string {
	m.t.Helper()
	m.in = "max-token\n"
	return m.ok("school", "move", "s", "--to", "max", "--community-id", "700")
}

// asked has a pass of the successor ask for its chats, and gives them by key.
func (m *mover) asked() map[chats.Key]*store.MirrorChat {
	m.t.Helper()
	ctx := m.t.Context()
	epoch, err := m.st.BeginPass(ctx, store.PassBegin{School: "s.max", Request: rand.Text(), Trigger: "event", Scope: struct{}{}})
	require.NoError(m.t, err)
	s, err := survey.Take(ctx, m.st, "s.max", m.now, survey.Options{})
	require.NoError(m.t, err)
	for _, t := range chats.Types() {
		_, _, err := m.st.SavePlan(ctx, store.PlanRow{School: "s.max", Epoch: epoch, Type: t, Snapshot: s.Digest}, s.Plan.Of(t), s.Desired)
		require.NoError(m.t, err)
	}
	mirror, err := m.st.Mirror(ctx, "s.max")
	require.NoError(m.t, err)
	return mirror.ByKey()
}

// made has somebody make a chat of the successor.
func (m *mover) made(c *store.MirrorChat) {
	m.t.Helper()
	id, err := m.st.Adopt(m.t.Context(), "s.max", c.Key, c.Code, messenger.ChatState{Ref: messenger.ChatRef("-" + string(c.Key)), Title: c.Title})
	require.NoError(m.t, err)
	require.NotZero(m.t, id)
}

// farewells has a pass begin to leave the old chats.
func (m *mover) farewells() {
	m.t.Helper()
	epoch, err := m.st.BeginPass(m.t.Context(), store.PassBegin{School: "s", Request: rand.Text(), Trigger: "event", Scope: struct{}{}})
	require.NoError(m.t, err)
	due, err := m.st.Farewells(m.t.Context(), "s", epoch, func() int32 { return 1 })
	require.NoError(m.t, err)
	require.NotEmpty(m.t, due)
}

func (m *mover) move() moveView {
	m.t.Helper()
	return decode[moveView](m.bench, "school", "move", "s")
}

func TestAMoveIsShownBeforeItIsBegun(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.in = "" // no token is needed
	golden(t, "move-planned.txt", m.ok("school", "move", "s", "--to", "max", "--dry-run"))
	v := decode[moveView](m.bench, "school", "move", "s", "--to", "max", "--dry-run", "--community-id", "700")
	require.Equal(t, []any{"planned", messenger.VK, messenger.MAX, school.ID("s.max"), int64(700)}, []any{v.State.Code, v.From, v.To, v.Successor, v.Community})
	require.Equal(t, []moveCount{
		{Type: chats.Teachers, Old: 1, Waited: 1, ToMake: 1}, {Type: chats.Parents, Waited: 2, ToMake: 2, NotYet: 1},
		{Type: chats.Students, Waited: 2, ToMake: 2, NotYet: 1}, {Type: chats.Subject, Waited: 2, ToMake: 2},
	}, v.Chats)
	row, err := m.st.School(t.Context(), "s")
	require.NoError(t, err)
	require.Empty(t, row.Successor)
	require.Empty(t, audited(t, m.bench))
	require.Equal(t, "school s is on VK, and does not move\nwhat a move would bring: rollcall school move s --to max --dry-run\n", m.ok("school", "move", "s"))
	require.Equal(t, string(moveNone), m.move().State.Code)
}

// TestOnVKRollcallMakesTheChats: the way back is soon final, and the command says so.
func TestOnVKRollcallMakesTheChats(t *testing.T) {
	t.Parallel()
	s := fixture()
	s.School.Messenger = messenger.MAX
	text, asJSON := written(t, viewPlannedMove(s, messenger.VK, 0))
	golden(t, "move-to-vk.txt", text)
	golden(t, "move-to-vk.json", asJSON)
}

func TestAMove(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	golden(t, "move-begun.txt", m.begin())
	require.NotContains(t, m.out+m.err, "max-token")
	require.Equal(t, []string{"operator begin-move s max"}, audited(t, m.bench))
	community, err := m.st.Community(t.Context(), "s.max")
	require.NoError(t, err)
	require.Equal(t, store.Community{Messenger: messenger.MAX, ID: 700, Token: "max-token"}, *community)

	asked := m.asked()
	require.Len(t, asked, 7)
	m.made(asked["teachers"])
	m.made(asked["parents:2026:2a"])
	m.made(asked["students:2026:2a"])
	m.execute(`UPDATE chats SET state = 'gone', problem = 'chat-gone' WHERE school_id = 's.max' AND key = 'students:2026:2a'`)
	effects := m.st.NewEffects()
	for _, account := range []school.AccountID{1, 9999} { // the latter belongs nowhere
		effects.MemberSeen(asked["teachers"].ID, messenger.Member{Account: account})
		effects.MemberSeen(asked["students:2026:2a"].ID, messenger.Member{Account: account})
	}
	require.NoError(t, effects.Record(t.Context()))
	golden(t, "move-under-way.txt", m.ok("school", "move", "s"))
	v := m.move()
	require.Equal(t, string(moveUnderWay), v.State.Code)
	require.Equal(t, moveCount{Old: 1, Waited: 7, There: 2, Awaited: 4, Lost: 1}, v.total())
	require.Equal(t, 1, v.People, "the head, in the teachers' room; nobody is in a chat that is gone")
	require.Greater(t, v.Belong, v.People)
	require.Equal(t, []chats.Key{"parents:2026:10a", "students:2026:2a", "students:2026:10a"},
		lo.Map(v.HeldBack, func(c heldBack, _ int) chats.Key { return c.Key }))

	for key, c := range asked {
		switch key {
		case "teachers", "parents:2026:2a", "students:2026:2a":
		default:
			m.made(c)
		}
	}
	m.execute(`UPDATE chats SET state = 'live', problem = NULL WHERE school_id = 's.max'`)
	require.Equal(t, string(moveLeaving), m.move().State.Code)
	require.Contains(t, m.ok("school", "move", "s"), "the chats on VK are left by the next pass of s")
	require.Contains(t, m.out, "until the first old chat has its last message, the move can be taken back")

	m.farewells()
	require.Contains(t, m.refused(exitUsage, "school", "move", "s", "--back"), "school s is leaving its chats on VK: people have been told")

	require.NoError(t, m.st.TakeOver(t.Context(), "s"))
	m.now = time.Now().Add(3 * time.Hour)
	require.Regexp(t, `^school s is on MAX, and does not move\nit left 1 chat on VK (2|3) h ago \(.*Z\)\nwhat a move would bring: rollcall school move s --to vk --dry-run\n$`,
		m.ok("school", "move", "s"))
	done := m.move()
	require.Equal(t, string(moveDone), done.State.Code)
	require.Len(t, done.Left, 1)
	require.Equal(t, []any{messenger.VK, 1}, []any{done.Left[0].Messenger, done.Left[0].Chats})
	require.Contains(t, m.refused(exitUsage, "school", "show", "s.max"), `no school "s.max"`)
}

func TestLeftChatsAreCountedByTheMove(t *testing.T) {
	t.Parallel()
	first, second := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	left := viewLeft([]store.LeftChat{
		{Messenger: messenger.MAX, LeftAt: second}, {Messenger: messenger.VK, LeftAt: first}, {Messenger: messenger.VK, LeftAt: first},
	})
	require.Equal(t, []leftView{{Messenger: messenger.MAX, LeftAt: second, Chats: 1}, {Messenger: messenger.VK, LeftAt: first, Chats: 2}}, left)
}

func TestWhatCannotBeRecordedIsNotMoved(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.execute("ALTER TABLE audit RENAME TO away")
	m.in = "max-token"
	m.refused(exitFailed, "school", "move", "s", "--to", "max", "--community-id", "700")
	require.Equal(t, string(moveNone), m.move().State.Code)
}

func TestWhatCannotMove(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.in = "max-token"
	toMAX := []string{"--to", "max", "--community-id", "700"}
	refused := func(code int, want, id string, args ...string) {
		t.Helper()
		require.Contains(t, m.refused(code, append([]string{"school", "move", id}, args...)...), want)
		require.NotContains(t, m.err, "max-token")
	}
	refused(exitUsage, "SCHOOL is missing", "--back") // which is taken for no school
	refused(exitUsage, "school s is on VK already", "s", "--to", "vk", "--community-id", "700")
	refused(exitUsage, "school s is on VK already", "s", "--to", "vk", "--dry-run")
	refused(exitUsage, "use vk or max", "s", "--to", "icq", "--dry-run")
	refused(exitUsage, `no school "z"`, "z", toMAX...)
	refused(exitUsage, `no school "z"`, "z")
	refused(exitUsage, `no school "z"`, "z", "--back")
	refused(exitUsage, "--to is missing", "s", "--dry-run")
	refused(exitUsage, "--to is missing", "s", "--community-id", "700")
	refused(exitUsage, "--community-id is missing", "s", "--to", "max")
	refused(exitUsage, "positive number", "s", "--to", "max", "--community-id", "bot")
	refused(exitUsage, "positive number", "s", "--to", "max", "--community-id", "0", "--dry-run")
	refused(exitUsage, "none of the others can be", "s", "--back", "--dry-run", "--to", "max")
	refused(exitUsage, "school s does not move", "s", "--back")
	m.in = "max token"
	refused(exitUsage, "blanks or line ends", "s", toMAX...)
	m.in = ""
	refused(exitUsage, "no token was given", "s", toMAX...)
	require.Empty(t, audited(t, m.bench))

	m.ok("school", "add", "t", "--district", "d", "--feed", "f", "--source-id", "org-2", "--name", "Школа № 18")
	refused(exitUsage, "school t has no token on VK", "t", toMAX...)
	refused(exitUsage, "rollcall school set-messenger t max", "t", "--to", "max", "--dry-run")
	m.in = "another"
	m.ok("school", "set-token", "t", "--community-id", "1002")
	refused(exitFailed, "rollcall feed read f", "t", toMAX...)

	m.begin()
	refused(exitUsage, "school s moves already: see: rollcall school move s", "s", toMAX...)
	refused(exitUsage, "s.max is the successor of s: see to its move there", "s.max", "--back")
	refused(exitUsage, "s.max is the successor of s", "s.max", "--to", "vk", "--community-id", "1")
	require.Equal(t, exitUsage, exitCode(asRefused(&store.MoveError{Problem: "as it is"})))
	m.keys = nil
	refused(exitUsage, "no keyset", "s")
}

// TestASchoolThatMovesIsShownAsOne: wherever schools are shown, it is said that it moves, and the successor belongs to it.
func TestASchoolThatMovesIsShownAsOne(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.ok("school", "add", "s-2", "--district", "d", "--feed", "f", "--source-id", "org-2", "--name", "Школа № 18")
	m.begin()
	const moves, isNext = "s moves; its new chats are those of s.max: rollcall school move s\n", "s.max is what school s moves to: rollcall school move s\n"
	for _, args := range [][]string{{"school", "list"}, {"status"}} {
		text := m.ok(args...)
		require.Regexp(t, `(?s)\ns +Школа № 17.*\n  s\.max +Школа № 17.*\ns-2 `, text)
		require.Contains(t, text, moves)
	}
	require.Regexp(t, `(?s)\ns .*\n  s\.max .*\n`+moves, m.ok("status", "s"))
	require.NotContains(t, m.out, "s-2")
	require.NotContains(t, m.ok("status", "s.max"), moves)
	require.Contains(t, m.ok("school", "show", "s"), "Школа № 17 (s)\n"+moves)
	require.Contains(t, m.ok("school", "show", "s.max"), "Школа № 17 (s.max)\n"+isNext)
	require.Contains(t, m.ok("chats", "s"), "Школа № 17 (s)\n"+moves)
	require.Contains(t, m.ok("chats", "s.max"), "Школа № 17 (s.max)\n"+isNext)
	listed := decode[schoolsView](m.bench, "school", "list").Schools
	require.Equal(t, []school.ID{"s.max", ""}, []school.ID{listed[0].Successor, listed[0].SuccessorOf})
	require.Equal(t, []school.ID{"", "s"}, []school.ID{listed[1].Successor, listed[1].SuccessorOf})
	require.Equal(t, school.ID("s"), decode[statusView](m.bench, "status", "s.max").Schools[0].SuccessorOf)
	require.Equal(t, school.ID("s.max"), decode[chatsView](m.bench, "chats", "s").Successor)

	require.Contains(t, m.ok("__complete", "school", "move", ""), "s.max\tШкола № 17")
	require.Contains(t, m.ok("__complete", "school", "move", "s", "--to", ""), "vk\nmax\n")
	require.Contains(t, m.refused(exitUsage, "school", "set-messenger", "s", "max"), "s moves")
	require.Contains(t, m.refused(exitUsage, "school", "set-events", "s.max", "--callback", "--address", "https://rollcall.example"), "long poll until then")
	require.Contains(t, m.ok("school", "set-events", "s.max", "--long-poll", "on"), "long poll is on")
	require.Contains(t, m.refused(exitUsage, "school", "add", "s.max", "--district", "d", "--feed", "f", "--source-id", "x", "--name", "x"), "lower-case Latin")
}

// TestCommandsTakeASuccessorForASchool: also the check, which tries the bot's token at MAX.
func TestCommandsTakeASuccessorForASchool(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.begin()
	m.now = time.Now()
	require.Contains(t, m.ok("school", "check", "s.max"), "good, and of bot 700")
	for _, args := range []string{
		"plan s.max", "members s.max teachers", "faults s.max", "holds list s.max", "calls s.max", "links s.max", "chats s.max --show-links",
	} {
		require.NotEmpty(t, m.ok(strings.Fields(args)...), args)
	}
}

// TestChatsToMakeOfASchoolThatMoves: the list is the successor's, under the school's own name.
func TestChatsToMakeOfASchoolThatMoves(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	require.Contains(t, m.ok("chats", "s", "--to-make"), "on VK, where Rollcall makes the chats itself")
	m.begin()
	require.Contains(t, m.ok("chats", "s", "--to-make"), "rollcall resync s.max --wait", "no pass has asked for any yet")
	asked := m.asked()
	m.made(asked["teachers"])
	_, err := m.st.TakeEvent(t.Context(), "s.max", messenger.Event{ID: "e", Kind: messenger.EventOwnAdded, Chat: "-99"})
	require.NoError(t, err)
	standings, err := m.st.Standings(t.Context(), "s.max")
	require.NoError(t, err)
	effects := m.st.NewEffects()
	effects.StandingSeen("s.max", standings[0], adoption.ProblemRights,
		messenger.ChatState{Title: "Наш 3Б", Lacks: []messenger.Right{messenger.RightWrite}})
	require.NoError(t, effects.Record(t.Context()))

	text := m.ok("chats", "s", "--to-make")
	require.Contains(t, text, "Школа № 17 (s)\nThe school moves to MAX: how that stands: rollcall school move s\n")
	require.Contains(t, text, "the school's bot (user id 700)")
	require.NotContains(t, text, "Учительская", "it is there")
	require.Contains(t, text, "2А · Родители "+asked["parents:2026:2a"].Code)
	require.Regexp(t, `\n-99 +Наш 3Б +.* the rights to: write and edit messages\n`, text)
	require.Regexp(t, `\n2А · Родители .* Зимина Анна \(teacher\) +parents:2026:2a\n`, text)
	v := decode[toMakeView](m.bench, "chats", "s", "--to-make")
	require.Equal(t, []any{school.ID("s"), school.ID("s.max"), int64(700)}, []any{v.School, v.Successor, v.Community})
	require.Len(t, v.ToMake, 6)
	own := decode[toMakeView](m.bench, "chats", "s.max", "--to-make")
	require.Equal(t, v.ToMake, own.ToMake)
	require.Equal(t, []school.ID{"s.max", ""}, []school.ID{own.School, own.Successor})
}

func TestChatsThatPeopleMakeInTheTree(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.begin()
	asked := m.asked()
	m.made(asked["teachers"])
	m.made(asked["parents:2026:2a"])
	m.execute(`UPDATE chats SET lacks = '{members,write}' WHERE school_id = 's.max' AND key = 'teachers'`)
	m.execute(`UPDATE chats SET state = 'gone', problem = 'chat-denied' WHERE school_id = 's.max' AND key = 'parents:2026:2a'`)
	golden(t, "chats-by-hand.txt", m.ok("chats", "s.max"))
	v := decode[chatsView](m.bench, "chats", "s.max")
	require.Equal(t, []string{"members", "write"}, lo.Map(v.Branches[0].Chats[0].Lacks, func(c coded, _ int) string { return c.Code }))
	require.Equal(t, string(chatGone), v.Branches[1].Chats[0].State.Code)
	require.Equal(t, string(chatAwaited), v.Branches[1].Chats[1].State.Code)
	require.Equal(t, reconcile.ChatAwaited, asked["students:2026:2a"].State)
}

// TestAMoveToVK: the school's own chats are still to be made by people meanwhile, and those on VK by Rollcall.
func TestAMoveToVK(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.execute(`UPDATE communities SET messenger = 'max' WHERE school_id = 's'`)
	m.in = "vk-token"
	require.Contains(t, m.ok("school", "move", "s", "--to", "vk", "--community-id", "1001"), "Rollcall makes the chats on VK by itself")
	require.Contains(t, m.out, "for the next pass of s.vk: 7, see: rollcall status s\n")
	require.Contains(t, m.ok("chats", "s", "--to-make"), "Школа № 17 (s)\n\nThere is no chat to make now.")
	require.Contains(t, m.ok("chats", "s.vk", "--to-make"), "where Rollcall makes the chats itself")
	require.NotContains(t, m.ok("school", "move", "s", "--back"), "codes")
}

func TestAChatThatIsLeftWithoutANewOneIsNamed(t *testing.T) {
	t.Parallel()
	s := fixture()
	s.Mirror = append(s.Mirror, store.MirrorChat{Chat: reconcile.Chat{
		Key: "parents:2026:10a", Type: chats.Parents, Class: "10a", Year: "2026", State: reconcile.ChatLive, Title: "10А · Родители",
	}})
	v := viewPlannedMove(s, messenger.MAX, 0)
	require.Equal(t, []bool{true, false}, lo.Map(v.HeldBack, func(c heldBack, _ int) bool { return c.Old }))
	text, _ := written(t, v)
	require.Regexp(t, `10А · Родители +not yet +the class has no students +is left without a new one`, text)
	require.Equal(t, 1, strings.Count(text, "is left without a new one"))
}
