package workflows

import (
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// The permanent names. Running workflows, schedules, operators' habits and links into the
// Temporal UI depend on them: none is ever changed or given a second meaning.
const (
	// TaskQueue is polled for workflows and for activities that only use PostgreSQL and files.
	TaskQueue = "rollcall"
	// MessengerTaskQueue is polled for activities that talk to the messenger.
	MessengerTaskQueue = "rollcall-messenger"

	// UrgentTaskQueue is polled for the messenger activities of what people ask for and of what is
	// about a few chats or people, with slots of their own: however long the others take, these
	// need not wait.
	UrgentTaskQueue = "rollcall-messenger-urgent"

	// WaitTaskQueue is polled for activities that do nothing but wait for a school's answer. There
	// may be one for every school for as long as the messenger is away, and none of them may take
	// a slot from the passes that are waited for.
	WaitTaskQueue = "rollcall-waits"

	TypeSchoolSync   = "SchoolSync"
	TypeChatTypeSync = "ChatTypeSync"
	TypeFeedSync     = "FeedSync"
	TypeSweep        = "Sweep"
	// TypeVideoCallSync serves a school's video calls, beside the chat types.
	TypeVideoCallSync = "VideoCallSync"

	// Resync is the signal and the update that ask a lane for a pass; its argument is a Request.
	Resync = "resync"
	// Read is the signal and the update that ask a feed to be read; its argument is a ReadRequest.
	Read = "read"
	// Pause is the signal by which a lane has a child rest between two slices, or go on; its
	// argument is a pauseOrder. Paused is the child's answer.
	Pause  = "pause"
	Paused = "paused"
	// Decide is the update that takes an operator's word on holds; its argument is a Decision.
	Decide = "decide"
	// StatusQuery asks a lane or a feed what it is doing.
	StatusQuery = "status"
)

const (
	schoolPrefix = "school/"
	feedPrefix   = "feed/"
	sweepPrefix  = "sweep/"
)

// SchoolSyncID is the workflow id of a school's lane.
func SchoolSyncID(id school.ID) string { return schoolPrefix + string(id) }

// SchoolFromSyncID is the inverse of SchoolSyncID; it tells whether the id is a lane's.
func SchoolFromSyncID(workflowID string) (school.ID, bool) {
	id, ok := strings.CutPrefix(workflowID, schoolPrefix)
	if !ok || id == "" || strings.Contains(id, "/") {
		return "", false
	}
	return school.ID(id), true
}

// ChatTypeSyncID is the workflow id of one chat type's child of a lane.
func ChatTypeSyncID(id school.ID, t chats.Type) string { return SchoolSyncID(id) + "/" + string(t) }

// VideoCallSyncID is the workflow id of the child of a lane that serves the school's video calls.
func VideoCallSyncID(id school.ID) string { return SchoolSyncID(id) + "/calls" }

// SweepID is the workflow id of a sweep over a whole district. Sweeps that a schedule starts get
// the time appended by Temporal.
func SweepID(id school.DistrictID) string { return sweepPrefix + "district/" + string(id) }

// SchoolSweepID is the workflow id of a sweep over one school.
func SchoolSweepID(id school.ID) string { return sweepPrefix + SchoolSyncID(id) }

// FeedSyncID is the workflow id of a feed's owner.
func FeedSyncID(id school.FeedID) string { return feedPrefix + string(id) }

// The search attributes, by which operators find runs.

func schoolAttribute() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword("RollcallSchool")
}

func feedAttribute() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword("RollcallFeed")
}

func districtAttribute() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword("RollcallDistrict")
}

func chatTypeAttribute() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword("RollcallChatType")
}

func triggerAttribute() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword("RollcallTrigger")
}

func outcomeAttribute() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword("RollcallOutcome")
}

// SearchAttributes are the attributes a namespace must have.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	const keyword = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	return map[string]enumspb.IndexedValueType{
		schoolAttribute().GetName():   keyword,
		feedAttribute().GetName():     keyword,
		districtAttribute().GetName(): keyword,
		chatTypeAttribute().GetName(): keyword,
		triggerAttribute().GetName():  keyword,
		outcomeAttribute().GetName():  keyword,
	}
}
