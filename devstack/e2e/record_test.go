package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

// recordVariable names a folder: when it is set, TestRecordHistories writes there what package
// workflows replays in its tests. `make record` sets it.
const recordVariable = "ROLLCALL_RECORD"

// The histories of a first pass, of a reading, and of what a verify sets right can be had from
// the server as whole and decodable files.
func TestRecordHistories(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(recordVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	s := newSite(t, nil)
	s.read()
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged)
	save(t, dir, "feed-sync.json", workflows.FeedSyncID(s.feed))
	save(t, dir, "school-sync-verify.json", workflows.SchoolSyncID(s.id))
	save(t, dir, "chat-type-sync-first.json", workflows.ChatTypeSyncID(s.id, chats.Parents))

	_, err := s.files.AddStudent(s.classNamed("1А"), true)
	require.NoError(t, err)
	s.follow()
	save(t, dir, "school-sync-changes.json", workflows.SchoolSyncID(s.id))
	save(t, dir, "chat-type-sync-changes.json", workflows.ChatTypeSyncID(s.id, chats.Students))

	row, err := world.store.School(t.Context(), s.id)
	require.NoError(t, err)
	for name, in := range map[string]workflows.SweepInput{
		"sweep-school.json": {School: s.id, Trigger: workflows.TriggerSchedule}, "sweep-district.json": {District: row.District},
	} {
		id := "record/" + name + "/" + string(s.id)
		run, err := world.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, workflows.TypeSweep, in)
		require.NoError(t, err)
		require.NoError(t, run.Get(t.Context(), nil))
		save(t, dir, name, id)
	}

	recordCalls(t, dir, s)
	recordContinuous(t, dir, s)
}

// recordCalls records a pass over a video call, and one that lets a call through while it changes chats.
func recordCalls(t *testing.T, dir string, s *site) {
	t.Helper()
	s.letMakeRooms()
	p := s.pusher()
	p.push(s.lesson("recorded"))
	s.announced("1А · Ученики", s.shown("recorded").Link)
	s.ended()
	save(t, dir, "school-sync-calls.json", workflows.SchoolSyncID(s.id))
	save(t, dir, "video-call-sync.json", workflows.VideoCallSyncID(s.id))

	box := world.stack.Sandbox()
	require.NoError(t, box.AddFault(traffic.Fault{GroupID: s.group, Method: setTitle, Mode: traffic.ModeSlow, DelayMS: 3000, Times: 2}))
	require.NoError(t, s.files.RenameClass(s.classNamed("1А"), "1Ю"))
	s.save()
	s.read() // the pass follows by itself
	s.await(func(l workflows.LaneStatus) bool { return strings.HasPrefix(l.Phase, "work in") })
	p.push(s.lesson("late"))
	s.shown("late")
	s.ended()
	save(t, dir, "school-sync-urgent-calls.json", workflows.SchoolSyncID(s.id))
	require.NoError(t, s.files.RenameClass(s.classNamed("1Ю"), "1А"))
	s.follow()
}

// ended waits until the lane has ended.
func (s *site) ended() {
	s.t.Helper()
	require.NoError(s.t, world.client.GetWorkflow(s.t.Context(), workflows.SchoolSyncID(s.id), "").Get(s.t.Context(), nil))
}

// recordContinuous records a lane that turns continuous, makes a round by itself, is asked for one
// person meanwhile, and ends.
func recordContinuous(t *testing.T, dir string, s *site) {
	t.Helper()
	require.NoError(t, world.store.SetSchedule(t.Context(), s.id, school.Schedule{Continuous: true}))
	s.resync(false, workflows.OutcomeInStep)
	before, _ := s.lane()
	s.await(func(l workflows.LaneStatus) bool { return l.Passes > before.Passes })
	s.resyncPerson(s.enrolled(s.classNamed("1А"), "student")[0])
	require.NoError(t, world.store.SetSchedule(t.Context(), s.id, school.Schedule{Off: true}))
	s.resync(false, workflows.OutcomeInStep)
	require.NoError(t, world.client.GetWorkflow(t.Context(), workflows.SchoolSyncID(s.id), "").Get(t.Context(), nil))
	save(t, dir, "school-sync-continuous.json", workflows.SchoolSyncID(s.id))
}

func save(t *testing.T, dir, name, workflowID string) {
	t.Helper()
	events := historyOf(t, workflowID, "")
	require.NotEmpty(t, events)
	raw, err := protojson.MarshalOptions{Indent: " "}.Marshal(&history.History{Events: events})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), append(raw, '\n'), 0o644))
}
