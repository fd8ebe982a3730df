package e2e

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// intruder is somebody whom no roster knows.
const intruder = 888_301

// becomeLive makes some chats, one after another, and measures from when the bot is let in until each is the school's: adopted, under
// its title, with its link.
func (p people) becomeLive(asked []survey.ToMake) (took []time.Duration) {
	p.t.Helper()
	for _, c := range asked {
		made := p.make(p.owner(c.Chat), c.Code)
		began := time.Now()
		p.letIn(made.ChatID)
		p.await(func(s survey.Survey) bool {
			known := s.Mirror.ByKey()[c.Key]
			return known.State == reconcile.ChatLive && known.HasLink && p.chat(made.ChatID).Title == c.Title
		})
		took = append(took, time.Since(began))
	}
	return took
}

// fill has everybody come by the links, and a stranger into one chat of each class, and waits until all are in their places.
func (p people) fill() {
	p.t.Helper()
	strange := lo.Filter(p.survey().Mirror, func(c store.MirrorChat, _ int) bool { return strings.HasSuffix(c.Title, "Ученики") })
	for _, c := range strange {
		p.comeIn(p.number(c), intruder)
	}
	p.allJoin()
	for _, c := range strange {
		require.Eventually(p.t, func() bool { return slices.Contains(p.chat(p.number(c)).Blocked, intruder) }, workTime, pollEvery)
	}
}

// requireDoneOnce requires that nothing was done twice: chats renamed, members promoted, strangers turned out.
func (p people) requireDoneOnce(since int64) {
	p.t.Helper()
	deeds := p.deeds(since)
	require.Empty(p.t, lo.FindDuplicates(deeds))
	renamed := lo.CountBy(deeds, func(d deed) bool { return d.Did == didRename })
	require.Equal(p.t, len(p.survey().Desired), renamed)
}

// From what is asked for to chats with everybody in them, by MAX's events alone.
func TestChatsThatPeopleMakeBecomeTheSchoolsByLongPoll(t *testing.T) {
	s, p := newSiteAsked(t, true, nil) // not parallel: it measures
	since := world.stack.Sandbox().LastRequest()
	took := p.becomeLive(p.asked())
	t.Logf("long poll: the bot let in → the chat live, of %d: p50 %s, p95 %s", len(took), quantile(took, 0.5), p95(took))
	require.Less(t, p95(took), soon)
	p.fill()
	s.resync(true, workflows.OutcomeInStep)
	p.requireAsCounted(s, p.plainOwners())
	p.requireDoneOnce(since)
}

// The same by webhook, each of them twice; and late ones.
func TestChatsThatPeopleMakeBecomeTheSchoolsByWebhook(t *testing.T) {
	s, p := newSiteAsked(t, true, nil) // not parallel: it measures
	yes, no := true, false
	set := func(x max.Switching) {
		x.Bot = s.group
		_, err := world.stack.Sandbox().Max.SetSwitches(x)
		require.NoError(t, err)
	}
	set(max.Switching{Duplicate: &yes})
	s.cli("", "school", "set-events", string(s.id), "--callback", "--address", "http://"+world.events)
	longPoll, callback, err := world.store.EventWays(t.Context(), s.id)
	require.NoError(t, err)
	require.Equal(t, []bool{false, true}, []bool{longPoll, callback})
	require.Contains(t, s.cli("", "school", "check", string(s.id)), events.MAXPath(s.id))

	since := world.stack.Sandbox().LastRequest()
	asked := p.asked()
	took := p.becomeLive(asked[3:])
	t.Logf("webhook: the bot let in → the chat live, of %d: p50 %s, p95 %s", len(took), quantile(took, 0.5), p95(took))
	require.Less(t, p95(took), soon)
	set(max.Switching{Late: &yes})
	for _, c := range asked[:3] {
		p.makeOne(c)
	}
	require.Never(t, func() bool { return len(p.survey().ToMake()) < 3 }, soon, pollEvery, "nothing is heard yet")
	set(max.Switching{Late: &no})
	p.await(func(s survey.Survey) bool { return s.Complete() && len(s.Plan.Operations) == 0 })
	p.fill()
	s.resync(true, workflows.OutcomeInStep)
	p.requireAsCounted(s, p.plainOwners())
	p.requireDoneOnce(since)

	s.cli("", "school", "set-events", string(s.id), "--long-poll", "on")
	bot, found := lo.Find(world.stack.Sandbox().Max.State().Bots, func(b max.Bot) bool { return b.ID == s.group })
	require.True(t, found)
	require.Empty(t, bot.Webhooks)
}

// A chat that is none of the school's is never touched, whatever passes are made; and it is said why.
func TestAChatWithoutAGoodCodeIsNeverTouched(t *testing.T) {
	t.Parallel()
	s, p := newSiteAsked(t, false, twoClasses)
	_, neighbours := newSiteAsked(t, false, twoClasses)
	mine, theirs := p.asked(), neighbours.asked()
	good := mine[0]
	p.makeOne(good)
	p.await(func(s survey.Survey) bool {
		return s.Mirror.ByKey()[good.Key].State == reconcile.ChatLive && len(s.Plan.Operations) == 0
	})
	owner, since := p.owner(good.Chat), world.stack.Sandbox().LastRequest()
	wrong := map[string]adoption.Problem{
		"1А · Родители":                   adoption.ProblemNoCode,
		"1А 000-000-000-000":              adoption.ProblemForeign,
		"1А " + theirs[1].Code:            adoption.ProblemForeign,
		"1А " + good.Code:                 adoption.ProblemUsed,
		mine[1].Code + " " + mine[2].Code: adoption.ProblemManyCodes,
	}
	made := map[string]adoption.Problem{}
	for title, problem := range wrong {
		c := p.make(owner, title)
		p.letIn(c.ChatID)
		p.comeIn(c.ChatID, intruder)
		made[itoa(c.ChatID)] = problem
	}
	standings := func() map[string]adoption.Problem {
		all, err := world.store.Standings(t.Context(), s.id)
		require.NoError(t, err)
		return lo.SliceToMap(all, func(x store.Standing) (string, adoption.Problem) { return string(x.Ref), x.Problem })
	}
	require.Eventually(t, func() bool { return reflect.DeepEqual(made, standings()) }, workTime, pollEvery, "%v", made)
	s.resync(true, workflows.OutcomeInStep)
	s.cli("", "resync", string(neighbours.id), "--verify", "--wait")
	require.Equal(t, made, standings())
	require.Empty(t, p.deeds(since))
	require.Empty(t, neighbours.deeds(since))
	for _, c := range p.letInto() {
		if _, isOne := made[itoa(c.ChatID)]; isOne {
			require.Contains(t, wrong, c.Title)
			require.Contains(t, c.Members, int64(intruder))
		}
	}
	said := s.cli("", "chats", string(s.id), "--to-make")
	for id := range made {
		require.Contains(t, said, id)
	}
	require.Contains(t, said, "its code has been used for another chat")
}

// twoClasses makes a site small.
func twoClasses(o *district.Options) { o.MinClasses, o.MaxClasses = 2, 2 }

// newSiteOnMAXInStep is a small site on MAX whose chats are made, and everybody is in them; admins made them.
func newSiteOnMAXInStep(t *testing.T) (*site, people) {
	t.Helper()
	s, p := newSiteAsked(t, false, twoClasses)
	p.makeAll()
	p.allJoin()
	s.resync(true, workflows.OutcomeInStep)
	return s, p
}

// Rights that are taken away are said, and what was left undone is done when they are back. So with the chat as a whole.
func TestLostRightsAreSaidAndGivenBackAllGoesOn(t *testing.T) {
	t.Parallel()
	s, p := newSiteOnMAXInStep(t)
	key := p.keyOf(ofParents)
	chat := p.number(p.mirrored(key))
	box := world.stack.Sandbox().Max
	rights := func(permissions ...max.Permission) {
		_, err := box.SetBotPermissions(max.BotRights{Chat: chat, Bot: p.bot, Permissions: permissions})
		require.NoError(t, err)
	}
	rights(max.ReadAllMessages, max.Write)
	p.comeIn(chat, intruder)
	require.Eventually(t, func() bool {
		return strings.Contains(s.cli("", "chats", string(s.id)), "add and remove members")
	}, workTime, pollEvery)
	require.Contains(t, p.chat(chat).Members, int64(intruder))
	rights()
	require.Eventually(t, func() bool { return slices.Contains(p.chat(chat).Blocked, intruder) }, workTime, pollEvery)
	require.Eventually(t, func() bool { return len(p.mirrored(key).Lacks) == 0 }, workTime, pollEvery)

	_, err := box.RemoveBot(max.BotRights{Chat: chat, Bot: p.bot})
	require.NoError(t, err)
	p.await(func(s survey.Survey) bool { return s.Mirror.ByKey()[key].State == reconcile.ChatGone })
	require.Contains(t, s.cli("", "chats", string(s.id)), "gone")
	p.comeIn(chat, intruder+1)
	p.letIn(chat)
	p.await(func(s survey.Survey) bool { return s.Mirror.ByKey()[key].State == reconcile.ChatLive })
	require.Eventually(t, func() bool { return slices.Contains(p.chat(chat).Blocked, intruder+1) }, workTime, pollEvery)
	s.resync(true, workflows.OutcomeInStep)
	p.requireAsCounted(s, 0)
}

// Refusals for the rate, soft failures, lost answers and trouble on the way change nothing in the end.
func TestTroubleOnTheWayChangesNothingInTheEnd(t *testing.T) {
	t.Parallel()
	s, p := newSiteAsked(t, true, twoClasses)
	box := world.stack.Sandbox()
	for _, f := range []traffic.Fault{
		{Method: max.AnyMethod, Mode: traffic.ModeError, ErrorCode: 429, Skip: 3, Times: 3},
		{Method: max.AnyMethod, Mode: traffic.ModeError, ErrorCode: 503, Skip: 12, Times: 2},
		{Method: max.AnyMethod, Mode: traffic.ModeHTTP500, Skip: 20},
		{Method: "max.editChat", Mode: traffic.ModeLostReply, Times: 2},
		{Method: "max.postAdmins", Mode: traffic.ModeLostReply},
		{Method: "max.removeMember", Mode: traffic.ModeLostReply},
		{Method: polls, Mode: traffic.ModeLostReply, Skip: 2, Times: 2},
	} {
		f.GroupID = s.group
		require.NoError(t, box.AddFault(f))
	}
	soft := func(n int) {
		_, err := box.Max.SetSwitches(max.Switching{Bot: s.group, Soft: &n})
		require.NoError(t, err)
	}
	p.makeAll()
	soft(3)
	p.join(func(chats.Key, school.AccountID) bool { return true })
	p.comeIn(p.number(p.survey().Mirror[0]), intruder)
	// What failed softly is recorded as failed; the next whole pass does it.
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged, workflows.OutcomePartial)
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged, workflows.OutcomePartial)
	p.allIn()
	s.resync(true, workflows.OutcomeInStep)
	p.requireAsCounted(s, p.plainOwners())
	require.False(t, lo.ContainsBy(box.Faults(), func(f traffic.Fault) bool { return f.GroupID == s.group }), "all have struck: %v", box.Faults())
}

// Everything of a school on MAX goes through its proxy: what is heard, too.
func TestAllOfASchoolOnMAXGoesThroughItsProxy(t *testing.T) {
	t.Parallel()
	s := newSiteOnMAX(t, twoClasses)
	s.setProxy(tinyproxy(t, "school:s3cret-word"))
	since := world.stack.Sandbox().LastRequest()
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	p := s.people(false)
	p.heard()
	p.makeAll()
	p.allJoin()
	s.resync(true, workflows.OutcomeInStep)
	p.requireAsCounted(s, 0)
	s.cli("", "school", "check", string(s.id))
	comers := s.comers(since)
	require.NotEmpty(t, comers[proxyAddress+" max"])
	require.NotEmpty(t, comers[proxyAddress+" portal"])
	require.Len(t, comers, 2, "nobody comes around the proxy: %v", comers)
}

// killedOnMAX kills the worker when a request of the bot's hangs, and has another go on.
func killedOnMAX(t *testing.T, p people, method string, skip int, do func()) {
	t.Helper()
	box := world.stack.Sandbox()
	require.NoError(t, box.AddFault(traffic.Fault{GroupID: p.bot, Method: method, Mode: traffic.ModeSlow, DelayMS: 60_000, Skip: skip}))
	do()
	require.Eventually(t, func() bool { return len(box.Faults()) == 0 }, workTime, time.Millisecond, "the fault has not struck")
	world.worker.kill()
	var err error
	world.worker, err = startWorker("worker-after-kill.log")
	require.NoError(t, err)
}

func TestWorkerKilledBetweenAChatsAdoptionAndItsRename(t *testing.T) {
	s, p := newSiteAsked(t, false, nil) // not parallel: it kills the worker of all tests
	asked := p.asked()
	killedOnMAX(t, p, "max.editChat", 4, func() {
		for _, c := range asked {
			p.makeOne(c)
		}
	})
	p.await(func(s survey.Survey) bool { return s.Complete() && len(s.Plan.Operations) == 0 })
	p.allJoin()
	s.resync(true, workflows.OutcomeInStep)
	p.requireAsCounted(s, 0)
	require.Len(t, p.letInto(), len(asked))
}

func TestWorkerKilledInTheMiddleOfPromotionsOnMAX(t *testing.T) {
	s, p := newSiteAsked(t, true, nil) // not parallel: it kills the worker of all tests
	p.makeAll()
	killedOnMAX(t, p, "max.postAdmins", 2, func() {
		p.join(func(chats.Key, school.AccountID) bool { return true })
	})
	p.allIn()
	s.resync(true, workflows.OutcomeInStep)
	p.requireAsCounted(s, p.plainOwners())
}
