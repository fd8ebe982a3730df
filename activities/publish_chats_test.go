package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

const (
	chatsPut    = "portal.putChats"
	chatRemoved = "portal.removeChat"
)

// sizes are how many chats each request puts.
func sizes(entries []traffic.Entry) []string {
	return lo.FilterMap(entries, func(e traffic.Entry, _ int) (string, bool) {
		return lo.FirstOrEmpty(e.Calls).Params["chats"], e.Method == chatsPut
	})
}

func TestThePortalShowsTheChatsAsTheyAre(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster, links := unlinked(big(1, 3))
	b.link(links[1:]...) // all but the first guardian
	b.roster(roster)
	report := b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, 3, report.Operations[workflows.ServedChats])
	b.discreet(report)
	shown := b.shown()
	require.Len(t, shown, 3)
	parents := shown["00А · Родители"]
	require.Equal(t, "parents", parents.Type)
	require.Equal(t, "c00", parents.Class)
	require.Equal(t, b.chats()["00А · Родители"].Link, parents.Link)
	require.Len(t, parents.Audience, 1+6, "who is not linked sees the chat all the same")
	require.Equal(t, identity("g00-00-0"), parents.Audience[0])

	require.Empty(t, sizes(b.asked(func() { b.mustPass(true, workflows.OutcomeInStep) })))
	b.roster(enrolled(roster, "z"))
	require.Equal(t, []string{"1"}, sizes(b.asked(func() { b.mustPass(false, workflows.OutcomeChanged) })), "of the chats, one has changed")
	require.Contains(t, b.shown()["00А · Ученики"].Audience, identity("z"))
	require.Equal(t, 1, b.shown()["00А · Родители"].Changes)
}

func TestThePortalShowsChatsNoMoreThatAreGone(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster := b.inStep(big(2, 2))
	require.Len(t, b.shown(), 5)
	roster.Classes[1].Ended = true
	b.roster(roster)
	b.disturb(traffic.Fault{Method: chatRemoved, Mode: traffic.ModeError, ErrorCode: http.StatusServiceUnavailable, Times: traffic.Forever, Skip: 1})
	made := methods(b.asked(func() {
		report := b.mustPass(false, workflows.OutcomePartial)
		require.Equal(t, workflows.ProblemUnavailable, report.Portal.Code)
		b.discreet(report)
	}))
	require.Equal(t, 1+3, made[chatRemoved], "the second is tried again")
	require.Len(t, b.shown(), 4)
	b.sandbox.ClearFaults()
	made = methods(b.asked(func() { b.mustPass(false, workflows.OutcomeChanged) }))
	require.Equal(t, 1, made[chatRemoved])
	require.ElementsMatch(t, []string{"Учительская · School", "00А · Родители", "00А · Ученики"}, lo.Keys(b.shown()))

	chat := b.chats()["00А · Ученики"]
	_, err := b.sandbox.SetChatState(vk.Restating{GroupID: group, ChatID: chat.ChatID, State: vk.ChatKicked})
	require.NoError(t, err)
	b.mustPass(true, workflows.OutcomePartial)
	require.NotContains(t, b.shown(), "00А · Ученики", "nobody is led into a chat that is not ours any more")
	_, err = b.sandbox.SetChatState(vk.Restating{GroupID: group, ChatID: chat.ChatID, State: vk.ChatIn})
	require.NoError(t, err)
	b.mustPass(true, workflows.OutcomeChanged)
	require.Contains(t, b.shown(), "00А · Ученики")
}

func TestTroubleWithPublishingIsThePortalsAlone(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster, links := unlinked(big(1, 2))
	b.link(links...)
	b.roster(roster)
	b.disturb(traffic.Fault{Method: chatsPut, Mode: traffic.ModeError, ErrorCode: http.StatusUnauthorized, Times: traffic.Forever})
	made := methods(b.asked(func() {
		report := b.mustPass(false, workflows.OutcomePartial)
		require.Nil(t, report.Problem)
		require.Equal(t, workflows.ProblemPortalTrouble, report.Portal.Code)
		b.discreet(report)
	}))
	require.Equal(t, 1, made[chatsPut], "it would be refused again")
	require.Len(t, b.chats(), 3)
	b.sandbox.ClearFaults()
	report := b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, map[string]int{workflows.ServedChats: 3}, report.Operations)
}

func TestAChatThatThePortalRefusesKeepsNoOtherFromBeingShown(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster, links := unlinked(big(1, 2))
	b.link(links...)
	b.roster(roster)
	b.disturb(traffic.Fault{Method: chatsPut, Mode: traffic.ModeError, ErrorCode: http.StatusUnprocessableEntity, Times: 2})
	require.Equal(t, []string{"", "", "2"}, sizes(b.asked(func() {
		report := b.mustPass(false, workflows.OutcomePartial)
		require.Nil(t, report.Portal)
		require.Equal(t, map[string]int{"portal-bad-request": 1}, report.Failed)
		require.Equal(t, 2, report.Operations[workflows.ServedChats])
	})))
	require.Len(t, b.shown(), 2)
	require.Equal(t, []string{"1"}, sizes(b.asked(func() { b.mustPass(false, workflows.OutcomeChanged) })))
	require.Len(t, b.shown(), 3)

	roster.Classes[0].Ended = true
	b.roster(roster)
	b.disturb(traffic.Fault{Method: chatRemoved, Mode: traffic.ModeError, ErrorCode: http.StatusUnprocessableEntity})
	report := b.mustPass(false, workflows.OutcomePartial)
	require.Equal(t, map[string]int{"portal-bad-request": 1}, report.Failed)
	require.Len(t, b.shown(), 2)
	b.mustPass(false, workflows.OutcomeChanged)
	require.Len(t, b.shown(), 1)
}

func TestASchoolThatThePortalCallsOtherwiseIsShownThereAndNoMoreHere(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster, links := unlinked(big(1, 2))
	b.link(links...)
	b.roster(roster)
	b.told(lesson("a"))
	b.mustPass(false, workflows.OutcomeChanged)
	require.Len(t, b.portal().Chats, 3)
	require.Len(t, b.portal().Calls, 1)

	const other = "another-name"
	_, err := b.sandbox.Portal.RegisterOrganisation(portal.Organisation{Organisation: other, Name: "School"})
	require.NoError(t, err)
	_, err = b.sandbox.Portal.LinkAccounts(portal.Linking{Organisation: other, Links: links})
	require.NoError(t, err)
	require.NoError(t, b.store.AddSchool(t.Context(), school.School{
		ID: "s", District: "d", Feed: "f", SourceID: organisation, Name: "School", SubjectChats: true, PortalID: other,
	}))
	b.mustPass(false, workflows.OutcomeChanged)
	require.Empty(t, b.portal().Chats)
	require.Empty(t, b.portal().Calls)
	state, err := b.sandbox.Portal.State(other)
	require.NoError(t, err)
	require.Len(t, state.Chats, 3)
	require.Len(t, state.Calls, 1)
	require.Len(t, b.messages(), 1)
}

// TestManyChatsArePublishedInParts goes through all that can happen between two parts.
func TestManyChatsArePublishedInParts(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster, links := unlinked(big(60, 1))
	b.link(links...)
	b.roster(roster)

	b.disturb(traffic.Fault{Method: chatsPut, Mode: traffic.ModeError, ErrorCode: http.StatusServiceUnavailable, Times: traffic.Forever, Skip: 1})
	b.mustPass(false, workflows.OutcomePartial)
	require.Len(t, b.shown(), 100)
	b.sandbox.ClearFaults()
	require.Equal(t, []string{"21"}, sizes(b.asked(func() { b.mustPass(false, workflows.OutcomeChanged) })), "it goes on where it ended")
	require.Len(t, b.shown(), 121)

	forget := func() {
		published, err := b.store.PublishedChats(t.Context(), "s")
		require.NoError(t, err)
		for key := range published {
			published[key] = "otherwise"
		}
		require.NoError(t, b.store.SetPublished(t.Context(), "s", published))
	}
	forget()
	b.disturb(traffic.Fault{Method: chatsPut, Mode: traffic.ModeLostReply, Skip: 1})
	require.Equal(t, []string{"100", "21", "21"}, sizes(b.asked(func() { b.mustPass(false, workflows.OutcomeChanged) })))
	for _, c := range b.portal().Chats {
		require.Equal(t, 1, c.Changes, "the same once more is no change")
	}

	forget()
	b.meanwhile(`"chats"`, func() error { _, err := b.begun(); return err })
	epoch := b.begin()
	require.Equal(t, []string{"100"}, sizes(b.asked(func() {
		_, err := b.step("PublishChats", epoch)
		b.requireFailed(err, workflows.ProblemFenced, true)
	})), "a later pass has begun in between")
	require.Equal(t, []string{"21"}, sizes(b.asked(func() {
		served, err := b.step("PublishChats", b.begin())
		require.NoError(t, err)
		require.Equal(t, map[string]int{workflows.ServedChats: 21}, served.Done)
	})))
}

func TestAnOvertakenPassRemovesNothingFromThePortal(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	epoch := b.begin()
	b.begin()
	require.NoError(t, b.store.SetPublished(t.Context(), "s", map[store.Shown]string{{Organisation: organisation, Key: "parents:class:none"}: "digest"}))
	require.Empty(t, b.asked(func() {
		_, err := b.step("PublishChats", epoch)
		b.requireFailed(err, workflows.ProblemFenced, true)
	}))
}

func TestWithoutAPortalNothingIsPublished(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(1, 2))
	report := b.mustPass(false, workflows.OutcomeChanged)
	require.NotContains(t, report.Operations, workflows.ServedChats)
	b.acts.Now = time.Now
	b.told(lesson("a"), school.Call{ID: "staff", Title: "Педсовет", Starts: lesson("a").Starts, Ends: lesson("a").Ends, Link: "https://room.example/staff"})
	report = b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, map[string]int{workflows.ServedAnnouncements: 2}, report.Operations)
	require.Len(t, b.chats()["Учительская · School"].Messages, 1)
	b.callsPass(workflows.OutcomeInStep)
}
