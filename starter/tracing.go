package main

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/build"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	otelsetup "github.com/rollcall-edu/rollcall/internal/telemetry/export"
)

// startTracing has this command export its spans where the environment wants that: then a trace begins
// with the command that asked.
func (a *app) startTracing(ctx context.Context) (stop func(), err error) {
	if !telemetry.TracesExported() {
		return func() {}, nil
	}
	id, err := build.ID()
	if err != nil {
		return nil, err
	}
	stop, err = otelsetup.Start(ctx, otelsetup.Options{Service: "rollcall", Version: id, Logger: telemetry.Logger(a.err, "warn", "text")})
	if err != nil {
		return nil, &usageError{err}
	}
	return stop, nil
}
