package workflows

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestSlowestAreTheSlowest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 30).Draw(t, "took")
		var r SweepReport
		all := lo.Map(took, func(millis int64, i int) SchoolTook {
			return SchoolTook{School: school.ID(fmt.Sprintf("s%02d", i)), Millis: millis}
		})
		for _, x := range rapid.Permutation(all).Draw(t, "order") {
			r.add(x.School, ResyncReply{Outcome: OutcomeInStep}, time.Duration(x.Millis)*time.Millisecond)
		}
		slices.SortStableFunc(all, func(a, b SchoolTook) int { return int(b.Millis - a.Millis) })
		require.Equal(t, len(r.Slowest), min(len(all), reportedSlowest))
		for i, x := range r.Slowest {
			require.Equal(t, all[i], x, "in whatever order they answer")
		}
	})
}

func TestReportCountsEverySchoolOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		replies := rapid.SliceOf(rapid.IntRange(0, len(outcomes)-1)).Draw(t, "replies")
		left := rapid.IntRange(0, 100).Draw(t, "left")
		var r SweepReport
		failures := 0
		for i, o := range replies {
			if outcomes[o].code != "" {
				failures++
			}
			r.add(school.ID(fmt.Sprintf("s%d", i)), answered(outcomes[o].reply, outcomes[o].err), time.Second)
		}
		r.leaveOut(left)
		require.Equal(t, len(replies)+left, r.Schools)
		require.Equal(t, r.Schools, r.Counts.Sum())
		require.Equal(t, failures, len(r.Failures)+r.MoreFailures)
		require.LessOrEqual(t, len(r.Failures), reportedFailures)
		require.Equal(t, r.Counts.Complete(), r.overall() == OutcomeInStep || r.overall() == OutcomeChanged)
	})
}

// Whatever the schools answer, and whenever somebody pauses, resumes or cancels: each school is
// counted once and asked at most once, and nobody is left out of a sweep that was not cancelled.
func TestSweepCountsEverySchoolOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := districtOf(rapid.IntRange(0, 35).Draw(t, "schools"))
		d.perPage = rapid.IntRange(1, 20).Draw(t, "perPage")
		replies := lo.Map(d.schools, func(school.ID, int) int { return rapid.IntRange(0, len(outcomes)-1).Draw(t, "reply") })
		signals := lo.Map(d.schools, func(school.ID, int) string {
			return rapid.SampledFrom([]string{"", "", "", "", "", "", PauseSweep, PauseSweep, ResumeSweep, CancelSweep, "terminate"}).Draw(t, "signal")
		})
		d.prepare = func(env *testsuite.TestWorkflowEnvironment, _ int) {
			for hour := range 40 { // whatever is paused is resumed in the end
				env.RegisterDelayedCallback(func() { env.SignalWorkflow(ResumeSweep, nil) }, time.Duration(hour+1)*time.Hour)
			}
		}
		d.reply = func(env *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error) {
			i := slices.Index(d.schools, id)
			switch signals[i] {
			case "":
			case "terminate":
				env.CancelWorkflow()
			default:
				env.SignalWorkflow(signals[i], nil)
			}
			return outcomes[replies[i]].reply, outcomes[replies[i]].err
		}
		report, err := d.sweep(t, ofDistrict())
		require.Len(t, d.ended, 1)
		recorded := d.ended[0].Report
		if err != nil {
			require.True(t, temporal.IsCanceledError(err), "%v", err)
		} else {
			require.Equal(t, recorded, report)
		}
		require.Equal(t, len(d.schools), recorded.Schools)
		require.Equal(t, len(d.schools), recorded.Counts.Sum())
		require.LessOrEqual(t, d.atOnce, sweepWindow)
		asked := lo.Map(d.asked, func(in ResyncSchoolInput, _ int) school.ID { return in.School })
		require.Equal(t, len(asked), len(lo.Uniq(asked)), "asked twice")
		if !recorded.Cancelled {
			require.Len(t, asked, len(d.schools))
			want := lo.Reduce(replies, func(c SweepCounts, o, _ int) SweepCounts { return plus(c, outcomes[o].count) }, SweepCounts{})
			require.Equal(t, want, recorded.Counts)
		}
	})
}

func plus(a, b SweepCounts) SweepCounts {
	return SweepCounts{
		InStep: a.InStep + b.InStep, Changed: a.Changed + b.Changed, Held: a.Held + b.Held, Partial: a.Partial + b.Partial,
		Failed: a.Failed + b.Failed, Skipped: a.Skipped + b.Skipped, NotReached: a.NotReached + b.NotReached,
	}
}

func TestCountsInWords(t *testing.T) {
	t.Parallel()
	require.Empty(t, SweepCounts{}.String())
	require.Equal(t, "3 in step, 1 failed, 2 not reached", SweepCounts{InStep: 3, Failed: 1, NotReached: 2}.String())
}
