package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/devstack/stack"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/trouble"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Options are the demonstration's.
type Options struct {
	// Stack says where everything lives and on which ports.
	Stack stack.Options
	// Bin is the folder of the binaries rollcall and worker.
	Bin string
	// Once ends after the table instead of staying up.
	Once bool
	// JSON prints the result as JSON instead of a table.
	JSON bool
	// Out takes the result, Progress what happens on the way.
	Out, Progress io.Writer
}

// ErrNotInStep says that the district's chats are not as the roster wants them.
var ErrNotInStep = errors.New("the district is not in step: see the table and `rollcall status`")

// Run runs the demonstration until the context ends, or (Once) until the table is printed.
// Everything it started is stopped when it returns.
func Run(ctx context.Context, o Options) (err error) {
	d := &demo{o: o, screen: newScreen(o.Progress)}
	defer func() { err = errors.Join(err, d.stop()) }()
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"PostgreSQL, Temporal, its UI and the sandbox", d.startStack},
		{"database schema and search attributes", d.migrate},
		{"worker", d.startWorker},
		{"its build is the current one", d.promote},
		{"a district's roster", d.makeDistrict},
		{"district, feed, schools and tokens", d.register},
		{"reading the roster", d.readFeed},
		{"bringing the chats in step", d.sync},
		{"people make the chats of " + maxSchool + " in MAX, with the codes in their titles", d.makeChats},
		{"people come into them by their links, and a stranger", d.joinChats},
		{"reading every chat back to compare", d.verify},
		{"a video call, from the roster to the Portal", d.publishCall},
	}
	for _, step := range steps {
		err := d.screen.step(step.what, func() error { return step.do(ctx) })
		if _, answer := errors.AsType[*sdktemporal.ApplicationError](err); answer && !o.Once {
			// What the district's own state is to blame for is there to be looked into.
			d.screen.say("  " + trouble.Explain(err))
			continue
		}
		if err != nil {
			return err
		}
	}
	results, err := d.results(ctx)
	if err == nil {
		err = d.print(results)
	}
	if o.Once {
		inStep := lo.EveryBy(results, func(r Result) bool { return r.InStep })
		return cmp.Or(err, lo.Ternary(inStep, nil, ErrNotInStep))
	}
	if err != nil {
		d.screen.say("  " + trouble.Explain(err))
	}
	d.screen.addresses(d)
	<-ctx.Done()
	d.screen.say("\nstopping …")
	return nil
}

type demo struct {
	o      Options
	screen *screen
	stack  *stack.Stack
	worker *child
	store  *store.Store
	client client.Client
	// outcomes are those of the comparing pass.
	outcomes map[school.ID]workflows.PassReport
	// metrics is where the worker's metrics are served, and events where it takes pushes.
	metrics, events string
	// intruded tells that a stranger came into a chat in MAX, and was turned out.
	intruded bool
	// lag is how long a video call took from calls.csv to the Portal, heldLag from our taking it in.
	lag, heldLag time.Duration
}

func (d *demo) startStack(ctx context.Context) error {
	d.o.Stack.Progress = func(step string) { d.screen.detail(step) }
	s, err := stack.Start(ctx, d.o.Stack)
	d.stack = s
	return err
}

func (d *demo) migrate(ctx context.Context) error {
	if err := d.writeEnvironment(); err != nil {
		return err
	}
	if _, err := d.rollcall(ctx, "", "migrate"); err != nil {
		return err
	}
	var err error
	if d.store, err = d.stack.OpenStore(ctx); err != nil {
		return err
	}
	d.client, err = d.stack.DialTemporal(ctx)
	return err
}

func (d *demo) readFeed(ctx context.Context) error {
	report, err := temporal.ReadFeedAndWait(ctx, d.client, feedID, workflows.ReadRequest{
		ID: rand.Text(), Trigger: workflows.TriggerManual, RequestedBy: "demo",
	})
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		return fmt.Errorf("school %s: %s", p.School, p.Message)
	}
	d.screen.detail(fmt.Sprintf("%d rows, %d schools, %d with a new roster", lo.Sum(lo.Values(report.Rows)), report.Schools, len(report.Changed)))
	return nil
}

// sync has every school's lane make a pass, all at once, and shows how far they are.
func (d *demo) sync(ctx context.Context) error {
	_, err := d.pass(ctx, false)
	return err
}

func (d *demo) verify(ctx context.Context) (err error) {
	d.outcomes, err = d.pass(ctx, true)
	return err
}

func (d *demo) pass(ctx context.Context, verify bool) (map[school.ID]workflows.PassReport, error) {
	schools, err := d.store.Schools(ctx, districtID)
	if err != nil {
		return nil, err
	}
	shown, hide := context.WithCancel(ctx)
	var showing, group sync.WaitGroup
	showing.Go(func() { d.showProgress(shown, schools) })
	defer func() { hide(); showing.Wait() }()

	var mu sync.Mutex
	var failed error
	reports := map[school.ID]workflows.PassReport{}
	for _, s := range schools {
		group.Go(func() {
			report, err := temporal.ResyncAndWait(ctx, d.client, s.ID, workflows.Request{
				ID: rand.Text(), Trigger: workflows.TriggerManual, Verify: verify, RequestedBy: "demo",
			})
			mu.Lock()
			defer mu.Unlock()
			reports[s.ID] = report
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("school %s: %w", s.ID, err))
				reports[s.ID] = failedPass(s.ID)
			}
		})
	}
	group.Wait()
	return reports, failed
}

func failedPass(id school.ID) workflows.PassReport {
	return workflows.PassReport{School: id, Outcome: workflows.OutcomeFailed}
}

func (d *demo) showProgress(ctx context.Context, schools []store.SchoolRow) {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		ended, total := 0, 0
		for _, s := range schools {
			if e, t, err := d.store.Progress(ctx, s.ID); err == nil {
				ended, total = ended+e, total+t
			}
		}
		if total > 0 {
			d.screen.detail(fmt.Sprintf("%d of %d operations", ended, total))
		}
	}
}

func (d *demo) print(results []Result) error {
	if d.o.JSON {
		encoder := json.NewEncoder(d.o.Out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(results)
	}
	if err := printTable(d.o.Out, results); err != nil {
		return err
	}
	if d.intruded {
		fmt.Fprintf(d.o.Out, "\n%s is on MAX: people made its chats, and came in by the links; a stranger who did was turned out, and cannot come back.\n", maxSchool)
	}
	if d.lag == 0 {
		return nil
	}
	_, err := fmt.Fprintf(d.o.Out, "\nA video call of %s was on the Portal %.2f s after it was written to calls.csv, %.2f s after it was read.\n",
		continuousSchool, d.lag.Seconds(), d.heldLag.Seconds())
	return err
}

// stop stops everything in the reverse order of its start.
func (d *demo) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	if d.worker != nil {
		err = errors.Join(err, d.worker.stop())
	}
	if d.client != nil {
		d.client.Close()
	}
	if d.store != nil {
		d.store.Close()
	}
	if d.stack != nil {
		err = errors.Join(err, d.stack.Stop(ctx))
	}
	return err
}
