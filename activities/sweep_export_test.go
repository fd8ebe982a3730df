package activities

import (
	"context"

	"github.com/rollcall-edu/rollcall/workflows"
)

// ResyncSchoolBy is the activity ResyncSchool with a lane in a test's hands, in place of the
// server's.
func ResyncSchoolBy(
	a *Activities, ask func(workflows.Request) error,
) func(context.Context, workflows.ResyncSchoolInput) (workflows.ResyncReply, error) {
	return func(ctx context.Context, in workflows.ResyncSchoolInput) (workflows.ResyncReply, error) {
		return a.resyncSchool(ctx, in, func() error { return ask(in.Request) })
	}
}
