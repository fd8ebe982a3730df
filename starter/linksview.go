package main

import (
	"slices"
	"strconv"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// linksView is the base of links with the manual's tree «Чаты Сферум». The names of the columns
// and «Нет данных» are the manual's, which shows neither a filled condition nor a limit: the
// texts of the conditions, the limit of a day, the time at which a check counts (the last
// complete reading of the chat), and the subject chats in the tree are ours.
type linksView struct {
	schoolHead
	// Token is «База ссылок»; the token itself is never shown.
	Token    tokenView    `json:"token"`
	Branches []linkBranch `json:"branches"`
	zone     *time.Location
}

type linkBranch struct {
	// Class is "" where the chats belong to no single class.
	Class school.ClassID `json:"class"`
	Title string         `json:"title"`
	Chats []linkView     `json:"chats"`
}

type linkView struct {
	chatHead
	// Parameter is what the chat is called inside its branch.
	Parameter string `json:"parameter"`
	// HasLink tells that there is an invite link; Link is "" unless links are shown.
	HasLink bool   `json:"hasLink"`
	Link    string `json:"link"`
	// NoData says why there is no link; empty where there is one.
	NoData     []coded    `json:"noData"`
	Check      coded      `json:"check"`
	VerifiedAt *time.Time `json:"verifiedAt"`
	// Age is null, and LimitHours 0, where there is no chat to check.
	Age        *coded `json:"age"`
	LimitHours int    `json:"limitHours"`
	// masked stands for a link that is not shown.
	masked string
}

// checkLimit is how old a check may be before it is pointed out. Every scheduled pass renews
// it, by default each half hour: what is older than a day hints at a schedule that rests.
const checkLimit = 24 * time.Hour

// maskedLink stands for a link that is not shown. The link is not opened for it: what is
// opened is recorded.
func maskedLink(p messenger.Protocol) string {
	return lo.Ternary(p == messenger.MAX, "https://max.ru/join/…", "https://vk.me/join/…")
}

// viewLinks makes the tree; links are those that may be shown.
func viewLinks(s survey.Survey, links map[chats.Key]string, now time.Time) linksView {
	tree := viewChats(s, links, false)
	v := linksView{schoolHead: tree.schoolHead, Token: viewToken(s.School), zone: zoneOf(s.School.TimeZone)}
	for _, b := range tree.Branches {
		v.Branches = append(v.Branches, linkBranch{
			Class: b.Class, Title: lo.CoalesceOrEmpty(linksBranchWords[b.Title], b.Title),
			Chats: lo.Map(b.Chats, func(c chatView, _ int) linkView { return viewLink(c, c.label(b), s.School.Messenger, now) }),
		})
	}
	return v
}

// zoneOf is the district's time zone; UTC where this machine does not know it.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

func viewLink(c chatView, parameter string, on messenger.Protocol, now time.Time) linkView {
	v := linkView{
		chatHead: c.chatHead, Parameter: parameter, HasLink: c.HasLink, Link: c.Link, masked: maskedLink(on),
		NoData: noLink(c), Check: say(linkCheckWords, checkOf(c)), VerifiedAt: c.VerifiedAt,
	}
	if v.Check.Code != string(linkNoChat) {
		v.Age, v.LimitHours = lo.ToPtr(say(linkAgeWords, ageOf(c.VerifiedAt, now))), int(checkLimit/time.Hour)
	}
	return v
}

// noLink says why a chat has no link: what keeps the chat from being made, else how it stands.
func noLink(c chatView) []coded {
	if c.HasLink {
		return []coded{}
	}
	reasons := slices.Concat(sayAgain(notYetLinkWords, c.NotYet), sayAgain(heldLinkWords, c.Held))
	if len(reasons) == 0 {
		reasons = append(reasons, say(noLinkWords, chatState(c.State.Code)))
	}
	return reasons
}

// sayAgain puts codes that have words into others.
func sayAgain[K ~string](words map[K]string, all []coded) []coded {
	return lo.Map(all, func(c coded, _ int) coded { return say(words, K(c.Code)) })
}

func checkOf(c chatView) linkCheck {
	switch state := chatState(c.State.Code); {
	case state == chatGone || c.Problem != nil:
		return linkNoAccess
	case state == chatDormant:
		return linkNoClass
	case state != chatLive:
		return linkNoChat
	case !c.HasLink:
		return linkUnread
	case c.VerifiedAt == nil:
		return linkUnverified
	default:
		return linkVerified
	}
}

func ageOf(verified *time.Time, now time.Time) linkAge {
	switch {
	case verified == nil:
		return linkNever
	case now.Sub(*verified) > checkLimit:
		return linkStale
	default:
		return linkFresh
	}
}

// cells are the chat's in the manual's columns.
func (v linkView) cells(zone *time.Location) []string {
	return []string{v.Parameter, v.location(), v.Check.Words, v.freshness(zone), v.limit()}
}

func (v linkView) location() string {
	switch {
	case v.Link != "":
		return v.Link
	case v.HasLink:
		return v.masked
	default:
		return linksNoData + ": " + joinWords(v.NoData)
	}
}

func (v linkView) freshness(zone *time.Location) string {
	switch {
	case v.Age == nil:
		return ""
	case v.VerifiedAt == nil:
		return v.Age.Words
	default:
		return v.VerifiedAt.In(zone).Format("02.01.2006 15:04") + ", " + v.Age.Words
	}
}

func (v linkView) limit() string {
	if v.LimitHours == 0 {
		return ""
	}
	return "не старше " + strconv.Itoa(v.LimitHours) + " ч"
}

// base are the parameters of «База ссылок».
func (v linksView) base() [][2]string {
	community := linksNoData
	if v.Token.CommunityID != 0 {
		community = strconv.FormatInt(v.Token.CommunityID, 10)
	}
	return [][2]string{
		{"Идентификатор сообщества", community},
		{"Токен доступа сообщества", linksTokenWords[v.Token.State]},
	}
}

func (v linksView) text(p *page) {
	p.line("%s (%s)", v.Name, v.School)
	p.gap()
	p.line(linksBase)
	p.pairs(v.base())
	p.gap()
	p.line(linksHead)
	header := linksColumns()
	var rows [][]string
	for _, b := range v.Branches {
		indent := ""
		if b.Title != chatTypeNames[chats.Teachers] {
			indent = "  "
			rows = append(rows, append([]string{b.Title}, slices.Repeat([]string{" "}, len(header)-1)...))
		}
		for _, c := range b.Chats {
			cells := c.cells(v.zone)
			cells[0] = indent + cells[0]
			rows = append(rows, cells)
		}
	}
	p.table(header, rows)
}

// records are the rows of the CSV. A row says by itself which branch it belongs to, so that the
// table can be sorted and sifted.
func (v linksView) records() [][]string {
	header := linksColumns()
	rows := [][]string{append([]string{linksBranch}, header...)}
	for _, pair := range v.base() {
		row := append([]string{linksBase}, pair[:]...)
		rows = append(rows, append(row, slices.Repeat([]string{""}, len(header)-len(pair))...))
	}
	for _, b := range v.Branches {
		for _, c := range b.Chats {
			rows = append(rows, append([]string{b.Title}, c.cells(v.zone)...))
		}
	}
	return rows
}
