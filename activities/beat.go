package activities

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
)

// beatEvery is well under the heartbeat time-out of messenger activities, so that one slow
// request does not look like a dead worker.
const beatEvery = 3 * time.Second

// beating tells Temporal that an activity is alive, with a cursor: how many operations of its
// slice have been dealt with. A later try resumes from the store's record, operation by
// operation; the cursor is for people and for noticing progress.
type beating struct {
	cursor atomic.Int64
	done   chan struct{}
	ended  sync.WaitGroup
}

func startBeating(ctx context.Context) *beating {
	b := &beating{done: make(chan struct{})}
	b.ended.Go(func() {
		ticker := time.NewTicker(beatEvery)
		defer ticker.Stop()
		for {
			activity.RecordHeartbeat(ctx, b.cursor.Load())
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			case <-b.done:
				return
			}
		}
	})
	return b
}

// advance moves the cursor and beats at once.
func (b *beating) advance(ctx context.Context, n int) {
	activity.RecordHeartbeat(ctx, b.cursor.Add(int64(n)))
}

func (b *beating) stop() {
	close(b.done)
	b.ended.Wait()
}
