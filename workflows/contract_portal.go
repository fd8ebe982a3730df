package workflows

import (
	"context"
	"maps"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// PortalActivities are those that have to do with the Portal and with video calls.
type PortalActivities interface {
	// ReadLinks reads the school's account links from the Portal, and compares again.
	ReadLinks(context.Context, ReadLinksInput) (LinksRead, error)
	// PublishChats has the Portal show the school's chats as they are now.
	PublishChats(context.Context, PublishInput) (Served, error)
	// MakeRooms makes the rooms of calls that bring none, and closes those of cancelled calls.
	MakeRooms(context.Context, PublishInput) (Served, error)
	// AnnounceCalls sends the links of calls into their chats, and takes back what is no longer so.
	AnnounceCalls(context.Context, PublishInput) (Served, error)
	// PublishCalls has the Portal show calls, and those that are over or cancelled not any more.
	PublishCalls(context.Context, PublishInput) (Served, error)
	// CloseCalls puts away the calls about which nothing is left to do.
	CloseCalls(context.Context, PublishInput) (Served, error)
}

const (
	readLinks     activity[ReadLinksInput, LinksRead] = "ReadLinks"
	publishChats  activity[PublishInput, Served]      = "PublishChats"
	makeRooms     activity[PublishInput, Served]      = "MakeRooms"
	announceCalls activity[PublishInput, Served]      = "AnnounceCalls"
	publishCalls  activity[PublishInput, Served]      = "PublishCalls"
	closeCalls    activity[PublishInput, Served]      = "CloseCalls"
)

// ReadLinksInput asks for the Portal's account links.
type ReadLinksInput struct {
	School school.ID `json:"school"`
	Roster string    `json:"roster"`
	Scope  Scope     `json:"scope"`
}

// LinksRead is what came of reading account links.
type LinksRead struct {
	// Changed counts people whose link changed; Complete tells that all links were read.
	Changed  int  `json:"changed"`
	Complete bool `json:"complete,omitempty"`
	Work     Work `json:"work"`
}

// PublishInput asks for a step of publishing.
type PublishInput struct {
	School school.ID `json:"school"`
	Epoch  int64     `json:"epoch"`
	// Roster is the digest of the roster that says who is entitled.
	Roster string `json:"roster"`
}

// Served counts what was done, by kind, and what failed, by error code.
type Served struct {
	Done   map[string]int `json:"done,omitempty"`
	Failed map[string]int `json:"failed,omitempty"`
	// Waiting counts calls whose chat is not there yet.
	Waiting int `json:"waiting,omitempty"`
}

// Kinds of what is Served, beside those of plans' operations.
const (
	ServedChats         = "publish-chat"
	ServedFarewells     = "say-farewell"
	ServedRooms         = "make-room"
	ServedFinished      = "close-room"
	ServedAnnouncements = "announce-call"
	ServedTakenBack     = "take-back-call"
	ServedCalls         = "publish-call"
	ServedRemoved       = "unpublish-call"
)

// add counts what another step has served.
func (s *Served) add(other Served) {
	s.Done, s.Failed = plusCounts(s.Done, other.Done), plusCounts(s.Failed, other.Failed)
	s.Waiting = max(s.Waiting, other.Waiting)
}

func plusCounts(a, b map[string]int) map[string]int {
	if len(b) == 0 {
		return a
	}
	sum := maps.Clone(a)
	if sum == nil {
		sum = map[string]int{}
	}
	//workflowcheck:ignore Only sums, whatever the order.
	for key, n := range b {
		sum[key] += n
	}
	return sum
}
