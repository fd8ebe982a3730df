package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/workflows"
)

// question is something asked of a workflow, with a way to learn meanwhile what it is doing.
type question[A any] struct {
	ask func(context.Context) (A, error)
	// phase asks the workflow for its status. Only a worker can answer it.
	phase func(context.Context) (string, error)
}

const (
	// askEvery is how often the workflow is asked what it is doing.
	askEvery = time.Second
	// askTimeout bounds one such question: without a worker the server sits on it.
	askTimeout = 3 * time.Second
	// silence is how long nobody may answer before that is said.
	silence = 10 * time.Second
)

const noWorker = "no worker seems to be running: the request waits until one takes it up"

// await asks and waits for the answer, however long it takes, and shows meanwhile what goes
// on. A workflow that ended just when it was asked is asked once more: that starts a new run.
func await[A any](ctx context.Context, shown *progress, q question[A]) (A, error) {
	watched, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { watch(watched, shown, q.phase) })
	answer, err := q.ask(ctx)
	if err != nil && ctx.Err() == nil && endedMeanwhile(err) {
		answer, err = q.ask(ctx)
	}
	stop()
	watching.Wait()
	shown.clear()
	if err != nil && ctx.Err() != nil {
		err = errStoppedWaiting
	}
	return answer, err
}

// watch shows what the workflow says it is doing, and once, that nobody answers.
func watch(ctx context.Context, shown *progress, phase func(context.Context) (string, error)) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	began := time.Now()
	answered, warned := false, false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if text, err := ask(ctx, phase); err == nil {
			answered = true
			shown.show(text)
		}
		if !answered && !warned && ctx.Err() == nil && time.Since(began) >= silence {
			warned = true
			shown.note(noWorker)
		}
	}
}

func ask(ctx context.Context, phase func(context.Context) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return phase(ctx)
}

// acceptedUpdateLost is the type of the failure that the server gives an update which a run
// had accepted, and not answered when it ended.
const acceptedUpdateLost = "AcceptedUpdateCompletedWorkflow"

// endedMeanwhile tells that the run ended before it could answer.
func endedMeanwhile(err error) bool {
	if e, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return e.Type() == acceptedUpdateLost
	}
	_, notFound := errors.AsType[*serviceerror.NotFound](err)
	_, notReady := errors.AsType[*serviceerror.WorkflowNotReady](err)
	return notFound || notReady
}

// query asks a workflow for its status.
func query(ctx context.Context, c client.Client, workflowID string, status any) error {
	value, err := c.QueryWorkflow(ctx, workflowID, "", workflows.StatusQuery)
	if err != nil {
		return err
	}
	return value.Get(status)
}
