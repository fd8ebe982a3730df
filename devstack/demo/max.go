package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

const (
	// maxSchool is the one whose chats live on MAX, where people make them.
	maxSchool = continuousSchool
	// stranger is somebody whom nobody knows, and who has got hold of a link.
	stranger = 666_000_666
	// followTime is how long Rollcall may take to follow what people do.
	followTime = 3 * time.Minute
	lookEvery  = 250 * time.Millisecond
)

// makeChats has people make the chats that are asked for: each an admin of the chat to be, or, where none of these has linked an
// account, somebody else who belongs there. It waits until all are adopted, and everybody is invited.
func (d *demo) makeChats(ctx context.Context) error {
	s, err := d.surveyMAX(ctx)
	if err != nil {
		return err
	}
	world := d.stack.Sandbox().Max
	for _, c := range s.ToMake() {
		made, err := world.MakeChat(max.Making{Owner: maker(c.Chat), Title: c.Title + " " + c.Code})
		if err != nil {
			return err
		}
		if _, err := world.AddBot(max.BotRights{Chat: made.ChatID, Bot: s.School.CommunityID}); err != nil {
			return err
		}
	}
	return d.follow(ctx, func(s survey.Survey) (done, all int) {
		return len(s.Mirror) - len(s.ToMake()), len(s.Mirror) + len(s.Plan.Operations)
	}, "adopted")
}

func maker(c chats.Chat) int64 {
	m, isAdmin := lo.Find(c.Members, func(m chats.Member) bool { return m.Role == chats.RoleAdmin })
	if !isAdmin {
		m = c.Members[0]
	}
	return int64(m.Account)
}

// joinChats has everybody who is invited follow the link of each of their chats, and a stranger with them. It waits until admins
// are promoted and the stranger is turned out.
func (d *demo) joinChats(ctx context.Context) error {
	s, err := d.surveyMAX(ctx)
	if err != nil {
		return err
	}
	world := d.stack.Sandbox().Max
	for _, c := range s.Mirror {
		for _, m := range c.Members {
			if m.State != reconcile.MemberInvited {
				continue
			}
			if err := join(world, c.Ref, int64(m.Account)); err != nil {
				return err
			}
		}
	}
	intruded := slices.IndexFunc(s.Mirror, func(c store.MirrorChat) bool { return c.Type == chats.Students && c.Ref != "" })
	if intruded < 0 {
		return nil
	}
	chat := s.Mirror[intruded].Ref
	turnedOut := func() bool {
		state, _ := world.State().Chat(number(chat))
		return slices.Contains(state.Blocked, stranger)
	}
	if !turnedOut() {
		if err := join(world, chat, stranger); err != nil {
			return err
		}
		d.intruded = true
	}
	return d.follow(ctx, func(s survey.Survey) (done, all int) {
		if !turnedOut() {
			all++
		}
		for _, c := range s.Mirror {
			for _, m := range c.Members {
				all++
				done += lo.Ternary(m.State == reconcile.MemberPresent, 1, 0)
			}
		}
		return done - len(s.Plan.Operations), all
	}, "people in their places")
}

func join(world *max.World, ref messenger.ChatRef, user int64) error {
	_, err := world.Join(max.Joining{Chat: number(ref), User: user})
	return err
}

// number is a chat's id in MAX.
func number(ref messenger.ChatRef) (id int64) {
	_, _ = fmt.Sscan(string(ref), &id)
	return id
}

func (d *demo) surveyMAX(ctx context.Context) (survey.Survey, error) {
	return survey.Take(ctx, d.store, maxSchool, time.Now(), survey.Options{})
}

// follow waits until all is done, and shows how far it is.
func (d *demo) follow(ctx context.Context, count func(survey.Survey) (done, all int), what string) error {
	ctx, cancel := context.WithTimeout(ctx, followTime)
	defer cancel()
	for {
		s, err := d.surveyMAX(ctx)
		if err != nil {
			return err
		}
		done, all := count(s)
		d.screen.detail(fmt.Sprintf("%d of %d %s", done, all, what))
		if done >= all {
			return nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("%d of %d %s: see: rollcall status %s: %w", done, all, what, maxSchool, ctx.Err())
		}
	}
}
