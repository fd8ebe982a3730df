package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// organisation is what the Portal calls the school: files of different tests have the same ids.
func (s *site) organisation() string { return "portal-" + string(s.id) }

// identity is a person's on the Portal.
func (s *site) identity(person string) string {
	s.t.Helper()
	user, ok := s.files.Users().ByID(person)
	require.True(s.t, ok)
	return between(s.t, user.Get("userIds"), "{portal:", "}")
}

// linkOnPortal has a person link an account.
func (s *site) linkOnPortal(person string, account int64) {
	s.t.Helper()
	_, err := world.stack.Sandbox().Portal.LinkAccounts(portal.Linking{
		Organisation: s.organisation(), Identity: s.identity(person), Account: account,
	})
	require.NoError(s.t, err)
}

func (s *site) unlinkOnPortal(person string) {
	s.t.Helper()
	_, err := world.stack.Sandbox().Portal.UnlinkAccount(portal.Person{Organisation: s.organisation(), Identity: s.identity(person)})
	require.NoError(s.t, err)
}

// onPortal is what the Portal has of the school.
func (s *site) onPortal() portal.State {
	s.t.Helper()
	state, err := world.stack.Sandbox().Portal.State(s.organisation())
	require.NoError(s.t, err)
	return state
}

// seenBy is what a person sees on the Portal.
func (s *site) seenBy(person string) portal.Seen {
	s.t.Helper()
	seen, err := world.stack.Sandbox().Portal.Seen(portal.Person{Organisation: s.organisation(), Identity: s.identity(person)})
	require.NoError(s.t, err)
	return seen
}

// unlinkedStudent adds a student of 1А without an account.
func (s *site) unlinkedStudent() string {
	s.t.Helper()
	student, err := s.files.AddStudent(s.classNamed("1А"), false)
	require.NoError(s.t, err)
	return student
}

func TestWhoLinksOnThePortalIsLetInAndWhoUnlinksGoesOut(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	student := s.unlinkedStudent()
	s.follow()
	account := s.files.NewAccount()
	s.linkOnPortal(student, account)
	s.resync(false, workflows.OutcomeChanged)
	require.True(t, s.hasMember("1А · Ученики", itoa(account)))

	s.unlinkOnPortal(student)
	s.resync(false, workflows.OutcomeChanged)
	require.False(t, s.hasMember("1А · Ученики", itoa(account)))
	s.resync(true, workflows.OutcomeInStep)

	// The Portal's word goes before that of the roster's own files, which still have an account.
	other := s.enrolled(s.classNamed("1А"), "student")[0]
	of := s.account(other)
	require.True(t, s.hasMember("1А · Ученики", of))
	s.linkOnPortal(other, atoi(t, of))
	s.resync(false, workflows.OutcomeInStep, workflows.OutcomeChanged)
	s.unlinkOnPortal(other)
	s.resync(false, workflows.OutcomeChanged)
	require.False(t, s.hasMember("1А · Ученики", of))
}

func TestTheContinuousSchoolFollowsThePortal(t *testing.T) {
	s := newContinuousSite(t) // not parallel: it measures
	var in, out []time.Duration
	for range 8 {
		student := s.unlinkedStudent()
		before, err := world.store.Snapshots(t.Context())
		require.NoError(t, err)
		s.save()
		require.Eventually(t, func() bool {
			now, err := world.store.Snapshots(t.Context())
			return err == nil && now[s.id].Digest != before[s.id].Digest
		}, workTime, pollEvery)
		account := s.files.NewAccount()
		wait := func(member bool) time.Duration {
			linked := time.Now()
			var read time.Time
			if member {
				s.linkOnPortal(student, account)
			} else {
				s.unlinkOnPortal(student)
			}
			linkedThen := s.linkedCount()
			require.Eventually(t, func() bool {
				if read.IsZero() && s.linkedCount() != linkedThen {
					read = time.Now()
				}
				return s.hasMember("1А · Ученики", itoa(account)) == member
			}, workTime, 5*time.Millisecond)
			if read.IsZero() {
				read = linked // both were seen at once
			}
			return time.Since(read)
		}
		in = append(in, wait(true))
		out = append(out, wait(false))
	}
	t.Logf("links read → in the chat: p50 %s, p95 %s; unlinked → out: p50 %s, p95 %s", quantile(in, 0.5), p95(in), quantile(out, 0.5), p95(out))
	require.Less(t, p95(in), 2*time.Second)
	require.Less(t, p95(out), 2*time.Second)
}

func (s *site) linkedCount() int {
	s.t.Helper()
	state, err := world.store.LinksState(s.t.Context(), s.id)
	require.NoError(s.t, err)
	return state.Linked
}

func TestNoChatIsMadeBeforeAllLinksHaveBeenRead(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 2, 2 })
	s.cli("", "school", "add", string(s.id), "--district", "d-"+strings.TrimPrefix(string(s.id), "s-"), "--feed", string(s.feed),
		"--source-id", s.org, "--name", "School", "--portal-id", "unknown-"+string(s.id))
	s.read()
	report := s.resync(false, workflows.OutcomePartial)
	require.Equal(t, workflows.ProblemPortalTrouble, report.Portal.Code)
	require.Contains(t, report.Portal.Message, "sourcedId", "what to do is said")
	require.Empty(t, s.chats())
	require.Contains(t, s.cli("", "chats", string(s.id)), "links")

	require.NoError(t, world.stack.RegisterOrganisation("unknown-"+string(s.id), "School"))
	s.resync(false, workflows.OutcomeChanged)
	require.NotEmpty(t, s.chats())
	s.resync(true, workflows.OutcomeInStep)
}

// A reading that lost many links unlinks nobody, until somebody has looked.
func TestAReadingThatLostManyLinksUnlinksNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *district.Options) { o.StudentsPerClass = 10 })
	students := s.enrolled(s.classNamed("1А"), "student") // 7 at the least
	for _, p := range students {
		s.linkOnPortal(p, atoi(t, s.account(p)))
	}
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	for _, p := range students {
		s.unlinkOnPortal(p)
	}
	before := len(s.chats()["1А · Ученики"].Members)
	report := s.resync(false, workflows.OutcomePartial)
	require.Equal(t, workflows.ProblemLinksUnreadable, report.Portal.Code)
	require.Contains(t, report.Portal.Message, "--accept-drop")
	require.Len(t, s.chats()["1А · Ученики"].Members, before)
	s.cli("", "accounts", "read", string(s.id), "--accept-drop")
	require.Eventually(t, func() bool { // which is far more than a pass may remove by itself
		return len(s.held().Holds) > 0
	}, workTime, pollEvery)
	require.Len(t, s.chats()["1А · Ученики"].Members, before)
}

func TestChatsAreShownToThoseEntitled(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	class := s.classNamed("1А")
	student, teacher := s.enrolled(class, "student")[0], s.teacherOfClass(class)
	titles := func(person string) (all []string) {
		for _, c := range s.seenBy(person).Chats {
			all = append(all, c.Title)
			require.Equal(t, s.chats()[c.Title].Link, c.Link)
		}
		return all
	}
	require.Len(t, s.onPortal().Chats, len(s.chats()))
	require.ElementsMatch(t, append(s.groupChats(student), "1А · Ученики"), titles(student))
	require.Contains(t, titles(teacher), "1А · Родители")
	require.NotContains(t, titles(student), "1А · Родители")
	for _, guardian := range s.guardians(student) {
		require.Contains(t, titles(guardian), "1А · Родители")
	}

	require.NoError(t, s.files.RenameClass(class, "1Э"))
	s.follow()
	require.Contains(t, titles(student), "1Э · Ученики")
	before := world.stack.Sandbox().LastRequest()
	s.resync(true, workflows.OutcomeInStep)
	for _, r := range world.stack.Sandbox().PortalRequests(before, s.organisation()) {
		require.Equal(t, "portal.links", r.Method, "nothing has changed: nothing is published")
	}
}

func (s *site) teacherOfClass(class string) string {
	s.t.Helper()
	for _, e := range s.files.Enrollments().Find("classSourcedId", class) {
		if e.Get("role") == "teacher" && e.Get("primary") == "true" {
			return e.Get("userSourcedId")
		}
	}
	require.FailNow(s.t, "no class teacher")
	return ""
}
