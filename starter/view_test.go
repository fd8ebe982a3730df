package main

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

func placeOf(t *testing.T, s survey.Survey, key string) *place {
	t.Helper()
	p, err := findPlace("s", placesOf(s), key)
	require.NoError(t, err)
	return p
}

func fixtureHolds(s survey.Survey, now time.Time) holdsView {
	held := s.Plan.Holds
	rows := make([]store.HoldRow, len(held))
	for i, h := range held {
		rows[i] = store.HoldRow{ID: int64(i + 1), Kind: h.Kind, Operation: h.Operation, Faults: h.Faults, Since: now.Add(-3 * time.Hour), State: reconcile.DecisionWaiting}
	}
	v := viewHolds(s.School, rows, peopleOf(s.Roster), s.Mirror, now)
	v.Digest = "0f3a51c2d9b4"
	return v
}

// views are all views that are made of a survey, by the name of their golden files.
func views(t *testing.T, s survey.Survey) map[string]view {
	t.Helper()
	return map[string]view{
		"plan":             viewPlan(s, nil),
		"plan-students":    viewPlan(s, chatTypes{chats.Students}),
		"chats":            viewChats(s, nil, false),
		"chats-links":      viewChats(s, map[chats.Key]string{"teachers": "https://chat.example/join/1"}, true),
		"members-teachers": viewMembers(s, placeOf(t, s, "teachers")),
		"members-parents":  viewMembers(s, placeOf(t, s, "2А · Родители")),
		"members-dormant":  viewMembers(s, placeOf(t, s, "parents:2025:9v")),
		"members-not-yet":  viewMembers(s, placeOf(t, s, "10А · Ученики")),
		"holds":            fixtureHolds(s, time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)),
		"faults":           viewFaultsOf(s),
	}
}

func TestViewsOfASurvey(t *testing.T) {
	t.Parallel()
	for name, v := range views(t, fixture()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, asJSON := written(t, v)
			golden(t, name+".txt", text)
			golden(t, name+".json", asJSON)
		})
	}
}

// TestAGoneChatCanBeAskedForAnew where people make the chats: what can be done is said until somebody has decided.
func TestAGoneChatCanBeAskedForAnew(t *testing.T) {
	t.Parallel()
	s, now := fixture(), time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)
	said := func(kind reconcile.Kind, state reconcile.Decision) string {
		v := viewHolds(s.School, []store.HoldRow{{
			ID: 7, Kind: reconcile.HoldChatGone, State: state, DecidedBy: "operator",
			Operation: reconcile.Operation{Kind: kind, Chat: "parents:2026:2a", Type: chats.Parents, Title: "2А · Родители"},
		}}, peopleOf(s.Roster), s.Mirror, now)
		listed, _ := written(t, v)
		shown, _ := written(t, oneHold{storedHold: v.Holds[0], view: v})
		line := regexp.MustCompile(`(?m)^State +(.*)$`).FindStringSubmatch(shown)[1]
		require.Contains(t, listed, line)
		return line
	}
	const waiting = reconcile.DecisionWaiting
	require.Equal(t, "waiting; approve: it is asked for anew, under another code; or let the bot in again", said(reconcile.Ask, waiting))
	require.Equal(t, "until its cause is gone", said(reconcile.Create, waiting), "the messenger lets us make it, and the old one may come back")
	require.Equal(t, "approved by operator", said(reconcile.Ask, reconcile.DecisionApproved))
}

func TestViewsAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	first := views(t, fixture())
	for range 5 {
		for name, v := range views(t, fixture()) {
			text, asJSON := written(t, v)
			wantText, wantJSON := written(t, first[name])
			require.Equal(t, wantText, text, name)
			require.Equal(t, wantJSON, asJSON, name)
		}
	}
}

// TestNoNullLists looks at every view with as little in it as can be: what is a list or a map
// must be there in the JSON, empty.
func TestNoNullLists(t *testing.T) {
	t.Parallel()
	bare := survey.Survey{School: store.SchoolRow{School: school.School{ID: "s"}}, Plan: reconcile.Plan{}}
	stateless, err := viewPass(store.PassRow{})
	require.NoError(t, err)
	all := []view{
		viewPlan(bare, nil), viewChats(bare, nil, false), viewFaultsOf(bare),
		viewToMake(headOf(bare), bare, nil, time.Time{}), viewMove(bare.School, nil, bare, nil, false, time.Time{}), viewPlannedMove(bare, "max", 0), viewNoMove(bare.School, nil, time.Time{}),
		viewMembers(bare, &place{key: "k"}), viewHolds(bare.School, nil, people{}, nil, time.Time{}),
		viewReading(workflows.FeedReport{}), viewReport(workflows.PassReport{}),
		moveEnded{}, schoolShow{statusLine: statusLine{LastPass: stateless}}, accountsView{}, linksTaken{}, viewCalls(bare, nil, calls.Means{}, nil, time.Time{}, callsOptions{}),
	}
	for _, v := range append(all, slices.Collect(maps.Values(views(t, fixture())))...) {
		requireNoNil(t, reflect.ValueOf(v), reflect.TypeOf(v).Name())
	}
}

func requireNoNil(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Slice:
		require.False(t, v.IsNil(), "%s is null in JSON", path)
		for i := range v.Len() {
			requireNoNil(t, v.Index(i), path+"[]")
		}
	case reflect.Map:
		require.False(t, v.IsNil(), "%s is null in JSON", path)
	case reflect.Pointer:
		if !v.IsNil() {
			requireNoNil(t, v.Elem(), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				requireNoNil(t, v.Field(i), path+"."+f.Name)
			}
		}
	}
}

func TestFindPlace(t *testing.T) {
	t.Parallel()
	s := fixture()
	places := placesOf(s)
	_, err := findPlace("s", places, "2А · родители")
	require.ErrorContains(t, err, "rollcall chats s", "a title must be exact")
	places[1].title = places[0].title
	_, err = findPlace("s", places, places[0].title)
	require.ErrorContains(t, err, "2 chats of that title")
	require.ErrorContains(t, err, string(places[1].key))
	require.Equal(t, exitUsage, exitCode(err))
}

func TestAChatThatGetsACohortIsOneChat(t *testing.T) {
	t.Parallel()
	s := fixture()
	s.Roster.Classes[1].CohortID = "born-2018"
	s.Desired = chats.Desired(s.Roster, chats.Settings{SubjectChats: true}, s.Day)
	s.Plan = reconcile.Make(reconcile.Input{
		Roster: s.Roster, Day: s.Day, Desired: s.Desired, Actual: s.Mirror.Plain(), Limits: reconcile.DefaultLimits(),
	})
	byNew, byOld := placeOf(t, s, "parents:cohort:born-2018"), placeOf(t, s, "parents:2026:2a")
	require.Same(t, byNew.want, byOld.want)
	require.Equal(t, chatLive, byOld.state())
}

func TestTitlesAreOrderedAsPeopleDo(t *testing.T) {
	t.Parallel()
	ordered := []string{"1А", "1Б", "2А", "2А · Алгебра", "10А", "Хор 2", "Хор 10"}
	for i, a := range ordered {
		for j, b := range ordered {
			c := compareTitles(a, b)
			require.Equal(t, i < j, c < 0, "%s, %s", a, b)
			require.Equal(t, i == j, c == 0, "%s, %s", a, b)
		}
	}
}

func TestControlCharactersDoNotReachTheTerminal(t *testing.T) {
	t.Parallel()
	s := fixture()
	s.Roster.People[0].Name = school.Name{Family: "Со\x1b[31mко\tлова\n", Given: "А\u202eнна"}
	text, _ := written(t, viewMembers(s, placeOf(t, s, "teachers")))
	require.Contains(t, text, "Со [31mко лова")
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "\u202e")
}
