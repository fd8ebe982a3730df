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
	// BestMadeBy are those who are to be admin of the chat and have a linked account.
	BestMadeBy []personView `json:"bestMadeBy"`
}

// makersShown is how many of those who had best make a chat are named in a table.
const makersShown = 2

func (c toMakeChat) makers() string {
	if len(c.BestMadeBy) > makersShown {
		return joinPeople(c.BestMadeBy[:makersShown]) + ", …"
	}
	return joinPeople(c.BestMadeBy)
}

// standingView is a chat that the bot was let into and that is none of the school's.
type standingView struct {
	Chat messenger.ChatRef `json:"chat"`
	// Title is the chat's when it was looked at, and Owner the account that owned it, 0 where that was not seen.
	Title string           `json:"title"`
	Owner school.AccountID `json:"owner"`
	Since time.Time        `json:"since"`
	// Problem is null while it has not been looked at.
	Problem *coded  `json:"problem"`
	Lacks   []coded `json:"lacks"`
}

// viewToMake is which chats are to be made for the school that head names, by a survey of it or of its successor.
func viewToMake(head schoolHead, s survey.Survey, standings []store.Standing, now time.Time) toMakeView {
	who := peopleOf(s.Roster)
	return toMakeView{
		schoolHead: head, Successor: lo.Ternary(s.School.ID == head.School, "", s.School.ID), Messenger: s.School.Messenger, Community: s.School.CommunityID, now: now,
		ToMake: lo.Map(s.ToMake(), func(c survey.ToMake, _ int) toMakeChat {
			return toMakeChat{Key: c.Key, Type: c.Type, Title: c.Title, Code: c.Code, MakeAs: c.Title + " " + c.Code, BestMadeBy: who.makers(c.Chat)}
		}),
		Standings: lo.Map(standings, func(x store.Standing, _ int) standingView {
			v := standingView{Chat: x.Ref, Title: x.Title, Owner: x.Owner, Since: x.Since.UTC(), Lacks: sayAll(rightWords, x.Lacks)}
			if x.LookedAt != nil {
				v.Problem = lo.ToPtr(say(adoptionWords, x.Problem))
			}
			return v
		}),
	}
}

// makers are those who had best make a chat: whoever makes it owns it for good.
func (who people) makers(c chats.Chat) []personView {
	return lo.FilterMap(c.Members, func(m chats.Member, _ int) (personView, bool) { return who.view(m.Person), m.Role == chats.RoleAdmin })
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
		p.table([]string{"MAKE A CHAT WITH THIS TITLE", "CODE", "BEST MADE BY", "KEY"}, lo.Map(v.ToMake, func(c toMakeChat, _ int) []string {
			return []string{c.MakeAs, c.Code, c.makers(), string(c.Key)}
		}))
	}
	if len(v.Standings) == 0 {
		return
	}
	p.gap()
	p.line("Chats that the bot was let into, and that are not the school's:")
	p.table([]string{"CHAT", "TITLE", "SINCE", "WHY, AND WHAT TO DO"}, lo.Map(v.Standings, func(x standingView, _ int) []string {
		return []string{string(x.Chat), x.Title, ago(&x.Since, v.now), x.why()}
	}))
}

func (x standingView) why() string {
	switch {
	case x.Problem == nil:
		return "not looked at yet: that takes seconds"
	case x.Problem.Code == string(adoption.ProblemRights) && len(x.Lacks) > 0:
		return x.Problem.Words + ": " + joinWords(x.Lacks)
	default: // it may lack rights as well, which is said when it is their turn
		return x.Problem.Words
	}
}

func (v toMakeView) steps(p *page) {
	bot := "the school's bot"
	if v.Community != 0 {
		bot = fmt.Sprintf("the school's bot (user id %d)", v.Community)
	}
	p.line("%s lets no program make chats: a person makes these, best a colleague who is to be their admin.", v.Messenger.Name())
	p.line("  1. Make a group chat in %s whose title has the code in it, as below. Whoever makes it owns it, and has to be", v.Messenger.Name())
	p.line("     a colleague, or somebody who belongs into it, whose account is linked on the Portal. An owner who has no place")
	p.line("     in the chat stays in it all the same, and that is held for as long as they own it.")
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
	adoption.ProblemNoCode:     "its title has no code: put the code of a chat that is to be made into it, or take the bot out",
	adoption.ProblemManyCodes:  "its title has the codes of several chats: leave one",
	adoption.ProblemForeign:    "its code is none of this school's: correct it, or take the bot out",
	adoption.ProblemUsed:       "its code has been used for another chat: take the bot out, or give it the code of a chat that is to be made",
	adoption.ProblemUnwanted:   "the roster has no such chat any more: take the bot out",
	adoption.ProblemOwner:      "its owner is nobody whom the roster has in this chat or on the staff, with a linked account: let one of them make it",
	adoption.ProblemRights:     "the bot lacks rights there: give it, as its admin, the rights to",
	adoption.ProblemUnreadable: "it could not be read: that is tried again at the next whole pass",
}
