package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// newSiteOnMAX is newSite on MAX, where people make the chats.
func newSiteOnMAX(t *testing.T, change func(*district.Options)) *site {
	t.Helper()
	s := newSchool(t, change)
	require.NoError(t, world.stack.RegisterBot(s.group, s.token, string(s.id)))
	s.cli("", "school", "set-messenger", string(s.id), string(messenger.MAX))
	s.setToken()
	return s
}

// newSiteAsked is a site on MAX whose chats are asked for, and whose events are heard; and its people.
func newSiteAsked(t *testing.T, membersOwn bool, change func(*district.Options)) (*site, people) {
	t.Helper()
	s := newSiteOnMAX(t, change)
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	p := s.people(membersOwn)
	p.heard()
	return s, p
}

// people are those of a school on MAX, or of one that moves there: they make its chats, and come by the links.
type people struct {
	t   *testing.T
	id  school.ID
	bot int64
	// membersOwn has plain members make the chats of classes. Else it is somebody who is to be an admin.
	membersOwn bool
}

func (s *site) people(membersOwn bool) people { return people{s.t, s.id, s.group, membersOwn} }

// heard waits until a worker listens to what MAX tells the bot. What was told before is lost, but for the latest.
func (p people) heard() {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		return lo.ContainsBy(world.stack.Sandbox().Max.Requests(0, p.bot), func(e traffic.Entry) bool { return e.Method == polls })
	}, workTime, pollEvery, "a worker listens")
}

func (p people) survey() survey.Survey {
	p.t.Helper()
	s, err := survey.Take(p.t.Context(), world.store, p.id, time.Now(), survey.Options{})
	require.NoError(p.t, err)
	return s
}

// asked waits until chats are asked for, and gives them.
func (p people) asked() []survey.ToMake {
	p.t.Helper()
	p.await(func(s survey.Survey) bool { return len(s.ToMake()) == len(s.Desired) })
	return p.survey().ToMake()
}

// await waits until the school is as wanted. A school that is taking over another's chats has none for a moment.
func (p people) await(want func(survey.Survey) bool) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		s, err := survey.Take(p.t.Context(), world.store, p.id, time.Now(), survey.Options{})
		return err == nil && want(s)
	}, workTime, 10*time.Millisecond)
}

// owner is who makes a chat.
func (p people) owner(c chats.Chat) int64 {
	m, found := lo.Find(c.Members, func(m chats.Member) bool {
		return (m.Role == chats.RoleAdmin) == (c.Type == chats.Teachers || !p.membersOwn)
	})
	if !found {
		m = c.Members[0]
	}
	return int64(m.Account)
}

// make has somebody make a chat.
func (p people) make(owner int64, title string) max.Chat {
	p.t.Helper()
	c, err := world.stack.Sandbox().Max.MakeChat(max.Making{Owner: owner, Title: title})
	require.NoError(p.t, err)
	return c
}

// letIn lets the bot into a chat, as an admin with these permissions, by default with all.
func (p people) letIn(chat int64, permissions ...max.Permission) {
	p.t.Helper()
	_, err := world.stack.Sandbox().Max.AddBot(max.BotRights{Chat: chat, Bot: p.bot, Permissions: permissions})
	require.NoError(p.t, err)
}

// makeOne makes a chat that is asked for, and lets the bot in.
func (p people) makeOne(c survey.ToMake) int64 {
	p.t.Helper()
	made := p.make(p.owner(c.Chat), "Наш чат "+c.Code)
	p.letIn(made.ChatID)
	return made.ChatID
}

// makeAll makes all chats that are asked for, and waits until they are the school's.
func (p people) makeAll() {
	p.t.Helper()
	for _, c := range p.asked() {
		p.makeOne(c)
	}
	p.await(func(s survey.Survey) bool { return len(s.Mirror) > 0 && s.Complete() && len(s.Plan.Operations) == 0 })
}

func (p people) comeIn(chat, account int64) {
	p.t.Helper()
	_, err := world.stack.Sandbox().Max.Join(max.Joining{Chat: chat, User: account})
	require.NoError(p.t, err)
}

// join has everybody whom the school invites, and who is meant, come by the links.
func (p people) join(meant func(chats.Key, school.AccountID) bool) {
	p.t.Helper()
	for _, c := range p.survey().Mirror {
		for _, m := range c.Members {
			if c.State == reconcile.ChatLive && m.State == reconcile.MemberInvited && meant(c.Key, m.Account) {
				p.comeIn(p.number(c), int64(m.Account))
			}
		}
	}
}

// allJoin has all who are invited come by the links, and waits until they are in their places.
func (p people) allJoin() {
	p.t.Helper()
	p.join(func(chats.Key, school.AccountID) bool { return true })
	p.allIn()
}

// allIn waits until everybody is in their places.
func (p people) allIn() {
	p.t.Helper()
	p.await(func(s survey.Survey) bool {
		return len(s.Plan.Operations) == 0 && lo.EveryBy(s.Mirror, func(c store.MirrorChat) bool {
			return c.State == reconcile.ChatLive && lo.EveryBy(c.Members, func(m reconcile.Member) bool { return m.State != reconcile.MemberInvited })
		})
	})
}

// number is a chat's id in MAX.
func (p people) number(c store.MirrorChat) int64 { return atoi(p.t, string(c.Ref)) }

// mirrored is a chat as we have it.
func (p people) mirrored(key chats.Key) store.MirrorChat {
	p.t.Helper()
	c := p.survey().Mirror.ByKey()[key]
	require.NotNil(p.t, c, key)
	return *c
}

// chat is a chat as MAX has it.
func (p people) chat(id int64) max.Chat {
	p.t.Helper()
	c, there := world.stack.Sandbox().Max.State().Chat(id)
	require.True(p.t, there)
	return c
}

// letInto are the chats that the bot is in.
func (p people) letInto() []max.Chat {
	return lo.Filter(world.stack.Sandbox().Max.State().Chats, func(c max.Chat, _ int) bool { return slices.Contains(c.Bots, p.bot) })
}

// deeds are the changing requests of the bot's since one.
func (p people) deeds(since int64) (all []deed) {
	for _, entry := range world.stack.Sandbox().Max.Requests(since, p.bot) {
		for _, c := range entry.Calls {
			all = append(all, deedsOnMAX(c)...)
		}
	}
	return all
}

// count adds up what MAX has of the school's chats, and requires that each is one chat.
func (p people) count() counts {
	p.t.Helper()
	var got counts
	mirror := p.survey().Mirror
	require.Len(p.t, lo.UniqBy(mirror, func(c store.MirrorChat) messenger.ChatRef { return c.Ref }), len(mirror))
	for _, c := range mirror {
		now := p.chat(p.number(c))
		require.Equal(p.t, c.Title, now.Title)
		got.Chats++
		got.Members += len(now.Members)
		got.Admins += len(now.Admins)
	}
	return got
}

// requireAsCounted compares MAX's totals with the independent count. Owners is how many own a chat who are to be plain members.
func (p people) requireAsCounted(s *site, owners int) {
	p.t.Helper()
	want := takeCensus(p.t, s.dir).school(s.org)
	want.NotLinked, want.Disputed = 0, 0
	want.Admins += owners
	require.Equal(p.t, want, p.count())
}

// plainOwners counts the chats that somebody owns who is to be a plain member.
func (p people) plainOwners() int {
	s := p.survey()
	return lo.CountBy(s.Desired, func(c chats.Chat) bool {
		owner := p.owner(c)
		m, _ := lo.Find(c.Members, func(m chats.Member) bool { return int64(m.Account) == owner })
		return m.Role != chats.RoleAdmin
	})
}

// keyOf is the key of the chat with that title, which the roster asks for.
func (p people) keyOf(title string) chats.Key {
	p.t.Helper()
	c, found := lo.Find(p.survey().Desired, func(c chats.Chat) bool { return c.Title == title })
	require.True(p.t, found, title)
	return c.Key
}
