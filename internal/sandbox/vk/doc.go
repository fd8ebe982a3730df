// Package vk stands in for VK: communities with their chats, the people in them, and VK's API 5.199
// over both, as a community's token sees it.
//
// World holds all of it, is safe for concurrent use and keeps itself in a journal. As an http.Handler it
// answers /method/<name>; its acts (RegisterCommunity, Join, Leave, ...) are what
// people do by hand, or VK's staff with its switches.
//
// Known are the methods messages.createChat, editChat, getInviteLink, getConversationMembers,
// getConversationsById, getConversations, removeChatUser, addChatUser, setMemberRole and send,
// groups.getById and getTokenPermissions, and execute.
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
//   - Requests refused for their rate do not count towards the rate.
//
// Accounts need not be made: every positive id is somebody who may be added, until SetAccount
// says otherwise. Parameters that only shape replies (extended, fields) are accepted and ignored.
package vk
