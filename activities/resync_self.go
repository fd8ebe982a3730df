package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// ResyncSelf signals the school's lane, which has it called: a workflow cannot signal itself.
func (a *Activities) ResyncSelf(ctx context.Context, in workflows.ResyncSelfInput) error {
	return temporal.Resync(ctx, activity.GetClient(ctx), in.School, in.Request)
}
