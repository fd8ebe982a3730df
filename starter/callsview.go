package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// callsView are a school's video calls, by when they begin.
type callsView struct {
	schoolHead
	// Portal tells that there is one on which calls are shown.
	Portal bool       `json:"portal"`
	Calls  []callView `json:"calls"`
	// Lag is null where the Portal has shown no call in the last week.
	Lag       *lagView `json:"lag"`
	all       bool
	showLinks bool
	zone      *time.Location
}

type callView struct {
	ID    school.CallID `json:"id"`
	Title string        `json:"title"`
	// Starts and Ends are when it takes place; the end is the first moment after it.
	Starts time.Time `json:"starts"`
	Ends   time.Time `json:"ends"`
	// Class is "" where the call is for the staff; ClassTitle is "" where the roster has no such class.
	Class      school.ClassID `json:"class"`
	ClassTitle string         `json:"classTitle"`
	Teacher    *personView    `json:"teacher"`
	Room       coded          `json:"room"`
	// Link is where it takes place, "" unless links are shown.
	Link string `json:"link"`
	// Announced is the chat with the message, or null: then Unannounced says why there is none.
	Announced   *callChat `json:"announced"`
	Unannounced *coded    `json:"unannounced"`
	// Shown tells that the Portal shows it, or may do so; ShownAt is since when it did.
	Shown   bool       `json:"shown"`
	ShownAt *time.Time `json:"shownAt"`
	// LagSeconds is how long the Portal took to show it from its publication (from our taking it in
	// where that is not known), HeldLagSeconds from our taking it in; null before.
	LagSeconds     *float64 `json:"lagSeconds"`
	HeldLagSeconds *float64 `json:"heldLagSeconds"`
	State          coded    `json:"state"`
	Cancelled      bool     `json:"cancelled"`
	// Problem is what keeps it from being seen, null if nothing does.
	Problem *coded `json:"problem"`
}

type callChat struct {
	Key   chats.Key `json:"key"`
	Title string    `json:"title"`
}

// lagView is how long the calls of the last week took to be seen on the Portal, in seconds: P50 and
// P95 of 100 from their publication, HeldP95 from our taking them in.
type lagView struct {
	Calls   int     `json:"calls"`
	P50     float64 `json:"p50Seconds"`
	P95     float64 `json:"p95Seconds"`
	HeldP95 float64 `json:"heldP95Seconds"`
}

func viewLag(l *store.CallLag) *lagView {
	if l == nil {
		return nil
	}
	return &lagView{Calls: l.Calls, P50: l.P50.Seconds(), P95: l.P95.Seconds(), HeldP95: l.HeldP95.Seconds()}
}

// callLister makes the list of a school's calls.
type callLister struct {
	survey  survey.Survey
	classes map[school.ClassID]string
	chats   map[chats.Key]*place
	who     people
	means   calls.Means
	now     time.Time
	links   bool
}

func viewCalls(
	s survey.Survey, states []calls.State, means calls.Means, lag *store.CallLag, now time.Time, o callsOptions,
) callsView {
	l := callLister{
		survey: s, classes: map[school.ClassID]string{}, chats: map[chats.Key]*place{}, who: peopleOf(s.Roster),
		means: means, now: now, links: o.showLinks,
	}
	for _, c := range s.Roster.Classes {
		l.classes[c.ID] = c.Title
	}
	for _, g := range s.Roster.Groups {
		l.classes[g.ID] = g.Title + " · " + g.Subject
	}
	for _, p := range placesOf(s) {
		l.chats[p.key] = p
		if p.have != nil {
			l.chats[p.have.Key] = p
		}
	}
	v := callsView{
		schoolHead: headOf(s), Portal: means.Portal, Lag: viewLag(lag), all: o.all, showLinks: o.showLinks,
		Calls: lo.Map(s.CallsAmong(states), func(i calls.Item, _ int) callView { return l.view(i) }),
		zone:  zoneOf(s.School.TimeZone),
	}
	slices.SortFunc(v.Calls, func(a, b callView) int {
		return cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.ID, b.ID))
	})
	return v
}

func (l callLister) view(i calls.Item) callView {
	v := callView{
		ID: i.Call.ID, Title: i.Call.Title, Starts: i.Call.Starts.UTC(), Ends: i.Call.Ends.UTC(), Class: i.Call.Class,
		ClassTitle: l.classes[i.Call.Class], Room: say(roomWords, roomOf(i.State)), Cancelled: i.Call.Cancelled,
		Shown: i.Shown != "", ShownAt: utc(i.ShownAt), LagSeconds: seconds(i.Lag), HeldLagSeconds: seconds(i.HeldLag),
		State: say(callStateWords, callStateOf(i.State, l.now)),
	}
	if i.Call.Teacher != "" {
		v.Teacher = lo.ToPtr(l.who.view(i.Call.Teacher))
	}
	if l.links {
		v.Link = i.Link()
	}
	if i.Posted != nil && i.Posted.Message != "" {
		v.Announced = &callChat{Key: i.Posted.Chat, Title: cmp.Or(lo.FromPtr(l.chats[i.Posted.Chat]).title, string(i.Posted.Chat))}
	} else {
		v.Unannounced = lo.ToPtr(l.unannounced(i))
	}
	if code := i.Obstacle(l.now, l.means); code != "" {
		v.Problem = lo.ToPtr(say(callProblemWords, code))
	}
	return v
}

// unannounced says why there is no message about a call.
func (l callLister) unannounced(i calls.Item) coded {
	if bad, misplaced := calls.Misplaced(i.Call, l.survey.Roster); misplaced && !i.Over(l.now) {
		return coded{Code: string(unannouncedMisplaced), Words: bad.Error()}
	}
	why := say(unannouncedWords, whyUnannounced(i, l.now))
	if p := l.chats[i.Chat]; p != nil && why.Code == string(unannouncedNoChat) {
		why.Words += " (" + absence(p) + ")"
	}
	return why
}

// absence says why a chat is not there.
func absence(p *place) string {
	reasons := slices.Concat(sayAll(notYetWords, p.notYet()), sayAll(holdWords, p.heldCreation()))
	return cmp.Or(joinWords(reasons), chatStateWords[p.state()])
}

func whyUnannounced(i calls.Item, now time.Time) unannounced {
	switch {
	case i.Call.Cancelled:
		return unannouncedCancelled
	case i.Over(now):
		return unannouncedOver
	case i.Chat == "":
		return unannouncedNowhere
	case i.Link() == "":
		return unannouncedNoRoom
	case i.Ref == "":
		return unannouncedNoChat
	default:
		return unannouncedDue
	}
}

func roomOf(s calls.State) room {
	switch {
	case s.Call.Link != "":
		return roomSupplied
	case s.Room != nil:
		return roomMade
	default:
		return roomNone
	}
}

func callStateOf(s calls.State, now time.Time) callState {
	switch {
	case s.DoneAt != nil:
		return callPutAway
	case s.Call.Cancelled:
		return callCancelled
	case s.Over(now):
		return callOver
	case !now.Before(s.Call.Starts):
		return callRunning
	default:
		return callPlanned
	}
}

func seconds(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	return lo.ToPtr(d.Seconds())
}
