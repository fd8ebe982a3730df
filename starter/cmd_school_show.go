package main

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newSchoolShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show a school with everything that is known of its state",
		Long: `Shows a school's registration, its messenger, how its tokens stand, its proxy and how its events are
learnt of; its roster in force and what is wrong with the source, and how the reading
of its account links stands; how long its video calls took to be seen on the Portal;
how the last pass went, and how much is held.

Tokens and the proxy's password are never shown. Proxy and user token are sealed:
without the keyset they are left out. See also "chats", "plan", "calls", "accounts",
"holds" and "faults".`,
		Example: "  rollcall school show school-17",
		Args:    names("ID"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runSchoolShow(ctx, a, school.ID(args[0])) }),
	}
}

func runSchoolShow(ctx context.Context, a *app, id school.ID) error {
	st, keyset, err := a.openAsFar(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := st.School(ctx, id)
	if err != nil {
		return err
	}
	status, err := statusOf(ctx, a, st, []store.SchoolRow{row})
	if err != nil {
		return err
	}
	v := schoolShow{statusLine: status.Schools[0], Registration: viewSchool(row), Keyset: keyset, now: status.now}
	if err := v.addWays(ctx, st); err != nil {
		return err
	}
	return a.show(v)
}

// addWays adds how the school is reached, and what is known of the Portal.
func (v *schoolShow) addWays(ctx context.Context, st *store.Store) error {
	var err error
	if v.LongPoll, v.Callback, err = st.EventWays(ctx, v.School); err != nil {
		return err
	}
	links, err := st.LinksState(ctx, v.School)
	if err != nil {
		return err
	}
	v.AccountLinks = viewLinksReading(links)
	lag, err := st.CallLag(ctx, v.School)
	if err != nil {
		return err
	}
	v.CallLag = viewLag(lag)
	if !v.Keyset {
		return nil
	}
	settings, err := st.Proxy(ctx, v.School)
	if err != nil {
		return err
	}
	v.Proxy = &proxyView{School: v.School}
	if settings != nil {
		v.Proxy.Proxy, v.Proxy.Login = settings.Address(), settings.Auth
	}
	token, refused, err := st.UserToken(ctx, v.School)
	v.UserToken = lo.ToPtr(viewUserToken(token, refused))
	return err
}

// schoolShow is a school with its state.
type schoolShow struct {
	statusLine
	Registration schoolView `json:"registration"`
	// Keyset tells that there was one: without it Proxy and UserToken, which are sealed, are null.
	Keyset       bool           `json:"keyset"`
	Proxy        *proxyView     `json:"proxy"`
	UserToken    *userTokenView `json:"userToken"`
	LongPoll     bool           `json:"longPoll"`
	Callback     bool           `json:"callback"`
	AccountLinks linksReading   `json:"accountLinks"`
	// CallLag is null where the Portal has shown no call in the last week.
	CallLag *lagView `json:"callLag"`
	now     statusTime
}

// notOpened stands for what is sealed and not shown.
const notOpened = "not shown without the keyset"

func (v schoolShow) proxy() string {
	switch {
	case v.Proxy == nil:
		return notOpened
	case v.Proxy.Proxy == "":
		return "none"
	default:
		return v.Proxy.Proxy + ", " + lo.Ternary(v.Proxy.Login, "with a login", "without a login")
	}
}

func (v schoolShow) userToken() string {
	if v.Registration.Messenger == messenger.MAX {
		return "none is used: " + noRooms
	}
	if v.UserToken == nil {
		return notOpened
	}
	return v.UserToken.words()
}

func (v schoolShow) callLag() string {
	if v.CallLag == nil {
		return "no call was shown on the Portal in the last 7 days"
	}
	return v.CallLag.words()
}

func (v schoolShow) text(p *page) {
	r := v.Registration
	p.line("%s (%s)", r.Name, r.ID)
	if r.note != "" {
		p.line("%s %s", r.ID, r.note)
	}
	p.gap()
	p.pairs([][2]string{
		{"District", string(r.District)},
		{"Feed", fmt.Sprintf("%s, source id %s", r.Feed, r.SourceID)},
		{"Portal's name", r.PortalID},
		{"Subject chats", lo.Ternary(r.SubjectChats, "on", "off")},
		{"Messenger", r.Messenger.Name()},
		{"Community", lo.Ternary(r.Token.CommunityID == 0, "", fmt.Sprint(r.Token.CommunityID))},
		{"Token", r.Token.words()},
		{"User token", v.userToken()},
		{"Proxy", v.proxy()},
		{"Events", fmt.Sprintf("long poll is %s, callbacks are %s", lo.Ternary(v.LongPoll, "on", "off"), lo.Ternary(v.Callback, "on", "off"))},
	})
	p.gap()
	pairs := [][2]string{{"Roster", v.Roster.text(v.now)}}
	if v.Roster.Problem != nil {
		pairs = append(pairs, [2]string{"Problem", v.Roster.Problem.Message})
	}
	pairs = append(pairs, [2]string{"Account links", v.AccountLinks.words(time.Time(v.now))})
	if v.AccountLinks.Problem != nil {
		pairs = append(pairs, [2]string{"Links not read", v.AccountLinks.Problem.Message})
	}
	pairs = append(pairs,
		[2]string{"Video calls", v.callLag()},
		[2]string{"Source faults", lo.Ternary(v.Faults == 0, "none", fmt.Sprintf("%d, see: rollcall faults %s", v.Faults, r.ID))},
		[2]string{"Held", lo.Ternary(v.Holds == 0, "nothing", fmt.Sprintf("%d, see: rollcall holds list %s", v.Holds, r.ID))},
		[2]string{"Last pass", v.LastPass.text(v.now)})
	if v.LastPass != nil && v.LastPass.Awaited > 0 {
		pairs = append(pairs, [2]string{"To be made", awaitedWords(r.ID, v.LastPass.Awaited)})
	}
	if v.LastPass != nil && v.LastPass.Problem != nil {
		pairs = append(pairs, [2]string{"What failed", v.LastPass.Problem.Message})
	}
	if v.LastPass != nil && v.LastPass.Portal != nil {
		pairs = append(pairs, [2]string{"Portal", portalMessage(*v.LastPass.Portal)})
	}
	p.pairs(pairs)
}
