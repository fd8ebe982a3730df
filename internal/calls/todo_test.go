package calls_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// now is half an hour before the lesson.
var now = ten.Add(-30 * time.Minute)

var everything = calls.Means{Rooms: true, Portal: true}

// change makes another state of a call's.
type change func(*calls.Item)

func noLink(i *calls.Item)    { i.Call.Link = "" }
func cancelled(i *calls.Item) { i.Call.Cancelled = true }
func noChat(i *calls.Item)    { i.Ref = "" }
func lost(i *calls.Item)      { i.Posted.Message = "" }
func roomMade(i *calls.Item)  { i.Room = &messenger.Room{ID: "r", Link: "https://vk.com/call/join/r"} }
func shown(i *calls.Item)     { i.Shown, i.ShownIn = calls.Digest(i.Published()), i.Organisation }
func askedFor(i *calls.Item)  { i.Shown, i.ShownIn = calls.Asked, i.Organisation }
func elsewhere(i *calls.Item) { i.ShownIn = "org-2" }
func noticed(i *calls.Item) {
	p := i.Cancellation(8)
	i.Posted = &p
}

func posted(i *calls.Item) {
	p := i.Announcement(7)
	p.Message = "9"
	i.Posted = &p
}

func retitled(i *calls.Item) {
	i.Call.Title, i.Entitled.Title = "Геометрия", "Геометрия"
}
func moved(i *calls.Item)     { i.Chat, i.Ref = "students:n-1a", "8" }
func lostClass(i *calls.Item) { i.Lost = true }
func gone(i *calls.Item)      { i.Chat, i.Ref = "", "" }

func item(changes ...change) calls.Item {
	i := announced(lesson())
	for _, c := range changes {
		c(&i)
	}
	return i
}

func TestTodo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		item  calls.Item
		means calls.Means
		want  calls.Todo
	}{
		"a call with a link is announced and published":     {item(), everything, calls.Todo{Announce: true, Publish: true}},
		"without a Portal it is announced":                  {item(), calls.Means{}, calls.Todo{Announce: true}},
		"without its chat it is published":                  {item(noChat), everything, calls.Todo{Publish: true}},
		"one without a link gets a room":                    {item(noLink), everything, calls.Todo{MakeRoom: true}},
		"it waits where none can be made":                   {item(noLink), calls.Means{Portal: true}, calls.Todo{}},
		"its room does for a link":                          {item(noLink, roomMade), everything, calls.Todo{Announce: true, Publish: true}},
		"its room stays where no more can be made":          {item(noLink, roomMade), calls.Means{Portal: true}, calls.Todo{Announce: true, Publish: true}},
		"once seen, nothing is to be done":                  {item(posted, shown), everything, calls.Todo{}},
		"what the Portal may show is published":             {item(posted, askedFor), everything, calls.Todo{Publish: true}},
		"a message that may be lost is sent again":          {item(posted, lost, shown), everything, calls.Todo{Announce: true}},
		"but not where the chat is gone":                    {item(posted, lost, shown, noChat), everything, calls.Todo{}},
		"another title takes it back and sends it anew":     {item(posted, shown, retitled), everything, calls.Todo{TakeBack: true, Announce: true, Publish: true}},
		"another chat does":                                 {item(posted, shown, moved), everything, calls.Todo{TakeBack: true, Announce: true}},
		"without a chat any more it is taken back":          {item(posted, shown, gone), everything, calls.Todo{TakeBack: true}},
		"one that may be lost is taken back too":            {item(posted, lost, shown, retitled), everything, calls.Todo{TakeBack: true, Announce: true, Publish: true}},
		"who is entitled is the Portal's matter alone":      {item(posted, shown, func(i *calls.Item) { i.Entitled.Audience = []string{"x"} }), everything, calls.Todo{Publish: true}},
		"a class that the roster has not: nothing is made":  {item(noLink, lostClass), everything, calls.Todo{}},
		"nor is anything seen of it any more":               {item(posted, shown, lostClass), everything, calls.Todo{TakeBack: true, Remove: true}},
		"cancelled, all is undone":                          {item(noLink, roomMade, posted, shown, cancelled), everything, calls.Todo{TakeBack: true, Remove: true, Finish: true, Close: true}},
		"cancelled, what may be shown is removed":           {item(askedFor, cancelled), everything, calls.Todo{Remove: true, Close: true}},
		"cancelled, what may be sent is taken back":         {item(posted, lost, cancelled), everything, calls.Todo{TakeBack: true, Close: true}},
		"cancelled before anything was done":                {item(cancelled), everything, calls.Todo{Close: true}},
		"cancelled, without means what cannot be is passed": {item(shown, cancelled), calls.Means{}, calls.Todo{Close: true}},
		"but a room stays to be closed until the end":       {item(noLink, roomMade, shown, cancelled), calls.Means{}, calls.Todo{}},
		"without a link any more, nothing is to be seen":    {item(posted, shown, noLink), calls.Means{Portal: true}, calls.Todo{TakeBack: true, Remove: true}},
		"until there is a room again":                       {item(posted, shown, noLink), everything, calls.Todo{MakeRoom: true, TakeBack: true, Remove: true}},
		"another organisation: gone there, shown here":      {item(posted, shown, elsewhere), everything, calls.Todo{Remove: true, Publish: true}},
		"what could not be taken back is corrected":         {item(posted, noticed, cancelled), everything, calls.Todo{Announce: true, Close: true}},
		"and taken back if it takes place after all":        {item(posted, noticed, shown), everything, calls.Todo{TakeBack: true, Announce: true}},
		"a room made before the link came is not announced": {item(roomMade, posted, shown), everything, calls.Todo{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, tc.item.Todo(now, tc.means))
			require.Equal(t, tc.want != calls.Todo{}, tc.item.Todo(now, tc.means).Any())
		})
	}
}

func TestWhatIsOver(t *testing.T) {
	t.Parallel()
	ends := lesson().Ends
	seen := item(noLink, roomMade, posted, shown)
	require.False(t, seen.Todo(ends.Add(-time.Second), everything).Any(), "it goes on until its end")
	require.Equal(t, calls.Todo{Remove: true, Close: true}, seen.Todo(ends, everything), "its message and its room stay")
	require.Equal(t, calls.Todo{Close: true}, item(retitled).Todo(ends, everything), "nothing of it is announced any more")
	require.Equal(t, calls.Todo{Close: true}, item(noLink).Todo(ends, everything), "no room is made")
	require.Equal(t, calls.Todo{TakeBack: true, Remove: true, Finish: true, Close: true},
		item(noLink, roomMade, posted, shown, cancelled).Todo(ends, everything), "cancelled goes before over")
}

func TestObstacle(t *testing.T) {
	t.Parallel()
	rooms, none := calls.Means{Rooms: true}, calls.Means{}
	for name, tc := range map[string]struct {
		item  calls.Item
		means calls.Means
		want  string
	}{
		"none":                           {item(), none, ""},
		"no token for a room":            {item(noLink), none, calls.ProblemNoRoom},
		"a room is about to be made":     {item(noLink), rooms, ""},
		"its chat is not there":          {item(noChat), none, calls.ProblemNoChat},
		"neither room nor chat":          {item(noLink, noChat), none, calls.ProblemNoRoom},
		"a room is to be made first":     {item(noLink, noChat), rooms, ""},
		"a room, and no chat":            {item(noLink, roomMade, noChat), none, calls.ProblemNoChat},
		"nothing that is cancelled":      {item(noLink, noChat, cancelled), none, ""},
		"but its room, while it is open": {item(noLink, roomMade, cancelled), none, calls.ProblemRoomOpen},
		"the roster has no chat for it":  {item(gone), none, calls.ProblemNoChat},
		"the roster has no such class":   {item(noLink, lostClass), none, calls.ProblemNoClass},
	} {
		require.Equal(t, tc.want, tc.item.Obstacle(now, tc.means), name)
	}
	require.Empty(t, item(noLink, noChat).Obstacle(lesson().Ends, none), "nor what is over")
}

// world is what carrying a call's steps out leads to.
type world struct {
	item     calls.Item
	messages map[int32]bool // in chats
	shown    bool           // on the Portal
	rooms    int            // that are open
	sends    int32
}

func drawWorld(t *rapid.T) *world {
	w := &world{item: item(), messages: map[int32]bool{}}
	yes := func(label string) bool { return rapid.Bool().Draw(t, label) }
	may := func(label string, changes ...change) {
		if yes(label) {
			for _, c := range changes {
				c(&w.item)
			}
		}
	}
	may("no link", noLink)
	if yes("room") {
		roomMade(&w.item)
		w.rooms++
	}
	if yes("posted") {
		posted(&w.item)
		w.messages[w.item.Posted.RandomID] = true
		if yes("the reply was lost") {
			lost(&w.item)
			w.messages[w.item.Posted.RandomID] = yes("but it was sent")
		}
	}
	if yes("asked to show") {
		askedFor(&w.item)
		w.shown = yes("and shown")
		if w.shown {
			may("which is known", shown)
		}
	}
	may("retitled since", retitled)
	may("moved since", moved)
	may("no chat any more", gone)
	may("the chat is not there", noChat)
	may("cancelled", cancelled)
	return w
}

// sent has a message in its chat, once however often it is sent.
func (w *world) sent() {
	w.messages[w.item.Posted.RandomID] = true
	p := *w.item.Posted
	p.Message = "10"
	w.item.Posted = &p
}

// carryOut does what is to be done, as the activities do it.
func (w *world) carryOut(do calls.Todo) {
	if do.MakeRoom {
		roomMade(&w.item)
		w.rooms++
	}
	if do.TakeBack {
		w.sent() // so that it is known
		delete(w.messages, w.item.Posted.RandomID)
		w.item.Posted = nil
	}
	if do.Announce {
		if w.item.Posted == nil {
			w.sends++
			p := w.item.Announcement(1000 + w.sends)
			w.item.Posted = &p
		}
		w.sent()
	}
	if do.Remove {
		w.item.Shown, w.shown = "", false
	}
	if do.Publish {
		shown(&w.item)
		w.shown = true
	}
	if do.Finish {
		w.item.Room = nil
		w.rooms--
	}
}

func (w *world) count() int {
	n := 0
	for _, there := range w.messages {
		if there {
			n++
		}
	}
	return n
}

// From whatever state, carrying out what is to be done comes to rest, and to what docs/calls.md says.
func TestCarryingOutTodoComesToRest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		means := calls.Means{Rooms: rapid.Bool().Draw(t, "rooms"), Portal: rapid.Bool().Draw(t, "portal")}
		at := rapid.SampledFrom([]time.Time{now, lesson().Ends}).Draw(t, "at")
		wasShown, hadRoom, before := w.shown, w.rooms, w.count()
		for range 3 {
			w.carryOut(w.item.Todo(at, means))
			require.LessOrEqual(t, w.count(), 1, "never two messages")
			require.LessOrEqual(t, w.rooms, 1, "nor two rooms")
		}
		i := w.item
		if i.Over(at) {
			open := i.Call.Cancelled && w.rooms == 1 && at.Before(i.Call.Ends)
			require.Equal(t, calls.Todo{Close: !open}, i.Todo(at, means))
			require.Equal(t, open, i.Obstacle(at, means) == calls.ProblemRoomOpen)
			require.Equal(t, wasShown && !means.Portal, w.shown)
			if i.Call.Cancelled {
				require.Zero(t, w.count())
				require.Equal(t, hadRoom == 1 && !means.Rooms, w.rooms == 1)
			} else {
				require.Equal(t, before, w.count(), "what was announced stays where it is")
			}
			return
		}
		require.Equal(t, calls.Todo{}, i.Todo(at, means), "there is nothing but to wait")
		if i.Link() != "" && i.Ref != "" {
			require.Equal(t, 1, w.count())
			require.Equal(t, i.Text(), i.Posted.Text)
			require.Equal(t, i.Chat, i.Posted.Chat)
			require.Empty(t, i.Obstacle(at, means))
		} else {
			require.NotEmpty(t, i.Obstacle(at, means))
		}
		if i.Link() == "" {
			require.Zero(t, w.count(), "what led there leads nowhere")
		}
		require.Equal(t, means.Portal && i.Link() != "" || wasShown && !means.Portal, w.shown)
	})
}
