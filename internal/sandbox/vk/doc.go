// Package vk stands in for VK: communities with their chats, the people in them, and VK's API 5.199
// over both, as a community's token sees it, and video calls for the tokens of people who manage one.
//
// World holds all of it, is safe for concurrent use and keeps itself in a journal. As an http.Handler it
// answers /method/<name>; its acts (RegisterCommunity, Join, Leave, ...) are what
// people do by hand, or VK's staff with its switches.
//
// A community is told of what people see happen in its chats by message_new with an action, as a long poll
// (groups.getLongPollServer) and as a callback: who came and how, who went or was removed, a new title, a
// new chat. Not of rights: VK has no action for them. A stream keeps the latest 1000 events; a callback
// is sent them in their order, each up to ten times.
//
// Known are the methods messages.createChat, editChat, getInviteLink, getConversationMembers,
// getConversationsById, getConversations, removeChatUser, addChatUser, setMemberRole, send and delete,
// groups.getById, getTokenPermissions and getLongPollServer, calls.start and forceFinish, and execute.
//
// Where no public document says what VK does, this is assumed:
//
//   - Whoever is to be added at a chat's creation and may not be is left out of peer_ids. A community may
//     add at creation unless the switch is turned off, and may add later only if it is turned on.
//   - Adding somebody who refuses, who left of their own will, or who is in the chat already is error 15;
//     an account that does not exist is error 936.
//   - Whoever was removed may come back by the link.
//   - getConversationsById leaves out chats that are not there. All else gives 927 for them.
//   - A group_id that is not the token's own is error 15.
//   - A community is told of what it does itself by the API, or its managers in its name, like of all else;
//     the message is from the community.
//   - A key of a long poll stays good until the switch, whatever becomes of the token. A ts from before
//     the kept events, or from the future, fails with 1, a key that never was with 2.
//   - Long polls do not count as requests of the token.
//   - Requests refused for their rate do not count towards the rate.
//   - A random_id is known in its chat as long as the message is among the latest 1000, deleted or not. VK may
//     know it for an hour only, and in all chats of the community.
//   - With peer_ids, what cannot be done for a peer is an error in its part of the answer; a message's id is
//     0 there, and its conversation_message_id counts all messages of the community's chats.
//   - To delete a message that is not there is answered 0; one that is older than a day cannot be deleted for
//     everybody: error 924 in its part of the answer. Who does not delete for everybody changes nothing.
//   - A person's token is good for one community, for the methods calls.* and execute and nothing else: error 7.
//     A community's token gets error 27 for those. A call is always started in the community's name.
//   - A call that is over or unknown cannot be finished: error 104, or 100 if its id is none.
//
// Accounts need not be made: every positive id is somebody who may be added, until SetAccount
// says otherwise. Parameters that only shape replies (extended, fields) are accepted and ignored.
package vk
