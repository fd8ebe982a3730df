package activities

import (
	"context"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// RecordPass ends a pass and answers its requests.
func (a *Activities) RecordPass(ctx context.Context, in workflows.RecordPassInput) (workflows.PassReport, error) {
	report := workflows.PassReport{
		School: in.School, Epoch: in.Epoch, Problem: in.Problem, Portal: in.Portal, Requests: len(in.Requests),
		Operations: map[string]int{}, Failed: map[string]int{}, Skipped: map[string]int{},
	}
	var counts []store.OperationCount
	if in.Epoch > 0 {
		var err error
		if counts, err = a.Store.CountOperations(ctx, in.School, in.Epoch, in.Part); err != nil {
			return report, err
		}
		for _, c := range counts {
			switch c.State {
			case store.OperationDone:
				kind := c.Kind
				if c.Code == string(messenger.CodeAddDenied) {
					kind = string(reconcile.Invite) // what became of an addition that is not allowed
				}
				report.Operations[kind] += c.N
			case store.OperationSkipped:
				report.Skipped[c.Code] += c.N
			case store.OperationFailed:
				report.Failed[c.Code] += c.N
			}
		}
		if report.Expired, err = a.Store.SettleHolds(ctx, in.School, in.Epoch); err != nil {
			return report, err
		}
		holds, err := a.Store.Holds(ctx, in.School)
		if err != nil {
			return report, err
		}
		report.Holds = lo.CountBy(holds, func(h store.HoldRow) bool { return h.State == reconcile.DecisionWaiting })
		if report.Awaited, err = a.Store.Awaited(ctx, in.School); err != nil {
			return report, err
		}
		if report.HoldsDigest, err = a.Store.HoldsDigest(ctx, in.School); err != nil {
			return report, err
		}
	}
	for kind, n := range in.Served.Done {
		report.Operations[kind] += n
	}
	for code, n := range in.Served.Failed {
		report.Failed[code] += n
	}
	if in.Unreadable > 0 {
		report.Failed["chat-unreadable"] += in.Unreadable
	}
	report.Outcome = outcomeOf(report)
	if err := a.Store.TellOrigin(ctx, in.School); err != nil {
		return report, err
	}
	err := a.recordEnd(ctx, in, report)
	if err == nil {
		countOperations(ctx, counts, in)
	}
	return report, err
}

func (a *Activities) recordEnd(ctx context.Context, in workflows.RecordPassInput, report workflows.PassReport) error {
	if in.Part > 0 {
		return a.Store.AnswerRequests(ctx, in.School, string(report.Outcome), in.Problem, asked(in.Requests))
	}
	return a.Store.EndPass(ctx, in.School, in.Epoch, string(report.Outcome), in.Problem, report, asked(in.Requests))
}

// stranded tells whether something was skipped for another reason than that the person has
// been invited and has not come yet, or that an urgent part has seen to it.
func stranded(skipped map[string]int) bool {
	return len(lo.OmitByKeys(skipped, []string{string(messenger.CodeMemberAbsent), store.CodeSuperseded})) > 0
}

func outcomeOf(r workflows.PassReport) workflows.Outcome {
	switch {
	case r.Problem != nil:
		return workflows.OutcomeFailed
	case len(r.Failed) > 0, stranded(r.Skipped), r.Portal != nil:
		return workflows.OutcomePartial
	case r.Holds > 0:
		return workflows.OutcomeHeld
	case len(r.Operations) > 0:
		return workflows.OutcomeChanged
	case len(lo.OmitByKeys(r.Skipped, []string{store.CodeSuperseded})) > 0:
		return workflows.OutcomePartial
	default:
		return workflows.OutcomeInStep
	}
}
