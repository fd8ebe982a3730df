// Package vk stands in for VK: communities with their chats, the people in them, and VK's API 5.199
// over both, as a community's token sees it.
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
// getConversationsById, getConversations, removeChatUser, addChatUser, setMemberRole and send,
// groups.getById, getTokenPermissions and getLongPollServer, and execute.
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
//
// Accounts need not be made: every positive id is somebody who may be added, until SetAccount
// says otherwise. Parameters that only shape replies (extended, fields) are accepted and ignored.
package vk
