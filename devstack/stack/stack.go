package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
	"github.com/rollcall-edu/rollcall/devstack/temporalserver"
	"github.com/rollcall-edu/rollcall/devstack/temporalui"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/pgcluster"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

// unwindTimeout bounds the stopping of what had started before a start failed.
const unwindTimeout = 30 * time.Second

// Stack is everything running.
type Stack struct {
	opts     Options
	keyset   string
	postgres *pgcluster.Cluster
	temporal *temporalserver.Server
	ui       *temporalui.UI
	sandbox  *sandboxServer

	running  []part // in the order of their start
	stopOnce sync.Once
	stopErr  error
}

// part is something that runs and is stopped.
type part struct {
	name string
	stop func(context.Context) error
}

// Start brings everything up, and returns when it can be used. The context bounds the start only. When a
// part fails, those before it are stopped again.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	if opts.Progress == nil {
		opts.Progress = func(string) {}
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	opts.Dir = dir
	s := &Stack{opts: opts, keyset: opts.path(keysetFile)}
	if err := s.start(ctx); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unwindTimeout)
		defer cancel()
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	// 0711 rather than 0700: a server that root starts runs as another user, who passes through.
	if err := os.MkdirAll(s.opts.Dir, 0o711); err != nil {
		return err
	}
	if err := s.checkPorts(); err != nil {
		return err
	}
	if err := ensureKeyset(s.keyset); err != nil {
		return fmt.Errorf("make the keyset: %w", err)
	}
	steps := []struct {
		name  string
		start func(context.Context) (part, error)
		skip  bool
	}{
		{name: "PostgreSQL", start: s.startPostgres},
		{name: "Temporal", start: s.startTemporal},
		{name: "Temporal's web page", start: s.startUI, skip: s.opts.NoUI},
		{name: "sandbox", start: s.startSandbox},
	}
	for _, step := range steps {
		if step.skip {
			continue
		}
		s.opts.Progress(step.name)
		p, err := step.start(ctx)
		if err != nil {
			return fmt.Errorf("start %s: %w", step.name, err)
		}
		p.name = step.name
		s.running = append(s.running, p)
	}
	return nil
}

// checkPorts finds a taken port before half of the stack is up.
func (s *Stack) checkPorts() error {
	for _, want := range []struct {
		port         int
		server, flag string
		unused       bool
	}{
		{port: s.opts.Ports.PostgreSQL, server: "PostgreSQL", flag: "--postgres-port"},
		{port: s.opts.Ports.Temporal, server: "Temporal", flag: "--temporal-port"},
		{port: s.opts.Ports.UI, server: "Temporal's web page", flag: "--ui-port", unused: s.opts.NoUI},
		{port: s.opts.Ports.Sandbox, server: "the sandbox", flag: "--sandbox-port"},
	} {
		if want.unused || want.port == 0 {
			continue
		}
		if _, err := port.Use(want.port, want.server, want.flag); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) startPostgres(ctx context.Context) (part, error) {
	var err error
	s.postgres, err = pgcluster.Start(ctx, pgcluster.Options{
		Dir:       s.opts.path(postgresDir),
		Port:      s.opts.Ports.PostgreSQL,
		Fsync:     !s.opts.Throwaway,
		Ephemeral: s.opts.Throwaway,
		Log:       s.opts.Log,
	})
	if err != nil {
		return part{}, err
	}
	if err := s.postgres.CreateDatabase(ctx, rollcallName); err != nil {
		return part{}, errors.Join(err, s.postgres.Stop(ctx))
	}
	return part{stop: s.postgres.Stop}, nil
}

func (s *Stack) startTemporal(ctx context.Context) (part, error) {
	var err error
	s.temporal, err = temporalserver.Start(ctx, temporalserver.Options{
		Databases: s.postgres,
		Port:      s.opts.Ports.Temporal,
		LogFile:   s.opts.path(temporalLog),

		SuggestContinueAsNew: s.opts.SuggestContinueAsNew,
	})
	if err != nil {
		return part{}, err
	}
	return part{stop: s.temporal.Stop}, nil
}

func (s *Stack) startUI(ctx context.Context) (part, error) {
	var err error
	s.ui, err = temporalui.Start(ctx, temporalui.Options{
		TemporalAddress: s.temporal.Address(),
		Namespace:       temporalserver.Namespace,
		Port:            s.opts.Ports.UI,
	})
	if err != nil {
		return part{}, err
	}
	return part{stop: s.ui.Stop}, nil
}

func (s *Stack) startSandbox(context.Context) (part, error) {
	var err error
	s.sandbox, err = openSandbox(s.opts.path(sandboxDir), s.opts.path(sandboxLog), s.opts.Ports.Sandbox)
	if err != nil {
		return part{}, err
	}
	if err := s.sandbox.letIn(s.opts.path(portalKeyFile)); err != nil {
		return part{}, errors.Join(fmt.Errorf("make the Portal's key: %w", err), s.sandbox.stop(context.Background()))
	}
	return part{stop: s.sandbox.stop}, nil
}

// Stop ends everything, the last started first, and waits no longer than the context. All parts are tried;
// later calls return the first result.
func (s *Stack) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		for _, p := range slices.Backward(s.running) {
			if err := p.stop(ctx); err != nil {
				s.stopErr = errors.Join(s.stopErr, fmt.Errorf("stop %s: %w", p.name, err))
			}
		}
	})
	return s.stopErr
}

// Failed is closed when the stack cannot go on, PostgreSQL having ended by itself; Stop closes it too.
func (s *Stack) Failed() <-chan struct{} { return s.postgres.Done() }

// DatabaseURL returns the address of Rollcall's own database, with a password in it.
func (s *Stack) DatabaseURL() string { return s.postgres.DSN(rollcallName) }

// TemporalAddress returns host:port of Temporal's frontend.
func (s *Stack) TemporalAddress() string { return s.temporal.Address() }

// Namespace returns the Temporal namespace to use.
func (s *Stack) Namespace() string { return temporalserver.Namespace }

// UIAddress returns the URL of Temporal's web page, "" when it is left out.
func (s *Stack) UIAddress() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.URL()
}

// SandboxURL returns where the sandbox answers, for messenger adapters and for its own control.
func (s *Stack) SandboxURL() string { return s.sandbox.url }

// Sandbox returns the sandbox itself, for acts without the way over its address.
func (s *Stack) Sandbox() *sandbox.Server { return s.sandbox.world }

// RegisterOrganisation gives the sandbox's Portal a school, by its sourcedId in the roster.
func (s *Stack) RegisterOrganisation(id, name string) error {
	_, err := s.sandbox.world.Portal.RegisterOrganisation(portal.Organisation{Organisation: id, Name: name})
	return err
}

// RegisterCommunity gives the sandbox a school's community with its access token.
func (s *Stack) RegisterCommunity(group int64, token, name string) error {
	_, err := s.sandbox.world.RegisterCommunity(vk.Registration{GroupID: group, Token: token, Name: name})
	return err
}

// RegisterBot gives the sandbox's MAX a school's bot with its token.
func (s *Stack) RegisterBot(id int64, token, name string) error {
	_, err := s.sandbox.world.Max.RegisterBot(max.Registration{ID: id, Token: token, Name: name})
	return err
}

// TemporalMetricsURL is where the Temporal server's own metrics can be read.
func (s *Stack) TemporalMetricsURL() string { return s.temporal.MetricsURL() }

// AllowAdding lets the community's token add people to chats, as the messenger does for tokens
// that its support has opened it for.
func (s *Stack) AllowAdding(group int64) error {
	_, err := s.sandbox.world.SetSwitches(vk.Switches{GroupID: group, Adding: new(true)})
	return err
}

// Env returns the variables, NAME=value, that Rollcall's programs find the stack by.
func (s *Stack) Env() []string {
	return []string{
		config.EnvDatabaseURL + "=" + s.DatabaseURL(),
		config.EnvVKURL + "=" + s.SandboxURL(),
		config.EnvMAXURL + "=" + s.SandboxURL() + "/max",
		config.EnvPortalURL + "=" + s.SandboxURL() + "/portal",
		config.EnvPortalKeyFile + "=" + s.opts.path(portalKeyFile),
		secret.EnvKeysetFile + "=" + s.keyset,
		"TEMPORAL_ADDRESS=" + s.TemporalAddress(),
		"TEMPORAL_NAMESPACE=" + s.Namespace(),
	}
}

// ensureKeyset keeps the keyset of an earlier start: what that sealed opens with nothing else.
func ensureKeyset(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	keyset, err := secret.New()
	if err != nil {
		return err
	}
	return os.WriteFile(path, keyset, 0o600)
}
