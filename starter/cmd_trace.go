package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

func newTrace(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "trace SCHOOL [EPOCH]",
		Short: "Show one pass as a tree, from its trigger to the requests to the messenger",
		Long: fmt.Sprintf(`Shows a pass of a school as a tree: the requests that asked for it, who asked, and
how long they waited in the outbox; the workflows; their activities, with the wait
for a worker and every attempt; and the requests to the messenger and the Portal,
with their calls, the wait for the token's budget, and the code of what went wrong.
Neighbouring requests of one method that went well are one line, and of the requests
that asked for it only the first are shown; with -o json there is each.
Without an epoch it is the school's newest pass; SCHOOL/EPOCH is as good.

Workers keep what this is made of in the database, for as long as %s says
(24h unless it is set, 0 is not at all); no collector is needed. What has ended is
there within 2 s. An attempt that was cut off with its worker is shown as lost, with
those of its requests that had ended.`, telemetry.EnvTracesKept),
		Example: "  rollcall trace school-17\n  rollcall trace school-17 42\n  rollcall trace school-17/42 -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			return names(lo.Ternary(len(args) == 2, []string{"SCHOOL", "EPOCH"}, []string{"SCHOOL"})...)(cmd, args)
		},
		RunE: a.runs(func(ctx context.Context, args []string) error { return runTrace(ctx, a, args) }),
	}
}

func runTrace(ctx context.Context, a *app, args []string) error {
	id, epoch, err := passNamed(args)
	if err != nil {
		return err
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	v, err := traceOf(ctx, a, st, id, epoch)
	if err != nil {
		return err
	}
	return a.show(v)
}

// passNamed reads SCHOOL, SCHOOL EPOCH or SCHOOL/EPOCH; epoch 0 is the newest pass.
func passNamed(args []string) (school.ID, int64, error) {
	name, number, both := strings.Cut(args[0], "/")
	if len(args) == 2 {
		if both {
			return "", 0, usagef("the pass is named twice: write %s %s", name, number)
		}
		number = args[1]
	}
	if number == "" && !both {
		return school.ID(name), 0, nil
	}
	epoch, err := strconv.ParseInt(number, 10, 64)
	if err != nil || epoch <= 0 {
		return "", 0, usagef("%q is no epoch: the passes of a school are numbered from 1, see: rollcall status %s -o json", number, name)
	}
	return school.ID(name), epoch, nil
}

func traceOf(ctx context.Context, a *app, st *store.Store, id school.ID, epoch int64) (traceView, error) {
	if _, err := st.School(ctx, id); err != nil {
		return traceView{}, err
	}
	pass, err := st.Pass(ctx, id, epoch)
	if err != nil {
		return traceView{}, err
	}
	if pass == nil {
		return traceView{}, usagef("school %s has no such pass on record: see: rollcall status %s", id, id)
	}
	requests, err := st.PassRequests(ctx, id, pass.Epoch)
	if err != nil {
		return traceView{}, err
	}
	ids := lo.Map(requests, func(r store.PassRequest, _ int) string { return r.ID })
	spans, err := st.PassSpans(ctx, id, pass.Epoch, ids, lo.FromPtrOr(pass.FinishedAt, a.now()))
	return assembleTrace(*pass, requests, spans), err
}
