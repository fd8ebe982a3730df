package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/devstack/stack"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// The whole system, once for all tests: a real Temporal, a real PostgreSQL, the sandbox, and the
// programs themselves as processes of their own.
var world struct {
	bin    string
	stack  *stack.Stack
	store  *store.Store
	client client.Client
	worker *program
	events string // where the worker's endpoint for events is
	logs   string
	groups atomic.Int64
	// organisations are those of all sites on the Portal, by their ids.
	organisations sync.Map
}

const (
	// suggestAt makes lanes continue as new after a few passes: what may be lost at that border
	// is looked for by every test.
	suggestAt = 400
	// round is how long a continuous lane rests here; minutes would be long to wait for.
	round = 8 * time.Second
	// linksEvery is how often the account links of continuous schools are looked at here.
	linksEvery = time.Second
)

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		log.Print(err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "rollcall-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return 1, err
	}
	world.bin, world.logs = filepath.Join(dir, "bin"), filepath.Join(dir, "logs")
	for _, d := range []string{world.bin, world.logs} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return 1, err
		}
	}
	if err := build(); err != nil {
		return 1, err
	}
	ctx := context.Background()
	if world.stack, err = stack.Start(ctx, stack.Options{Dir: filepath.Join(dir, "stack"), NoUI: true, Throwaway: true, SuggestContinueAsNew: suggestAt}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.stack.Stop(ctx)) }()
	if err := connect(ctx); err != nil {
		return 1, err
	}
	defer world.client.Close()
	defer world.store.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1, err
	}
	world.events = free.Addr().String()
	if err := free.Close(); err != nil {
		return 1, err
	}
	if world.worker, err = startWorker("worker.log"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.worker.stop()) }()
	if code = m.Run(); code == 0 {
		err = scanEverything(ctx)
	}
	return code, err
}

// build makes the programs.
func build() error {
	for _, program := range []struct{ name, module, source string }{
		{"worker", "../..", "./worker"}, {"rollcall", "../..", "./starter"}, {"devstack", "..", "."},
	} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(world.bin, program.name), program.source)
		cmd.Dir = program.module
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", program.name, err, out)
		}
	}
	return nil
}

func connect(ctx context.Context) (err error) {
	if _, err := rollcall(ctx, "", "migrate"); err != nil {
		return err
	}
	if world.store, err = world.stack.OpenStore(ctx); err != nil {
		return err
	}
	world.client, err = world.stack.DialTemporal(ctx)
	return err
}

// rollcall runs the operator's command and gives its standard output; the error has the rest.
func rollcall(ctx context.Context, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(world.bin, "rollcall"), args...)
	cmd.Env = append(os.Environ(), world.stack.Env()...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, problem strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("rollcall %s: %w: %s", strings.Join(args, " "), err, problem.String())
	}
	return out.String(), nil
}

// program is a process that runs beside the tests.
type program struct {
	cmd    *exec.Cmd
	log    *os.File
	exited chan error
}

// second is the environment of a worker beside another: one of them has the endpoint.
const second = config.EnvEventsAddress + "="

func startWorker(logName string, env ...string) (*program, error) {
	all := append(append(os.Environ(), world.stack.Env()...), config.EnvRound+"="+round.String(),
		config.EnvLinksEvery+"="+linksEvery.String(), config.EnvEventsAddress+"="+world.events)
	return startProgram(logName, append(all, env...))
}

// startProgram starts a worker with this environment and no other.
func startProgram(logName string, env []string) (*program, error) {
	file, err := os.OpenFile(filepath.Join(world.logs, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(world.bin, "worker"))
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p := &program{cmd: cmd, log: file, exited: make(chan error, 1)}
	go func() { p.exited <- cmd.Wait() }()
	return p, nil
}

// stop ends the process in order, and reports how it ended.
func (p *program) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.exited:
		return errors.Join(err, p.log.Close())
	case <-time.After(time.Minute):
		return errors.Join(errors.New("a worker did not stop in time"), p.cmd.Process.Kill())
	}
}

// kill ends the process as a power cut would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
	_ = p.log.Close()
}

// site is a school of a test's own: its files, its community (on MAX its bot), and its lane.
type site struct {
	t     *testing.T
	id    school.ID
	feed  school.FeedID
	dir   string
	org   string
	group int64
	token string
	files *district.Files
}

// newSite registers a small district of one school, on VK; its roster is not read yet, and its chats are not made.
func newSite(t *testing.T, change func(*district.Options)) *site {
	t.Helper()
	s := newSchool(t, change)
	_, err := world.stack.Sandbox().RegisterCommunity(vk.Registration{GroupID: s.group, Token: s.token, Name: string(s.id)})
	require.NoError(t, err)
	s.allow(true)
	s.setToken()
	return s
}

func (s *site) setToken() {
	s.t.Helper()
	s.cli(s.token+"\n", "school", "set-token", string(s.id), "--community-id", fmt.Sprint(s.group))
}

// newSchool registers a small district of one school without a community.
func newSchool(t *testing.T, change func(*district.Options)) *site {
	t.Helper()
	name := strings.ToLower(rand.Text()[:8])
	s := &site{t: t, id: school.ID("s-" + name), feed: school.FeedID("f-" + name), group: 5000 + world.groups.Add(1), token: "token-" + rand.Text()}
	o := district.Demo()
	o.Schools, o.MinClasses, o.MaxClasses, o.StudentsPerClass, o.Subjects = 1, 4, 4, 6, 2
	o.LinkedShare, o.AwkwardCases = 1, false
	if change != nil {
		change(&o)
	}
	s.files = district.Generate(o)
	s.dir = filepath.Join(t.TempDir(), "roster")
	s.save()
	for org := range s.files.Orgs().All() {
		if org.Get("type") == "school" {
			s.org = org.ID()
			break
		}
	}
	s.cli("", "district", "add", "d-"+name, "--name", "District "+name)
	s.cli("", "feed", "add", string(s.feed), "--district", "d-"+name, "--location", s.dir)
	s.cli("", "school", "add", string(s.id), "--district", "d-"+name, "--feed", string(s.feed), "--source-id", s.org, "--name", "School "+name, "--portal-id", s.organisation())
	require.NoError(t, world.stack.RegisterOrganisation(s.organisation(), "School "+name))
	world.organisations.Store(s.organisation(), true)
	require.NoError(t, world.store.SetSchedule(t.Context(), s.id, school.Schedule{Off: true})) // tests ask for themselves
	return s
}

// newSiteInStep is newSite with its chats made.
func newSiteInStep(t *testing.T, change func(*district.Options)) *site {
	t.Helper()
	s := newSite(t, change)
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	s.resync(true, workflows.OutcomeInStep)
	return s
}

func (s *site) cli(stdin string, args ...string) string {
	s.t.Helper()
	out, err := rollcall(s.t.Context(), stdin, args...)
	require.NoError(s.t, err)
	return out
}

func (s *site) allow(adding bool) {
	s.t.Helper()
	_, err := world.stack.Sandbox().SetSwitches(vk.Switches{GroupID: s.group, Adding: &adding})
	require.NoError(s.t, err)
}

func (s *site) save() { require.NoError(s.t, s.files.Save(s.dir)) }

// read has the feed read, and waits for the report.
func (s *site) read() workflows.FeedReport {
	s.t.Helper()
	report, err := temporal.ReadFeedAndWait(s.t.Context(), world.client, s.feed, workflows.ReadRequest{ID: rand.Text(), Trigger: workflows.TriggerManual})
	require.NoError(s.t, err)
	require.Empty(s.t, report.Problems)
	return report
}

// resync has the lane make a pass and waits for its report, which must have one of the outcomes.
func (s *site) resync(verify bool, want ...workflows.Outcome) workflows.PassReport {
	s.t.Helper()
	report, err := temporal.ResyncAndWait(s.t.Context(), world.client, s.id, workflows.Request{
		ID: rand.Text(), Trigger: workflows.TriggerManual, Verify: verify,
	})
	require.NoError(s.t, err)
	require.Contains(s.t, want, report.Outcome, "%+v", report)
	return report
}

// follow saves the edited files, has them read, and gives the messenger calls that follow.
func (s *site) follow() map[string][]call {
	s.t.Helper()
	return s.calls(func() {
		s.save()
		s.read()
		s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	})
}

// call is a messenger call that changed something, in words: the chat's title and the account.
type call struct {
	Chat    string
	Account string
	Role    string
}

// calls are the changing messenger calls that do brings about, by method.
func (s *site) calls(do func()) map[string][]call {
	s.t.Helper()
	box := world.stack.Sandbox()
	before := box.LastRequest()
	do()
	titles := map[string]string{}
	for _, c := range s.chats() {
		titles[fmt.Sprint(c.ChatID)], titles[fmt.Sprint(c.PeerID)] = c.Title, c.Title
	}
	made := map[string][]call{}
	for _, entry := range box.Requests(before, s.group) {
		for _, c := range entry.Calls {
			if strings.HasPrefix(c.Method, "messages.get") {
				continue
			}
			p := c.Params
			made[c.Method] = append(made[c.Method], call{
				Chat: titles[p["chat_id"]+p["peer_id"]], Account: p["user_id"] + p["member_id"], Role: p["role"],
			})
		}
	}
	for _, list := range made {
		slices.SortFunc(list, func(a, b call) int { return strings.Compare(a.Chat+a.Account, b.Chat+b.Account) })
	}
	return made
}

// chats are the school's chats as the messenger has them, by title.
func (s *site) chats() map[string]vk.Chat {
	s.t.Helper()
	state, err := world.stack.Sandbox().State(vk.GroupRef{GroupID: s.group})
	require.NoError(s.t, err)
	byTitle := map[string]vk.Chat{}
	for _, c := range state.Chats {
		_, twice := byTitle[c.Title]
		require.False(s.t, twice, "two chats are called %q", c.Title)
		byTitle[c.Title] = c
	}
	return byTitle
}
