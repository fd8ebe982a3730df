package e2e

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// beginMove has a school move to MAX, and gives those who are to make its chats there.
func (s *site) beginMove() people {
	s.t.Helper()
	bot, token := 5000+world.groups.Add(1), "token-"+rand.Text()
	require.NoError(s.t, world.stack.RegisterBot(bot, token, string(s.id)))
	out := s.cli(token+"\n", "school", "move", string(s.id), "--to", "max", "--community-id", fmt.Sprint(bot))
	require.Contains(s.t, out, "rollcall chats "+string(s.id)+" --to-make")
	p := people{t: s.t, id: store.SuccessorID(s.id, messenger.MAX), bot: bot}
	p.heard()
	return p
}

// newMovingSite is a site on VK in step, continuous, with some people who have linked no account, and whose events are heard.
func newMovingSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, func(o *district.Options) { o.LinkedShare, o.Subjects = 0.8, 1 })
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	s.resync(true, workflows.OutcomeInStep)
	s.cli("", "school", "set-events", string(s.id), "--long-poll", "on")
	s.heard()
	s.continuous()
	return s
}

// farewells counts the last messages in the old chats, and tells whether one has several.
func (s *site) farewells() (chats int, twice bool) {
	s.t.Helper()
	for _, c := range s.chats() {
		n := len(lo.Filter(c.Messages, func(m vk.Message, _ int) bool { return strings.Contains(m.Text, "переехал в MAX") }))
		chats += lo.Ternary(n > 0, 1, 0)
		twice = twice || n > 1
	}
	return chats, twice
}

// shownLinks are the links of the chats on the Portal, by their titles.
func (s *site) shownLinks() map[string]string {
	s.t.Helper()
	return lo.SliceToMap(s.onPortal().Chats, func(c portal.Chat) (string, string) { return c.Title, c.Link })
}

// unlinked are people whom the roster places into a chat and who have linked no account.
func (s *site) unlinked(title string) (people []string) {
	s.t.Helper()
	taken, err := survey.Take(s.t.Context(), world.store, s.id, time.Now(), survey.Options{})
	require.NoError(s.t, err)
	for _, c := range taken.Desired {
		if c.Title == title {
			people = append(people, lo.Map(c.Missing, func(m chats.Missing, _ int) string { return string(m.Person) })...)
		}
	}
	return people
}

// A school moves while people come into old chats and new ones, and link their accounts, strangers as well; the worker is
// killed twice on the way. Nobody is lost, and nothing is done twice.
func TestASchoolMovesWithPeopleJoiningAndTheWorkerKilledTwice(t *testing.T) {
	s := newMovingSite(t) // not parallel: it kills the worker of all tests
	before, links := s.chats(), s.shownLinks()
	passes, err := world.store.Passes(t.Context(), s.id, 100)
	require.NoError(t, err)
	p := s.beginMove()
	asked := p.asked()
	require.Len(t, asked, len(before))

	// The first half is made; the worker is killed while it adopts them.
	half := len(asked) / 2
	killedOnMAX(t, p, "max.editChat", 2, func() {
		for _, c := range asked[:half] {
			p.makeOne(c)
		}
	})
	p.await(func(s survey.Survey) bool { return len(s.ToMake()) == len(asked)-half && len(s.Plan.Operations) == 0 })
	early := func(_ chats.Key, a school.AccountID) bool { return a%2 == 0 }
	p.join(early)

	// Meanwhile: somebody links an account, and comes into the old chats; a stranger comes into an old chat and a new one.
	late := s.unlinked(ofStudents)
	late = append(late, s.unlinked(ofParents)...)
	require.NotEmpty(t, late)
	joined := map[string]string{} // account → person
	for _, person := range late {
		account := s.files.NewAccount()
		s.linkOnPortal(person, account)
		joined[itoa(account)] = person
	}
	for account := range joined {
		require.Eventually(t, func() bool { return len(s.chatsOf(account)) > 0 }, workTime, pollEvery, "the old chats are kept in step")
	}
	_, err = world.stack.Sandbox().Join(vk.Joining{Link: before[ofParents].Link, Account: intruder})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !s.hasMember(ofParents, itoa(intruder)) }, workTime, pollEvery)
	first := p.number(p.mirrored(asked[0].Key))
	p.comeIn(first, intruder)
	require.Eventually(t, func() bool { return slices.Contains(p.chat(first).Blocked, intruder) }, workTime, pollEvery)
	require.Contains(t, s.cli("", "school", "move", string(s.id)), fmt.Sprintf("there: %d of %d", half, len(asked)))

	// The rest is made, but for the last; people come. Then the last, and the worker is killed in the midst of the farewells.
	for _, c := range asked[half : len(asked)-1] {
		p.makeOne(c)
	}
	p.await(func(s survey.Survey) bool { return len(s.ToMake()) == 1 && len(s.Plan.Operations) == 0 })
	p.join(early)
	n, _ := s.farewells()
	require.Zero(t, n)
	old := s.chats()
	box := world.stack.Sandbox()
	require.NoError(t, box.AddFault(traffic.Fault{GroupID: s.group, Method: "messages.send", Mode: traffic.ModeSlow, DelayMS: 60_000, Skip: 3}))
	p.makeOne(asked[len(asked)-1])
	s.killWhenStruck()
	n, _ = s.farewells()
	t.Logf("killed with %d of %d farewells said", n, len(old))
	require.Positive(t, n)
	require.Less(t, n, len(old))
	p.comeIn(first, intruder+1) // while nobody looks
	s.restart()

	moved := people{t: t, id: s.id, bot: p.bot}
	require.Eventually(t, func() bool {
		row, err := world.store.School(t.Context(), s.id)
		return err == nil && row.Messenger == messenger.MAX && row.Successor == ""
	}, workTime, pollEvery)
	moved.await(func(s survey.Survey) bool { return len(s.Mirror) == len(asked) })
	moved.allJoin()
	s.movedFully(moved, before, old, links, asked, joined)
	require.Eventually(t, func() bool { return slices.Contains(p.chat(first).Blocked, intruder+1) }, workTime, pollEvery)

	now, err := world.store.Passes(t.Context(), s.id, 1000)
	require.NoError(t, err)
	epochs := lo.Map(now, func(x store.PassRow, _ int) int64 { return x.Epoch })
	require.Subset(t, epochs, lo.Map(passes, func(x store.PassRow, _ int) int64 { return x.Epoch }), "its history goes on")
	require.Contains(t, s.cli("", "school", "move", string(s.id)), fmt.Sprintf("it left %d chats on VK", len(old)))
	s.resync(true, workflows.OutcomeInStep)
}

// movedFully requires that everything is on MAX, once, and that the old chats were left as they were.
func (s *site) movedFully(
	p people, before, old map[string]vk.Chat, links map[string]string, asked []survey.ToMake, joined map[string]string,
) {
	s.t.Helper()
	n, twice := s.farewells()
	require.Equal(s.t, len(before), n)
	require.False(s.t, twice, "a farewell is said once")
	for title, c := range s.chats() {
		require.Equal(s.t, old[title].Members, c.Members, "nobody was turned out, and nobody comes in any more: %s", title)
		require.Subset(s.t, c.Members, before[title].Members)
		require.NotEqual(s.t, links[title], c.Link, "the old link is void")
	}
	made := p.letInto()
	require.Len(s.t, made, len(asked))
	require.Len(s.t, lo.UniqBy(made, func(c max.Chat) string { return c.Title }), len(asked))
	standings, err := world.store.Standings(s.t.Context(), s.id)
	require.NoError(s.t, err)
	require.Empty(s.t, standings)
	for _, c := range made {
		require.Empty(s.t, c.Messages)
		require.Subset(s.t, c.Members, old[c.Title].Members, "nobody was lost: %s", c.Title)
	}
	for account := range joined {
		require.True(s.t, lo.ContainsBy(made, func(c max.Chat) bool { return slices.Contains(c.Members, atoi(s.t, account)) }))
	}
	p.count()
	require.Eventually(s.t, func() bool {
		return lo.EveryBy(made, func(c max.Chat) bool { return s.shownLinks()[c.Title] == c.Link })
	}, workTime, pollEvery, "the Portal shows the new links")
}

// A move that is taken back leaves the old chats as they were.
func TestAMoveTakenBackLeavesTheOldChatsAsTheyWere(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, twoClasses)
	links, old := s.shownLinks(), s.chats()
	p := s.beginMove()
	one := p.asked()[0]
	chat := p.makeOne(one)
	p.await(func(s survey.Survey) bool {
		return s.Mirror.ByKey()[one.Key].State == reconcile.ChatLive && len(s.Plan.Operations) == 0
	})
	require.Eventually(t, func() bool { return s.shownLinks()[one.Title] == p.chat(chat).Link }, workTime, pollEvery, "the new link is shown")

	since := world.stack.Sandbox().LastRequest()
	require.Contains(t, s.cli("", "school", "move", string(s.id), "--back"), "stays on VK")
	require.Eventually(t, func() bool { return s.shownLinks()[one.Title] == links[one.Title] }, workTime, pollEvery, "the old one again")
	require.Equal(t, links, s.shownLinks())
	require.Empty(t, s.calls(func() { s.resync(true, workflows.OutcomeInStep) }))
	require.Equal(t, old, s.chats())
	require.Contains(t, s.cli("", "school", "move", string(s.id)), "does not move")

	p.comeIn(chat, intruder)
	s.resync(true, workflows.OutcomeInStep)
	require.Empty(t, p.deeds(since), "what was made there is left alone")
	require.Contains(t, p.chat(chat).Members, int64(intruder))

	// It can begin again, and that chat is none of its.
	again := s.beginMove()
	require.Len(t, again.asked(), len(old))
}
