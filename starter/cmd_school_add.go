package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type schoolAddOptions struct {
	district, feed, sourceID, portalID, name string
	noSubjectChats                           bool
}

func newSchoolAdd(a *app) *cobra.Command {
	var o schoolAddOptions
	cmd := &cobra.Command{
		Use:   "add ID --district DISTRICT --feed FEED --source-id SOURCE-ID --name NAME",
		Short: "Register a school, or change one",
		Long: `Registers a school. Its source id is the sourcedId of its org in the feed;
"feed check" lists them.

A school is live from the moment that it has a roster and a community token, see
"school set-token". Its chats live on VK unless "school set-messenger" says otherwise
before there are any. For a registered school the command changes what is given;
subject chats and the Portal's name stay as they are unless their flags say
otherwise.`,
		Example: `  rollcall school add school-17 --district nevsky --feed nevsky --source-id org-17 --name 'Школа № 17'
  rollcall school add school-17 --district nevsky --feed nevsky --source-id org-17 --name 'Школа № 17' --no-subject-chats=false`,
		Args: names("ID"),
	}
	cmd.RunE = a.runs(func(ctx context.Context, args []string) error {
		return runSchoolAdd(ctx, a, args[0], o, cmd.Flags().Changed)
	})
	cmd.Flags().StringVar(&o.district, "district", "", "id of the school's district")
	cmd.Flags().StringVar(&o.feed, "feed", "", "id of the feed that has the school's roster")
	cmd.Flags().StringVar(&o.sourceID, "source-id", "", "sourcedId of the school's org in the feed")
	cmd.Flags().StringVar(&o.portalID, "portal-id", "", "what the Portal calls the school, if not by its --source-id")
	cmd.Flags().StringVar(&o.name, "name", "", "name of the school, as chat titles show it")
	cmd.Flags().BoolVar(&o.noSubjectChats, "no-subject-chats", false, "no chats per subject: they make some 60 chats into some 300")
	requireFlags(cmd, "district", "feed", "source-id", "name")
	return cmd
}

func runSchoolAdd(ctx context.Context, a *app, id string, o schoolAddOptions, given func(flag string) bool) error {
	if err := school.CheckID("school", id); err != nil {
		return &usageError{err}
	}
	if o.sourceID == "" {
		return usagef("--source-id must not be empty: see: rollcall feed check %s", o.feed)
	}
	name, err := plainName(o.name)
	if err != nil {
		return err
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	x := school.School{
		ID: school.ID(id), District: school.DistrictID(o.district), Feed: school.FeedID(o.feed),
		SourceID: o.sourceID, PortalID: o.portalID, Name: name, SubjectChats: !o.noSubjectChats,
	}
	before, err := st.School(ctx, x.ID)
	if _, unknown := errors.AsType[*store.NotFoundError](err); err != nil && !unknown {
		return err
	}
	if err == nil && !given("no-subject-chats") {
		x.SubjectChats = before.SubjectChats
	}
	if err == nil && !given("portal-id") {
		x.PortalID = before.PortalID
	}
	if err := st.AddSchool(ctx, x); err != nil {
		return err
	}
	row, err := st.School(ctx, x.ID)
	if err != nil {
		return err
	}
	return a.show(registeredSchool{viewSchool(row)})
}

// registeredSchool is a school that has just been registered.
type registeredSchool struct{ schoolView }

func (v registeredSchool) text(p *page) {
	p.line("school %s (%s) is registered", v.ID, v.Name)
	if v.Token.State == tokenUnset {
		p.line("give it its community token with: rollcall school set-token %s", v.ID)
	}
}
