package survey_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// at is a moment of the tests' school year.
var at = time.Date(2026, 9, 14, 7, 0, 0, 0, time.UTC)

// The chats of the tests' school.
const (
	parents  chats.Key = "parents:y:1a"
	students chats.Key = "students:y:1a"
	subject  chats.Key = "subject:y:math"
	teachers chats.Key = "teachers"
)

// homeroom is a school of one class with one subject: its teacher, a student with a messenger account, one
// without, and the mother of both.
func homeroom() school.Roster {
	enrolled := func(people ...school.PersonID) []school.Enrollment {
		return lo.Map(people, func(p school.PersonID, _ int) school.Enrollment { return school.Enrollment{Person: p, Primary: true} })
	}
	person := func(id school.PersonID, account school.AccountID) school.Person {
		return school.Person{ID: id, Enabled: true, Account: account, Portal: "p-" + string(id)}
	}
	teacher := person("teacher", 1)
	teacher.Employee = &school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true}}}
	linked, unlinked := person("linked", 2), person("unlinked", 0)
	linked.Student, unlinked.Student = &school.Student{}, &school.Student{}
	mother := person("mother", 3)
	mother.Guardian = &school.Guardian{Students: []school.PersonID{"linked", "unlinked"}}
	return school.Roster{
		SourceID: "org-1", Name: "School", Year: school.SchoolYear{ID: "y"}, People: []school.Person{linked, mother, teacher, unlinked},
		Classes: []school.Class{{ID: "1a", Title: "1А", Teachers: enrolled("teacher"), Students: enrolled("linked", "unlinked")}},
		Groups: []school.Group{{
			ID: "math", Title: "1А", Subject: "Математика", Teachers: enrolled("teacher"), Students: enrolled("linked", "unlinked"),
		}},
	}
}

// bench is a store with that school in it, none of whose chats is made yet.
type bench struct {
	*store.Store
	t *testing.T
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{Store: storetest.New(t), t: t}
	b.roster(homeroom())
	return b
}

func (b *bench) roster(r school.Roster) {
	b.t.Helper()
	_, err := b.SaveReading(b.t.Context(), store.Reading{
		Feed: "f", Fingerprint: "x", Receipt: []byte(`{}`), Schools: []store.SchoolReading{{School: "s", Roster: &r, Digest: rand.Text()}},
	})
	require.NoError(b.t, err)
}

func (b *bench) take(o survey.Options) survey.Survey {
	b.t.Helper()
	s, err := survey.Take(b.t.Context(), b.Store, "s", at, o)
	require.NoError(b.t, err)
	return s
}

// make makes chats, with links.
func (b *bench) make(keys ...chats.Key) {
	b.t.Helper()
	ctx := b.t.Context()
	s := b.take(survey.Options{})
	epoch, err := b.BeginPass(ctx, store.PassBegin{School: "s", Request: rand.Text(), Trigger: "manual", Scope: struct{}{}})
	require.NoError(b.t, err)
	for _, kind := range chats.Types() {
		operations := lo.Filter(s.Plan.Operations, func(o reconcile.Operation, _ int) bool {
			return o.Type == kind && o.Kind == reconcile.Create && lo.Contains(keys, o.Chat)
		})
		_, _, err = b.SavePlan(ctx, store.PlanRow{School: "s", Epoch: epoch, Type: kind}, reconcile.Plan{Operations: operations}, s.Desired)
		require.NoError(b.t, err)
	}
	for _, key := range keys {
		chat := b.chat(key)
		b.record(func(e *store.Effects) {
			e.ChatMade(chat.ID, ref(key))
			e.LinkRead(chat.ID, link(key))
		})
	}
}

// ref is what the messenger calls a chat, and link its invite link.
func ref(key chats.Key) messenger.ChatRef { return messenger.ChatRef("ref-" + key) }

func link(key chats.Key) string { return "https://vk.me/join/" + string(key) }

func (b *bench) chat(key chats.Key) store.MirrorChat {
	b.t.Helper()
	mirror, err := b.Mirror(b.t.Context(), "s")
	require.NoError(b.t, err)
	chat := mirror.ByKey()[key]
	require.NotNil(b.t, chat, key)
	return *chat
}

func (b *bench) record(what func(*store.Effects)) {
	b.t.Helper()
	e := b.NewEffects()
	what(e)
	require.NoError(b.t, e.Record(b.t.Context()))
}

// links takes a reading of account links; complete ones are of all.
func (b *bench) links(complete bool, links ...portal.Link) {
	b.t.Helper()
	state, err := b.LinksState(b.t.Context(), "s")
	require.NoError(b.t, err)
	_, err = b.TakeLinks(b.t.Context(), "s", store.LinksReading{Organisation: "org-1", Since: state.AsOf, Reading: accounts.Reading{
		Complete: complete, Links: links, Total: len(links), AsOf: time.Now(), ReadAt: time.Now(),
	}}, accounts.Options{}, false)
	require.NoError(b.t, err)
}
