package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	require.Contains(t, b.out, "schema: applied [1")
	v := decode[migrateView](b, "migrate", "--skip-temporal")
	require.Equal(t, migrateView{Migrations: []int64{}, SearchAttributes: []string{}, TemporalSkipped: true}, v)
}

func TestMigrateWithoutTemporalDoesTheSchemaAndFails(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	message := b.refused(exitFailed, "migrate")
	require.Contains(t, message, "the schema is up to date, the search attributes are not")
	require.Contains(t, message, "no Temporal server answers")
}

func TestWithoutASchema(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.DatabaseURL = pgtest.Database(t)
	require.Contains(t, b.refused(exitFailed, "status"), "rollcall migrate")
}

func TestDistricts(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	require.Contains(t, b.ok("district", "list"), "no district is registered")
	require.Equal(t, "district nevsky (Невский район) is registered\n", b.ok("district", "add", "nevsky", "--name", "Невский район"))
	b.ok("district", "add", "center", "--name", "Центр", "--title-parents", "{class}: родители", "--title-teachers", "Педсовет")
	require.Equal(t, ""+
		"ID      NAME           TEACHERS  PARENTS            STUDENTS  SUBJECT\n"+
		"center  Центр          Педсовет  {class}: родители  -         -\n"+
		"nevsky  Невский район  -         -                  -         -\n", b.ok("district", "list"))

	b.ok("district", "add", "center", "--name", "Центральный", "--title-teachers", "")
	v := decode[districtsView](b, "district", "list")
	require.Equal(t, districtView{ID: "center", Name: "Центральный", Titles: titlesView{Parents: "{class}: родители"}}, v.Districts[0],
		"titles that are not given stay")
}

func TestSchools(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	require.Contains(t, b.out, "rollcall school set-token s")
	require.Equal(t, ""+
		"ID  NAME        DISTRICT  FEED  SOURCE ID  SUBJECT CHATS  MESSENGER  TOKEN\n"+
		"s   Школа № 17  d         f     org-1      on             VK         unset\n", b.ok("school", "list"))
	add := func(more ...string) schoolView {
		args := []string{"school", "add", "s", "--district", "d", "--feed", "f", "--source-id", "org-1", "--name", "Школа"}
		return decode[schoolView](b, append(args, more...)...)
	}
	require.False(t, add("--no-subject-chats").SubjectChats)
	require.False(t, add().SubjectChats, "what is not given stays")
	require.True(t, add("--no-subject-chats=false").SubjectChats)
	require.Equal(t, "org-1", add().PortalID, "the source id, unless it is called otherwise there")
	require.Equal(t, "school-of-nevsky", add("--portal-id", "school-of-nevsky").PortalID)
	require.Equal(t, "school-of-nevsky", add().PortalID, "what is not given stays")
	require.Regexp(t, `Portal's name +school-of-nevsky\n`, b.ok("school", "show", "s"))
	require.Equal(t, "org-1", add("--portal-id=").PortalID)

	require.Contains(t, b.refused(exitUsage, "school", "add", "s2", "--district", "d", "--feed", "nope", "--source-id", "x", "--name", "x"), "rollcall feed add")
	require.Contains(t, b.refused(exitUsage, "school", "add", "s2", "--district", "nope", "--feed", "f", "--source-id", "x", "--name", "x"), "rollcall district add")
	require.Contains(t, b.refused(exitFailed, "school", "add", "s2", "--district", "d", "--feed", "f", "--source-id", "org-1", "--name", "x"), "already")
	require.Contains(t, b.refused(exitUsage, "school", "list", "--district", "nope"), "rollcall district add")
	b.ok("district", "add", "empty", "--name", "Без школ")
	require.Empty(t, decode[schoolsView](b, "school", "list", "--district", "empty").Schools)
}

func TestASchoolThatIsNotRegistered(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.in = "token"
	for _, args := range [][]string{
		{"school", "show", "nope"}, {"school", "set-token", "nope", "--community-id", "1"}, {"status", "nope"}, {"plan", "nope"}, {"resync", "nope"},
		{"chats", "nope"}, {"members", "nope", "teachers"}, {"holds", "list", "nope"}, {"faults", "nope"},
		{"calls", "nope"}, {"accounts", "show", "nope"}, {"school", "set-user-token", "nope"}, {"school", "set-user-token", "nope", "--off"},
		{"school", "set-calls-push", "nope"},
	} {
		require.Contains(t, b.refused(exitUsage, args...), `no school "nope"`, args)
		require.Contains(t, b.err, "rollcall school list")
	}
	require.Contains(t, b.refused(exitUsage, "feed", "read", "nope"), `no feed "nope"`)
	require.Contains(t, b.refused(exitUsage, "feed", "check", "nope"), `no feed "nope"`)
}

func TestSetToken(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	b.in = "vk1.a.Secret\n"
	require.Equal(t, "school s has the token of community 1001 now\n", b.ok("school", "set-token", "s", "--community-id", "1001"))
	community, err := b.store().Community(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, "vk1.a.Secret", community.Token)
	require.Equal(t, int64(1001), community.ID)

	require.NoError(t, b.store().SetRefused(t.Context(), "s", "token-refused"))
	show := b.ok("school", "show", "s")
	require.Contains(t, show, "1001")
	require.Contains(t, show, "refused: the messenger refuses the token")
	require.NotContains(t, show, "Secret")

	b.in = "\n"
	require.Contains(t, b.refused(exitUsage, "school", "set-token", "s", "--community-id", "1001"), "no token was given")
	b.in, b.keys = "vk1.a.Secret\n", nil
	require.Contains(t, b.refused(exitUsage, "school", "set-token", "s", "--community-id", "1001"), "no keyset")
}

func TestFeeds(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	v := decode[feedsView](b, "feed", "list")
	require.Len(t, v.Feeds, 1)
	require.True(t, filepath.IsAbs(v.Feeds[0].Location))
	require.Equal(t, school.DistrictID("d"), v.Feeds[0].District)
	require.Equal(t, 1, v.Feeds[0].Schools)
	require.Nil(t, v.Feeds[0].ReadAt)

	require.Contains(t, b.ok("feed", "add", "relative", "--district", "d", "--location", "testdata"), "/starter/testdata")
	require.NotContains(t, b.out, "nothing can be read", "it is a folder that is there")
	require.Contains(t, b.ok("feed", "add", "later", "--district", "d", "--location", "/nonexistent/export.zip"), "nothing can be read there yet")
	require.Contains(t, b.refused(exitUsage, "feed", "add", "x", "--district", "nope", "--location", "/srv"), "rollcall district add")
	require.Contains(t, b.refused(exitFailed, "feed", "check", "later"), "cannot be read")
}
