package chats

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestTitles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit func(*fixture)
		want map[Type]string
	}{
		"default": {func(*fixture) {}, map[Type]string{
			Teachers: "Учительская · Школа № 1", Parents: "1А · Родители", Students: "1А · Ученики", Subject: "1А · Алгебра",
		}},
		"by the school's own name": {func(f *fixture) { f.settings.SchoolName = "Лицей" }, map[Type]string{
			Teachers: "Учительская · Лицей", Parents: "1А · Родители", Students: "1А · Ученики", Subject: "1А · Алгебра",
		}},
		"by the district's templates": {func(f *fixture) {
			f.settings.Titles = school.Titles{
				Teachers: "{school}: коллеги", Parents: "{school}, {class}: родители", Students: "{class}", Subject: "{subject} ({class})",
			}
		}, map[Type]string{
			Teachers: "Школа № 1: коллеги", Parents: "Школа № 1, 1А: родители", Students: "1А", Subject: "Алгебра (1А)",
		}},
		"an empty template stands for its default": {func(f *fixture) {
			f.settings.Titles = school.Titles{Students: "{class}!"}
		}, map[Type]string{
			Teachers: "Учительская · Школа № 1", Parents: "1А · Родители", Students: "1А!", Subject: "1А · Алгебра",
		}},
		"a group whose title has the subject does not say it twice": {func(f *fixture) { f.group().Title = "1А алгебра, группа 2" },
			map[Type]string{
				Teachers: "Учительская · Школа № 1", Parents: "1А · Родители", Students: "1А · Ученики", Subject: "1А алгебра, группа 2",
			}},
		"a template is followed all the same": {func(f *fixture) {
			f.group().Title = "1А алгебра"
			f.settings.Titles.Subject = "{class} / {subject}"
		}, map[Type]string{
			Teachers: "Учительская · Школа № 1", Parents: "1А · Родители", Students: "1А · Ученики", Subject: "1А алгебра / Алгебра",
		}},
		"a placeholder in a name is no placeholder": {func(f *fixture) { f.class().Title = "{school}" }, map[Type]string{
			Teachers: "Учительская · Школа № 1", Parents: "{school} · Родители", Students: "{school} · Ученики", Subject: "1А · Алгебра",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.edit(f)

			titles := lo.SliceToMap(f.desired(), func(c Chat) (Type, string) { return c.Type, c.Title })

			require.Equal(t, tc.want, titles)
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	type name struct {
		Key  Key
		Year string
	}
	for title, tc := range map[string]struct {
		edit func(*fixture)
		want map[Type]name
	}{
		"by id within the school year": {func(*fixture) {}, map[Type]name{
			Teachers: {"teachers", ""}, Parents: {"parents:2026:1a", "2026"}, Students: {"students:2026:1a", "2026"}, Subject: {"subject:2026:algebra", "2026"},
		}},
		"by cohort, whatever the year and the id": {func(f *fixture) {
			f.roster.Year.ID = "2027"
			f.class().ID, f.class().CohortID = "2a", "c-7"
			f.group().ID, f.group().CohortID = "algebra-2", "c-8"
		}, map[Type]name{
			Teachers: {"teachers", ""}, Parents: {"parents:cohort:c-7", ""}, Students: {"students:cohort:c-7", ""}, Subject: {"subject:cohort:c-8", ""},
		}},
		"a title is no part of it": {func(f *fixture) { f.class().Title = "1Б" }, map[Type]name{
			Teachers: {"teachers", ""}, Parents: {"parents:2026:1a", "2026"}, Students: {"students:2026:1a", "2026"}, Subject: {"subject:2026:algebra", "2026"},
		}},
		"a group may have its class's cohort": {func(f *fixture) { f.class().CohortID, f.group().CohortID = "c-7", "c-7" }, map[Type]name{
			Teachers: {"teachers", ""}, Parents: {"parents:cohort:c-7", ""}, Students: {"students:cohort:c-7", ""}, Subject: {"subject:cohort:c-7", ""},
		}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.edit(f)

			names := lo.SliceToMap(f.desired(), func(c Chat) (Type, name) { return c.Type, name{c.Key, c.Year} })

			require.Equal(t, tc.want, names)
		})
	}
}

// A cohort id that several classes claim says which chat is whose for none of them.
func TestCohortClaimedTwice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.class().CohortID = "c-7"
	second := f.roster.Classes[0]
	second.ID = "1b"
	f.roster.Classes = append(f.roster.Classes, second)
	keys := func() []Key {
		parents := lo.Filter(f.desired(), func(c Chat, _ int) bool { return c.Type == Parents })
		return lo.Map(parents, func(c Chat, _ int) Key { return c.Key })
	}

	require.Equal(t, []Key{"parents:2026:1a", "parents:2026:1b"}, keys())

	f.roster.Classes[1].Ended = true
	require.Equal(t, []Key{"parents:cohort:c-7"}, keys(), "an ended class claims nothing")
}
