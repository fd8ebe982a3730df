package stack

import (
	"context"
	"io"

	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/temporal"
)

// OpenStore connects to Rollcall's database with the stack's keyset. The caller closes it.
func (s *Stack) OpenStore(ctx context.Context) (*store.Store, error) {
	keys, err := secret.FromFile(s.keyset)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, s.DatabaseURL(), keys)
}

// DialTemporal connects to Temporal, quietly. The caller closes it.
func (s *Stack) DialTemporal(ctx context.Context) (client.Client, error) {
	return client.DialContext(ctx, client.Options{
		HostPort: s.TemporalAddress(), Namespace: s.Namespace(),
		Logger: temporal.Logger(telemetry.Logger(io.Discard, "error", "text")),
	})
}
