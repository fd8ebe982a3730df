package main

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

type feedReadOptions struct{ acceptDrop bool }

func newFeedRead(a *app) *cobra.Command {
	var o feedReadOptions
	cmd := &cobra.Command{
		Use:   "read ID",
		Short: "Have a worker read a feed and follow what changed",
		Long: `Asks for a reading, waits for it and prints what came of it. The files are read
as a whole once they have come to rest; each registered school gets a new
roster, and schools whose roster changed and that have a token get a pass.

A reading that cannot be relied on (cut or missing files, far fewer rows than
the last time) changes nothing, and the command fails with what is wrong. If
fewer rows are right, say so with --accept-drop: it accepts the files that were
refused last, and no others. Removals that follow from it are still held where
they are too many.

The first reading of a feed must be asked for; later changes of its files are
noticed by the workers.`,
		Example: "  rollcall feed read nevsky\n  rollcall feed read nevsky --accept-drop",
		Args:    names("ID"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runFeedRead(ctx, a, school.FeedID(args[0]), o) }),
	}
	cmd.Flags().BoolVar(&o.acceptDrop, "accept-drop", false, "take the files that were refused last for what they are, although they have far fewer rows")
	return cmd
}

func runFeedRead(ctx context.Context, a *app, id school.FeedID, o feedReadOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := st.Feed(ctx, id)
	if err != nil {
		return err
	}
	if o.acceptDrop && row.Problem == nil {
		return usagef("no reading of feed %s was refused: there is nothing to accept; read it without --accept-drop", id)
	}
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	request := workflows.ReadRequest{
		ID: rand.Text(), Trigger: workflows.TriggerManual, RequestedBy: a.login(),
	}
	if o.acceptDrop {
		// What was refused is what is accepted; should the files have changed since, they are
		// judged afresh.
		request.AcceptDrop = row.Fingerprint
	}
	report, err := await(ctx, a.newProgress(), question[workflows.FeedReport]{
		ask: func(ctx context.Context) (workflows.FeedReport, error) {
			return temporal.ReadFeedAndWait(ctx, c, id, request)
		},
		phase: func(ctx context.Context) (string, error) {
			var status workflows.FeedStatus
			err := query(ctx, c, workflows.FeedSyncID(id), &status)
			return status.Phase, err
		},
	})
	if err != nil {
		return err
	}
	if err := a.show(viewReading(report)); err != nil {
		return err
	}
	return lo.Ternary(len(report.Problems) > 0, errIncomplete, nil)
}

// readingView is what came of a reading.
type readingView struct {
	Feed     school.FeedID             `json:"feed"`
	Rows     map[string]int            `json:"rows"`
	Schools  int                       `json:"schools"`
	Changed  []school.ID               `json:"changed"`
	Faults   map[string]int            `json:"faults"`
	Problems []workflows.SchoolProblem `json:"problems"`
}

func viewReading(r workflows.FeedReport) readingView {
	return readingView{
		Feed: r.Feed, Rows: notNil(r.Rows), Schools: r.Schools, Faults: notNil(r.Faults),
		Changed: append([]school.ID{}, r.Changed...), Problems: append([]workflows.SchoolProblem{}, r.Problems...),
	}
}

func (v readingView) text(p *page) {
	p.line("feed %s: read %d rows of %d files", v.Feed, lo.Sum(lo.Values(v.Rows)), len(v.Rows))
	if len(v.Changed) == 0 {
		p.line("schools: %d, none with a changed roster", v.Schools)
	} else {
		changed := lo.Map(v.Changed, func(id school.ID, _ int) string { return string(id) })
		p.line("schools: %d, with a changed roster: %s", v.Schools, strings.Join(changed, ", "))
	}
	p.line("source faults: %s", lo.CoalesceOrEmpty(tally(v.Faults), "none"))
	for _, x := range v.Problems {
		p.line("school %s was not taken over: %s", x.School, x.Message)
	}
}
