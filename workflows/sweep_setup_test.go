package workflows

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// fakeDistrict is a district whose schools answer as a test says. A sweep over it may take several
// runs; each has a test environment of its own.
type fakeDistrict struct {
	schools []school.ID
	// perPage is how many schools a page has; 0 is as many as are asked for.
	perPage int
	// reply answers for a school; nil is in-step. It may send signals to env.
	reply func(env *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error)
	// prepare is done before each run, counted from 0.
	prepare func(env *testsuite.TestWorkflowEnvironment, run int)
	// pageRead is done when a page is listed.
	pageRead func(env *testsuite.TestWorkflowEnvironment, in SchoolsPageInput)

	mu       sync.Mutex
	begun    []BeginSweepInput
	ended    []EndSweepInput
	asked    []ResyncSchoolInput
	inFlight int
	atOnce   int // the most that were in flight
	runs     int
	env      *testsuite.TestWorkflowEnvironment
}

func districtOf(n int) *fakeDistrict {
	return &fakeDistrict{schools: lo.Times(n, func(i int) school.ID { return school.ID(fmt.Sprintf("s%04d", i)) })}
}

// sweep runs a sweep to its end, over all its runs.
func (d *fakeDistrict) sweep(t require.TestingT, in SweepInput) (SweepReport, error) {
	for {
		report, err := d.run(in)
		var next *workflow.ContinueAsNewError
		if !errors.As(err, &next) {
			return report, err
		}
		require.Equal(t, TypeSweep, next.WorkflowType.Name)
		in = SweepInput{}
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	}
}

func (d *fakeDistrict) run(in SweepInput) (SweepReport, error) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	Register(env)
	env.RegisterActivity(d.fake(env))
	d.env = env
	if d.prepare != nil {
		d.prepare(env, d.runs)
	}
	d.runs++
	env.ExecuteWorkflow(Sweep, in)
	if err := env.GetWorkflowError(); err != nil {
		return SweepReport{}, err
	}
	var report SweepReport
	return report, env.GetWorkflowResult(&report)
}

func (d *fakeDistrict) fake(env *testsuite.TestWorkflowEnvironment) *fake {
	return &fake{
		beginSweep: func(in BeginSweepInput) (int, error) {
			d.begun = append(d.begun, in)
			return len(d.schools), nil
		},
		schoolsPage: func(in SchoolsPageInput) (SchoolsPage, error) {
			if d.pageRead != nil {
				d.pageRead(env, in)
			}
			from, found := slices.BinarySearch(d.schools, in.After)
			rest := d.schools[from+lo.Ternary(found, 1, 0):]
			n := min(len(rest), in.Limit, lo.Ternary(d.perPage > 0, d.perPage, in.Limit))
			return SchoolsPage{Schools: rest[:n], Left: len(rest) - n}, nil
		},
		resyncSchool: func(in ResyncSchoolInput) (ResyncReply, error) {
			d.enter(in)
			defer d.leave()
			if d.reply == nil {
				return ResyncReply{Outcome: OutcomeInStep}, nil
			}
			return d.reply(env, in.School)
		},
		endSweep: func(in EndSweepInput) (SweepReport, error) {
			d.ended = append(d.ended, in)
			return in.Report, nil
		},
	}
}

func (d *fakeDistrict) enter(in ResyncSchoolInput) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, in)
	d.inFlight++
	d.atOnce = max(d.atOnce, d.inFlight)
}

func (d *fakeDistrict) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inFlight--
}

func (d *fakeDistrict) timesAsked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asked)
}

// status asks the sweep's last run how far it has come.
func (d *fakeDistrict) status(t *testing.T) SweepStatus {
	t.Helper()
	value, err := d.env.QueryWorkflow(StatusQuery)
	require.NoError(t, err)
	var status SweepStatus
	require.NoError(t, value.Get(&status))
	return status
}
