package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// actShowStaff is what the audit calls the showing of a school's employees; its subject is the
// digest of the roster that was shown.
const actShowStaff = "show-staff"

func newStaff(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "staff SCHOOL",
		Short: "Show a school's employees with their messenger accounts",
		Long: `Shows every employee of the school, as «Личные дела сотрудников» do on the tab
«Общая»: positions, whether they are pedagogical, whether they still work here,
the messenger account («не привязан» where there is none, «отвязан» where the
person undid the link on the Portal), which file it was read from or since when it
is linked on the Portal, and what is wrong with it. CARD CLASS is the class in the employee's own card:
it makes nobody class teacher and has no effect on any chat. IN counts the school's
chats they are in, DUE those they should be in, be they made already or not.

Who teaches here and is employed elsewhere is not listed, nor is anybody whom the
roster does not describe any more.

These are personal data: each showing is recorded in the audit under your login
first. Do not pass the output on.`,
		Example: "  rollcall staff school-17",
		Args:    names("SCHOOL"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runStaff(ctx, a, school.ID(args[0])) }),
	}
}

func runStaff(ctx context.Context, a *app, id school.ID) error {
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	s, err := a.surveyIn(ctx, st, id)
	if err != nil {
		return err
	}
	if err := st.Audit(ctx, a.login(), actShowStaff, id, s.Digest); err != nil {
		return err
	}
	return a.show(viewStaff(s))
}

// staffView is a school's employees, by name.
type staffView struct {
	schoolHead
	Employees []employeeView `json:"employees"`
	zone      *time.Location
}

type employeeView struct {
	personView
	Positions []positionView `json:"positions"`
	// Pedagogical tells whether a position held today is; of those who hold none, whether
	// one of theirs is.
	Pedagogical bool  `json:"pedagogical"`
	Standing    coded `json:"standing"`
	// Account is 0, and AccountSource null, where none is linked.
	Account       school.AccountID `json:"account"`
	AccountSource *coded           `json:"accountSource"`
	// AccountSince is when the account was linked, null where its source does not say so; Unlinked
	// tells that the person undid the link on the Portal.
	AccountSince *time.Time `json:"accountSince"`
	Unlinked     bool       `json:"unlinked"`
	// Problem is what keeps the account from being relied on, null if nothing does.
	Problem   *coded `json:"problem"`
	CardClass string `json:"cardClass"`
	// ChatsIn counts the chats the employee is in, ChatsDue those the roster gives a place in.
	ChatsIn  int `json:"chatsIn"`
	ChatsDue int `json:"chatsDue"`
}

type positionView struct {
	Role        string       `json:"role"`
	Level       school.Level `json:"level"`
	Pedagogical bool         `json:"pedagogical"`
	Begin       school.Date  `json:"begin"`
	End         school.Date  `json:"end"`
	// Ended is an explicit end by status, whatever the dates say; Active tells whether it is
	// held today.
	Ended  bool `json:"ended"`
	Active bool `json:"active"`
}

// standing is whether somebody works at the school.
type standing string

const (
	standingEmployed   standing = "employed"
	standingDismissed  standing = "dismissed"
	standingNoPosition standing = "no-position"
)

var standingWords = map[standing]string{
	standingEmployed:   "employed",
	standingDismissed:  "dismissed",
	standingNoPosition: "holds no position today",
}

var accountSourceWords = map[school.AccountSource]string{
	school.AccountFromProfiles: "userProfiles.csv",
	school.AccountFromUserIDs:  "users.csv, userIds",
	school.AccountFromPortal:   "Портал",
}

// sourceUnknown is for rosters from before the source was kept.
const sourceUnknown = "unknown"

func viewStaff(s survey.Survey) staffView {
	v := staffView{schoolHead: headOf(s), Employees: []employeeView{}, zone: zoneOf(s.School.TimeZone)}
	disputed := chats.Disputed(s.Roster)
	in, due := chatsOfPeople(placesOf(s), peopleOf(s.Roster))
	for _, p := range s.Roster.People {
		if p.Employee == nil {
			continue
		}
		e := viewEmployee(p, s.Day)
		if disputed[p.ID] {
			e.Problem = lo.ToPtr(say(whyWords, chats.WhyDisputed))
		}
		e.ChatsIn, e.ChatsDue = in[p.ID], due[p.ID]
		v.Employees = append(v.Employees, e)
	}
	slices.SortFunc(v.Employees, func(a, b employeeView) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return v
}

func viewEmployee(p school.Person, day school.Date) employeeView {
	stands := standingOf(p, day)
	v := employeeView{
		personView: personView{ID: p.ID, Name: p.Name.String()}, Account: p.Account, CardClass: p.Employee.CardClass,
		Unlinked: p.Unlinked, Standing: say(standingWords, stands),
		Positions: lo.Map(p.Employee.Positions, func(pos school.Position, _ int) positionView { return viewPosition(pos, day) }),
	}
	v.Pedagogical = lo.ContainsBy(p.Employee.Positions, func(pos school.Position) bool {
		return pos.Pedagogical && (pos.Active(day) || stands != standingEmployed)
	})
	if p.Account != 0 {
		v.AccountSource = lo.ToPtr(say(accountSourceWords, cmp.Or(p.AccountSource, sourceUnknown)))
		v.AccountSince = utc(lo.EmptyableToPtr(p.AccountSince))
	}
	return v
}

func standingOf(p school.Person, day school.Date) standing {
	switch {
	case chats.Employed(p, day):
		return standingEmployed
	case !p.Enabled || chats.Dismissed(p, day):
		return standingDismissed
	default:
		return standingNoPosition
	}
}

func viewPosition(p school.Position, day school.Date) positionView {
	return positionView{
		Role: p.Role, Level: p.Level, Pedagogical: p.Pedagogical,
		Begin: p.Period.Begin, End: p.Period.End, Ended: p.Ended, Active: p.Active(day),
	}
}

// chatsOfPeople counts for each person the chats they are in, and those they should be in.
func chatsOfPeople(places []*place, who people) (in, due map[school.PersonID]int) {
	in, due = map[school.PersonID]int{}, map[school.PersonID]int{}
	for _, p := range places {
		present := lo.FilterMap(p.known(), func(m reconcile.Member, _ int) (school.PersonID, bool) {
			person := who.find(m.Person, m.Account)
			return lo.FromPtr(person).ID, person != nil && m.State == reconcile.MemberPresent && p.state() != chatGone
		})
		for _, id := range lo.Uniq(present) { // with an old account and a new one it is one person still
			in[id]++
		}
		for _, m := range p.wanted() {
			due[m.Person]++
		}
		for _, m := range p.missing() {
			due[m.Person]++
		}
	}
	return in, due
}

func (v staffView) text(p *page) {
	p.line("%s (%s)", v.Name, v.School)
	p.gap()
	header := []string{"WHO", "POSITIONS", "PEDAGOGICAL", "STATE", "ACCOUNT", "READ FROM", "NOTE", "CARD CLASS", "IN", "DUE"}
	p.table(header, lo.Map(v.Employees, func(e employeeView, _ int) []string { return e.row(v.zone) }))
}

func (v employeeView) row(zone *time.Location) []string {
	account := lo.Ternary(v.Unlinked, "отвязан", "не привязан")
	if v.Account != 0 {
		account = strconv.FormatInt(int64(v.Account), 10)
	}
	source := lo.FromPtr(v.AccountSource).Words
	if v.AccountSince != nil {
		source += " с " + v.AccountSince.In(zone).Format("02.01.2006")
	}
	positions := lo.Map(v.Positions, func(p positionView, _ int) string { return p.String() })
	return []string{
		v.personView.String(), strings.Join(positions, "; "), lo.Ternary(v.Pedagogical, "yes", ""), v.Standing.Words,
		account, source, lo.FromPtr(v.Problem).Words, v.CardClass, number(v.ChatsIn), number(v.ChatsDue),
	}
}

// String is the role, with the level of the head, and with why it is not held today.
func (v positionView) String() string {
	words := v.Role
	if v.Level == school.HeadLevel1 {
		words += " «Руководитель 1 уровня»"
	}
	switch {
	case v.Active:
		return words
	case v.Ended:
		return words + " (ended)"
	default:
		return words + " (not today: " + cmp.Or(string(v.Begin), "…") + " to " + cmp.Or(string(v.End), "…") + ")"
	}
}
