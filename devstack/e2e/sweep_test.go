package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// area is a district of several schools, of a test's own.
type area struct {
	t       *testing.T
	id      school.DistrictID
	schools []*site
}

// newArea registers a district with so many small schools and reads its roster. Their first passes
// follow by themselves.
func newArea(t *testing.T, schools int, change func(*district.Options)) *area {
	t.Helper()
	ctx := t.Context()
	name := strings.ToLower(rand.Text()[:8])
	a := &area{t: t, id: school.DistrictID("d-" + name)}
	o := district.Demo()
	o.Schools, o.MinClasses, o.MaxClasses, o.StudentsPerClass, o.Subjects = schools, 2, 2, 3, 0
	o.LinkedShare, o.AwkwardCases = 1, false
	if change != nil {
		change(&o)
	}
	files := district.Generate(o)
	dir := filepath.Join(t.TempDir(), "roster")
	require.NoError(t, files.Save(dir))
	feed := school.FeedID("f-" + name)
	require.NoError(t, world.store.AddDistrict(ctx, school.District{ID: a.id, Name: "Area " + name}))
	require.NoError(t, world.store.AddFeed(ctx, feed, a.id, dir))
	for org := range files.Orgs().All() {
		if org.Get("type") != "school" {
			continue
		}
		s := &site{
			t: t, id: school.ID(fmt.Sprintf("s-%s-%04d", name, len(a.schools))), feed: feed, dir: dir, org: org.ID(),
			group: 5000 + world.groups.Add(1), token: "token-" + rand.Text(), files: files,
		}
		require.NoError(t, world.store.AddSchool(ctx, school.School{ID: s.id, District: a.id, Feed: feed, SourceID: s.org, PortalID: s.organisation(), Name: "School"}))
		require.NoError(t, world.stack.RegisterOrganisation(s.organisation(), "School"))
		world.organisations.Store(s.organisation(), true)
		require.NoError(t, world.store.SetSchedule(ctx, s.id, school.Schedule{Off: true}))
		_, err := world.stack.Sandbox().RegisterCommunity(vk.Registration{GroupID: s.group, Token: s.token, Name: string(s.id)})
		require.NoError(t, err)
		require.NoError(t, world.store.SetToken(ctx, s.id, s.group, s.token))
		a.schools = append(a.schools, s)
	}
	a.schools[0].read()
	return a
}

// sweep has the district swept by the operator's command, and gives the report.
func (a *area) sweep() workflows.SweepReport {
	a.t.Helper()
	out, err := rollcall(a.t.Context(), "", "district", "resync", string(a.id), "--wait", "-o", "json")
	var report workflows.SweepReport
	require.NoError(a.t, json.Unmarshal([]byte(out), &report), "%v: %s", err, out)
	return report
}

func (a *area) newest() store.SweepRow {
	a.t.Helper()
	rows, err := world.store.Sweeps(a.t.Context(), a.id, 1)
	require.NoError(a.t, err)
	require.Len(a.t, rows, 1)
	return rows[0]
}

// settled waits until every school has had its first pass.
func (a *area) settled() {
	a.t.Helper()
	require.Eventually(a.t, func() bool {
		last, err := world.store.LastPasses(a.t.Context())
		if err != nil {
			return false
		}
		for _, s := range a.schools {
			if last[s.id].FinishedAt == nil {
				return false
			}
		}
		return true
	}, 2*workTime, 5*pollEvery)
}

func TestDistrictIsSweptWhateverBecomesOfOneSchool(t *testing.T) {
	t.Parallel()
	a := newArea(t, 6, nil)
	a.settled()
	box := world.stack.Sandbox()
	_, err := box.RevokeToken(vk.GroupRef{GroupID: a.schools[2].group})
	require.NoError(t, err)
	stranger := vk.Seat{GroupID: a.schools[4].group, ChatID: a.schools[4].anyChat().ChatID, Account: 777_001}
	_, err = box.AddByHand(stranger)
	require.NoError(t, err)

	report := a.sweep()
	require.Equal(t, 6, report.Counts.Sum())
	require.Equal(t, workflows.SweepCounts{InStep: 4, Changed: 1, Failed: 1}, report.Counts)
	require.Equal(t, []workflows.SweepFailure{{School: a.schools[2].id, Code: workflows.ProblemTokenRefused}}, report.Failures)
	require.NotEmpty(t, report.Slowest)
	require.NotNil(t, a.newest().FinishedAt)
	shown, err := rollcall(t.Context(), "", "district", "report", string(a.id))
	require.NoError(t, err)
	require.Contains(t, shown, string(a.schools[2].id))
}

func (s *site) anyChat() vk.Chat {
	s.t.Helper()
	for _, c := range s.chats() {
		if len(c.Members) > 0 {
			return c
		}
	}
	require.FailNow(s.t, "no chat with members")
	return vk.Chat{}
}

// A sweep is paused, goes on, and is ended early; what was begun is finished.
func TestSweepIsPausedAndEndedEarly(t *testing.T) {
	t.Parallel()
	a := newArea(t, 24, nil)
	a.settled()
	for _, s := range a.schools { // slow enough to be met on the way
		require.NoError(t, world.stack.Sandbox().AddFault(traffic.Fault{
			GroupID: s.group, Method: traffic.AnyRequest, Mode: traffic.ModeSlow, DelayMS: 400, Times: traffic.Forever,
		}))
		t.Cleanup(func() { require.NoError(t, clearFaultsOf(s)) })
	}
	cli := func(args ...string) string {
		out, err := rollcall(t.Context(), "", args...)
		require.NoError(t, err)
		return out
	}
	cli("district", "resync", string(a.id))
	status := func() (s workflows.SweepStatus) {
		value, err := world.client.QueryWorkflow(t.Context(), workflows.SweepID(a.id), "", workflows.StatusQuery)
		if err == nil {
			require.NoError(t, value.Get(&s))
		}
		return s
	}
	require.Eventually(t, func() bool { return status().InFlight > 0 }, workTime, pollEvery)
	cli("district", "pause", string(a.id))
	require.Eventually(t, func() bool { s := status(); return s.Paused && s.InFlight == 0 }, workTime, pollEvery)
	ended := status().Ended
	require.Less(t, ended, len(a.schools))
	require.Never(t, func() bool { return status().Ended > ended }, time.Second, pollEvery)
	cli("district", "resume", string(a.id))
	require.Eventually(t, func() bool { return status().Ended > ended }, workTime, pollEvery)
	cli("district", "cancel", string(a.id))
	var report workflows.SweepReport
	require.NoError(t, world.client.GetWorkflow(t.Context(), workflows.SweepID(a.id), "").Get(t.Context(), &report))
	require.True(t, report.Cancelled)
	require.Equal(t, len(a.schools), report.Counts.Sum())
	require.Positive(t, report.Counts.InStep)
}

// The worker is killed in the middle of a sweep: it goes on, and no school is left out or gone
// through twice.
func TestSweepSurvivesAKilledWorker(t *testing.T) {
	a := newArea(t, 24, nil)
	a.settled()
	box := world.stack.Sandbox()
	strangers := map[*site]vk.Seat{}
	for i, s := range a.schools {
		strangers[s] = vk.Seat{GroupID: s.group, ChatID: s.anyChat().ChatID, Account: int64(778_000 + i)}
		_, err := box.AddByHand(strangers[s])
		require.NoError(t, err)
	}
	before := box.LastRequest()
	_, _, err := temporal.StartSweep(t.Context(), world.client, world.store, workflows.SweepInput{District: a.id, Trigger: workflows.TriggerDistrict})
	require.NoError(t, err)
	removals := func(s *site) (n int) {
		for _, entry := range box.Requests(before, s.group) {
			for _, c := range entry.Calls {
				if c.Method == remove {
					n++
				}
			}
		}
		return n
	}
	require.Eventually(t, func() bool {
		done := 0
		for _, s := range a.schools {
			done += min(removals(s), 1)
		}
		return done >= 5
	}, workTime, time.Millisecond)
	world.worker.kill()
	world.worker, err = startWorker("worker-after-kill.log")
	require.NoError(t, err)
	var report workflows.SweepReport
	require.NoError(t, world.client.GetWorkflow(t.Context(), workflows.SweepID(a.id), "").Get(t.Context(), &report))
	require.Equal(t, len(a.schools), report.Counts.Sum())
	require.Equal(t, len(a.schools), report.Counts.Changed+report.Counts.InStep, "%+v", report)
	for _, s := range a.schools {
		require.LessOrEqual(t, removals(s), 2, "the one that was under way may have to be asked again, no more")
		for _, c := range s.chats() {
			require.NotContains(t, c.Members, strangers[s].Account)
		}
	}
}

// A person's request does not wait for a sweep over 700 schools, at a time when all of them have just
// got a roster besides.
func TestLargeSweepDelaysNobody(t *testing.T) {
	s := newSiteInStep(t, nil) // not parallel: it measures
	class := s.enrolled(s.classNamed("1А"), "student")
	students := func(i int) string { return class[i%len(class)] }
	var idle, sweeping []time.Duration
	for i := range 20 {
		_, d := s.resyncPerson(students(i))
		idle = append(idle, d)
	}
	a := newArea(t, 700, func(o *district.Options) { o.MinClasses, o.MaxClasses, o.StudentsPerClass, o.LinkedShare = 1, 1, 1, 0 })
	started := time.Now()
	sweep, _, err := temporal.StartSweep(t.Context(), world.client, world.store, workflows.SweepInput{District: a.id, Trigger: workflows.TriggerDistrict})
	require.NoError(t, err)
	done := make(chan error, 1)
	var report workflows.SweepReport
	go func() { done <- world.client.GetWorkflow(t.Context(), sweep.WorkflowID, "").Get(t.Context(), &report) }()
	for i := 0; ; i++ {
		select {
		case err = <-done:
		default:
			_, d := s.resyncPerson(students(i))
			sweeping = append(sweeping, d)
			continue
		}
		break
	}
	require.NoError(t, err)
	require.Equal(t, 700, report.Counts.Sum())
	require.Equal(t, 700, report.Counts.InStep+report.Counts.Changed, "%+v", report.Counts)
	// Like is held against like, and the bounds are those of a quiet machine: one that somebody else uses as well is
	// slower before the sweep, too, by so much.
	slower := max(1, float64(quantile(idle, 0.5))/float64(quietPerson))
	bound := func(d time.Duration) time.Duration { return time.Duration(float64(d) * slower) }
	t.Logf("700 schools swept in %s; one person meanwhile (%d times): p50 %s, p95 %s; idle: p50 %s, p95 %s; the machine is slower by %.1f",
		time.Since(started).Round(time.Second), len(sweeping), quantile(sweeping, 0.5), p95(sweeping), quantile(idle, 0.5), p95(idle), slower)
	require.Less(t, quantile(sweeping, 0.5)-quantile(idle, 0.5), time.Second)
	require.Less(t, p95(sweeping)-p95(idle), bound(time.Second))
	require.Less(t, p95(sweeping), bound(2*time.Second))
}

// quietPerson is what one person of an idle school takes on a quiet machine of two cores.
const quietPerson = 170 * time.Millisecond
