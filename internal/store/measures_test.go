package store_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

func TestMeasures(t *testing.T) {
	t.Parallel()
	st, ctx := setup(t), t.Context()
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "empty", Name: "Empty"}))
	of := func() telemetry.Measures {
		found, err := st.Measures(ctx)
		require.NoError(t, err)
		require.Len(t, found, 2)
		require.Equal(t, telemetry.Measures{District: "empty", SweepOverdue: lo.ToPtr(0.0)}, found[1])
		return found[0]
	}
	require.Equal(t, telemetry.Measures{District: "d", SweepOverdue: lo.ToPtr(0.0)}, of(), "a school without a token is not expected to be gone through")

	require.NoError(t, st.SetToken(ctx, "s", 5, "token"))
	st.Age(t, "schools", "created_at", 60*time.Hour)
	require.Less(t, *of().FreshnessAge, 60.0, "it has had its token for a moment")
	st.Age(t, "communities", "token_set_at", 6*time.Hour)
	m := of()
	require.Equal(t, 1, m.Schools)
	require.InDelta(t, (6*time.Hour + time.Minute).Seconds(), *m.FreshnessAge, 30)
	require.Equal(t, []int{1, 0}, []int{m.StaleHours, m.StaleDay}, "never gone through")

	failed := beginPass(t, st)
	require.NoError(t, st.EndPass(ctx, "s", failed, "failed", nil, nil, nil))
	m = of()
	require.Equal(t, []int{1, 1}, []int{m.StaleHours, m.Troubled}, "a failed pass makes nothing fresh")
	good := beginPass(t, st)
	require.NoError(t, st.EndPass(ctx, "s", good, "changed", nil, nil, nil))
	m = of()
	require.Equal(t, []int{0, 0}, []int{m.StaleHours, m.Troubled})
	require.Less(t, *m.FreshnessAge, 60.0)

	base := m.Outbox
	require.NoError(t, st.Want(ctx, "s", "event", struct{}{}, false, "test"))
	st.Age(t, "outbox", "created_at", time.Hour)
	m = of()
	require.Equal(t, base+1, m.Outbox)
	require.Greater(t, *m.OutboxAge, 3600.0)

	_, err := st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	st.Age(t, "feeds", "accepted_at", time.Hour)
	m = of()
	require.Greater(t, *m.FeedAge, 3600.0)
	require.Zero(t, m.FeedsTroubled)
	_, err = st.SaveReading(ctx, store.Reading{Feed: "f", Fingerprint: "cut", Problem: &store.Problem{Code: "FeedUnreadable", Message: "cut"}})
	require.NoError(t, err)
	require.Equal(t, 1, of().FeedsTroubled)

	require.NoError(t, st.SetRefused(ctx, "s", "token-refused"))
	_, err = st.BeginSweep(ctx, store.SweepBegin{ID: "sweep", WorkflowID: "w", District: "d", Trigger: "manual"})
	require.NoError(t, err)
	m = of()
	require.Equal(t, []int{1, 1}, []int{m.TokensRefused, m.SweepsRunning})
	require.Nil(t, m.SweepAge)
	require.NoError(t, st.EndSweep(ctx, "sweep", 1, struct{}{}))
	m = of()
	require.Zero(t, m.SweepsRunning)
	require.Less(t, *m.SweepAge, 60.0)
	require.Nil(t, m.LinksAge)
	require.Equal(t, lo.ToPtr(0), lo.ToPtr(m.Holds))
}

func TestWhatStatementsAreCalled(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"\n\t\tSELECT id, name FROM schools WHERE id = $1":                                  "SELECT schools",
		"INSERT INTO outbox (school_id) SELECT unnest($1::text[])":                          "INSERT outbox",
		"UPDATE communities SET epoch = epoch + 1":                                          "UPDATE communities",
		"DELETE FROM plans WHERE id IN (SELECT p.id FROM plans p)":                          "DELETE plans",
		"WITH later AS (SELECT FROM attempts WHERE x), slot AS (UPDATE y SET z=1) SELECT 1": "WITH attempts",
		"LISTEN rollcall_outbox":                                                            "LISTEN",
		"begin":                                                                             "BEGIN",
		"":                                                                                  "statement",
	} {
		require.Equal(t, want, store.StatementName(sql), sql)
	}
}

func TestWithoutExportersStatementsAreNotTraced(t *testing.T) {
	require.Nil(t, store.StatementTracer())
	t.Setenv(telemetry.EnvTracesExporter, "otlp")
	tracer := store.StatementTracer()
	require.NotNil(t, tracer)
}
