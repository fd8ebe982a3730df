package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/temporal/schedulestest"
	"github.com/rollcall-edu/rollcall/workflows"
)

// scheduling is a Temporal server with schedules, and with runs by workflow id.
type scheduling struct {
	*fakeTemporal
	server *schedulestest.Server
	runs   map[string]enumspb.WorkflowExecutionStatus
}

func (s *scheduling) ScheduleClient() client.ScheduleClient { return s.server }

func (s *scheduling) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	status, found := s.runs[id]
	if !found {
		return nil, serviceerror.NewNotFound("no such run")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status}}, nil
}

// setupSchedules gives a command line with a school that has its token, and a server with schedules.
func setupSchedules(t *testing.T) (*bench, *scheduling) {
	t.Helper()
	b, f := setupTemporal(t)
	b.in = "vk1.a.Secret\n"
	b.ok("school", "set-token", "s", "--community-id", "1001")
	s := &scheduling{fakeTemporal: f, server: schedulestest.New(), runs: map[string]enumspb.WorkflowExecutionStatus{}}
	b.client = s
	return b, s
}

func (b *bench) schedule() school.Schedule {
	b.t.Helper()
	row, err := b.store().School(b.t.Context(), "s")
	require.NoError(b.t, err)
	return row.Schedule
}

func TestScheduleCommandsRefuse(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"schedule set":                      "SCHOOL is missing",
		"schedule set s":                    "give one of --every, --cron, --continuous and --off",
		"schedule set s --every 30m --off":  "give one of",
		"schedule set s --continuous --off": "give one of",
		"schedule set s --continuous=false": "give one of",
		"schedule set s --every 30":         "write 90s, 30m",
		"schedule set s --every 10s":        "use 1m or more",
		"schedule set s --cron @daily":      "write five fields",
		"schedule pause s":                  `"reason" not set`,
		"schedule pause s --reason=":        "--reason must say why",
		"schedule resume":                   "SCHOOL is missing",
		"schedule apply s":                  "one argument too many",
		"schedule aply":                     "did you mean apply?",
		"district set d":                    "give --time-zone, --nightly or both",
		"district set":                      "ID is missing",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, setup(t).refused(exitUsage, strings.Fields(args)...), want)
		})
	}
	require.Contains(t, setup(t).refused(exitUsage, "schedule", "set", "s", "--cron", "0 0 30 2 *"), "never comes")
}

func TestScheduleSet(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	require.Equal(t, ""+
		"school s: every 2h\n"+
		"the Temporal server has the schedule from now on\n", b.ok("schedule", "set", "s", "--every", "120m"))
	require.Equal(t, []string{"school/s"}, s.server.IDs())
	require.Equal(t, 2*time.Hour, s.server.Get("school/s").Schedule.Spec.Intervals[0].Every)
	require.Contains(t, b.ok("schedule", "set", "s", "--every", "2h"), "has it so already")

	v := decode[changedSchedule](b, "schedule", "set", "s", "--cron", " */15 7-18  * * 1-5")
	require.Equal(t, changedSchedule{
		School: "s", Schedule: scheduleView{Cron: "*/15 7-18 * * 1-5", TimeZone: "Europe/Moscow"}, TokenSet: true,
		Change: temporal.ScheduleUpdate, Why: "now */15 7-18 * * 1-5 (Europe/Moscow)",
	}, v)
	require.Equal(t, school.Schedule{Cron: "*/15 7-18 * * 1-5"}, b.schedule())
	require.Empty(t, s.asked, "a clock is nothing the lane has to know of")

	require.Equal(t, ""+
		"school s: off\n"+
		"the Temporal server's schedule is deleted\n", b.ok("schedule", "set", "s", "--off"))
	require.Empty(t, s.server.IDs())
	require.Contains(t, b.refused(exitUsage, "schedule", "set", "nope", "--off"), `no school "nope"`)
}

func TestTheLaneLearnsThatItStaysOpen(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	b.ok("schedule", "set", "s", "--every", "2h")
	require.Equal(t, ""+
		"school s: continuous\n"+
		"the Temporal server's schedule is deleted\n"+
		"its lane is asked for a pass, and learns of it\n", b.ok("schedule", "set", "s", "--continuous"))
	require.Empty(t, s.server.IDs())
	b.ok("schedule", "set", "s", "--continuous")
	require.Len(t, s.asked, 1, "it knows already")
	b.ok("schedule", "pause", "s", "--reason", "exams")
	b.ok("schedule", "resume", "s")
	v := decode[changedSchedule](b, "schedule", "set", "s", "--every", "2h")
	require.Equal(t, []string{"school/s", "school/s", "school/s", "school/s"}, s.workflow)
	require.Equal(t, workflows.Request{ID: v.Request, Trigger: workflows.TriggerManual, RequestedBy: "operator"}, s.asked[3])
}

func TestASchoolWithoutATokenWaits(t *testing.T) {
	t.Parallel()
	b, f := setupTemporal(t)
	server := schedulestest.New()
	b.client = &scheduling{fakeTemporal: f, server: server}
	require.Equal(t, ""+
		"school s: every 2h\n"+
		"it begins once the school has its community token: rollcall school set-token s\n", b.ok("schedule", "set", "s", "--every", "2h"))
	b.ok("schedule", "set", "s", "--continuous")
	require.Empty(t, server.IDs())
	require.Empty(t, f.asked)
}

func TestWithoutTemporalTheRegistryIsWritten(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	b.client = nil
	require.Equal(t, ""+
		"school s: every 2h\n"+
		"the registry has it, the Temporal server not yet: a worker will apply it\n"+
		"(no Temporal server answers at 127.0.0.1:7233)\n", b.ok("schedule", "set", "s", "--every", "2h"))
	require.Equal(t, "every 2h", b.schedule().String())
	waiting := func() []school.ID {
		ids, err := b.store().Waiting(t.Context())
		require.NoError(t, err)
		return ids
	}
	require.Empty(t, waiting())
	v := decode[changedSchedule](b, "schedule", "set", "s", "--continuous")
	require.Equal(t, "no Temporal server answers at 127.0.0.1:7233", v.Problem)
	require.Empty(t, v.Change)
	require.Equal(t, []school.ID{"s"}, waiting(), "the lane is asked by a worker")

	require.Contains(t, b.refused(exitFailed, "schedule", "resume", "s"), "no Temporal server", "nobody would do it later")
	require.Contains(t, b.refused(exitFailed, "schedule", "apply"), "no Temporal server")
	require.Equal(t, exitIncomplete, b.run("schedule", "list"))
	require.Contains(t, b.out, "continuous")
	require.Contains(t, b.out, "the Temporal server was not asked: no Temporal server answers")

	b.client = s
	s.server.Refuse = func(string, string) error { return errors.New("out of order") }
	require.Contains(t, b.ok("schedule", "set", "s", "--every", "3h"), "(ask for schedule school/s: out of order)")
	require.Equal(t, "every 3h", b.schedule().String())
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	b.ok("schedule", "apply")
	state := func() client.ScheduleState { return *s.server.Get("school/s").Schedule.State }
	require.Equal(t, ""+
		"school s: every 30m, paused: exams\n"+
		"the Temporal server's schedule is changed: paused: exams\n", b.ok("schedule", "pause", "s", "--reason", " exams\n"))
	require.Equal(t, client.ScheduleState{Paused: true, Note: "exams"}, state())
	b.ok("schedule", "set", "s", "--every", "1h")
	require.Equal(t, "exams", b.schedule().Paused, "other times are no end of a pause")
	require.Equal(t, "school s: every 1h\nthe Temporal server's schedule is changed: resumed\n", b.ok("schedule", "resume", "s"))
	require.False(t, state().Paused)

	s.server.Edit("school/s", func(d *client.ScheduleDescription) { d.Schedule.State.Paused, d.Schedule.State.Note = true, "by hand" })
	b.ok("schedule", "set", "s", "--every", "2h")
	b.ok("schedule", "apply")
	require.True(t, state().Paused, "a pause made by hand stands")
	require.Contains(t, b.ok("schedule", "list"), "by hand: by hand")
	b.ok("schedule", "resume", "s")
	require.False(t, state().Paused, "until somebody says otherwise")

	b.ok("schedule", "set", "s", "--off")
	require.Contains(t, b.refused(exitUsage, "schedule", "pause", "s", "--reason", "exams"), "there is nothing to pause")
	require.Contains(t, b.refused(exitUsage, "schedule", "pause", "s", "--reason", long("x", 201)), "nothing to pause")
	b.ok("schedule", "set", "s", "--every", "2h")
	require.Contains(t, b.refused(exitUsage, "schedule", "pause", "s", "--reason", long("x", 201)), "use 200 at most")
}

func long(s string, n int) string { return strings.Repeat(s, n) }

func TestScheduleApply(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	require.Equal(t, ""+
		"SCHEDULE    CHANGE  DONE  WHY\n"+
		"district/d  create  no    30 2 * * * (Europe/Moscow)\n"+
		"school/s    create  no    every 30m\n"+
		"0 more as the registry has them\n"+
		"nothing was changed; carry it out with: rollcall schedule apply\n", b.ok("schedule", "apply", "--dry-run"))
	require.Empty(t, s.server.IDs())
	v := decode[differenceView](b, "schedule", "apply")
	require.Equal(t, differenceView{Changes: []changeView{
		{Schedule: "district/d", Change: temporal.ScheduleCreate, Why: "30 2 * * * (Europe/Moscow)", Done: true},
		{Schedule: "school/s", Change: temporal.ScheduleCreate, Why: "every 30m", Done: true},
	}}, v)
	require.Equal(t, []string{"district/d", "school/s"}, s.server.IDs())
	require.Equal(t, "schedules: 2, all as the registry has them\n", b.ok("schedule", "apply"))
	require.Equal(t, differenceView{Changes: []changeView{}, Same: 2}, decode[differenceView](b, "schedule", "apply"))

	s.server.Refuse = func(call, id string) error {
		if call == "delete" {
			return errors.New("out of order")
		}
		return nil
	}
	b.ok("schedule", "set", "s", "--off")
	require.Equal(t, exitFailed, b.run("schedule", "apply"))
	require.Contains(t, b.out, "school/s  delete  no    the registry does not call for it")
	require.Contains(t, b.err, "out of order")
}

func TestAScheduleThatIsNotOurs(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	_, err := s.server.Create(t.Context(), client.ScheduleOptions{ID: "school/s", Action: &client.ScheduleWorkflowAction{Workflow: "Other"}})
	require.NoError(t, err)
	require.Equal(t, exitIncomplete, b.run("schedule", "set", "s", "--every", "2h"))
	require.Contains(t, b.out, "school/s is left alone: somebody else made a schedule with this id")
	require.Equal(t, exitIncomplete, b.run("schedule", "apply"))
	require.Contains(t, b.out, "foreign")
	require.Contains(t, b.ok("schedule", "list"), "not applied yet")
}

func TestScheduleList(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	b.ok("school", "add", "cron", "--district", "d", "--feed", "f", "--source-id", "org-2", "--name", "Школа № 2")
	b.ok("district", "add", "empty", "--name", "Без школ")
	b.ok("district", "set", "empty", "--nightly", "off")
	b.ok("schedule", "set", "cron", "--cron", "0 7 * * 1-5")
	b.ok("schedule", "apply")
	acted := func(in, ago time.Duration, run string) func(*client.ScheduleDescription) {
		return func(d *client.ScheduleDescription) {
			d.Info.NextActionTimes = []time.Time{b.now.Add(in)}
			d.Info.RecentActions = []client.ScheduleActionResult{{
				ActualTime: b.now.Add(-ago), StartWorkflowResult: &client.ScheduleWorkflowExecution{WorkflowID: run},
			}}
		}
	}
	s.server.Edit("school/s", acted(12*time.Minute, 18*time.Minute, "sweep/school/s-1"))
	s.server.Edit("district/d", acted(14*time.Hour, 90*24*time.Hour, "sweep/district/d-1"))
	s.runs["sweep/school/s-1"] = enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT
	st := b.store()
	epoch, err := st.BeginPass(t.Context(), store.PassBegin{School: "s", Request: "r", Trigger: "schedule", Scope: struct{}{}})
	require.NoError(t, err)
	require.NoError(t, st.EndPass(t.Context(), "s", epoch, "changed", nil, workflows.PassReport{Outcome: workflows.OutcomeChanged}, nil))

	require.Equal(t, ""+
		"SCHOOL  SCHEDULE                     PAUSED  NEXT RUN   LAST RUN    ENDED      LAST PASS\n"+
		"cron    0 7 * * 1-5 (Europe/Moscow)  -       no token   -           -          -\n"+
		"s       every 30m                    -       in 12 min  18 min ago  timed-out  changed\n"+
		"\n"+
		"DISTRICT  NIGHTLY                     PAUSED  NEXT RUN  LAST RUN     ENDED\n"+
		"d         30 2 * * * (Europe/Moscow)  -       in 14 h   90 days ago  -\n"+
		"empty     off                         -       -         -            -\n", b.ok("schedule", "list"))
	require.NotContains(t, b.ok("schedule", "list", "--district", "empty"), "every 30m")
	require.Contains(t, b.refused(exitUsage, "schedule", "list", "--district", "nope"), "rollcall district add")

	b.ok("schedule", "pause", "s", "--reason", "exams")
	v := decode[schedulesView](b, "schedule", "list", "--district", "d")
	require.Len(t, v.Districts, 1)
	require.Equal(t, &pauseView{Paused: true, Reason: "exams"}, v.Schools[1].Pause)
	require.Nil(t, v.Schools[1].Next)
	require.Equal(t, b.now.Add(-18*time.Minute), *v.Schools[1].Last)
	require.Equal(t, workflows.OutcomeChanged, v.Schools[1].LastPass.Outcome)
	require.Empty(t, v.Problem)
	s.server.Edit("school/s", func(d *client.ScheduleDescription) {
		d.Schedule.State.Paused, d.Schedule.State.Note = false, "had a look"
	})
	require.Contains(t, b.ok("schedule", "list"), "no, resumed by hand: had a look")
}

func TestAhead(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)
	for in, want := range map[time.Duration]string{
		-time.Hour: "now", 59 * time.Second: "now", time.Minute: "in 1 min", 59 * time.Minute: "in 59 min", time.Hour: "in 1 h",
		47 * time.Hour: "in 47 h", 48 * time.Hour: "in 2 days",
	} {
		at := now.Add(in)
		require.Equal(t, want, ahead(&at, now), in)
	}
	require.Empty(t, ahead(nil, now))
}

func TestDistrictSet(t *testing.T) {
	t.Parallel()
	b, s := setupSchedules(t)
	b.ok("schedule", "set", "s", "--cron", "0 7 * * 1-5")
	b.ok("schedule", "apply")
	require.Equal(t, ""+
		"district d: time zone Asia/Omsk, nightly 30 2 * * *\n"+
		"schedule district/d: update: now 30 2 * * * (Asia/Omsk)\n"+
		"schedule school/s: update: now 0 7 * * 1-5 (Asia/Omsk)\n", b.ok("district", "set", "d", "--time-zone", "Asia/Omsk"))
	require.Equal(t, "Asia/Omsk", s.server.Get("school/s").Schedule.Spec.TimeZoneName)
	v := decode[districtTimes](b, "district", "set", "d", "--nightly", "off")
	require.Equal(t, districtTimes{
		District: "d", TimeZone: "Asia/Omsk",
		Changes: []changeView{{Schedule: "district/d", Change: temporal.ScheduleDelete, Why: "the registry does not call for it", Done: true}},
	}, v)
	b.ok("district", "add", "d", "--name", "Невский район")
	d, err := b.store().District(t.Context(), "d")
	require.NoError(t, err)
	require.Equal(t, "Asia/Omsk", d.TimeZone)
	require.Empty(t, d.Nightly, "registering again resets nothing")

	require.Contains(t, b.refused(exitUsage, "district", "set", "d", "--time-zone", "Omsk"), "Asia/Yekaterinburg")
	require.Contains(t, b.refused(exitUsage, "district", "set", "d", "--nightly", "@daily"), "write five fields")
	require.Contains(t, b.refused(exitUsage, "district", "set", "nope", "--nightly", "off"), `no district "nope"`)
	b.client = nil
	require.Contains(t, b.ok("district", "set", "d", "--nightly", "0 3 * * *"), "a worker will apply it")
	require.Contains(t, b.ok("schedule", "set", "s", "--off"), "a worker will apply it")
}
