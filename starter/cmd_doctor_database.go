package main

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const (
	// oldestPostgreSQL is the first major version that will do.
	oldestPostgreSQL = 15
	// A request is handed on within seconds; how long it may wait before that is odd, and before it is wrong.
	outboxOdd, outboxWrong = time.Minute, 5 * time.Minute
	// feedOld is how long ago a feed may have been read.
	feedOld = 24 * time.Hour
)

func (d *patient) tryDatabase(ctx context.Context) finding {
	if d.settings.DatabaseURL == "" {
		return finding{checkUntried, fmt.Sprintf("set %s first", config.EnvDatabaseURL)}
	}
	st, err := store.Open(ctx, d.settings.DatabaseURL, d.keys)
	if err != nil {
		return troubled(err)
	}
	d.store = st
	began := d.now()
	server, err := st.Server(ctx)
	if err != nil {
		return troubled(err)
	}
	d.ahead = server.Now.Sub(began.Add(d.now().Sub(began) / 2))
	if server.Major < oldestPostgreSQL {
		return wrong("this is PostgreSQL %s: upgrade it to %d or newer", server.Version, oldestPostgreSQL)
	}
	return well("PostgreSQL %d answers", server.Major)
}

func (d *patient) tryMigrations(ctx context.Context) finding {
	schema, err := d.store.Schema(ctx)
	switch {
	case err != nil:
		return troubled(err)
	case len(schema.Newer) > 0:
		return wrong("the schema (%d) is newer than this program: upgrade the program, here and on every machine with workers", schema.Version)
	case schema.Version == 0:
		return wrong("the database has no schema yet: run: rollcall migrate")
	case len(schema.Pending) > 0:
		return wrong("%s to be applied (%v): run: rollcall migrate", lo.Ternary(len(schema.Pending) == 1, "one migration is", counted(len(schema.Pending), "migration")+" are"), schema.Pending)
	}
	return well("the schema (%d) is this program's", schema.Version)
}

func (d *patient) tryClock(context.Context) finding {
	if d.ahead.Abs() > clockLimit {
		return doubtful("this machine's is %s %s PostgreSQL's: have both set by NTP", d.ahead.Abs().Round(time.Second), lo.Ternary(d.ahead > 0, "behind", "ahead of"))
	}
	return well("within %s of PostgreSQL's", max(d.ahead.Abs().Round(time.Second), time.Second))
}

func (d *patient) noKeyset(context.Context) finding { return troubled(d.keyless) }

func (d *patient) tryKeyset(ctx context.Context) finding {
	if err := d.store.CheckKeys(ctx); err != nil {
		return troubled(err)
	}
	counts, err := d.store.SealedBy(ctx)
	if err != nil {
		return troubled(err)
	}
	missing := lo.Filter(counts, func(c store.SealedCount, _ int) bool { return !lo.Contains(d.keys.KeyIDs(), c.Key) })
	if len(missing) > 0 {
		return wrong("it lacks the key of %s (%s; keys %s): find the keyset that has it, name it with %s, and see: rollcall keys list",
			valueCount(lo.SumBy(missing, func(c store.SealedCount) int { return c.Values })),
			some(lo.Uniq(lo.Map(missing, func(c store.SealedCount, _ int) string { return c.Kind }))),
			some(lo.Uniq(lo.Map(missing, func(c store.SealedCount, _ int) string { return keyName(c.Key) }))), config.EnvKeysetFile)
	}
	kinds, unopened, err := d.store.TrySealed(ctx)
	switch {
	case err != nil:
		return troubled(err)
	case len(unopened) > 0:
		return wrong("it does not open what is sealed (%s), though it has the key: values were damaged or moved, or it is another key of the same id; see docs/keys.md",
			some(unopened))
	case len(kinds) == 0:
		return well("it can be used; nothing is sealed yet")
	}
	return well("it has the key of all that is sealed, and opens it: %s tried", counted(len(kinds), "kind"))
}

func (d *patient) tryFeeds(ctx context.Context) finding {
	feeds, err := d.store.Feeds(ctx)
	if err != nil {
		return troubled(err)
	}
	if len(feeds) == 0 {
		return doubtful("none is registered: begin with: rollcall feed add")
	}
	of := func(is func(store.FeedRow) bool) []school.FeedID {
		return lo.FilterMap(feeds, func(f store.FeedRow, _ int) (school.FeedID, bool) { return f.ID, is(f) })
	}
	now := d.now().Add(d.ahead) // when feeds are read is by the database's clock
	troubled := of(func(f store.FeedRow) bool { return f.Problem != nil })
	never := of(func(f store.FeedRow) bool { return f.Problem == nil && f.ReadAt == nil })
	old := of(func(f store.FeedRow) bool { return f.Problem == nil && f.ReadAt != nil && now.Sub(*f.ReadAt) > feedOld })
	latest := lo.MaxBy(feeds, func(a, b store.FeedRow) bool { return b.ReadAt == nil || a.ReadAt != nil && a.ReadAt.After(*b.ReadAt) }).ReadAt
	return sum(fmt.Sprintf("%s read, the latest %s", counted(len(feeds), "feed"), ago(latest, now)),
		when(len(troubled) > 0, wrong("the last reading was not accepted (%s): see why with: rollcall feed list", some(troubled))),
		when(len(never) > 0, doubtful("never read (%s): rollcall feed check, then rollcall feed read", some(never))),
		when(len(old) > 0, doubtful("nothing new for more than a day (%s): is the export still written?", some(old))))
}

func (d *patient) trySchools(ctx context.Context) finding {
	rows, err := d.store.Schools(ctx, "")
	if err != nil {
		return troubled(err)
	}
	behind, err := d.store.Behind(ctx)
	if err != nil {
		return troubled(err)
	}
	if len(rows) == 0 {
		return doubtful("none is registered: begin with: rollcall school add")
	}
	of := func(is func(store.SchoolRow) bool) []school.ID {
		return lo.FilterMap(rows, func(s store.SchoolRow, _ int) (school.ID, bool) { return s.ID, is(s) })
	}
	tokenless := of(func(s store.SchoolRow) bool { return !s.TokenSet })
	refused := of(func(s store.SchoolRow) bool { return s.Refused != "" })
	unread := of(func(s store.SchoolRow) bool { return s.Problem != nil })
	return sum(counted(len(rows), "school")+", none without a token, refused or behind",
		when(len(refused) > 0, wrong("%s refused (%s): get a valid one, and rollcall school set-token", counted(len(refused), "token"), some(refused))),
		when(len(tokenless) > 0, doubtful("%d of %d without a token (%s): rollcall school set-token", len(tokenless), len(rows), some(tokenless))),
		when(len(unread) > 0, doubtful("%d with a roster that was not taken over (%s): rollcall school show", len(unread), some(unread))),
		when(len(behind) > 0, doubtful("%d behind their roster (%s): a pass is to come; if it stays so: rollcall status", len(behind), some(behind))))
}

func (d *patient) tryOutbox(ctx context.Context) finding {
	requests, oldest, err := d.store.Backlog(ctx)
	switch {
	case err != nil:
		return troubled(err)
	case requests == 0:
		return well("no request waits")
	case oldest < outboxOdd:
		return well("%s, for %s at the most", waits(requests), oldest.Round(time.Second))
	}
	f := finding{lo.Ternary(oldest < outboxWrong, checkWarning, checkFailed),
		fmt.Sprintf("%s, the oldest for %s: workers hand requests on, look whether one runs, and what it logs", waits(requests), oldest.Round(time.Second))}
	return f
}

func waits(requests int) string {
	return counted(requests, "request") + lo.Ternary(requests == 1, " waits", " wait")
}

// when is a finding where something is so, and nothing else.
func when(is bool, f finding) finding { return lo.Ternary(is, f, finding{}) }

// sum puts findings together: what is worst counts, and everything is said. Where nothing was found all
// is well.
func sum(otherwise string, findings ...finding) finding {
	total := finding{state: checkOK, message: otherwise}
	for _, f := range findings {
		switch {
		case f.state == "":
			continue
		case total.state == checkOK:
			total = f
			continue
		case f.state == checkFailed:
			total.state = checkFailed
		}
		total.message += "; " + f.message
	}
	return total
}
