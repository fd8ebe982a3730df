package activities

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// RecordPass ends a pass and answers its requests.
func (a *Activities) RecordPass(ctx context.Context, in workflows.RecordPassInput) (workflows.PassReport, error) {
	report := workflows.PassReport{
		School: in.School, Epoch: in.Epoch, Problem: in.Problem, Requests: len(in.Requests),
		Operations: map[string]int{}, Failed: map[string]int{},
	}
	if in.Epoch > 0 {
		counts, err := a.Store.CountOperations(ctx, in.School, in.Epoch)
		if err != nil {
			return report, err
		}
		for _, c := range counts {
			switch c.State {
			case store.OperationDone:
				report.Operations[c.Kind] += c.N
			case store.OperationFailed:
				report.Failed[c.Code] += c.N
			}
		}
		holds, err := a.Store.Holds(ctx, in.School)
		if err != nil {
			return report, err
		}
		report.Holds = len(holds)
	}
	if in.Unreadable > 0 {
		report.Failed["chat-unreadable"] += in.Unreadable
	}
	report.Outcome = outcomeOf(report)
	return report, a.Store.EndPass(ctx, in.School, in.Epoch, string(report.Outcome), in.Problem, report, asked(in.Requests))
}

func outcomeOf(r workflows.PassReport) workflows.Outcome {
	switch {
	case r.Problem != nil:
		return workflows.OutcomeFailed
	case len(r.Failed) > 0:
		return workflows.OutcomePartial
	case len(r.Operations) > 0:
		return workflows.OutcomeChanged
	case r.Holds > 0:
		return workflows.OutcomeHeld
	default:
		return workflows.OutcomeInStep
	}
}
