package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/chats"
)

// pauseOrder has a child rest between two slices while its lane lets something urgent through.
// Orders are numbered, so that an answer to an earlier one is told from the one awaited.
type pauseOrder struct {
	Number int  `json:"number"`
	Rest   bool `json:"rest"`
}

// pauseAnswer says that a child rests.
type pauseAnswer struct {
	Number int        `json:"number"`
	Type   chats.Type `json:"type"`
}

// pauses is a child's side of it.
type pauses struct {
	orders workflow.ReceiveChannel
	last   pauseOrder
}

func (p *pauses) open(ctx workflow.Context) {
	p.orders = workflow.GetSignalChannelWithOptions(ctx, Pause, workflow.SignalChannelOptions{
		Description: "Sent by the school's lane: rest between two slices, or go on.",
	})
}

// between is called between two slices: it rests for as long as the lane wants it.
func (p *pauses) between(ctx workflow.Context, t chats.Type) error {
	for p.receive() {
		parent := workflow.GetInfo(ctx).ParentWorkflowExecution
		if !p.last.Rest || parent == nil {
			continue
		}
		answer := pauseAnswer{Number: p.last.Number, Type: t}
		if err := workflow.SignalExternalWorkflow(ctx, parent.ID, parent.RunID, Paused, answer).Get(ctx, nil); err != nil {
			return err
		}
		if err := workflow.Await(ctx, func() bool { return p.orders.Len() > 0 }); err != nil {
			return err
		}
	}
	return nil
}

// receive takes the newest order, and tells whether there was one.
func (p *pauses) receive() bool {
	some := false
	for p.orders.ReceiveAsync(&p.last) {
		some = true
	}
	return some
}
