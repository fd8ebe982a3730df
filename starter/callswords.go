package main

import "github.com/rollcall-edu/rollcall/internal/calls"

// callState is how a video call stands.
type callState string

const (
	callPlanned   callState = "planned"
	callRunning   callState = "running"
	callOver      callState = "over"
	callCancelled callState = "cancelled"
	callPutAway   callState = "put-away"
)

var callStateWords = map[callState]string{
	callPlanned: "planned", callRunning: "running", callOver: "over", callCancelled: "cancelled", callPutAway: "put away",
}

// room is where a video call takes place.
type room string

const (
	roomNone     room = "none"
	roomSupplied room = "supplied"
	roomMade     room = "made"
)

var roomWords = map[room]string{roomNone: "none", roomSupplied: "supplied", roomMade: "made"}

// unannounced is why there is no message about a video call.
type unannounced string

const (
	unannouncedCancelled unannounced = "cancelled"
	unannouncedOver      unannounced = "over"
	unannouncedMisplaced unannounced = "misplaced"
	unannouncedNowhere   unannounced = "nowhere"
	unannouncedNoRoom    unannounced = "no-room"
	unannouncedNoChat    unannounced = "no-chat"
	unannouncedDue       unannounced = "due"
)

var unannouncedWords = map[unannounced]string{
	unannouncedCancelled: "cancelled",
	unannouncedOver:      "over",
	unannouncedMisplaced: "its class has no such chat",
	unannouncedNowhere:   "the school has no such chat",
	unannouncedNoRoom:    "it has no room yet",
	unannouncedNoChat:    "the chat is not there",
	unannouncedDue:       "at the next pass",
}

// callProblemWords say what keeps a video call from being seen, and what to do.
var callProblemWords = map[string]string{
	calls.ProblemNoRoom:   "no room: give the call a joinUrl, or set a good token for rooms: rollcall school set-user-token",
	calls.ProblemNoChat:   "the chat it is for is not there: see why with: rollcall chats",
	calls.ProblemNoClass:  "the school has no such class or group: mend the id, or wait for the roster that has it",
	calls.ProblemRoomOpen: "cancelled, and its room is still open: set a good token for rooms, with which it is closed: rollcall school set-user-token",
}
