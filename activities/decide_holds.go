package activities

import (
	"context"
	"errors"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// DecideHolds records an operator's decision on holds. A decision on what has changed since it
// was looked at, and an approval of what no word can release, are refused.
func (a *Activities) DecideHolds(ctx context.Context, in workflows.DecideHoldsInput) error {
	err := a.Store.Decide(ctx, in.School, in.Decision.Digest, in.Decision.Holds, in.Outcome, in.Decision.DecidedBy)
	if errors.Is(err, store.ErrStaleHolds) {
		return &refusal{workflows.ProblemStale, err.Error()}
	}
	if e, ok := errors.AsType[*store.NotApprovableError](err); ok {
		return &refusal{workflows.ProblemBadRequest, e.Error()}
	}
	return err
}
