package main

import (
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/workflows"
)

func TestDoctorWhereNothingIsSetUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.keys = nil
	golden(t, "doctor-nothing.txt", b.doctor(exitFailed))
	require.Equal(t, "rollcall: 3 things are wrong: the output says what to do\n", b.err)
}

func TestDoctorWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now, b.client = time.Now(), newSoundTemporal()
	b.settings.DatabaseURL = "postgres://rollcall:hush@127.0.0.1:1/rollcall"
	golden(t, "doctor-no-database.txt", b.doctor(exitFailed))
	require.NotContains(t, b.out+b.err, "hush")
}

func TestDoctorWithoutTemporalAndSchema(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.now = time.Now()
	b.execute(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	golden(t, "doctor-no-schema.txt", b.doctor(exitFailed))
}

func TestDoctorWhereAllIsWell(t *testing.T) {
	t.Parallel()
	b, _ := setupSound(t)
	golden(t, "doctor-well.txt", b.doctor(exitOK))
	require.Empty(t, b.err)
	v := decode[doctorView](b, "doctor")
	require.True(t, v.OK)
	require.Len(t, v.Checks, 17)
	require.True(t, lo.EveryBy(v.Checks, func(c check) bool { return c.State == checkOK }), "%v", v.Checks)
}

func TestDoctorOnTheSchema(t *testing.T) {
	t.Parallel()
	b, _ := setupSound(t)
	b.execute(`DELETE FROM goose_db_version WHERE version_id = 4`)
	require.Equal(t, check{"migrations", "wrong", "one migration is to be applied ([4]): run: rollcall migrate"}, b.finding("migrations", exitFailed))
	require.Equal(t, check{"schools", "not tried", `put "migrations" right first`}, b.finding("schools", exitFailed))
	b.execute(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (4, true), (9999, true)`)
	c := b.finding("migrations", exitFailed)
	require.Equal(t, "wrong", string(c.State))
	require.Contains(t, c.Message, "newer than this program: upgrade the program")
}

func TestDoctorOnTheClock(t *testing.T) {
	t.Parallel()
	d := &patient{}
	for ahead, want := range map[time.Duration]finding{
		0:                       well("within 1s of PostgreSQL's"),
		-30 * time.Second:       well("within 30s of PostgreSQL's"),
		90 * time.Second:        doubtful("this machine's is 1m30s behind PostgreSQL's: have both set by NTP"),
		-2 * time.Hour:          doubtful("this machine's is 2h0m0s ahead of PostgreSQL's: have both set by NTP"),
		61 * time.Second:        doubtful("this machine's is 1m1s behind PostgreSQL's: have both set by NTP"),
		400 * time.Millisecond:  well("within 1s of PostgreSQL's"),
		1600 * time.Millisecond: well("within 2s of PostgreSQL's"),
	} {
		d.ahead = ahead
		require.Equal(t, want, d.tryClock(t.Context()))
	}
	b, _ := setupSound(t)
	b.now = time.Now().Add(-time.Hour)
	require.Regexp(t, "^this machine's is (1h0m|59m).* behind PostgreSQL's", b.finding("clock", exitOK).Message)
}

func TestDoctorOnTheKeyset(t *testing.T) {
	t.Parallel()
	b, _ := setupSound(t)
	raw, err := secret.New()
	require.NoError(t, err)
	b.keys, err = secret.Parse(raw)
	require.NoError(t, err)
	c := b.finding("keyset", exitFailed)
	require.Equal(t, "wrong", string(c.State))
	require.Contains(t, c.Message, "it lacks the key of 1 value (token; keys ")
	require.NoError(t, b.store().RetireKeys(t.Context(), []uint32{b.keys.Primary()}))
	require.Contains(t, b.finding("keyset", exitFailed).Message, "is a copy from before the keys were rotated")
	b.keys = nil
	c = b.finding("keyset", exitFailed)
	require.Contains(t, c.Message, "rollcall keys new")
	b.settings.PortalURL, b.settings.PortalKeyFile = "http://127.0.0.1:1", b.keyFile("hush")
	require.Equal(t, check{"portal", "not tried", `put "keyset" right first`}, b.finding("portal", exitFailed))
}

func TestDoctorOnTheRegistry(t *testing.T) {
	t.Parallel()
	b, s := setupSound(t)
	b.execute(`CREATE TABLE kept AS SELECT school_id, token FROM communities`)
	for name, c := range map[string]struct {
		set   string
		of    string
		state string
		says  string
	}{
		"a feed never read":    {`UPDATE feeds SET read_at = NULL`, "feeds", "warning", "never read (f)"},
		"an old feed":          {`UPDATE feeds SET read_at = now() - interval '25 hours'`, "feeds", "warning", "nothing new for more than a day (f)"},
		"a feed refused":       {`UPDATE feeds SET problem = '{"code": "FeedUnreadable", "message": "hush"}'`, "feeds", "wrong", "not accepted (f)"},
		"no token":             {`UPDATE communities SET token = NULL; TRUNCATE outbox`, "schools", "warning", "1 of 1 without a token (s)"},
		"a refused token":      {`UPDATE communities SET refused = 'token-refused'`, "schools", "wrong", "1 token refused (s)"},
		"a roster not taken":   {`UPDATE schools SET problem = '{"code": "RosterUnread", "message": "hush"}'`, "schools", "warning", "1 with a roster that was not taken over (s)"},
		"behind":               {`UPDATE schools SET snapshot = 'x'`, "schools", "warning", "1 behind their roster (s)"},
		"a request that waits": {waiting("10 seconds"), "outbox", "ok", "1 request waits, for 10s at the most"},
		"a while":              {waiting("2 minutes"), "outbox", "warning", "1 request waits, the oldest for 2m0s"},
		"for long":             {waiting("1 hour"), "outbox", "wrong", "1 request waits, the oldest for 1h0m0s"},
		"a lane closed":        {`UPDATE schools SET snapshot = 'x', schedule = '{"continuous": true}'`, "lanes", "wrong", "1 of 1 continuous lanes are not running (s)"},
		"another schedule":     {`UPDATE schools SET schedule = '{"every": "1h"}'`, "schedules", "wrong", "1 schedule not as in the registry (school/s)"},
		"an odd schedule":      {`UPDATE schools SET schedule = '{}'`, "schedules", "wrong", "cannot be read (school/s)"},
	} {
		b.execute(c.set)
		if c.of != "schedules" {
			s.apply(b)
		}
		found := b.finding(c.of, lo.Ternary(c.state == "wrong", exitFailed, exitOK))
		require.Equal(t, c.state, string(found.State), "%s: %s", name, found.Message)
		require.Contains(t, found.Message, c.says, name)
		require.NotContains(t, b.out, "hush", name)
		b.execute(asBefore)
		s.apply(b)
	}
	b.execute(`TRUNCATE districts CASCADE`)
	s.apply(b)
	require.Contains(t, b.finding("schools", exitOK).Message, "none is registered")
	require.Contains(t, b.finding("feeds", exitOK).Message, "none is registered")
}

// asBefore undoes what a case of the test above has set.
const asBefore = `
	UPDATE feeds SET read_at = now(), problem = NULL;
	UPDATE communities c SET refused = NULL, token = k.token FROM kept k WHERE k.school_id = c.school_id;
	UPDATE schools SET problem = NULL, snapshot = NULL, schedule = '{"every": "30m"}';
	TRUNCATE outbox`

func waiting(since string) string {
	return `INSERT INTO outbox (school_id, trigger, requested_by, created_at) VALUES ('s', 'event', 'x', now() - interval '` + since + `')`
}

func TestDoctorOnTemporal(t *testing.T) {
	t.Parallel()
	b, _ := setupSound(t)
	for name, c := range map[string]struct {
		set   func(*soundTemporal)
		of    string
		state string
		says  string
	}{
		"no namespace":      {func(s *soundTemporal) { s.noNamespace = true }, "namespace", "wrong", "set TEMPORAL_NAMESPACE"},
		"a short retention": {func(s *soundTemporal) { s.retention = time.Hour }, "namespace", "warning", "closed runs for 1h0m0s only"},
		"no attributes":     {func(s *soundTemporal) { s.attributes = nil }, "search-attributes", "wrong", "6 of 6 are missing (RollcallChatType, RollcallDistrict, RollcallFeed and 3 more)"},
		"an attribute of another type": {func(s *soundTemporal) {
			s.attributes["RollcallFeed"] = enumspb.INDEXED_VALUE_TYPE_TEXT
		}, "search-attributes", "wrong", "1 of 6 are missing (RollcallFeed): run: rollcall migrate"},
		"no current build":     {func(s *soundTemporal) { s.current = "" }, "build", "wrong", "start a worker"},
		"workers of another":   {func(s *soundTemporal) { s.current = "b2" }, "workers", "wrong", "none of build b2 polls: start one"},
		"a queue nobody polls": {func(s *soundTemporal) { s.pollers[workflows.UrgentTaskQueue] = nil }, "workers", "wrong", "none of build b1 polls " + workflows.UrgentTaskQueue},
		"a queue no more":      {func(s *soundTemporal) { s.pollers[workflows.WaitTaskQueue]["b1"] = time.Now().Add(-3 * time.Minute) }, "workers", "wrong", workflows.WaitTaskQueue},
		"two builds":           {func(s *soundTemporal) { s.pollers[workflows.TaskQueue]["b0"] = time.Now() }, "workers", "ok", "1 process of build b1"},
		"schedules unavailable": {func(s *soundTemporal) {
			s.schedules.Refuse = func(string, string) error { return context.DeadlineExceeded }
		}, "schedules", "wrong", "no answer within 5s"},
	} {
		s := newSoundTemporal()
		s.apply(b)
		c.set(s)
		b.client = s
		found := b.finding(c.of, lo.Ternary(c.state == "wrong", exitFailed, exitOK))
		require.Equal(t, c.state, string(found.State), "%s: %s", name, found.Message)
		require.Contains(t, found.Message, c.says, name)
	}
	s := newSoundTemporal()
	b.client = s
	b.execute(`UPDATE schools SET snapshot = 'x', schedule = '{"continuous": true}'`)
	s.apply(b)
	s.lanes = []school.ID{"s"}
	require.Equal(t, "the continuous lane is running", b.finding("lanes", exitOK).Message)
}

func TestDoctorOnTheBuild(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		here  string
		err   error
		state checkState
		says  string
	}{
		"the same":   {"b1", nil, checkOK, "b1 is current, as here"},
		"another":    {"b2", nil, checkWarning, "b1 is current, the worker program here is b2: once workers of it run, go over to it with: rollcall workers promote b2"},
		"none":       {"", nil, checkOK, "b1 is current; there is no worker program beside this one to compare it with"},
		"unreadable": {"", context.Canceled, checkWarning, "cannot be read"},
	} {
		d := &patient{client: newSoundTemporal(), beside: func() (string, error) { return c.here, c.err }}
		f := d.tryBuild(t.Context())
		require.Equal(t, c.state, f.state, name)
		require.Contains(t, f.message, c.says, name)
	}
}

func TestDoctorOnThePortal(t *testing.T) {
	t.Parallel()
	b, _ := setupSound(t)
	box, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, box.Close()) })
	b.givePortal(box)
	require.Equal(t, check{"portal", "ok", "school s: takes the key, and knows org-1 as «Школа 17»"}, b.finding("portal", exitOK))
	b.settings.PortalKeyFile = b.keyFile("other")
	require.Contains(t, b.finding("portal", exitFailed).Message, "school s: it does not take the key")
	b.settings.PortalKeyFile = "/nonexistent/key"
	require.Contains(t, b.finding("portal", exitFailed).Message, "/nonexistent/key")
	b.settings.PortalURL, b.settings.PortalKeyFile, b.settings.LinksFile = "", "", "/srv/links.csv"
	require.Contains(t, b.finding("portal", exitOK).Message, "account links come from the file")
}

func TestDoctorOnEvents(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := setup(t)
	b.keys = nil
	d := newPatient(&app{now: func() time.Time { return b.now }, settings: bareSettings, keys: noKeys})
	for address, want := range map[string]checkState{"": checkOK, listener.Addr().String(): checkOK, "127.0.0.1:1": checkWarning, "odd": checkUntried} {
		d.settings.EventsAddress = address
		require.Equal(t, want, d.tryEvents(t.Context()).state, address)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	d.settings.EventsAddress = ":" + port
	require.Equal(t, checkOK, d.tryEvents(t.Context()).state)
	require.NoError(t, listener.Close())
	require.Equal(t, checkWarning, d.tryEvents(t.Context()).state)
}

func TestExaminationsGoSideBySideAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := func(ctx context.Context) finding {
			<-ctx.Done()
			return troubled(ctx.Err())
		}
		slow := func(context.Context) finding {
			time.Sleep(3 * time.Second) // synctest's clock
			return well("slow")
		}
		began := time.Now()
		got := examine(t.Context(), []examination{
			{"stuck", nil, stuck}, {"after", []string{"slow", "stuck"}, stuck}, {"later", []string{"after"}, slow},
			{"slow", nil, slow}, {"next", []string{"slow"}, slow},
		}, 5*time.Second)
		require.Equal(t, 6*time.Second, time.Since(began))
		require.Equal(t, []check{
			{"stuck", checkFailed, "no answer within 5s: look whether it is overloaded, and try again"},
			{"after", checkUntried, `put "stuck" right first`}, {"later", checkUntried, `put "stuck" right first`},
			{"slow", checkOK, "slow"}, {"next", checkOK, "slow"},
		}, got)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began = time.Now()
		examine(ctx, []examination{{"stuck", nil, stuck}}, time.Hour)
		require.Zero(t, time.Since(began))
	})
}

func TestDoctorInterrupted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, exitInterrupted, b.runContext(ctx, "doctor"))
	require.Empty(t, b.out)
	require.Equal(t, "rollcall: interrupted\n", b.err)
}

// TestExaminationsOnlyNeedEarlierOnes keeps them from waiting for each other.
func TestExaminationsOnlyNeedEarlierOnes(t *testing.T) {
	t.Parallel()
	d := newPatient(&app{settings: bareSettings, keys: noKeys})
	seen := map[string]bool{}
	for _, e := range d.examinations() {
		for _, need := range e.needs {
			require.True(t, seen[need], "%s needs %s", e.name, need)
		}
		seen[e.name] = true
	}
	help := newDoctor(bareApp()).Long
	for name := range seen {
		require.Contains(t, help, fmt.Sprintf("\n  %-17s  ", name))
	}
}
