package survey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// NoRosterError says that a school has no roster to work from, and why.
type NoRosterError struct {
	School  school.ID
	Feed    school.FeedID
	Problem *store.Problem // why the last reading was not taken over; nil if there was none
}

func (e *NoRosterError) Error() string {
	if e.Problem != nil {
		return fmt.Sprintf("school %s has no roster: %s", e.School, e.Problem.Message)
	}
	return fmt.Sprintf("school %s has no roster yet: read its feed with: rollcall feed read %s", e.School, e.Feed)
}

// Survey is a school laid out.
type Survey struct {
	School store.SchoolRow
	Roster school.Roster
	Day    school.Date
	// Digest is that of the roster taken.
	Digest  string
	Desired []chats.Chat
	Mirror  store.Mirror
	Plan    reconcile.Plan
	// HoldDigests are those of the stored holds, by chat type.
	HoldDigests map[chats.Type]string
	// Links tells how the reading of the account links stands, for show: it may be of a later reading than
	// the links in Roster.
	Links store.LinksState
}

// Options refine a survey.
type Options struct {
	// Snapshot is the digest of the roster to take; empty is the one in force.
	Snapshot string
	// HoldCounted is as in reconcile.Input.
	HoldCounted bool
	// Scope restricts the plan.
	Scope reconcile.Scope
	// LinksDue tells that there is a Portal: no chat is made before all account links have been read
	// once.
	LinksDue bool
}

// Take surveys a school as of a moment, whose day counts. A school without a roster is a
// NoRosterError.
func Take(ctx context.Context, st *store.Store, id school.ID, at time.Time, o Options) (Survey, error) {
	s := Survey{Day: school.DateOf(at)}
	var err error
	if s.School, err = st.School(ctx, id); err != nil {
		return s, err
	}
	s.Digest = lo.CoalesceOrEmpty(o.Snapshot, s.School.Snapshot)
	if s.Digest == "" {
		return s, noRoster(ctx, st, s.School)
	}
	if s.Roster, err = st.Roster(ctx, id, s.Digest); err != nil {
		return s, err
	}
	links, err := st.AccountLinks(ctx, s.School.Origin())
	if err != nil {
		return s, err
	}
	s.Roster = links.Roster(s.Roster)
	if s.Links, err = st.LinksState(ctx, s.School.Origin()); err != nil {
		return s, err
	}
	if s.Mirror, err = st.Mirror(ctx, id); err != nil {
		return s, err
	}
	if s.HoldDigests, err = st.HoldDigests(ctx, id); err != nil {
		return s, err
	}
	s.Desired = chats.Desired(s.Roster, chats.Settings{
		SchoolName: s.School.Name, Titles: s.School.DistrictTitles, SubjectChats: s.School.SubjectChats,
	}, s.Day)
	if o.LinksDue && links.CompleteAt.IsZero() {
		for i := range s.Desired {
			s.Desired[i].NotYet = append(s.Desired[i].NotYet, chats.NotYetLinksUnread)
		}
	}
	decisions, err := st.Decisions(ctx, id)
	if err != nil {
		return s, err
	}
	s.Plan = reconcile.Make(reconcile.Input{
		Roster: s.Roster, Day: s.Day, Desired: s.Desired, Actual: s.Mirror.Plain(),
		ByHand: !s.School.Messenger.MakesChats(), Adding: reconcile.Adding(s.School.Adding), Limits: reconcile.DefaultLimits(), HoldCounted: o.HoldCounted, Decisions: decisions,
	}).Within(o.Scope)
	return s, nil
}

func noRoster(ctx context.Context, st *store.Store, row store.SchoolRow) error {
	feed, err := st.Feed(ctx, row.Feed)
	if err != nil {
		return err
	}
	return &NoRosterError{School: row.ID, Feed: row.Feed, Problem: lo.CoalesceOrEmpty(row.Problem, feed.Problem)}
}

// WorkTypes are the chat types in which carrying the plan out would change anything, in
// the order of chats.Types.
func (s Survey) WorkTypes() []chats.Type {
	return lo.Filter(chats.Types(), func(t chats.Type, _ int) bool { return s.Plan.Of(t).Work(s.HoldDigests[t]) })
}

// ChatsIn are the chats that a scope is about: those it names, and those in which its people are
// or should be.
func (s Survey) ChatsIn(scope reconcile.Scope) store.Mirror {
	due := map[chats.Key]bool{}
	for _, c := range s.Desired {
		due[c.Key] = lo.ContainsBy(c.Members, func(m chats.Member) bool { return slices.Contains(scope.People, m.Person) })
	}
	return lo.Filter(s.Mirror, func(c store.MirrorChat, _ int) bool {
		return scope.CoversChat(c.Type, c.Key) || due[c.Key] ||
			lo.ContainsBy(c.Members, func(m reconcile.Member) bool { return m.Person != "" && slices.Contains(scope.People, m.Person) })
	})
}

// DesiredOf are the desired chats of one type.
func (s Survey) DesiredOf(t chats.Type) []chats.Chat {
	return lo.Filter(s.Desired, func(c chats.Chat, _ int) bool { return c.Type == t })
}
