package activities

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/workflows"
)

// AnnounceCalls takes back messages that say what is no longer so, and sends the links of calls into
// their chats. A message is recorded before it is sent: sent again after a lost reply it is the same
// one, also where by then it is only sent to be taken back.
func (a *Activities) AnnounceCalls(ctx context.Context, in workflows.PublishInput) (workflows.Served, error) {
	return a.callStep(ctx, in, func(d *callDesk, ctx context.Context) error {
		d.countWaiting() // a chat that is made from now on comes too late for this step
		due := d.due(func(t calls.Todo) bool { return t.TakeBack || t.Announce })
		if len(due) == 0 {
			return nil
		}
		m, _, err := a.messenger(ctx, in.School, in.Epoch)
		if err != nil {
			return err
		}
		x := &announcer{callDesk: d, messenger: m}
		for _, step := range []func(context.Context, []calls.Item) error{x.learn, x.takeBack, x.announce} {
			if err := a.remember(ctx, in.School, step(ctx, due)); err != nil {
				return err
			}
		}
		return nil
	})
}

type announcer struct {
	*callDesk
	messenger messenger.Messenger
}

// message is a call to the messenger about one announcement.
type message struct {
	item   *calls.Item
	posted calls.Posted
	call   messenger.Call
}

// learn finds out about messages whose sending was not confirmed, and which are to be taken back.
func (x *announcer) learn(ctx context.Context, due []calls.Item) error {
	var sent []message
	for i, item := range due {
		if item.Todo(x.now, x.means).TakeBack && item.Posted.Message == "" {
			sent = append(sent, sending(&due[i], *item.Posted))
		}
	}
	return x.do(ctx, sent, x.sent)
}

func (x *announcer) takeBack(ctx context.Context, due []calls.Item) error {
	var back []message
	for i, item := range due {
		if item.Todo(x.now, x.means).TakeBack && item.Posted != nil && item.Posted.Message != "" {
			call := messenger.Call{Kind: messenger.CallDeleteMessage, Chat: item.Posted.Ref, Message: item.Posted.Message}
			back = append(back, message{item: &due[i], posted: *item.Posted, call: call})
		}
	}
	return x.do(ctx, back, func(ctx context.Context, m message, reply messenger.Reply) error {
		notice := m.item.Cancellation(newRandomID())
		m.item.Posted = nil
		switch {
		case reply.Err == nil:
			x.done(ctx, workflows.ServedTakenBack)
		case messenger.CodeOf(reply.Err) == messenger.CodeChatRights && m.item.Over(x.now):
			m.item.Posted = &notice // too old to be taken back: another one corrects what it says
		}
		return x.a.Store.SetPosted(ctx, x.in.School, m.item.Call.ID, m.item.Posted)
	})
}

func (x *announcer) announce(ctx context.Context, due []calls.Item) error {
	var news []message
	for i := range due {
		item := &due[i]
		if !item.Todo(x.now, x.means).Announce || item.Posted != nil && item.Posted.Message != "" {
			continue
		}
		if item.Posted == nil {
			posted := item.Announcement(newRandomID())
			if err := x.a.Store.SetPosted(ctx, x.in.School, item.Call.ID, &posted); err != nil {
				return err
			}
			item.Posted = &posted
		}
		news = append(news, sending(item, *item.Posted))
	}
	return x.do(ctx, news, x.sent)
}

// newRandomID makes a key for a message that no message had before.
func newRandomID() int32 { return rand.Int32N(math.MaxInt32) + 1 }

func sending(item *calls.Item, posted calls.Posted) message {
	return message{item: item, posted: posted, call: messenger.Call{
		Kind: messenger.CallSendMessage, Chat: posted.Ref, Text: posted.Text, RandomID: posted.RandomID,
	}}
}

// sent records that a message is in its chat, or that it cannot get there.
func (x *announcer) sent(ctx context.Context, m message, reply messenger.Reply) error {
	if reply.Err != nil {
		m.item.Posted = nil
		return x.a.Store.SetPosted(ctx, x.in.School, m.item.Call.ID, nil)
	}
	m.posted.Message = reply.Message
	m.item.Posted = &m.posted
	x.done(ctx, workflows.ServedAnnouncements)
	return x.a.Store.SetPosted(ctx, x.in.School, m.item.Call.ID, &m.posted)
}

// do makes calls about messages. Each reply is recorded before anything more is done; a refusal that
// concerns the request or the token as a whole is left for the next try.
func (x *announcer) do(ctx context.Context, all []message, record func(context.Context, message, messenger.Reply) error) error {
	if len(all) == 0 {
		return nil
	}
	requests := make([]messenger.Call, len(all))
	for i, m := range all {
		requests[i] = m.call
	}
	return x.messenger.Do(ctx, requests, func(first int, replies []messenger.Reply) error {
		for i, reply := range replies {
			if reply.Err != nil {
				if retried(reply.Err) {
					continue
				}
				x.served.Failed["call-"+string(messenger.CodeOf(reply.Err))]++
			}
			if err := record(ctx, all[first+i], reply); err != nil {
				return err
			}
		}
		return nil
	})
}

// retried tells whether a refusal of one call concerns the request or the token as a whole: Do ends with it, and the
// activity's next try takes it up.
func retried(err error) bool {
	code := messenger.CodeOf(err)
	scope := (&messenger.Error{Code: code}).Scope()
	return scope == messenger.ScopeRetry || scope == messenger.ScopeToken && code != messenger.CodeBadRequest
}
