package main

import (
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// chatsView is a school's chats, in branches: the teachers' room, a branch per class, and what
// belongs to several classes or to none.
type chatsView struct {
	schoolHead
	// Successor is what the school moves to, "" where it does not move; SuccessorOf the school of which this is one.
	Successor   school.ID `json:"successor"`
	SuccessorOf school.ID `json:"successorOf"`
	Branches    []branch  `json:"branches"`
	note        string
	showLinks   bool
}

type branch struct {
	// Class is "" where the chats belong to no single class.
	Class school.ClassID `json:"class"`
	Title string         `json:"title"`
	Chats []chatView     `json:"chats"`
}

type chatView struct {
	chatHead
	// Members and Admins are those who are in the chat, strangers too; Expected those who must be.
	Members  int `json:"members"`
	Expected int `json:"expected"`
	Admins   int `json:"admins"`
	Invited  int `json:"invited"`
	// Missing counts people who should be in the chat and cannot.
	Missing int     `json:"missing"`
	NotYet  []coded `json:"notYet"`
	// Held says why the chat is not made, or not made anew.
	Held []coded `json:"held"`
	// Problem is what is wrong with the chat, null if nothing is.
	Problem *coded `json:"problem"`
	// Lacks are rights that the community needs in the chat and does not have.
	Lacks      []coded    `json:"lacks"`
	VerifiedAt *time.Time `json:"verifiedAt"`
	// HasLink tells that there is an invite link; Link is "" unless links are shown.
	HasLink bool   `json:"hasLink"`
	Link    string `json:"link"`
	// hint names the command that shows what can be done about it.
	hint string
}

// Headings of the branches that are no class.
const (
	headSeveral = "Several classes"
	headNone    = "No class in the roster"
)

func viewChats(s survey.Survey, links map[chats.Key]string, showLinks bool) chatsView {
	room := branch{Title: chatTypeNames[chats.Teachers], Chats: []chatView{}}
	several := branch{Title: headSeveral}
	none := branch{Title: headNone}
	classes := lo.Map(s.Roster.Classes, func(c school.Class, _ int) *branch { return &branch{Class: c.ID, Title: c.Title} })
	slices.SortStableFunc(classes, func(a, b *branch) int { return compareTitles(a.Title, b.Title) })
	byClass := lo.KeyBy(classes, func(b *branch) school.ClassID { return b.Class })
	homes := homesOfGroups(s.Roster, s.Day)
	for _, p := range placesOf(s) {
		where := &none
		switch {
		case p.kind == chats.Teachers:
			where = &room
		case p.want == nil:
		case p.kind == chats.Subject:
			where = lo.CoalesceOrEmpty(byClass[homes[p.want.Class]], &several)
		default:
			where = lo.CoalesceOrEmpty(byClass[p.want.Class], &none)
		}
		where.Chats = append(where.Chats, viewChat(p, s.School, links))
	}
	v := chatsView{
		schoolHead: headOf(s), Successor: s.School.Successor, SuccessorOf: s.School.SuccessorOf, note: moveNote(s.School),
		Branches: []branch{room}, showLinks: showLinks,
	}
	for _, b := range append(classes, &several, &none) {
		if len(b.Chats) > 0 {
			v.Branches = append(v.Branches, *b)
		}
	}
	return v
}

// homesOfGroups finds the homeroom class that all of a group's students are in. Groups of
// several classes are absent.
func homesOfGroups(r school.Roster, day school.Date) map[school.ClassID]school.ClassID {
	classOf := map[school.PersonID]school.ClassID{}
	for _, c := range r.Classes {
		for _, e := range c.Students {
			if !c.Ended && e.Active(day) {
				classOf[e.Person] = c.ID
			}
		}
	}
	homes := map[school.ClassID]school.ClassID{}
	for _, g := range r.Groups {
		classes := lo.Uniq(lo.FilterMap(g.Students, func(e school.Enrollment, _ int) (school.ClassID, bool) {
			return classOf[e.Person], e.Active(day) && classOf[e.Person] != ""
		}))
		if len(classes) == 1 {
			homes[g.ID] = classes[0]
		}
	}
	return homes
}

func viewChat(p *place, of store.SchoolRow, links map[chats.Key]string) chatView {
	v := chatView{
		chatHead: p.head(), Expected: len(p.wanted()), Missing: len(p.missing()), NotYet: sayAll(notYetWords, p.notYet()),
		Held: sayAll(holdWords, p.heldCreation()), Lacks: []coded{},
	}
	for _, m := range p.known() {
		switch m.State {
		case reconcile.MemberPresent:
			v.Members++
			v.Admins += lo.Ternary(m.Admin, 1, 0)
		case reconcile.MemberInvited:
			v.Invited++
		}
	}
	if p.have != nil {
		v.VerifiedAt, v.HasLink, v.Link = utc(p.have.VerifiedAt), p.have.HasLink, links[p.have.Key]
		v.Lacks = sayAll(rightWords, p.have.Lacks)
		if p.have.Problem != "" {
			v.Problem = lo.ToPtr(sayTrouble(of.Messenger, p.have.Problem))
		}
	}
	if of.Messenger == messenger.MAX && p.state() == chatGone && len(v.Held) > 0 {
		v.hint = "see: rollcall holds list " + string(of.ID)
	}
	return v
}

func (v chatsView) text(p *page) {
	p.line("%s (%s)", v.Name, v.School)
	if v.note != "" {
		p.line("%s %s", v.School, v.note)
	}
	p.gap()
	header := []string{"CHAT", "STATE", "MEMBERS", "EXPECTED", "ADMINS", "INVITED", "CANNOT", "NOTE", "KEY"}
	if v.showLinks {
		header = append(header, "LINK")
	}
	var rows [][]string
	for _, b := range v.Branches {
		indent := ""
		if b.Title != chatTypeNames[chats.Teachers] {
			indent = "  "
			rows = append(rows, append([]string{b.Title}, slices.Repeat([]string{" "}, len(header)-1)...))
		}
		for _, c := range b.Chats {
			row := c.row(indent + c.label(b))
			rows = append(rows, lo.Ternary(v.showLinks, append(row, c.Link), row))
		}
	}
	p.table(header, rows)
}

// label is what the chat is called inside its branch.
func (c chatView) label(b branch) string {
	if c.Type == chats.Subject || b.Title == headNone {
		return c.Title
	}
	return chatTypeNames[c.Type]
}

func (c chatView) row(label string) []string {
	notes := slices.Concat(c.NotYet, c.Held)
	if c.Problem != nil {
		notes = []coded{*c.Problem} // it is held because of it
	}
	if len(c.Lacks) > 0 {
		notes = append(notes, coded{Words: "give the bot the right to: " + joinWords(c.Lacks)})
	}
	if c.hint != "" {
		notes = append(notes, coded{Words: c.hint})
	}
	return []string{
		label, c.State.Words, number(c.Members), number(c.Expected), number(c.Admins), number(c.Invited), number(c.Missing),
		joinWords(notes), string(c.Key),
	}
}
