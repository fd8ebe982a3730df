package survey

import (
	"context"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// CallsAmong puts calls among the school's chats.
func (s Survey) CallsAmong(states []calls.State) []calls.Item {
	refs := map[chats.Key]messenger.ChatRef{}
	for _, c := range s.Mirror {
		if c.Ref != "" && c.State != reconcile.ChatGone {
			refs[c.Key] = c.Ref
		}
	}
	zone, err := time.LoadLocation(s.School.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return calls.Among(states, s.Roster, s.Desired, refs, zone, s.School.Organisation())
}

// CallMeans are what a school has to serve calls with; portal tells whether there is one to publish on.
func CallMeans(ctx context.Context, st *store.Store, s Survey, portal bool) (calls.Means, error) {
	token, refused, err := st.UserToken(ctx, s.School.ID)
	return calls.Means{Rooms: token != "" && refused == "", Portal: portal}, err
}

// CallsWork tells whether anything is to be done about the school's calls now.
func (s Survey) CallsWork(ctx context.Context, st *store.Store, now time.Time, portal bool) (bool, error) {
	states, err := st.OpenCalls(ctx, s.School.ID)
	if err != nil || len(states) == 0 {
		return false, err
	}
	means, err := CallMeans(ctx, st, s, portal)
	return lo.SomeBy(s.CallsAmong(states), func(i calls.Item) bool {
		return i.Todo(now, means).Any() || i.Obstacle(now, means) != i.Problem
	}), err
}
