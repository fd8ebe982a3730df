package temporalui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
)

// DefaultPort is where people expect the page.
const DefaultPort = 8233

const readyTimeout = 20 * time.Second

// Options say whose page it is and where it is served.
type Options struct {
	// TemporalAddress is the server's host:port, and Namespace the one shown first.
	TemporalAddress, Namespace string
	// Port to serve on, 0 for any free one.
	Port int
}

// UI is the page being served.
type UI struct {
	url    string
	server *server.Server
	ended  chan error
}

// Start serves the page and returns when it answers. A *port.TakenError says that the port is not free.
func Start(ctx context.Context, opts Options) (*UI, error) {
	// Checked first, since the server ends the process when it cannot listen.
	p, err := port.Use(opts.Port, "Temporal's web page", "--ui-port")
	if err != nil {
		return nil, err
	}
	u := &UI{
		url: "http://" + port.Address(p),
		server: server.NewServer(server_options.WithConfigProvider(&config.Config{
			TemporalGRPCAddress: opts.TemporalAddress,
			Host:                port.Host,
			Port:                p,
			EnableUI:            true,
			DefaultNamespace:    opts.Namespace,
			DisableNewsFetch:    true,
			HideLogs:            true,
			// The page is served over plain HTTP, where a browser drops secure cookies.
			CORS: config.CORS{CookieInsecure: true},
		})),
		ended: make(chan error, 1),
	}
	go func() { u.ended <- u.server.Start() }()
	if err := u.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, u.Stop(ctx))
	}
	return u, nil
}

// URL returns the page's address.
func (u *UI) URL() string { return u.url }

// Stop ends the serving, with requests under way cut, and waits no longer than the context.
func (u *UI) Stop(ctx context.Context) error {
	u.server.Stop()
	select {
	case err := <-u.ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("temporal's web page did not stop in time: %w", ctx.Err())
	}
}

func (u *UI) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := u.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("temporal's web page does not answer: %w", err)
		case <-tick.C:
		}
	}
}

func (u *UI) ping(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}
