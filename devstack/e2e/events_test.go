package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

const soon = 2 * time.Second

// joinedByLink has somebody who belongs into a chat as its admin, and a stranger, come by the
// link, and measures until the one is admin and the other is out.
func (s *site) joinedByLink(title string, teacher string, stranger int64) (promoted, removed time.Duration) {
	s.t.Helper()
	box := world.stack.Sandbox()
	chat := s.chats()[title]
	account := atoi(s.t, teacher)
	began := time.Now()
	_, err := box.Join(vk.Joining{Link: chat.Link, Account: account})
	require.NoError(s.t, err)
	_, err = box.Join(vk.Joining{Link: chat.Link, Account: stranger})
	require.NoError(s.t, err)
	has := func(list []int64, account int64) bool {
		for _, x := range list {
			if x == account {
				return true
			}
		}
		return false
	}
	require.Eventually(s.t, func() bool {
		now := s.chats()[title]
		if promoted == 0 && has(now.Admins, account) {
			promoted = time.Since(began)
		}
		if removed == 0 && !has(now.Members, stranger) {
			removed = time.Since(began)
		}
		return promoted > 0 && removed > 0
	}, workTime, 10*time.Millisecond)
	return promoted, removed
}

// newInvitingSite is a site where nobody can be added: people are invited and come by the link.
func newInvitingSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, nil)
	no := false
	_, err := world.stack.Sandbox().SetSwitches(vk.Switches{GroupID: s.group, Adding: &no, AddingAtCreation: &no})
	require.NoError(t, err)
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged)
	return s
}

func (s *site) teacherOf(title string) string {
	s.t.Helper()
	teachers := s.enrolled(s.classNamed(title), "teacher")
	require.NotEmpty(s.t, teachers)
	return s.account(teachers[0])
}

func TestLongPollBringsWhoJoinsTheirRightsOrTheDoor(t *testing.T) {
	s := newInvitingSite(t) // not parallel: it measures
	s.cli("", "school", "set-events", string(s.id), "--long-poll", "on")
	require.Eventually(t, func() bool {
		proven, err := world.store.EventsProven(t.Context(), s.id, time.Now())
		return err == nil && proven
	}, workTime, pollEvery, "a worker listens")
	promoted, removed := s.joinedByLink("1А · Родители", s.teacherOf("1А"), 888_001)
	t.Logf("long poll: promoted after %s, turned out after %s", promoted, removed)
	require.Less(t, promoted, soon)
	require.Less(t, removed, soon)

	// While the stream is proven alive, a pass that a clock asks for does not read the chats.
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged)
	box := world.stack.Sandbox()
	require.NoError(t, world.store.SetSchedule(t.Context(), s.id, school.Schedule{Every: school.Interval(time.Hour)}))
	s.cli("", "schedule", "apply")
	reads := func() (n int) {
		before := box.LastRequest()
		_, err := s.trigger()
		require.NoError(t, err)
		for _, entry := range box.Requests(before, s.group) {
			for _, c := range entry.Calls {
				if c.Method == "messages.getConversationMembers" {
					n++
				}
			}
		}
		return n
	}
	require.Eventually(t, func() bool { return reads() == 0 }, workTime, pollEvery)
	s.cli("", "school", "set-events", string(s.id), "--long-poll", "off")
	require.Positive(t, reads(), "without proof it reads")
	s.cli("", "schedule", "set", string(s.id), "--off")
}

func TestCallbackBringsWhoJoinsTheirRightsOrTheDoor(t *testing.T) {
	s := newInvitingSite(t) // not parallel: it measures
	const secret, confirmation = "callback-secret", "0a1b2c3d"
	s.cli(secret+"\n", "school", "set-events", string(s.id), "--callback", "--confirmation", confirmation)
	_, err := world.stack.Sandbox().SetCallback(vk.Callback{
		GroupID: s.group, URL: "http://" + world.events + events.VKPath(s.id), Secret: secret, Confirmation: confirmation,
	})
	require.NoError(t, err)
	promoted, removed := s.joinedByLink("1А · Родители", s.teacherOf("1А"), 888_002)
	t.Logf("callback: promoted after %s, turned out after %s", promoted, removed)
	require.Less(t, promoted, soon)
	require.Less(t, removed, soon)
}

// "The roster has changed", said with a signature, has the feed read.
func TestSignedPushHasTheFeedRead(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 2, 2 })
	out := s.cli("", "feed", "set-push", string(s.feed), "-o", "json")
	secret := between(t, out, `"secret": "`, `"`)
	push := func(secret string) int {
		now, body := strconv.FormatInt(time.Now().Unix(), 10), "{}"
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+world.events+events.FeedPath(s.feed), strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("X-Rollcall-Timestamp", now)
		request.Header.Set("X-Rollcall-Signature", events.Sign(secret, now, []byte(body)))
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	require.Equal(t, http.StatusForbidden, push("wrong"))
	before, err := world.store.Feed(t.Context(), s.feed)
	require.NoError(t, err)
	require.Less(t, push(secret), 300)
	require.Eventually(t, func() bool {
		now, err := world.store.Feed(t.Context(), s.feed)
		return err == nil && now.ReadAt.After(*before.ReadAt)
	}, workTime, pollEvery)
}

func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, from)
	require.True(t, ok, s)
	found, _, ok := strings.Cut(rest, to)
	require.True(t, ok, s)
	return found
}
