package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// setupRoster gives a command line with a school that has the fixture's roster and the chats
// that a first pass plans for it, made and empty.
func setupRoster(t *testing.T) *bench {
	t.Helper()
	b := setupDatabase(t)
	b.register()
	st, roster, ctx := b.store(), fixtureRoster(), t.Context()
	_, err := st.SaveReading(ctx, store.Reading{Feed: "f", Fingerprint: "x", Receipt: []byte(`{}`), Schools: []store.SchoolReading{
		{School: "s", Roster: &roster, Digest: "digest"},
	}})
	require.NoError(t, err)
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: rand.Text(), Trigger: "manual", RequestedBy: "operator", Scope: struct{}{}})
	require.NoError(t, err)
	first, err := survey.Take(ctx, st, "s", b.now, survey.Options{})
	require.NoError(t, err)
	_, _, err = st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: epoch, Type: "teachers", Snapshot: "digest"}, first.Plan.Of("teachers"), first.Desired)
	require.NoError(t, err)
	mirror, err := st.Mirror(ctx, "s")
	require.NoError(t, err)
	require.Len(t, mirror, 1)
	effects := st.NewEffects()
	effects.ChatMade(mirror[0].ID, "2000000001")
	effects.LinkRead(mirror[0].ID, "https://chat.example/join/teachers")
	effects.MemberSeen(mirror[0].ID, messenger.Member{Account: 1})
	require.NoError(t, effects.Record(ctx))
	return b
}

func TestWithoutARoster(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	for _, args := range [][]string{{"plan", "s"}, {"chats", "s"}, {"members", "s", "teachers"}, {"faults", "s"}} {
		require.Contains(t, b.refused(exitFailed, args...), "rollcall feed read f", args)
	}
	require.Equal(t, "Школа № 17 (s): nothing is held\n", b.ok("holds", "list", "s"))
}

func TestStateOfASchool(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	require.Contains(t, b.ok("plan", "s"), "Ключевская Анна (algebraist)")
	require.Contains(t, b.ok("members", "s", "teachers"), "Соколова Анна (head)")
	require.Contains(t, b.ok("faults", "s"), "enrollments.csv:17 primary")
	require.Contains(t, b.refused(exitUsage, "members", "s", "nope"), "rollcall chats s")
	v := decode[planView](b, "plan", "s", "--chat-type", "subject")
	for _, c := range v.Chats {
		require.EqualValues(t, "subject", c.Type)
	}
	require.NotEmpty(t, v.Chats)
}

func TestStatusWhileAPassRunsAndAfter(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	b.now = time.Now().Add(5 * time.Minute)
	require.Regexp(t, `s +Школа № 17 +5 min ago +manual +unfinished \(0 of \d+\) +- +- +- +1 +5 min ago +unset\n`, b.ok("status"))

	problem := &workflows.Problem{Code: "TokenMissing", Message: "set a token"}
	report := workflows.PassReport{School: "s", Epoch: 1, Outcome: workflows.OutcomeFailed, Problem: problem}
	require.NoError(t, b.store().EndPass(t.Context(), "s", 1, string(report.Outcome), problem, report, nil))
	v := decode[statusView](b, "status", "s")
	require.Len(t, v.Schools, 1)
	require.Equal(t, workflows.OutcomeFailed, v.Schools[0].LastPass.Outcome)
	require.Equal(t, problem, v.Schools[0].LastPass.Problem)
	require.Equal(t, 10, v.Schools[0].Roster.People)
	require.Contains(t, b.ok("status", "--district", "d"), "s: set a token\n")
	require.Contains(t, b.ok("school", "show", "s"), "10 people, 3 classes, confirmed 5 min ago")
	require.Contains(t, b.out, "What failed    set a token\n")
	b.ok("district", "add", "other", "--name", "Другой")
	require.Contains(t, b.refused(exitUsage, "status", "s", "--district", "other"), "not of district other")
	require.Contains(t, b.ok("status", "--district", "other"), "no school is registered")
}

func TestChatsThatWaitForAPersonAreCounted(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	const said = "57 chats wait for a person to make them: see: rollcall chats s --to-make\n"
	require.NotContains(t, b.ok("status", "s"), "--to-make", "the pass has not ended")
	report := workflows.PassReport{School: "s", Epoch: 1, Outcome: workflows.OutcomeChanged, Awaited: 57}
	require.NoError(t, b.store().EndPass(t.Context(), "s", 1, string(report.Outcome), nil, report, nil))
	require.Contains(t, b.ok("status", "s"), "\ns: "+said)
	require.Contains(t, b.ok("school", "show", "s"), said)
	require.NotContains(t, b.ok("status"), "--to-make", "a district has hundreds of schools")
	require.Equal(t, 57, decode[statusView](b, "status").Schools[0].LastPass.Awaited)

	text, _ := written(t, viewReport(report))
	require.Contains(t, text, "\n"+said)
	report.Awaited = 1
	text, _ = written(t, viewReport(report))
	require.Contains(t, text, "\n1 chat waits for a person to make it: see: rollcall chats s --to-make\n")
	report.Awaited = 0
	text, _ = written(t, viewReport(report))
	require.NotContains(t, text, "--to-make")
}

func TestWhatIsHeldIsCountedAndShown(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	st, ctx := b.store(), t.Context()
	mirror, err := st.Mirror(ctx, "s")
	require.NoError(t, err)
	effects := st.NewEffects()
	effects.MemberIs(mirror[0].ID, reconcile.MemberPresent,
		reconcile.Operation{Account: 8, Person: "former", Reasons: grounds(chats.ReasonPedagogical)}, false)
	require.NoError(t, effects.Record(ctx))
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: rand.Text(), Trigger: "manual", Scope: struct{}{}})
	require.NoError(t, err)
	s, err := survey.Take(ctx, st, "s", b.now, survey.Options{})
	require.NoError(t, err)
	plan := s.Plan.Of("teachers")
	_, _, err = st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: epoch, Type: "teachers", Snapshot: "digest"}, plan, s.Desired)
	require.NoError(t, err)

	b.now = time.Now().Add(time.Hour + time.Minute)
	require.Regexp(t, `Учительская.* +turn out +former +the roster gives no place any more, and no reason why +1 h ago +waiting\n`, b.ok("holds", "list", "s"))
	require.Equal(t, 1, decode[statusView](b, "status").Schools[0].Holds)
	require.Contains(t, b.ok("school", "show", "s"), "1, see: rollcall holds list s")
}

func TestAFeedsProblemIsItsSchoolsProblem(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	cut := &store.Problem{Code: "FeedUnreadable", Message: "users.csv: the file is cut: export it again"}
	_, err := b.store().SaveReading(t.Context(), store.Reading{Feed: "f", Fingerprint: "y", Problem: cut})
	require.NoError(t, err)
	require.Equal(t, cut, decode[statusView](b, "status").Schools[0].Roster.Problem)
	require.Contains(t, b.ok("status"), "s: users.csv: the file is cut: export it again\n")
}

func TestLinksAreShownOnDemandAndAudited(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	const link = "https://chat.example/join/teachers"
	require.NotContains(t, b.ok("chats", "s"), link)
	require.Empty(t, audited(t, b), "looking at chats is nothing to record")
	require.Contains(t, b.ok("chats", "s", "--show-links"), link)
	require.Equal(t, []string{"operator show-link s teachers"}, audited(t, b))

	execute(t, b, "ALTER TABLE audit RENAME TO away")
	require.NotContains(t, b.refused(exitFailed, "chats", "s", "--show-links"), link, "what cannot be recorded is not shown")
}

func audited(t *testing.T, b *bench) []string {
	t.Helper()
	rows, err := database(t, b).Query(t.Context(), `SELECT concat_ws(' ', actor, act, school_id, subject) FROM audit ORDER BY id`)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return lines
}

func execute(t *testing.T, b *bench, statement string) {
	t.Helper()
	_, err := database(t, b).Exec(t.Context(), statement)
	require.NoError(t, err)
}

func database(t *testing.T, b *bench) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), b.settings.DatabaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// export writes a small district with every awkward case and gives its folder.
func export(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "export")
	o := district.Options{
		Seed: 1, Schools: 2, MinClasses: 6, MaxClasses: 8, StudentsPerClass: 8, Subjects: 3, LinkedShare: 0.9, Year: 2026, AwkwardCases: true,
	}
	require.NoError(t, district.Generate(o).Save(dir))
	return dir
}

func TestFeedCheck(t *testing.T) {
	t.Parallel()
	b, dir := setup(t), export(t)
	v := decode[feedCheck](b, "feed", "check", dir)
	require.Len(t, v.Schools, 2)
	require.Positive(t, v.Rows["users.csv"])
	faults := append(v.Schools[0].Faults, v.Schools[1].Faults...)
	require.NotEmpty(t, faults)
	for _, f := range faults {
		require.NotEmpty(t, f.File)
		require.NotEmpty(t, f.Advice)
	}
	text := b.ok("feed", "check", dir)
	require.Contains(t, text, faults[0].where())
	require.Contains(t, text, faults[0].Advice)

	one := decode[feedCheck](b, "feed", "check", dir, "--source-id", v.Schools[1].SourceID)
	require.Equal(t, v.Schools[1:], one.Schools)
	require.Contains(t, b.refused(exitUsage, "feed", "check", dir, "--source-id", "nope"), "leave out --source-id")
}

func TestFeedCheckOutsideTheSchoolYear(t *testing.T) {
	t.Parallel()
	b, dir := setup(t), export(t)
	b.now = b.now.AddDate(20, 0, 0)
	require.Equal(t, exitIncomplete, b.run("feed", "check", dir))
	require.Contains(t, b.out, "cannot be taken over")
}

func TestFeedCheckOfACutFile(t *testing.T) {
	t.Parallel()
	b, dir := setup(t), export(t)
	file := filepath.Join(dir, "users.csv")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, raw[:len(raw)-7], 0o600))
	require.Contains(t, b.refused(exitFailed, "feed", "check", dir), "users.csv")
}

func TestFeedCheckOfARegisteredFeed(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.ok("district", "add", "d", "--name", "Район")
	dir := export(t)
	b.ok("feed", "add", "checked", "--district", "d", "--location", dir)
	require.Equal(t, dir, decode[feedCheck](b, "feed", "check", "checked").Location)
}
