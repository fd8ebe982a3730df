package main

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"
)

// doctorTimeout is how long one check may take. The longest row of checks that rely on each other has five.
const doctorTimeout = 5 * time.Second

func newDoctor(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Try everything that Rollcall relies on, and say what to do",
		Long: `Tries, from this machine and without changing anything, what the whole deployment
relies on, and says in one line each how it is and, if it is not well, what to do:

  configuration      the settings can be meant
  database           PostgreSQL is reachable, and new enough
  migrations         its schema is this program's
  clock              its clock and this machine's agree, to a minute
  keyset             has the key of all that is sealed; one value of each kind is opened
  temporal           the Temporal server is reachable
  namespace          is there, and how long it keeps closed runs
  search-attributes  by which runs are found are there
  build              of the workers is current, and the same as here
  workers            of that build poll all task queues
  schedules          are what the registry says
  lanes              of continuous schools are running
  feeds              were read, within a day, without a problem
  schools            have tokens that are not refused, and are not behind
  outbox             is emptied: no request waits for long
  portal             takes the key: one school is asked for
  events             somebody listens where workers take events

What relies on something that is wrong is not tried. Each check takes 5 seconds at
the most, and most go side by side. Exit code 1 tells that something is wrong; a
warning is not wrong. A single school is tried with: rollcall school check`,
		Example: "  rollcall doctor\n  rollcall doctor -o json",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runDoctor(ctx, a) }),
	}
}

func runDoctor(ctx context.Context, a *app) error {
	d := newPatient(a)
	defer d.close()
	v := doctorView{Checks: examine(ctx, d.examinations(), doctorTimeout)}
	if err := ctx.Err(); err != nil {
		return err
	}
	wrong := lo.CountBy(v.Checks, func(c check) bool { return c.State == checkFailed })
	v.OK = wrong == 0
	if err := a.show(v); err != nil || v.OK {
		return err
	}
	return fmt.Errorf("%s wrong: the output says what to do", lo.Ternary(wrong == 1, "one thing is", fmt.Sprintf("%d things are", wrong)))
}

// doctorView is how the deployment does.
type doctorView struct {
	OK     bool    `json:"ok"`
	Checks []check `json:"checks"`
}

func (v doctorView) text(p *page) {
	p.pairs(lo.Map(v.Checks, func(c check, _ int) [2]string { return [2]string{c.Name, checkWords[c.State] + ": " + c.Message} }))
}

// finding is what came of an examination.
type finding struct {
	state   checkState
	message string
}

func well(format string, args ...any) finding { return finding{checkOK, fmt.Sprintf(format, args...)} }

func doubtful(format string, args ...any) finding {
	return finding{checkWarning, fmt.Sprintf(format, args...)}
}

func wrong(format string, args ...any) finding {
	return finding{checkFailed, fmt.Sprintf(format, args...)}
}

// examination is one thing to try.
type examination struct {
	name string
	// needs are the names of those before it that it relies on.
	needs []string
	try   func(context.Context) finding
}

// examine tries everything side by side, as far as one thing does not rely on another, each within a
// limit. What relies on something that is wrong, or was not tried itself, is not tried.
func examine(ctx context.Context, all []examination, limit time.Duration) []check {
	type outcome struct {
		finding
		cause string // name of what is to be put right first
		done  chan struct{}
	}
	outcomes := map[string]*outcome{}
	for _, e := range all {
		outcomes[e.name] = &outcome{done: make(chan struct{})}
	}
	for _, e := range all {
		go func() {
			o := outcomes[e.name]
			defer close(o.done)
			for _, need := range e.needs {
				n := outcomes[need]
				<-n.done
				if n.state == checkFailed || n.state == checkUntried {
					o.cause = lo.CoalesceOrEmpty(n.cause, need)
					o.finding = finding{checkUntried, fmt.Sprintf("put %q right first", o.cause)}
					return
				}
			}
			within, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			o.finding = e.try(within)
		}()
	}
	return lo.Map(all, func(e examination, _ int) check {
		o := outcomes[e.name]
		<-o.done
		return check{e.name, o.state, o.message}
	})
}
