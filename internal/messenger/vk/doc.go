// Package vk is the VK adapter behind the port messenger. It speaks VK API 5.199 with a
// community token, and for video calls (Rooms) with that of a person. It sends everything as execute
// scripts of up to 25 API calls, batched across chats. It imports the port and the domain's ids; nothing but the mains and their
// wiring imports it. A Client holds no state between calls (a LongPoll keeps its place in the stream) and never retries: pacing and fencing
// are the Gate's, retrying is the caller's.
//
// No vendor text leaves the package: VK echoes request parameters in its errors, so an error
// is a code and VK's number. The token travels in the form body only.
//
// # Assumptions
//
// VK's public documents are silent on these points. Each is decided in one place:
//
//   - messages.setMemberRole is in no public schema but widely used with community tokens. It is
//     taken to answer 1 for a role that the member already has, and 935 or 936 for
//     somebody who is not in the chat (codes.go).
//   - messages.addChatUser is taken to answer 1 for somebody who is in the chat already: the schema
//     names no error for it. Code 15 is a refusal of the person, because VK says "can't
//     add this user" with it (codes.go). Whoever turns out to be in the chat after all is
//     found there by the next Read.
//   - Whether a community may call messages.addChatUser at all differs between the public VK
//     (it answers 27) and the education contour; both end as add-denied or success (codes.go).
//   - A failed call inside execute is false in its place, and its error comes in the order of the
//     failures, with the method's name (answer.go).
//   - groups.getById without a group gives the community the token belongs to (community.go).
//   - messages.send with peer_ids reports what it cannot do for a peer in that peer's part of the answer, with
//     VK's number. How long VK knows a random_id again is told differently by its documents of
//     different years: always, or for an hour; and always for all chats of the sender (messages.go).
//   - messages.delete answers 0, nothing, or 104 for a message that is not there, and 924 for one that is too
//     old (a day) to be deleted for everybody (messages.go, codes.go).
//   - calls.start and calls.forceFinish may be called within execute. A call that is over or unknown is 100 or
//     104; whoever does not manage the community gets 15 (rooms.go, codes.go).
package vk
