package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
)

const (
	// DefaultPort is where Temporal's clients look for a server.
	DefaultPort = 7233
	// Namespace is the one that is made.
	Namespace = "default"
	// Retention is how long closed workflows are kept.
	Retention = 7 * 24 * time.Hour

	readyTimeout = time.Minute
)

// Options say where the server keeps its data and listens.
type Options struct {
	// Databases is the PostgreSQL server for the data.
	Databases Databases
	// Port of the frontend, 0 for any free one. The other services always take free ones.
	Port int
	// LogFile receives warnings and worse; "" discards them.
	LogFile string
	// SuggestContinueAsNew is from how many events on a run is advised to continue as new; 0 is
	// the server's default.
	SuggestContinueAsNew int
}

// Server is a running server.
type Server struct {
	address string
	metrics string
	server  temporal.Server
}

// Start migrates the databases, starts the services and returns when the namespace can be used. The
// context bounds the start only. A *port.TakenError says that the port is not free.
func Start(ctx context.Context, opts Options) (*Server, error) {
	logger, err := openLog(opts.LogFile, os.Stderr)
	if err != nil {
		return nil, err
	}
	persistence, err := persistenceConfig(opts.Databases)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, opts.Databases, persistence, logger); err != nil {
		return nil, err
	}
	p, err := choosePorts(opts.Port)
	if err != nil {
		return nil, err
	}
	metricsPort, err := port.Free()
	if err != nil {
		return nil, err
	}
	s := &Server{address: p.frontend(), metrics: port.Address(metricsPort)}
	s.server, err = temporal.NewServer(
		temporal.WithConfig(serverConfig(p, persistence, s.metrics)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(p.hosts()),
		temporal.WithLogger(logger),
		temporal.WithDynamicConfigClient(dynamicConfig(opts)),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("set up the Temporal server: %w", err)
	}
	if err := s.server.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal server: %w", err), s.Stop(ctx))
	}
	if err := s.ensureNamespace(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

// Address returns the frontend's host:port.
func (s *Server) Address() string { return s.address }

// MetricsURL is where the server's own metrics can be read, in Prometheus' text form.
func (s *Server) MetricsURL() string { return "http://" + s.metrics + "/metrics" }

// Stop ends the services and waits for them, no longer than the context.
func (s *Server) Stop(ctx context.Context) error {
	stopped := make(chan error, 1)
	go func() { stopped <- s.server.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the Temporal server did not stop in time: %w", ctx.Err())
	}
}

// ensureNamespace makes the namespace and waits until the services know it: they learn of it by polling.
func (s *Server) ensureNamespace(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{HostPort: s.address, Namespace: Namespace, Logger: silent{}})
	if err != nil {
		return fmt.Errorf("connect to the Temporal server just started: %w", err)
	}
	defer c.Close()

	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        Namespace,
		Description:                      "Rollcall",
		WorkflowExecutionRetentionPeriod: durationpb.New(Retention),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); err != nil && !exists {
		return fmt.Errorf("make the Temporal namespace %s: %w", Namespace, err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: Namespace})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Temporal namespace %s did not become ready: %w", Namespace, err)
		case <-tick.C:
		}
	}
}

// openLog logs warnings to the file. A fatal message is said on people's screen too: the server ends the
// process with it, and that must not happen in silence.
func openLog(path string, screen io.Writer) (log.Logger, error) {
	if path == "" {
		path = os.DevNull
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the Temporal server's log: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	zl := log.BuildZapLogger(log.Config{Level: "warn", OutputFile: path, Format: "json"})
	return log.NewZapLogger(zl.WithOptions(zap.Hooks(func(e zapcore.Entry) error {
		if e.Level == zapcore.FatalLevel {
			fmt.Fprintf(screen, "the Temporal server ends: %s (more in %s)\n", e.Message, path)
		}
		return nil
	}))), nil
}

// silent keeps the client's notes on its connection off the screen.
type silent struct{}

var _ sdklog.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
