package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Decision asks a school's lane to take an operator's word on holds.
type Decision struct {
	// Holds are the ids of the holds.
	Holds []int64 `json:"holds"`
	// Digest identifies what was held when the operator looked.
	Digest string `json:"digest"`
	// Approve has the operations done; otherwise they are rejected.
	Approve bool `json:"approve,omitempty"`
	// DecidedBy is the operator's login.
	DecidedBy string `json:"decidedBy"`
}

// DecideHoldsInput asks for a decision to be recorded.
type DecideHoldsInput struct {
	School   school.ID          `json:"school"`
	Decision Decision           `json:"decision"`
	Outcome  reconcile.Decision `json:"outcome"`
}

// openDecisions registers the update by which holds are decided on.
func (l *lane) openDecisions(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, Decide, l.decide, workflow.UpdateHandlerOptions{
		Validator:   l.mayDecide,
		Description: "Approve or reject what is held. Argument: {holds, digest, approve, decidedBy}; the digest is that of `rollcall holds list`. A pass follows.",
	})
}

// mayDecide refuses what is incomplete, and what the lane knows to be stale. What else is stale is
// found when the decision is recorded.
func (l *lane) mayDecide(_ workflow.Context, d Decision) error {
	switch {
	case len(d.Holds) == 0:
		return errors.New("the decision names no holds")
	case d.Digest == "":
		return errors.New("the decision does not say what was held when it was made: give the digest of: rollcall holds list")
	case d.DecidedBy == "":
		return errors.New("the decision does not say whose it is")
	case l.knowsHolds() && l.status.Last.HoldsDigest != d.Digest:
		return errors.New("what is held has changed since the decision was made: look again with: rollcall holds list")
	default:
		return nil
	}
}

// knowsHolds tells whether what is held is what the last pass has reported: no pass runs that may
// change it, and nothing was decided since.
func (l *lane) knowsHolds() bool {
	return !l.passing && l.decisions == 0 && l.status.Last != nil && l.status.Last.HoldsDigest != ""
}

// decide records the decision, gives how many holds it is about, and asks for the pass that carries it out.
func (l *lane) decide(ctx workflow.Context, d Decision) (int, error) {
	l.inbox.busy++
	defer func() { l.inbox.busy-- }()
	outcome := reconcile.DecisionRejected
	if d.Approve {
		outcome = reconcile.DecisionApproved
	}
	_, err := decideHolds.run(ctx, storeOptions(l.school, TriggerManual, "record the decision on holds"),
		DecideHoldsInput{School: l.school, Decision: d, Outcome: outcome})
	if err != nil {
		return 0, fail(problemOf(err))
	}
	l.decisions++
	l.inbox.pending = append(l.inbox.pending, Request{
		ID: "decision-" + workflow.GetCurrentUpdateInfo(ctx).ID, Trigger: TriggerManual, RequestedBy: d.DecidedBy,
	})
	return len(d.Holds), nil
}
