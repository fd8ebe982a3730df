package main

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// fakeTemporal answers as a server with a worker would. What is not set must not be called.
type fakeTemporal struct {
	client.Client
	// asked are the arguments of signals and updates, signalled counts the signals.
	asked     []any
	workflow  []string
	signalled int
	// answer and problem are what updates are answered with.
	answer  any
	problem error
}

func (f *fakeTemporal) Close() {}

func (f *fakeTemporal) SignalWithStartWorkflow(
	_ context.Context, id, _ string, arg any, _ client.StartWorkflowOptions, _ any, _ ...any,
) (client.WorkflowRun, error) {
	f.asked, f.workflow = append(f.asked, arg), append(f.workflow, id)
	f.signalled++
	return nil, nil
}

func (f *fakeTemporal) NewWithStartWorkflowOperation(o client.StartWorkflowOptions, _ any, _ ...any) client.WithStartWorkflowOperation {
	f.workflow = append(f.workflow, o.ID)
	return nil
}

func (f *fakeTemporal) UpdateWithStartWorkflow(_ context.Context, o client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.asked = append(f.asked, o.UpdateOptions.Args...)
	return &fakeUpdate{fake: f}, nil
}

func (f *fakeTemporal) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, errors.New("nobody answers")
}

type fakeUpdate struct {
	client.WorkflowUpdateHandle
	fake *fakeTemporal
}

func (u *fakeUpdate) Get(_ context.Context, value any) error {
	if u.fake.problem != nil {
		return u.fake.problem
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(u.fake.answer)
	if err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayloads(payloads, value)
}

// setupTemporal gives a command line with a registered school and a fake of Temporal.
func setupTemporal(t *testing.T) (*bench, *fakeTemporal) {
	t.Helper()
	b, f := setupDatabase(t), &fakeTemporal{}
	b.register()
	b.client = f
	return b, f
}

func TestResyncWithoutWaiting(t *testing.T) {
	t.Parallel()
	b, f := setupTemporal(t)
	v := decode[asked](b, "resync", "s", "--verify", "--chat-type", "parents,students", "--chat-type", "parents")
	require.Equal(t, 1, f.signalled)
	require.Equal(t, []string{"school/s"}, f.workflow)
	require.NotEmpty(t, v.Request)
	require.Equal(t, []any{workflows.Request{
		ID: v.Request, Trigger: workflows.TriggerManual, Verify: true, RequestedBy: "operator",
		Scope: workflows.Scope{Types: []chats.Type{chats.Parents, chats.Students}},
	}}, f.asked)
	require.NotEqual(t, v.Request, decode[asked](b, "resync", "s").Request, "each request has an id of its own")
	require.Contains(t, b.ok("resync", "s"), "rollcall status s")
}

func TestResyncAndWait(t *testing.T) {
	t.Parallel()
	b, f := setupTemporal(t)
	for name, c := range map[string]struct {
		report workflows.PassReport
		code   int
	}{
		"in step": {workflows.PassReport{Outcome: workflows.OutcomeInStep}, exitOK},
		"changed": {workflows.PassReport{Outcome: workflows.OutcomeChanged, Operations: map[string]int{"add": 2}}, exitOK},
		"held":    {workflows.PassReport{Outcome: workflows.OutcomeHeld, Holds: 1}, exitIncomplete},
		"changed, with something held": {
			workflows.PassReport{Outcome: workflows.OutcomeChanged, Operations: map[string]int{"add": 2}, Holds: 1}, exitIncomplete,
		},
		"partial": {workflows.PassReport{Outcome: workflows.OutcomePartial, Failed: map[string]int{"chat-gone": 1}}, exitIncomplete},
	} {
		f.answer = c.report
		require.Equal(t, c.code, b.run("resync", "s", "--wait"), name)
		require.Contains(t, b.out, string(c.report.Outcome), name)
		require.Empty(t, b.err, name)
	}
	f.answer = workflows.PassReport{
		School: "s", Epoch: 7, Outcome: workflows.OutcomePartial, Holds: 2,
		Operations: map[string]int{"create": 1, "add": 12}, Failed: map[string]int{"member-refused": 1},
	}
	require.Equal(t, exitIncomplete, b.run("resync", "s", "--wait"))
	require.Equal(t, ""+
		"pass 7 of school s: partial\n"+
		"done     12 add, 1 create\n"+
		"failed   1 member-refused\n"+
		"not yet  -\n"+
		"held     2\n"+
		"see what is held and why with: rollcall holds list s\n", b.out)
	require.Zero(t, f.signalled)
}

func TestAPassTellsOfThePortalAndOfCalls(t *testing.T) {
	t.Parallel()
	b, f := setupTemporal(t)
	trouble := &workflows.Problem{Code: workflows.ProblemPortalTrouble, Message: "the Portal: read account links: portal-refused (HTTP 401): check the key"}
	report := workflows.PassReport{
		School: "s", Epoch: 7, Outcome: workflows.OutcomePartial, Portal: trouble,
		Operations: map[string]int{workflows.ServedAnnouncements: 2, "add": 1}, Failed: map[string]int{"user-token-refused": 1},
	}
	f.answer = report
	require.Equal(t, exitIncomplete, b.run("resync", "s", "--calls", "--wait"))
	require.Equal(t, workflows.Scope{Calls: true}, f.asked[0].(workflows.Request).Scope)
	require.Equal(t, ""+
		"pass 7 of school s: partial\n"+
		"done     1 add, 2 announce call\n"+
		"failed   1 user-token-refused\n"+
		"not yet  -\n"+
		"held     -\n"+
		"Portal: read account links: portal-refused (HTTP 401): check the key\n"+
		"no rooms are made for video calls: set another user token with: rollcall school set-user-token s\n", b.out)

	st := b.store()
	epoch, err := st.BeginPass(t.Context(), store.PassBegin{School: "s", Request: "r", Trigger: "manual", Scope: struct{}{}})
	require.NoError(t, err)
	require.NoError(t, st.EndPass(t.Context(), "s", epoch, string(report.Outcome), nil, report, nil))
	require.Contains(t, b.ok("status"), "s: Portal: read account links: portal-refused")
	require.Contains(t, b.out, "1 add, 2 announce call")
	require.Regexp(t, `Portal +read account links: portal-refused`, b.ok("school", "show", "s"))
	require.Equal(t, trouble, decode[statusView](b, "status").Schools[0].LastPass.Portal)
}

func TestAFailedPassSaysWhy(t *testing.T) {
	t.Parallel()
	b, f := setupTemporal(t)
	f.problem = temporal.NewApplicationError("school s has no community token: set it", workflows.ProblemTokenMissing)
	require.Equal(t, "rollcall: school s has no community token: set it\n", b.refused(exitFailed, "resync", "s", "--wait"))
}

func TestFeedRead(t *testing.T) {
	t.Parallel()
	b, f := setupTemporal(t)
	f.answer = workflows.FeedReport{Feed: "f", Rows: map[string]int{"users.csv": 40, "orgs.csv": 2}, Schools: 1}
	require.Equal(t, ""+
		"feed f: read 42 rows of 2 files\n"+
		"schools: 1, none with a changed roster\n"+
		"source faults: none\n", b.ok("feed", "read", "f"))
	require.Equal(t, []string{"feed/f"}, f.workflow)
	request := f.asked[0].(workflows.ReadRequest)
	require.Empty(t, request.AcceptDrop)
	require.Equal(t, "operator", request.RequestedBy)

	f.answer = workflows.FeedReport{
		Feed: "f", Schools: 2, Faults: map[string]int{"no-role": 3}, Changed: nil,
		Problems: []workflows.SchoolProblem{{School: "s", Problem: workflows.Problem{Code: "RosterUnread", Message: "orgs.csv: no such org: mend it"}}},
	}
	require.Contains(t, b.refused(exitUsage, "feed", "read", "f", "--accept-drop"), "no reading of feed f was refused")
	_, err := b.store().SaveReading(t.Context(), store.Reading{Feed: "f", Fingerprint: "seen", Problem: &store.Problem{Code: "FeedUnreadable"}})
	require.NoError(t, err)
	require.Equal(t, exitIncomplete, b.run("feed", "read", "f", "--accept-drop"))
	require.Contains(t, b.out, "school s was not taken over: orgs.csv: no such org: mend it\n")
	require.Contains(t, b.out, "source faults: 3 no-role\n")
	require.Equal(t, "seen", f.asked[1].(workflows.ReadRequest).AcceptDrop)

	f.problem = temporal.NewApplicationError("users.csv: 3 rows, and 900 at the last accepted reading: export again", workflows.ProblemFeedUnreadable)
	require.Contains(t, b.refused(exitFailed, "feed", "read", "f"), "rollcall: users.csv: 3 rows")
}

func TestResyncOfSomebodyUnknown(t *testing.T) {
	t.Parallel()
	b, f := setupTemporal(t)
	roster := school.Roster{SourceID: "org-1", Name: "School", People: []school.Person{{ID: "p", Enabled: true}}}
	_, err := b.store().SaveReading(t.Context(), store.Reading{Feed: "f", Receipt: []byte("{}"), Schools: []store.SchoolReading{
		{School: "s", Roster: &roster, Digest: "digest"},
	}})
	require.NoError(t, err)
	require.Contains(t, b.refused(exitUsage, "resync", "s", "--person", "q"), `school s knows nobody with the id "q"`)
	require.Zero(t, f.signalled)
	b.ok("resync", "s", "--person", "p")
	require.Equal(t, []school.PersonID{"p"}, f.asked[0].(workflows.Request).Scope.People)
}
