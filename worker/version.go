package main

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/temporal"
)

// versioned has a worker take part in the deployment. Runs are pinned: they end on the build that
// they began on. Continuous lanes move on when they continue as new.
func versioned(id string) worker.DeploymentOptions {
	return worker.DeploymentOptions{
		UseVersioning: true, Version: temporal.Version(id), DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}
}

// How long one try to become current may take, and the pause before the next.
const (
	promotionTry   = 20 * time.Second
	promotionPause = 5 * time.Second
)

// promoteFirst makes this build the current one where there is none, however long that takes: a new
// installation runs without further ado. Every later change is an operator's.
func promoteFirst(ctx context.Context, c client.Client, id string, logger *slog.Logger) {
	for ctx.Err() == nil {
		current, err := tryToPromote(ctx, c, id)
		switch {
		case err != nil && ctx.Err() == nil:
			logger.Warn("no build is known to be current yet: trying again, or use: rollcall workers promote "+id, "problem", err)
			pause(ctx, promotionPause)
			continue
		case err == nil && current == "":
			logger.Info("the first build is the current one", "build", id)
		case err == nil && current != id:
			logger.Warn("another build is current: this worker only serves runs of its own; to change that: rollcall workers promote "+id,
				"build", id, "current", current)
		}
		return
	}
}

// tryToPromote gives the current build; "" says that there was none, and that this one is it now.
func tryToPromote(ctx context.Context, c client.Client, id string) (current string, err error) {
	ctx, cancel := context.WithTimeout(ctx, promotionTry)
	defer cancel()
	current, err = temporal.CurrentBuild(ctx, c)
	if err == nil && current == "" {
		err = temporal.Promote(ctx, c, id)
	}
	return current, err
}
