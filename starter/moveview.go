package main

import (
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// moveState is how a school's move stands.
type moveState string

const (
	moveNone     moveState = "none"
	movePlanned  moveState = "planned"
	moveUnderWay moveState = "moving"
	moveLeaving  moveState = "leaving"
	moveDone     moveState = "moved"
)

var moveStateWords = map[moveState]string{
	moveNone:     "does not move",
	movePlanned:  "would move, see --dry-run",
	moveUnderWay: "moves",
	moveLeaving:  "has all its new chats, and leaves the old ones",
	moveDone:     "has moved",
}

// moveView is how a school's move stands, or would go.
type moveView struct {
	School school.ID          `json:"school"`
	Name   string             `json:"name"`
	State  coded              `json:"state"`
	From   messenger.Protocol `json:"from"`
	// To and Successor are "" where the school does not move. Community is the one there, 0 where it is not known.
	To        messenger.Protocol `json:"to"`
	Successor school.ID          `json:"successor"`
	Community int64              `json:"community"`
	// CanBeTakenBack tells that it moves, and that no old chat is being left yet.
	CanBeTakenBack bool        `json:"canBeTakenBack"`
	Chats          []moveCount `json:"chats"`
	// Belong counts the places that the roster gives in the chats that are waited for: somebody who belongs into several has one in
	// each. Of them People are taken: who is in the chat.
	Belong int `json:"belong"`
	People int `json:"people"`
	// HeldBack are the chats that are not made, or not there any more, with the reason.
	HeldBack []heldBack `json:"heldBack"`
	// Left are the chats that the school has left in earlier moves, the latest first.
	Left  []leftView `json:"left"`
	begun bool
	now   time.Time
}

// moveCount counts the chats of one type.
type moveCount struct {
	Type chats.Type `json:"type"`
	// Old are those that are to be left.
	Old int `json:"old"`
	// Waited are those that the move waits for: There, Awaited (people are to make them), ToMake (Rollcall is to make them,
	// or to ask for them) and Lost (held, or gone).
	Waited  int `json:"waited"`
	There   int `json:"there"`
	Awaited int `json:"awaited"`
	ToMake  int `json:"toMake"`
	Lost    int `json:"lost"`
	// NotYet are those that the roster has no reason for now: they are not waited for.
	NotYet int `json:"notYet"`
}

type heldBack struct {
	chatHead
	Reasons []coded `json:"reasons"`
	// Old tells that there is such a chat on the messenger that the school leaves.
	Old bool `json:"old"`
}

// leftView are the chats that a school left at one time.
type leftView struct {
	Messenger messenger.Protocol `json:"messenger"`
	LeftAt    time.Time          `json:"leftAt"`
	Chats     int                `json:"chats"`
}

func viewNoMove(row store.SchoolRow, left []store.LeftChat, now time.Time) moveView {
	return moveView{
		School: row.ID, Name: row.Name, State: say(moveStateWords, lo.Ternary(len(left) > 0, moveDone, moveNone)), From: row.Messenger,
		Chats: []moveCount{}, HeldBack: []heldBack{}, Left: viewLeft(left), now: now,
	}
}

// viewPlannedMove is what would be made for a school elsewhere, where there is nothing yet.
func viewPlannedMove(s survey.Survey, to messenger.Protocol, community int64) moveView {
	v := moveView{
		School: s.School.ID, Name: s.School.Name, State: say(moveStateWords, movePlanned), From: s.School.Messenger,
		To: to, Successor: store.SuccessorID(s.School.ID, to), Community: community, Left: []leftView{},
	}
	old := s.Mirror
	s.Mirror, s.Plan = nil, reconcile.Plan{}
	v.count(old, s)
	return v
}

// viewMove is how a school's move stands; final tells that the old chats are being left.
func viewMove(row store.SchoolRow, old store.Mirror, next survey.Survey, left []store.LeftChat, final bool, now time.Time) moveView {
	v := moveView{
		School: row.ID, Name: row.Name, State: say(moveStateWords, lo.Ternary(next.Complete(), moveLeaving, moveUnderWay)), From: row.Messenger,
		To: next.School.Messenger, Successor: next.School.ID, Community: next.School.CommunityID, CanBeTakenBack: !final, Left: viewLeft(left), now: now,
	}
	v.count(old, next)
	return v
}

func viewLeft(left []store.LeftChat) []leftView {
	views := []leftView{}
	for _, c := range left {
		at := c.LeftAt.UTC()
		if n := len(views); n == 0 || !views[n-1].LeftAt.Equal(at) || views[n-1].Messenger != c.Messenger {
			views = append(views, leftView{Messenger: c.Messenger, LeftAt: at})
		}
		views[len(views)-1].Chats++
	}
	return views
}

// count counts the chats that are to be left, and those of the successor.
func (v *moveView) count(old store.Mirror, next survey.Survey) {
	counts := lo.SliceToMap(chats.Types(), func(t chats.Type) (chats.Type, *moveCount) { return t, &moveCount{Type: t} })
	live := map[chats.Key]bool{}
	for _, c := range old {
		if c.State == reconcile.ChatLive {
			counts[c.Type].Old++
			live[c.Key] = true
		}
	}
	v.HeldBack = []heldBack{}
	for _, p := range placesOf(next) {
		if p.want == nil {
			continue // the roster does not call for it any more, and nobody waits for it
		}
		if counts[p.kind].add(p.state()) {
			v.HeldBack = append(v.HeldBack, heldBack{chatHead: p.head(), Reasons: p.withheld(next.School.Messenger), Old: live[p.key]})
		}
		if p.state() != chatNotYet {
			v.Belong += len(p.wanted())
			v.People += p.arrived()
		}
	}
	v.Chats = lo.FilterMap(chats.Types(), func(t chats.Type, _ int) (moveCount, bool) {
		c := *counts[t]
		return c, c != moveCount{Type: t}
	})
}

// add counts a chat, and tells whether something holds it back.
func (c *moveCount) add(state chatState) bool {
	if state == chatNotYet {
		c.NotYet++
		return true
	}
	c.Waited++
	switch state {
	case chatLive:
		c.There++
	case chatAwaited:
		c.Awaited++
	case chatHeld, chatGone:
		c.Lost++
		return true
	default:
		c.ToMake++
	}
	return false
}

// withheld says why a chat is not made, or what is wrong with it.
func (p *place) withheld(on messenger.Protocol) []coded {
	reasons := append(sayAll(notYetWords, p.notYet()), sayAll(holdWords, p.heldCreation())...)
	if p.have != nil && p.have.Problem != "" {
		reasons = []coded{sayTrouble(on, p.have.Problem)}
	}
	return reasons
}

// arrived counts those who belong into the chat and are in it.
func (p *place) arrived() int {
	if p.state() != chatLive {
		return 0
	}
	in := lo.SliceToMap(p.known(), func(m reconcile.Member) (school.AccountID, bool) {
		return m.Account, m.State == reconcile.MemberPresent
	})
	return lo.CountBy(p.wanted(), func(m chats.Member) bool { return in[m.Account] })
}

func (v moveView) total() moveCount {
	return lo.Reduce(v.Chats, func(sum, c moveCount, _ int) moveCount {
		sum.Old, sum.Waited, sum.There, sum.Awaited, sum.ToMake, sum.Lost =
			sum.Old+c.Old, sum.Waited+c.Waited, sum.There+c.There, sum.Awaited+c.Awaited, sum.ToMake+c.ToMake, sum.Lost+c.Lost
		return sum
	}, moveCount{})
}

func (v moveView) text(p *page) {
	if v.To == "" {
		v.noMove(p)
		return
	}
	planned := v.State.Code == string(movePlanned)
	p.line("%s (%s): from %s to %s", v.Name, v.School, v.From.Name(), v.To.Name())
	p.gap()
	v.table(p, planned)
	v.heldBack(p)
	p.gap()
	if planned || v.begun {
		v.course(p)
		p.gap()
	}
	if planned {
		p.line("nothing has been begun; to begin: rollcall school move %s --to %s --community-id N < token.txt", v.School, v.To)
		return
	}
	v.standing(p)
}

func (v moveView) noMove(p *page) {
	p.line("school %s is on %s, and does not move", v.School, v.From.Name())
	v.left(p)
	for _, to := range lo.Without(messenger.Protocols(), v.From) {
		p.line("what a move would bring: rollcall school move %s --to %s --dry-run", v.School, to)
	}
}

func (v moveView) left(p *page) {
	for _, l := range v.Left {
		p.line("it left %s on %s %s (%s)", counted(l.Chats, "chat"), l.Messenger.Name(), ago(&l.LeftAt, v.now), l.LeftAt.Format(time.RFC3339))
	}
}

func (v moveView) table(p *page, planned bool) {
	header := []string{"CHATS", "ON " + v.From.Name(), "TO BE ON " + v.To.Name(), "THERE", "TO BE MADE", "HELD OR GONE", "NOT YET"}
	if planned {
		header = append(header[:3], "NOT YET")
	}
	p.table(header, lo.Map(v.Chats, func(c moveCount, _ int) []string {
		row := []string{chatTypeNames[c.Type], number(c.Old), number(c.Waited)}
		if !planned {
			row = append(row, number(c.There), number(c.Awaited+c.ToMake), number(c.Lost))
		}
		return append(row, number(c.NotYet))
	}))
}

func (v moveView) heldBack(p *page) {
	if len(v.HeldBack) == 0 {
		return
	}
	p.gap()
	p.line("Held back, or gone. The move does not wait for what is «not yet»:")
	p.table([]string{"CHAT", "STATE", "WHY", "ON " + v.From.Name(), "KEY"}, lo.Map(v.HeldBack, func(c heldBack, _ int) []string {
		return []string{c.Title, c.State.Words, joinWords(c.Reasons), lo.Ternary(c.Old && c.State.Code == string(chatNotYet), "is left without a new one", ""), string(c.Key)}
	}))
}

// course says how a move goes.
func (v moveView) course(p *page) {
	from, to := v.From.Name(), v.To.Name()
	if v.To.MakesChats() {
		p.line("  1. Rollcall makes the chats on %s by itself, within minutes.", to)
	} else {
		p.line("  1. People make the chats on %s, in their own time: rollcall chats %s --to-make", to, v.School)
	}
	p.line("  2. Until the last of them is there, the chats on %s are kept in step as before. People come over by each", from)
	p.line("     chat's new link: it is on the Portal as soon as there is one; where there is no Portal, the school")
	p.line("     gives it to them: rollcall links %s", store.SuccessorID(v.School, v.To))
	p.line("  3. Then, by itself, Rollcall writes a last message into each chat on %s, and does nothing there any", from)
	p.line("     more. Nobody is turned out. %s", lo.Ternary(v.From == messenger.MAX,
		"The old links stay good: MAX lets no bot change them.", "The old links are void."))
	p.line("From the first last message on%s the move cannot be taken back; until then: rollcall school move %s --back",
		lo.Ternary(v.To.MakesChats(), ", in minutes,", ""), v.School)
}

// standing says how far a move has come, and what to do.
func (v moveView) standing(p *page) {
	sum := v.total()
	p.line("there: %d of %s", sum.There, counted(sum.Waited, "chat"))
	p.line("people in the new chats: %d of %d who belong there; who belongs into several is counted in each", v.People, v.Belong)
	if sum.Awaited > 0 {
		p.line("to be made by people: %d, see: rollcall chats %s --to-make", sum.Awaited, v.School)
	}
	if sum.ToMake > 0 {
		p.line("for the next pass of %s: %d, see: rollcall status %s", v.Successor, sum.ToMake, v.School)
	}
	if sum.Lost > 0 {
		p.line("held or gone: %d, and the move waits for them, see: rollcall holds list %s", sum.Lost, v.Successor)
	}
	if v.State.Code == string(moveLeaving) {
		p.line("the chats on %s are left by the next pass of %s: rollcall resync %s --wait", v.From.Name(), v.School, v.School)
	}
	if v.CanBeTakenBack {
		p.line("until the first old chat has its last message, the move can be taken back: rollcall school move %s --back", v.School)
	} else {
		p.line("people are being told in the old chats: the move cannot be taken back any more")
		p.line("if nothing can be said there, because the community or its token is dead: rollcall school move %s --without-farewell", v.School)
	}
	p.line("the new chats: rollcall chats %s", v.Successor)
	v.left(p)
}

// moveNote says on a school's other views that it moves, or that it is what a school moves to; "" where neither is so.
func moveNote(row store.SchoolRow) string {
	switch {
	case row.Successor != "":
		return fmt.Sprintf("moves; its new chats are those of %s: rollcall school move %s", row.Successor, row.ID)
	case row.SuccessorOf != "":
		return fmt.Sprintf("is what school %s moves to: rollcall school move %s", row.SuccessorOf, row.SuccessorOf)
	default:
		return ""
	}
}
