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

// firstPromotion bounds how long the first worker of an installation tries to become current.
const firstPromotion = time.Minute

// promoteFirst makes this build the current one where there is none: a new installation runs
// without further ado. Every later change is an operator's: rollcall workers promote.
func promoteFirst(ctx context.Context, c client.Client, id string, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, firstPromotion)
	defer cancel()
	current, err := temporal.CurrentBuild(ctx, c)
	if err == nil && current == "" {
		if err = temporal.Promote(ctx, c, id); err == nil {
			logger.Info("the first build is the current one", "build", id)
		}
	} else if err == nil && current != id {
		logger.Warn("another build is current: this worker only serves runs of its own; see: rollcall workers promote", "build", id, "current", current)
	}
	if err != nil && ctx.Err() == nil {
		logger.Warn("the current build is not known", "problem", err)
	}
}
