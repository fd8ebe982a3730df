package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type schoolListOptions struct{ district string }

func newSchoolList(a *app) *cobra.Command {
	var o schoolListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the schools",
		Long: `Lists the registered schools: where they belong, where their rosters come from, on
which messenger they are, and how their community tokens stand. A school that moves to another
messenger is followed by its successor there, see "school move". How their chats stand is shown
by "status".`,
		Example: "  rollcall school list\n  rollcall school list --district nevsky -o json",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runSchoolList(ctx, a, o) }),
	}
	cmd.Flags().StringVar(&o.district, "district", "", "only the schools of this district")
	return cmd
}

func runSchoolList(ctx context.Context, a *app, o schoolListOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if o.district != "" {
		if _, err := st.District(ctx, school.DistrictID(o.district)); err != nil {
			return err
		}
	}
	rows, err := st.Schools(ctx, school.DistrictID(o.district))
	if err != nil {
		return err
	}
	return a.show(schoolsView{lo.Map(withSuccessors(rows), func(r store.SchoolRow, _ int) schoolView { return viewSchool(r) })})
}

// schoolView is a registered school.
type schoolView struct {
	ID       school.ID         `json:"id"`
	Name     string            `json:"name"`
	District school.DistrictID `json:"district"`
	Feed     school.FeedID     `json:"feed"`
	SourceID string            `json:"sourceId"`
	// PortalID is what the Portal calls the school.
	PortalID     string `json:"portalId"`
	SubjectChats bool   `json:"subjectChats"`
	// Messenger is where the school's chats live.
	Messenger messenger.Protocol `json:"messenger"`
	// Successor is what the school moves to, "" where it does not move; SuccessorOf the school of which this is one.
	Successor   school.ID `json:"successor"`
	SuccessorOf school.ID `json:"successorOf"`
	Token       tokenView `json:"token"`
	note        string
}

// tokenView is how the community token stands. The token itself is never shown.
type tokenView struct {
	State       tokenState `json:"state"`
	CommunityID int64      `json:"communityId"`
	// Refused is with which code the messenger refused the token, "" if it did not.
	Refused string `json:"refused"`
}

func viewSchool(r store.SchoolRow) schoolView {
	return schoolView{
		ID: r.ID, Name: r.Name, District: r.District, Feed: r.Feed, SourceID: r.SourceID, PortalID: r.Organisation(), SubjectChats: r.SubjectChats,
		Messenger: r.Messenger, Successor: r.Successor, SuccessorOf: r.SuccessorOf, Token: viewToken(r), note: moveNote(r),
	}
}

// withSuccessors orders schools by id, each followed by its successor.
func withSuccessors(rows []store.SchoolRow) []store.SchoolRow {
	return slices.SortedStableFunc(slices.Values(rows), func(a, b store.SchoolRow) int {
		return cmp.Or(cmp.Compare(a.Origin(), b.Origin()), cmp.Compare(a.SuccessorOf, b.SuccessorOf))
	})
}

// listedID is a school's id in a list: a successor's is set in, under its school's.
func listedID(id, successorOf school.ID) string {
	return lo.Ternary(successorOf == "", "", "  ") + string(id)
}

func viewToken(r store.SchoolRow) tokenView {
	v := tokenView{State: tokenSet, CommunityID: r.CommunityID, Refused: r.Refused}
	switch {
	case !r.TokenSet:
		v.State = tokenUnset
	case r.Refused != "":
		v.State = tokenRefused
	}
	return v
}

// words say it at length.
func (v tokenView) words() string {
	switch v.State {
	case tokenUnset:
		return "not set"
	case tokenRefused:
		return "refused: " + say(messengerWords, messenger.Code(v.Refused)).Words
	default:
		return "set (sealed)"
	}
}

type schoolsView struct {
	Schools []schoolView `json:"schools"`
}

func (v schoolsView) text(p *page) {
	if len(v.Schools) == 0 {
		p.line("no school is registered: begin with: rollcall school add")
		return
	}
	header := []string{"ID", "NAME", "DISTRICT", "FEED", "SOURCE ID", "SUBJECT CHATS", "MESSENGER", "TOKEN"}
	p.table(header, lo.Map(v.Schools, func(s schoolView, _ int) []string {
		return []string{
			listedID(s.ID, s.SuccessorOf), s.Name, string(s.District), string(s.Feed), s.SourceID,
			lo.Ternary(s.SubjectChats, "on", "off"), s.Messenger.Name(), string(s.Token.State),
		}
	}))
	for _, s := range v.Schools {
		if s.Successor != "" {
			p.line("%s %s", s.ID, s.note)
		}
	}
}
