package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// toMakeView is which chats people are to make, and what has become of those that they made.
type toMakeView struct {
	schoolHead
	// Successor is what the school moves to, and whose chats these are; "" where it does not move.
	Successor school.ID          `json:"successor"`
	Messenger messenger.Protocol `json:"messenger"`
	// Community is the bot's user id, 0 while no token is set.
	Community int64          `json:"community"`
	ToMake    []toMakeChat   `json:"toMake"`
	Standings []standingView `json:"standings"`
	now       time.Time
}

type toMakeChat struct {
	Key   chats.Key  `json:"key"`
	Type  chats.Type `json:"type"`
	Title string     `json:"title"`
	Code  string     `json:"code"`
	// MakeAs is a title with the code in it.
	MakeAs string `json:"makeAs"`
}

// standingView is a chat that the bot was let into and that is none of the school's.
type standingView struct {
	Chat  messenger.ChatRef `json:"chat"`
	Since time.Time         `json:"since"`
	// Problem is null while it has not been looked at.
	Problem *coded  `json:"problem"`
	Lacks   []coded `json:"lacks"`
}

// viewToMake is which chats are to be made for the school that head names, by a survey of it or of its successor.
func viewToMake(head schoolHead, s survey.Survey, standings []store.Standing, now time.Time) toMakeView {
	return toMakeView{
		schoolHead: head, Successor: lo.Ternary(s.School.ID == head.School, "", s.School.ID), Messenger: s.School.Messenger, Community: s.School.CommunityID, now: now,
		ToMake: lo.Map(s.ToMake(), func(c survey.ToMake, _ int) toMakeChat {
			return toMakeChat{Key: c.Key, Type: c.Type, Title: c.Title, Code: c.Code, MakeAs: c.Title + " " + c.Code}
		}),
		Standings: lo.Map(standings, func(x store.Standing, _ int) standingView {
			v := standingView{Chat: x.Ref, Since: x.Since.UTC(), Lacks: sayAll(rightWords, x.Lacks)}
			if x.LookedAt != nil {
				v.Problem = lo.ToPtr(say(adoptionWords, x.Problem))
			}
			return v
		}),
	}
}

func (v toMakeView) text(p *page) {
	p.line("%s (%s)", v.Name, v.School)
	if v.Successor != "" {
		p.line("The school moves to %s: how that stands: rollcall school move %s", v.Messenger.Name(), v.School)
	}
	p.gap()
	if v.Messenger.MakesChats() {
		p.line("The school is on %s, where Rollcall makes the chats itself: there is nothing to make.", v.Messenger.Name())
		return
	}
	if len(v.ToMake) == 0 {
		p.line("There is no chat to make now. Chats are asked for by a pass: rollcall resync %s --wait", cmp.Or(v.Successor, v.School))
	} else {
		v.steps(p)
		p.gap()
		p.table([]string{"MAKE A CHAT WITH THIS TITLE", "CODE", "KEY"}, lo.Map(v.ToMake, func(c toMakeChat, _ int) []string {
			return []string{c.MakeAs, c.Code, string(c.Key)}
		}))
	}
	if len(v.Standings) == 0 {
		return
	}
	p.gap()
	p.line("Chats that the bot was let into, and that are not the school's:")
	p.table([]string{"CHAT", "SINCE", "WHY, AND WHAT TO DO"}, lo.Map(v.Standings, func(x standingView, _ int) []string {
		why := "not looked at yet: that takes seconds"
		if x.Problem != nil {
			why = x.Problem.Words
		}
		if len(x.Lacks) > 0 {
			why += ": " + joinWords(x.Lacks)
		}
		return []string{string(x.Chat), ago(&x.Since, v.now), why}
	}))
}

func (v toMakeView) steps(p *page) {
	bot := "the school's bot"
	if v.Community != 0 {
		bot = fmt.Sprintf("the school's bot (user id %d)", v.Community)
	}
	p.line("%s lets no program make chats: a person makes these, best a colleague who is to be their admin.", v.Messenger.Name())
	p.line("  1. Make a group chat in %s whose title has the code in it, as below. Whoever makes it owns it, and has to be", v.Messenger.Name())
	p.line("     a colleague, or somebody who belongs into it, whose account is linked on the Portal.")
	p.line("  2. Let %s in, as an admin with the rights to:", bot)
	p.line("     %s.", joinWords(sayAll(rightWords, messenger.Rights())))
	p.line("  3. That is all: Rollcall knows the chat by its code, gives it its title, and invites people by its link.")
	p.line("A code is good for one chat, once, and for such an owner alone.")
}

var rightWords = map[messenger.Right]string{
	messenger.RightRead:    "read all messages",
	messenger.RightMembers: "add and remove members",
	messenger.RightAdmins:  "add admins",
	messenger.RightTitle:   "change the chat's information",
	messenger.RightWrite:   "write and edit messages",
}

var adoptionWords = map[adoption.Problem]string{
	adoption.ProblemClosed:     "the bot has no access to it any more: let it in again",
	adoption.ProblemNoCode:     "its title has no code: put the code from above into the title, or take the bot out",
	adoption.ProblemManyCodes:  "its title has the codes of several chats: leave one",
	adoption.ProblemForeign:    "its code is none of this school's: correct it, or take the bot out",
	adoption.ProblemUsed:       "its code has been used for another chat: take the bot out, or ask for the chat's real one above",
	adoption.ProblemUnwanted:   "the roster has no such chat any more: take the bot out",
	adoption.ProblemOwner:      "its owner is nobody whom the roster has in this chat or on the staff, with a linked account: let one of them make it",
	adoption.ProblemRights:     "the bot lacks rights there: give it, as its admin, the rights to",
	adoption.ProblemUnreadable: "it could not be read: that is tried again at the next whole pass",
}
