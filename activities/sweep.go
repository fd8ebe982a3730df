package activities

import (
	"context"
	"errors"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// stalestSchools is how many schools a report names whose last good pass is longest ago.
const stalestSchools = 5

// BeginSweep records that a sweep over a district has begun, and counts the district's schools.
func (a *Activities) BeginSweep(ctx context.Context, in workflows.BeginSweepInput) (int, error) {
	schools, err := a.Store.BeginSweep(ctx, store.SweepBegin{
		ID: in.Sweep, WorkflowID: in.WorkflowID, District: in.District, Trigger: string(in.Trigger), RequestedBy: in.RequestedBy,
	})
	if unknown, ok := errors.AsType[*store.NotFoundError](err); ok {
		return 0, &refusal{workflows.ProblemDistrictUnknown, unknown.Error()}
	}
	return schools, err
}

// SchoolsPage gives the next schools of a district.
func (a *Activities) SchoolsPage(ctx context.Context, in workflows.SchoolsPageInput) (workflows.SchoolsPage, error) {
	schools, left, err := a.Store.SchoolsPage(ctx, in.District, in.After, in.Limit)
	return workflows.SchoolsPage{Schools: schools, Left: left}, err
}

// EndSweep completes a sweep's report with the schools whose last good pass is longest ago, and
// records it.
func (a *Activities) EndSweep(ctx context.Context, in workflows.EndSweepInput) (workflows.SweepReport, error) {
	stalest, err := a.Store.StalestSchools(ctx, in.District, stalestSchools)
	if err != nil {
		return in.Report, err
	}
	in.Report.Stalest = lo.Map(stalest, func(s store.StaleSchool, _ int) workflows.StaleSchool {
		stale := workflows.StaleSchool{School: s.School}
		if s.LastGood != nil {
			stale.LastGood = lo.ToPtr(s.LastGood.UTC())
		}
		return stale
	})
	if err := a.Store.EndSweep(ctx, in.Sweep, in.Report.Schools, in.Report); err != nil {
		return in.Report, err
	}
	countSweep(ctx, in.Report)
	return in.Report, nil
}
