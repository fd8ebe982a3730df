package activities

import (
	"context"
	"errors"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/workflows"
)

// MakeRooms makes the rooms of calls that bring none, and closes those of cancelled calls.
func (a *Activities) MakeRooms(ctx context.Context, in workflows.PublishInput) (workflows.Served, error) {
	return a.callStep(ctx, in, func(d *callDesk, ctx context.Context) error {
		due := d.due(func(t calls.Todo) bool { return t.MakeRoom || t.Finish })
		if len(due) == 0 {
			return nil
		}
		return d.makeRooms(ctx, due)
	})
}

func (d *callDesk) makeRooms(ctx context.Context, due []calls.Item) error {
	id := d.in.School
	token, _, err := d.a.Store.UserToken(ctx, id)
	if err != nil {
		return err
	}
	way, err := d.a.way(ctx, id)
	if err != nil {
		return err
	}
	gate, err := d.a.gate(ctx, id, d.in.Epoch)
	if err != nil {
		return err
	}
	rooms, err := d.a.Messengers.Rooms(connect.Access{
		Protocol: d.survey.School.Messenger, Community: d.survey.School.CommunityID, Token: token, HTTP: way.client, Gate: gate,
	})
	if err != nil {
		return err
	}
	for _, item := range due {
		if item.Room != nil {
			err = d.closeRoom(ctx, rooms, item)
		} else {
			err = d.makeRoom(ctx, rooms, item)
		}
		if errors.Is(err, errTokenRefused) {
			return d.a.Store.SetUserTokenRefused(ctx, id, token, messenger.CodeOf(err))
		}
		if err != nil {
			return way.explain(err)
		}
	}
	return nil
}

// errTokenRefused says that no room can be made with the person's token. It is not the school's: the chats go on.
var errTokenRefused = errors.New("the person's token is refused")

// makeRoom makes a room. Where another attempt has made one meanwhile, that one stays. A refusal that
// is about this room alone is counted, and the others are made.
func (d *callDesk) makeRoom(ctx context.Context, rooms messenger.Rooms, item calls.Item) error {
	room, err := rooms.StartCall(ctx)
	if d.counted("user-", err) {
		if isTokens(err) {
			return errors.Join(errTokenRefused, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	kept, err := d.a.Store.SetRoom(ctx, d.in.School, item.Call.ID, room)
	if err != nil {
		return err
	}
	d.done(ctx, workflows.ServedRooms)
	if kept.ID != room.ID {
		return rooms.FinishCall(ctx, room.ID)
	}
	return nil
}

// closeRoom closes a room. One that this person's token may not close was made with another's, which
// says nothing against this one: it stays, and is tried again until the call would have been over.
func (d *callDesk) closeRoom(ctx context.Context, rooms messenger.Rooms, item calls.Item) error {
	err := rooms.FinishCall(ctx, item.Room.ID)
	if d.counted("room-", err) {
		return nil
	}
	if err != nil {
		return err
	}
	d.done(ctx, workflows.ServedFinished)
	return d.a.Store.ClearRoom(ctx, d.in.School, item.Call.ID)
}

// counted counts a refusal that another try of this step does not cure.
func (d *callDesk) counted(prefix string, err error) bool {
	e, ok := errors.AsType[*messenger.Error](err)
	if !ok || e.Scope() == messenger.ScopeRetry || e.Code == messenger.CodeFenced {
		return false
	}
	d.served.Failed[prefix+string(e.Code)]++
	return true
}

func isTokens(err error) bool {
	switch messenger.CodeOf(err) {
	case messenger.CodeTokenRefused, messenger.CodeTokenRights, messenger.CodeTokenForeign:
		return true
	default:
		return false
	}
}
