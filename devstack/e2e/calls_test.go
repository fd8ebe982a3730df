package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/workflows"
)

// letMakeRooms gives the school a person's token, with which rooms are made.
func (s *site) letMakeRooms() {
	s.t.Helper()
	token := "token-user-" + s.token
	_, err := world.stack.Sandbox().RegisterUserToken(vk.UserToken{GroupID: s.group, Token: token, Account: 4_000_000_000 + s.group})
	require.NoError(s.t, err)
	s.cli(token+"\n", "school", "set-user-token", string(s.id))
}

// pushed is a call as it is pushed.
type pushed struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Class       string `json:"class,omitempty"`
	Chat        string `json:"chat,omitempty"`
	Teacher     string `json:"teacher,omitempty"`
	StartsAt    string `json:"startsAt"`
	EndsAt      string `json:"endsAt,omitempty"`
	JoinURL     string `json:"joinUrl,omitempty"`
	PublishedAt string `json:"publishedAt,omitempty"`
	Cancelled   bool   `json:"cancelled,omitempty"`
}

// lesson is a call that begins in a while, for the first class, 1А.
func (s *site) lesson(id string) pushed {
	s.t.Helper()
	starts, class := time.Now().Add(10*time.Minute), s.homeroom()
	return pushed{
		ID: id, Title: "Урок", Class: class, Teacher: s.teacherOfClass(class),
		StartsAt: starts.Format(time.RFC3339), EndsAt: starts.Add(45 * time.Minute).Format(time.RFC3339),
	}
}

// homeroom is the first homeroom class.
func (s *site) homeroom() string {
	s.t.Helper()
	for c := range s.files.Classes().All() {
		if c.Get("classType") == "homeroom" {
			return c.ID()
		}
	}
	require.FailNow(s.t, "no homeroom class")
	return ""
}

// pusher pushes calls as the school system does.
type pusher struct {
	*site
	secret string
}

func (s *site) pusher() pusher {
	s.t.Helper()
	out := s.cli("", "school", "set-calls-push", string(s.id), "-o", "json")
	return pusher{site: s, secret: between(s.t, out, `"secret": "`, `"`)}
}

func (p pusher) status(body []byte) int {
	p.t.Helper()
	now := strconv.FormatInt(time.Now().Unix(), 10)
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://"+world.events+events.CallsPath(p.id), strings.NewReader(string(body)))
	require.NoError(p.t, err)
	request.Header.Set(events.HeaderTimestamp, now)
	request.Header.Set(events.HeaderSignature, events.Sign(p.secret, now, body))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0 // the worker is away
	}
	require.NoError(p.t, answer.Body.Close())
	return answer.StatusCode
}

func (p pusher) push(calls ...pushed) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"calls": calls})
	require.NoError(p.t, err)
	require.Eventually(p.t, func() bool { return p.status(body) == http.StatusOK }, workTime, pollEvery)
}

// shown waits until the Portal shows a call.
func (s *site) shown(id string) portal.Call {
	s.t.Helper()
	call := s.awaitCall(id, true)
	require.NotNil(s.t, call)
	return *call
}

func (s *site) gone(id string) {
	s.t.Helper()
	require.Nil(s.t, s.awaitCall(id, false))
}

func (s *site) awaitCall(id string, visible bool) *portal.Call {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), workTime)
	defer cancel()
	call, err := world.stack.Sandbox().Portal.WaitForCall(ctx, portal.CallRef{Organisation: s.organisation(), Call: id}, visible)
	require.NoError(s.t, err, "the call %s: %s", id, s.cli("", "calls", string(s.id)))
	return call
}

// messages are the texts in a chat that have a part in them.
func (s *site) messages(title, part string) (texts []string) {
	s.t.Helper()
	for _, m := range s.chats()[title].Messages {
		if strings.Contains(m.Text, part) {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// openRooms are the links of the rooms that are open.
func (s *site) openRooms() (links []string) {
	s.t.Helper()
	state, err := world.stack.Sandbox().State(vk.GroupRef{GroupID: s.group})
	require.NoError(s.t, err)
	for _, r := range state.Rooms {
		if !r.Finished {
			links = append(links, r.JoinLink)
		}
	}
	return links
}

func TestACallIsInItsChatAndOnThePortalOnce(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	s.letMakeRooms()
	p := s.pusher()
	require.Equal(t, http.StatusForbidden, pusher{site: s, secret: "wrong"}.status([]byte(`{"calls":[]}`)))
	require.Equal(t, http.StatusBadRequest, p.status([]byte(`{"calls":[{"id":"x"}]}`)))

	lesson := s.lesson("lesson")
	p.push(lesson)
	call := s.shown("lesson")
	require.Equal(t, s.openRooms(), []string{call.Link})
	require.Equal(t, "Урок", call.Title)
	student := s.enrolled(lesson.Class, "student")[0]
	require.Len(t, s.seenBy(student).Calls, 1)
	require.Len(t, s.seenBy(lesson.Teacher).Calls, 1)
	require.Empty(t, s.seenBy(s.guardians(student)[0]).Calls)
	s.announced("1А · Ученики", call.Link)

	// Nothing of it is done again, by no pass and by no push.
	p.push(lesson)
	s.resync(true, workflows.OutcomeInStep)
	require.Len(t, s.messages("1А · Ученики", "Видеозвонок"), 1)
	require.Equal(t, 1, s.shown("lesson").Changes)
	require.Len(t, s.openRooms(), 1)

	// One that the teacher made a room for is announced with that; a moved one says so.
	meeting := s.lesson("meeting")
	meeting.Title, meeting.Chat, meeting.JoinURL = "Собрание", "parents", "https://meet.example/room-17"
	p.push(meeting)
	require.Equal(t, meeting.JoinURL, s.shown("meeting").Link)
	s.announced("1А · Родители", meeting.JoinURL)
	meeting.StartsAt = time.Now().Add(20 * time.Minute).Format(time.RFC3339)
	p.push(meeting)
	require.Eventually(t, func() bool {
		return s.shown("meeting").Changes == 2 && len(s.messages("1А · Родители", "Собрание")) == 1
	}, workTime, pollEvery)
	require.Equal(t, 1, s.shown("meeting").LinksShown)

	lesson.Cancelled = true
	p.push(lesson)
	s.gone("lesson")
	require.Eventually(t, func() bool { return len(s.messages("1А · Ученики", "Видеозвонок")) == 0 }, workTime, pollEvery)
	require.Eventually(t, func() bool { return len(s.openRooms()) == 0 }, workTime, pollEvery)
	require.Contains(t, s.cli("", "calls", string(s.id), "--all"), "cancelled")
	s.resync(true, workflows.OutcomeInStep)
}

// announced waits until a link is in a chat.
func (s *site) announced(title, link string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return len(s.messages(title, link)) == 1 }, workTime, pollEvery)
}

func TestACallThatIsOverIsTakenDown(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	p := s.pusher()
	brief := s.lesson("brief")
	brief.JoinURL = "https://meet.example/brief"
	brief.StartsAt = time.Now().Add(-time.Minute).Format(time.RFC3339)
	brief.EndsAt = time.Now().Add(6 * time.Second).Format(time.RFC3339)
	p.push(brief)
	s.shown("brief")
	s.gone("brief")
	require.Len(t, s.messages("1А · Ученики", brief.JoinURL), 1, "what was said stays said")
}

func TestACallWithoutARoomWaitsForOne(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	p := s.pusher()
	p.push(s.lesson("waiting"))
	require.Eventually(t, func() bool { return strings.Contains(s.cli("", "calls", string(s.id)), "set-user-token") }, workTime, pollEvery)
	require.Empty(t, s.onPortal().Calls)
	s.letMakeRooms()
	s.shown("waiting")
}

// A call in calls.csv is shown; gone from the file, it does not take place.
func TestTheFeedTellsOfCalls(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	s.letMakeRooms()
	lesson := s.lesson("from-feed")
	s.writeCalls(lesson)
	s.read()
	s.shown("from-feed")
	s.writeCalls()
	s.read()
	s.gone("from-feed")
}

func (s *site) writeCalls(calls ...pushed) {
	s.t.Helper()
	rows := "sourcedId,schoolSourcedId,classSourcedId,chat,teacherSourcedId,title,startTime,endTime,publishedAt\n"
	for _, c := range calls {
		rows += strings.Join([]string{c.ID, s.org, c.Class, c.Chat, c.Teacher, c.Title, c.StartsAt, c.EndsAt, c.PublishedAt}, ",") + "\n"
	}
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "calls.csv"), []byte(rows), 0o600))
}

func TestCallsOfTheContinuousSchoolAreThereInAMoment(t *testing.T) {
	s := newContinuousSite(t) // not parallel: it measures
	s.letMakeRooms()
	p := s.pusher()
	for i := range 12 {
		lesson := s.lesson(fmt.Sprintf("lesson-%d", i))
		lesson.PublishedAt = time.Now().UTC().Format(time.RFC3339)
		p.push(lesson)
		s.shown(lesson.ID)
	}
	require.Eventually(t, func() bool {
		lag, err := world.store.CallLag(t.Context(), s.id)
		return err == nil && lag != nil && lag.Calls == 12
	}, workTime, pollEvery)
	lag, err := world.store.CallLag(t.Context(), s.id)
	require.NoError(t, err)
	t.Logf("held → on the Portal: p95 %s; published → on the Portal: p50 %s, p95 %s", lag.HeldP95, lag.P50, lag.P95)
	require.Less(t, lag.HeldP95, 2*time.Second)
	require.Contains(t, s.cli("", "calls", string(s.id)), "95 of 100")
}

// The worker is killed at each step of a call's life, when the step was done and its answer is lost.
func TestACallOutlivesTheWorkerAtEveryStep(t *testing.T) {
	s := newSiteInStep(t, nil) // not parallel: it kills the worker of all tests
	s.letMakeRooms()
	p := s.pusher()
	lesson := s.lesson("lesson")
	// A request that hangs has not been served when the worker is killed, one whose reply is lost has.
	killedAt := func(method string, ways ...traffic.Mode) {
		for i, way := range ways {
			fault := traffic.Fault{Method: method, Mode: way}
			if way == traffic.ModeSlow {
				fault.DelayMS = 60_000
			}
			require.NoError(t, world.stack.Sandbox().AddFault(fault))
			if i == 0 {
				p.push(lesson)
			} else {
				s.restart()
			}
			s.killWhenStruck()
		}
		s.restart()
	}
	killedAt("calls.start", traffic.ModeSlow, traffic.ModeLostReply)
	call := s.shown("lesson")
	s.announced("1А · Ученики", call.Link)
	lesson.Title = "Другой урок" // which is announced and published anew
	for method, ways := range map[string][]traffic.Mode{
		"messages.delete": {traffic.ModeLostReply},
		"messages.send":   {traffic.ModeSlow, traffic.ModeLostReply},
		"portal.putCall":  {traffic.ModeSlow, traffic.ModeLostReply},
	} {
		lesson.Title += "!"
		killedAt(method, ways...)
		require.Eventually(t, func() bool {
			return s.shown("lesson").Title == lesson.Title && len(s.messages("1А · Ученики", lesson.Title)) == 1
		}, workTime, pollEvery)
	}
	require.Len(t, s.messages("1А · Ученики", "Видеозвонок"), 1)
	require.Equal(t, 1, s.shown("lesson").LinksShown, "one room, whatever was lost")
	require.Len(t, s.messages("1А · Ученики", s.shown("lesson").Link), 1)

	for _, method := range []string{"portal.removeCall", "calls.forceFinish"} {
		lesson.Cancelled = true
		killedAt(method, traffic.ModeLostReply)
		s.gone("lesson")
		require.Eventually(t, func() bool { return len(s.messages("1А · Ученики", "Видеозвонок")) == 0 }, workTime, pollEvery)
		lesson.Cancelled = false
		p.push(lesson)
		s.shown("lesson")
	}
	lesson.Cancelled = true
	p.push(lesson)
	s.gone("lesson")
	require.Eventually(t, func() bool { return len(s.messages("1А · Ученики", "Видеозвонок")) == 0 }, workTime, pollEvery)
	s.resync(true, workflows.OutcomeInStep)
}

// killWhenStruck kills the worker when the fault in force has struck.
func (s *site) killWhenStruck() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return len(world.stack.Sandbox().Faults()) == 0 }, workTime, time.Millisecond, "the fault has not struck")
	world.worker.kill()
}

func (s *site) restart() {
	s.t.Helper()
	var err error
	world.worker, err = startWorker("worker-after-kill.log")
	require.NoError(s.t, err)
}
