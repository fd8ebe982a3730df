package survey_test

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

func (b *bench) publication() survey.Publication {
	b.t.Helper()
	p, err := b.take(survey.Options{}).Publication(b.t.Context(), b.Store)
	require.NoError(b.t, err)
	return p
}

// published does as the Portal is told to, and records it.
func (b *bench) published() survey.Publication {
	b.t.Helper()
	p := b.publication()
	require.Equal(b.t, len(p.Put)+len(p.Remove) > 0, p.Any())
	organisation := b.take(survey.Options{}).School.Organisation()
	digests := lo.SliceToMap(p.Put, func(c portal.Chat) (store.Shown, string) {
		return store.Shown{Organisation: organisation, Key: chats.Key(c.Key)}, calls.Digest(c)
	})
	for _, gone := range p.Remove {
		digests[gone] = ""
	}
	require.NoError(b.t, b.SetPublished(b.t.Context(), "s", digests))
	require.False(b.t, b.publication().Any(), "unchanged, nothing is to be done")
	return p
}

func put(p survey.Publication) []chats.Key {
	return lo.Map(p.Put, func(c portal.Chat, _ int) chats.Key { return chats.Key(c.Key) })
}

func removed(p survey.Publication) []chats.Key {
	return lo.Map(p.Remove, func(s store.Shown, _ int) chats.Key { return s.Key })
}

func TestChatsAreShownToWhoBelongsIntoThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.False(t, b.publication().Any(), "none is made yet")
	b.make(parents, students, subject, teachers)
	p := b.published()
	require.Equal(t, []portal.Chat{
		{Key: string(parents), Type: "parents", Class: "1a", Title: "1А · Родители", Link: link(parents), Audience: []string{"p-mother", "p-teacher"}},
		{
			Key: string(students), Type: "students", Class: "1a", Title: "1А · Ученики", Link: link(students),
			Audience: []string{"p-linked", "p-teacher", "p-unlinked"},
		},
		{
			Key: string(subject), Type: "subject", Class: "math", Title: "1А · Математика", Link: link(subject),
			Audience: []string{"p-linked", "p-teacher", "p-unlinked"},
		},
		{Key: "teachers", Type: "teachers", Title: "Учительская · School", Link: link(teachers), Audience: []string{"p-teacher"}},
	}, p.Put)
	require.Empty(t, p.Remove)
}

func TestOnlyWhatIsOtherThanShownIsPublished(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.make(parents, teachers)
	b.published()
	b.make(students)
	require.Equal(t, []chats.Key{students}, put(b.published()), "a new one")

	b.record(func(e *store.Effects) { e.LinkRead(b.chat(parents).ID, "https://vk.me/join/another") })
	p := b.published()
	require.Equal(t, []chats.Key{parents}, put(p), "another link")
	require.Equal(t, "https://vk.me/join/another", p.Put[0].Link)

	r := homeroom()
	r.People = append(r.People, school.Person{
		ID: "father", Enabled: true, Portal: "p-father", Guardian: &school.Guardian{Students: []school.PersonID{"linked"}},
	})
	b.roster(r)
	p = b.published()
	require.Equal(t, []chats.Key{parents}, put(p), "another audience, though he has no account yet")
	require.Equal(t, []string{"p-father", "p-mother", "p-teacher"}, p.Put[0].Audience)

	b.links(true, portal.Link{Identity: "p-father", Account: 9, At: at})
	require.False(t, b.publication().Any(), "who links an account is shown the same")
}

func TestWhatIsNoMoreIsRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.make(parents, students, subject, teachers)
	b.published()
	b.record(func(e *store.Effects) { e.ChatTrouble(b.chat(students).ID, messenger.CodeChatGone) })
	p := b.published()
	require.Equal(t, []chats.Key{students}, removed(p), "the messenger gives no access to it")
	require.Empty(t, p.Put)
	b.record(func(e *store.Effects) { e.ChatTrouble(b.chat(students).ID, "") })
	require.Equal(t, []chats.Key{students}, put(b.published()), "it does again")

	r := homeroom()
	r.Classes[0].Ended = true
	b.roster(r)
	p = b.published()
	require.Equal(t, []chats.Key{parents, students}, removed(p), "the class has ended")
	require.Empty(t, p.Put)
}

// A school that the Portal calls otherwise now is shown there, and not where it was.
func TestAnotherOrganisation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.make(parents, teachers)
	b.published()
	row, err := b.School(t.Context(), "s")
	require.NoError(t, err)
	before := row.Organisation()
	row.PortalID = "another"
	require.NoError(t, b.AddSchool(t.Context(), row.School))
	p := b.published()
	require.Equal(t, []chats.Key{parents, teachers}, put(p))
	require.Equal(t, []store.Shown{{Organisation: before, Key: parents}, {Organisation: before, Key: teachers}}, p.Remove)
}

// A Portal identity that two people have by mistake sees what is meant for neither.
func TestASharedIdentitySeesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.make(parents, teachers)
	r := homeroom()
	r.People = append(r.People, school.Person{ID: "stranger", Enabled: true, Portal: "p-mother"})
	b.roster(r)
	for _, c := range b.published().Put {
		require.NotContains(t, c.Audience, "p-mother", c.Title)
	}
}
