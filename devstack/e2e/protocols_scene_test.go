package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/workflows"
)

// scene is a site whose place can be either.
type scene struct {
	*site
	place
	// adds: who is new is put in. Else they are invited, and come by themselves.
	adds bool
}

// did are the changing requests that do brings about, in their order; reads counts the others, but for those that wait for
// events.
func (s *scene) did(do func()) (deeds []deed, reads int) {
	s.t.Helper()
	before := world.stack.Sandbox().LastRequest()
	do()
	titles := map[string]string{}
	for title, c := range s.now() {
		for _, name := range c.Names {
			titles[name] = title
		}
	}
	for _, entry := range world.stack.Sandbox().Requests(before, s.group) {
		for _, c := range entry.Calls {
			if s.listens(c.Method) {
				continue
			}
			made := s.deeds(c)
			reads += lo.Ternary(len(made) == 0, 1, 0)
			for _, d := range made {
				d.Chat = titles[d.Chat]
				deeds = append(deeds, d)
			}
		}
	}
	return deeds, reads
}

// brings requires that do brings about these changing requests and no other, and gives them in their order.
func (s *scene) brings(do func(), want ...deed) []deed {
	s.t.Helper()
	got, _ := s.did(do)
	require.ElementsMatch(s.t, want, got)
	return got
}

// of are the deeds of one kind, about somebody in several chats.
func of(did, account string, titles ...string) []deed {
	return lo.Map(titles, func(title string, _ int) deed { return deed{did, title, account} })
}

// comingIn are the deeds with which somebody who is new comes in.
func (s *scene) comingIn(account string, titles ...string) []deed {
	return lo.Ternary(s.adds, of(didAdd, account, titles...), nil)
}

// followed saves the edited files, has them read, and makes the pass that follows.
func (s *scene) followed() {
	s.t.Helper()
	s.save()
	s.read()
	// Held: an admin waits for the next one, who is invited.
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep, workflows.OutcomeHeld)
}

// arrive has those who were only invited come by the link, and waits until they are known to be in.
func (s *scene) arrive(account string, titles ...string) {
	s.t.Helper()
	for _, title := range titles {
		if s.adds {
			require.True(s.t, s.in(title, account), title)
			continue
		}
		require.False(s.t, s.in(title, account), "%s: who is invited comes by themselves", title)
		s.join(title, atoi(s.t, account))
	}
	s.quiet()
}

func (s *scene) in(title, account string) bool {
	return slices.Contains(s.now()[title].Members, atoi(s.t, account))
}

// titlesOf are the titles of the chats that somebody is in.
func (s *scene) titlesOf(account string) []string {
	titles := lo.Keys(lo.PickBy(s.now(), func(_ string, c chatNow) bool { return slices.Contains(c.Members, atoi(s.t, account)) }))
	slices.Sort(titles)
	return titles
}

// quiet waits until nothing is to be done any more: all that has happened was heard, and followed.
func (s *scene) quiet() {
	s.t.Helper()
	for until := time.Now().Add(workTime); ; require.True(s.t, time.Now().Before(until), "there is always something to do") {
		waiting, err := world.store.Waiting(s.t.Context())
		require.NoError(s.t, err)
		report := s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged, workflows.OutcomeHeld, workflows.OutcomePartial)
		if report.Outcome == workflows.OutcomeInStep && !slices.Contains(waiting, s.id) {
			return
		}
	}
}

// heard waits until a worker listens to the site's events.
func (s *site) heard() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		proven, err := world.store.EventsProven(s.t.Context(), s.id, time.Now())
		return err == nil && proven
	}, workTime, pollEvery, "a worker listens")
}

// newScene is a site on VK or MAX that is in step, and whose events are heard.
func newScene(t *testing.T, c sameCase, on messenger.Protocol) *scene {
	t.Helper()
	if on == messenger.MAX {
		s := newSiteOnMAX(t, twoClasses)
		p := s.people(c.membersOwn)
		s.read()
		s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
		p.heard()
		p.makeAll()
		if !c.nobodyIn {
			p.allJoin()
		}
		x := &scene{site: s, place: onMAX{s, p}}
		x.quiet()
		return x
	}
	s := newSite(t, twoClasses)
	if c.nobodyIn {
		no := false
		_, err := world.stack.Sandbox().SetSwitches(vk.Switches{GroupID: s.group, Adding: &no, AddingAtCreation: &no})
		require.NoError(t, err)
	}
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	s.cli("", "school", "set-events", string(s.id), "--long-poll", "on")
	s.heard()
	x := &scene{site: s, place: onVK{s}, adds: !c.nobodyIn}
	x.quiet()
	return x
}
