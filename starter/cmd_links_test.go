package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// teachersLink is the link of Учительская in the school that setupRoster makes.
const teachersLink = "https://chat.example/join/teachers"

// linksFixture is the fixture with a token, in its district's time zone.
func linksFixture() survey.Survey {
	s := fixture()
	s.School.CommunityID, s.School.TokenSet, s.School.TimeZone = 1001, true, "Europe/Moscow"
	return s
}

var linksNow = time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)

func TestViewOfLinks(t *testing.T) {
	t.Parallel()
	shown := map[chats.Key]string{"teachers": "https://chat.example/join/1", "parents:2026:2a": "https://chat.example/join/2"}
	for name, v := range map[string]linksView{
		"links":       viewLinks(linksFixture(), nil, linksNow),
		"links-shown": viewLinks(linksFixture(), shown, linksNow.Add(25*time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, asJSON := written(t, v)
			golden(t, name+".txt", text)
			golden(t, name+".json", asJSON)
			raw, err := asCSV(v.records())
			require.NoError(t, err)
			golden(t, name+".csv", string(raw))
			requireNoNil(t, reflect.ValueOf(v), name)
		})
	}
	bare := survey.Survey{School: store.SchoolRow{}, Plan: reconcile.Plan{}}
	requireNoNil(t, reflect.ValueOf(viewLinks(bare, nil, linksNow)), "bare")
}

func TestALinkThatIsNotShownIsOfTheSchoolsMessenger(t *testing.T) {
	t.Parallel()
	for on, want := range map[messenger.Protocol]string{messenger.VK: "https://vk.me/join/…", messenger.MAX: "https://max.ru/join/…"} {
		s := linksFixture()
		s.School.Messenger = on
		v := viewLinks(s, nil, linksNow)
		text, _ := written(t, v)
		raw, err := asCSV(v.records())
		require.NoError(t, err)
		for _, shown := range []string{text, string(raw)} {
			require.Contains(t, shown, want)
			require.Equal(t, strings.Count(shown, "/join/…"), strings.Count(shown, want))
		}
	}
}

func TestTheBaseOfLinksSaysHowTheTokenStands(t *testing.T) {
	t.Parallel()
	s := fixture()
	require.Equal(t, [2]string{"Токен доступа сообщества", "Нет данных"}, viewLinks(s, nil, linksNow).base()[1])
	require.Equal(t, [2]string{"Идентификатор сообщества", "Нет данных"}, viewLinks(s, nil, linksNow).base()[0])
	s = linksFixture()
	s.School.Refused = string(messenger.CodeTokenRefused)
	require.Contains(t, viewLinks(s, nil, linksNow).base()[1][1], "не принимает")
}

func TestLinkChecks(t *testing.T) {
	t.Parallel()
	verified := lo.ToPtr(linksNow.Add(-time.Hour))
	at := func(s chatState, link bool, verified *time.Time) chatView {
		return chatView{chatHead: chatHead{State: say(chatStateWords, s)}, HasLink: link, VerifiedAt: verified}
	}
	denied := at(chatLive, true, verified)
	denied.Problem = lo.ToPtr(say(messengerWords, messenger.CodeChatDenied))
	for name, test := range map[string]struct {
		chat    chatView
		want    linkCheck
		age     linkAge // "" is none
		no      string  // why there is no link
		advance time.Duration
	}{
		"in order":            {at(chatLive, true, verified), linkVerified, linkFresh, "", 0},
		"at the limit":        {at(chatLive, true, verified), linkVerified, linkFresh, "", 23 * time.Hour},
		"over the limit":      {at(chatLive, true, verified), linkVerified, linkStale, "", 23*time.Hour + time.Second},
		"never read":          {at(chatLive, true, nil), linkUnverified, linkNever, "", 0},
		"no link yet":         {at(chatLive, false, verified), linkUnread, linkFresh, "live", 0},
		"no access":           {denied, linkNoAccess, linkFresh, "", 0},
		"gone":                {at(chatGone, false, verified), linkNoAccess, linkFresh, "gone", 0},
		"its class is gone":   {at(chatDormant, true, verified), linkNoClass, linkFresh, "", 0},
		"being made":          {at(chatMaking, false, nil), linkNoChat, "", "being-made", 0},
		"to be made":          {at(chatToMake, false, nil), linkNoChat, "", "to-make", 0},
		"not to be made yet":  {at(chatNotYet, false, nil), linkNoChat, "", "not-yet", 0},
		"waiting for a human": {at(chatHeld, false, nil), linkNoChat, "", "held", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := viewLink(test.chat, "", messenger.VK, linksNow.Add(test.advance))
			require.Equal(t, say(linkCheckWords, test.want), v.Check)
			require.Equal(t, string(test.age), lo.FromPtr(v.Age).Code)
			require.Equal(t, test.age != "", v.limit() != "")
			require.Equal(t, test.no, strings.Join(lo.Map(v.NoData, func(c coded, _ int) string { return c.Code }), " "))
			if test.no != "" {
				require.NotEqual(t, v.NoData[0].Code, v.NoData[0].Words, "it has words")
			}
		})
	}
}

// TestEveryReasonHasRussianWords: a code alone would be shown in its place.
func TestEveryReasonHasRussianWords(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, lo.Keys(notYetWords), lo.Keys(notYetLinkWords))
	require.ElementsMatch(t, lo.Keys(chatStateWords), lo.Keys(noLinkWords))
}

func TestTheBaseOfLinksShowsLinksOnDemandAndAudited(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	file := filepath.Join(t.TempDir(), "links.csv")
	const shown = "operator show-link s teachers"
	for _, form := range [][]string{nil, {"-o", "json"}, {"--csv", "-"}} {
		plain := append([]string{"links", "s"}, form...)
		require.NotContains(t, b.ok(plain...), teachersLink)
		require.Contains(t, b.out, "Учительская")
		require.Empty(t, audited(t, b), "that there is a link is nothing to record")
	}
	b.ok("links", "s", "--csv", file)
	require.NotContains(t, read(t, file), teachersLink)
	require.Empty(t, audited(t, b))

	require.Contains(t, b.ok("links", "s", "--show-links"), teachersLink)
	require.Equal(t, []string{shown}, audited(t, b))
	require.Contains(t, b.ok("links", "s", "--show-links", "-o", "json"), teachersLink)
	require.Contains(t, b.ok("links", "s", "--show-links", "--csv", "-"), teachersLink)
	require.Empty(t, b.ok("links", "s", "--show-links", "--csv", file))
	require.Contains(t, read(t, file), teachersLink)
	require.Equal(t, []string{shown, shown, shown, shown}, audited(t, b), "each showing, whatever the form")

	execute(t, b, "ALTER TABLE audit RENAME TO away")
	unrecorded := filepath.Join(t.TempDir(), "links.csv")
	for _, form := range [][]string{nil, {"-o", "json"}, {"--csv", "-"}, {"--csv", unrecorded}} {
		b.refused(exitFailed, append([]string{"links", "s", "--show-links"}, form...)...)
	}
	require.NoFileExists(t, unrecorded, "what cannot be recorded is not shown")
}

func TestLinksAsAFile(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	file := filepath.Join(t.TempDir(), "links.csv")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("older and longer\n", 1000)), 0o644))
	b.ok("links", "s", "--csv", file)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "a key to a chat is for its owner's eyes, even in a file that was open to all")

	raw := read(t, file)
	require.Equal(t, raw, b.ok("links", "s", "--csv", "-"))
	text, marked := strings.CutPrefix(raw, "\ufeff")
	require.True(t, marked)
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	require.NoError(t, err)
	require.Equal(t, append([]string{"Раздел"}, linksColumns()...), rows[0])
	require.Equal(t, []string{"База ссылок", "Идентификатор сообщества", "Нет данных", "", "", ""}, rows[1])

	require.Contains(t, b.refused(exitFailed, "links", "s", "--csv", filepath.Join(t.TempDir(), "nowhere", "links.csv")), "choose another file")
	require.Contains(t, b.refused(exitUsage, "links", "s", "--csv", file, "-o", "json"), "give one of them")
}

func TestNoFormulasReachASpreadsheet(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"1А": "1А", "=1+1": "'=1+1", " +7": "' +7", "-": "'-", "@x": "'@x", "\t=x": "' =x", "": "", "а=б": "а=б", "a\nb": "a b",
	} {
		require.Equal(t, want, plainCell(cell), "%q", cell)
	}
}

func TestLinksAndStaffNeedARoster(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	for _, command := range []string{"links", "staff"} {
		require.Contains(t, b.refused(exitFailed, command, "s"), "rollcall feed read f")
		require.Contains(t, b.refused(exitUsage, command), "SCHOOL is missing")
	}
	require.Empty(t, audited(t, b), "nothing was shown")
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(raw)
}
