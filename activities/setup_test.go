package activities_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/activities"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/messenger/schematest"
	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
	"github.com/rollcall-edu/rollcall/workflows"
)

// bench is a school on a real database with a sandbox for a messenger. Workflows run in the
// SDK's test environment; everything below them is real.
type bench struct {
	t       *testing.T
	store   *store.Store
	sandbox *sandbox.Server
	acts    *activities.Activities
	id      school.ID
	digest  int
}

const (
	group = 77
	token = "a-community-token"
)

var today = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

func setup(t *testing.T) *bench {
	t.Helper()
	ctx := t.Context()
	st := storetest.New(t)
	require.NoError(t, st.SetToken(ctx, "s", group, token))

	box, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	_, err = box.RegisterCommunity(vk.Registration{GroupID: group, Token: token, Name: "School"})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", box)
	mux.Handle("/max/", schematest.Check(t).Under("/max").Handler(t, box))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &bench{t: t, id: "s", store: st, sandbox: box, acts: &activities.Activities{
		Store: st, Messengers: connect.Messengers{VKURL: server.URL, MAXURL: server.URL + "/max"}, Now: func() time.Time { return today },
	}}
}

// allow switches adding people to existing chats on or off.
func (b *bench) allow(adding bool) {
	_, err := b.sandbox.SetSwitches(vk.Switches{GroupID: group, Adding: &adding})
	require.NoError(b.t, err)
}

// roster puts a roster in force.
func (b *bench) roster(r school.Roster) {
	b.t.Helper()
	_, err := b.store.SaveReading(b.t.Context(), store.Reading{
		Feed: "f", Receipt: []byte("{}"), Schools: []store.SchoolReading{{School: "s", Roster: &r, Digest: oneroster.Digest(r)}},
	})
	require.NoError(b.t, err)
}

// environment is a test environment with the workflows and the real activities.
func (b *bench) environment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Interceptor()}})
	env.SetTestTimeout(time.Minute)
	workflows.Register(env)
	activities.Register(env, b.acts)
	return env
}

// pass runs the school's lane for one request and gives the report, or the run's error.
func (b *bench) pass(verify bool) (workflows.PassReport, error) {
	b.t.Helper()
	return b.run(workflows.Request{Trigger: workflows.TriggerManual, Verify: verify})
}

// run runs the lane for requests that come together.
func (b *bench) run(requests ...workflows.Request) (workflows.PassReport, error) {
	b.t.Helper()
	env := b.environment()
	for i := range requests {
		b.digest++
		requests[i].ID = fmt.Sprint(b.digest)
	}
	env.RegisterDelayedCallback(func() {
		for _, r := range requests {
			env.SignalWorkflow(workflows.Resync, r)
		}
	}, 0)
	env.ExecuteWorkflow(workflows.SchoolSync, workflows.SchoolSyncInput{School: b.id})
	if err := env.GetWorkflowError(); err != nil {
		return workflows.PassReport{}, err
	}
	var report workflows.PassReport
	require.NoError(b.t, env.GetWorkflowResult(&report))
	return report, nil
}

// decide gives the lane a decision on holds, and its answer.
func (b *bench) decide(d workflows.Decision) error {
	b.t.Helper()
	env := b.environment()
	var answer error
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(workflows.Decide, "decision", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { answer = err }, OnComplete: func(_ any, err error) { answer = err },
		}, d)
	}, 0)
	env.ExecuteWorkflow(workflows.SchoolSync, workflows.SchoolSyncInput{School: "s"})
	require.NoError(b.t, env.GetWorkflowError())
	return answer
}

// mustPass is pass, of which success and the outcome are expected.
func (b *bench) mustPass(verify bool, want workflows.Outcome) workflows.PassReport {
	b.t.Helper()
	report, err := b.pass(verify)
	require.NoError(b.t, err)
	require.Equal(b.t, want, report.Outcome, "%+v", report)
	return report
}

// requests counts the messenger requests that do makes.
func (b *bench) requests(do func()) int {
	before := b.sandbox.LastRequest()
	do()
	return int(b.sandbox.LastRequest() - before)
}

// calls are the messenger calls that do makes, reads aside, by method.
func (b *bench) calls(do func()) map[string]int {
	before := b.sandbox.LastRequest()
	do()
	made := map[string]int{}
	for _, entry := range b.sandbox.Requests(before, group) {
		for _, call := range entry.Calls {
			switch call.Method {
			case "messages.getConversationMembers", "messages.getConversationsById", "messages.getConversations":
			default:
				made[call.Method]++
			}
		}
	}
	return made
}

func (b *bench) chats() map[string]vk.Chat {
	state, err := b.sandbox.State(vk.GroupRef{GroupID: group})
	require.NoError(b.t, err)
	byTitle := map[string]vk.Chat{}
	for _, c := range state.Chats {
		slices.Sort(c.Members)
		slices.Sort(c.Admins)
		_, twice := byTitle[c.Title]
		require.False(b.t, twice, "two chats are called %s", c.Title)
		byTitle[c.Title] = c
	}
	return byTitle
}

// big is a roster of so many classes, each with a teacher, students and two guardians each.
func big(classes, students int) school.Roster {
	r := school.Roster{SourceID: "org", Name: "School", Year: school.SchoolYear{ID: "y"}}
	account := school.AccountID(1000)
	person := func(id string, set func(*school.Person)) school.PersonID {
		account++
		p := school.Person{ID: school.PersonID(id), Enabled: true, Account: account}
		set(&p)
		r.People = append(r.People, p)
		return p.ID
	}
	for c := range classes {
		class := school.Class{ID: school.ClassID(fmt.Sprintf("c%02d", c)), Title: fmt.Sprintf("%02dА", c)}
		teacher := person(fmt.Sprintf("t%02d", c), func(p *school.Person) {
			p.Employee = &school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true, Level: school.Level(c % 7)}}}
		})
		class.Teachers = []school.Enrollment{{Person: teacher, Primary: true}}
		for s := range students {
			student := person(fmt.Sprintf("s%02d-%02d", c, s), func(p *school.Person) { p.Student = &school.Student{} })
			class.Students = append(class.Students, school.Enrollment{Person: student})
			for g := range 2 {
				person(fmt.Sprintf("g%02d-%02d-%d", c, s, g), func(p *school.Person) {
					p.Guardian = &school.Guardian{Students: []school.PersonID{student}}
				})
			}
		}
		r.Classes = append(r.Classes, class)
	}
	slices.SortFunc(r.People, func(a, b school.Person) int { return cmpID(a.ID, b.ID) })
	return r
}

func cmpID(a, b school.PersonID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// enrol adds a student to the first class.
func enrol(r *school.Roster, id school.PersonID, account school.AccountID) {
	r.People = append(r.People, school.Person{ID: id, Enabled: true, Account: account, Student: &school.Student{}})
	r.Classes[0].Students = append(r.Classes[0].Students, school.Enrollment{Person: id})
}
