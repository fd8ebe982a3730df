// Package max stands in for MAX: chats that people make, bots that are let into them, and MAX's Bot API 0.0.33 as a bot's
// token sees it.
//
// World holds all of it, is safe for concurrent use and keeps itself in a journal. As an http.Handler it answers the vendor's
// paths; its acts (RegisterBot, MakeChat, AddBot, Join, ...) are what people do by hand, or MAX's staff with its
// switches.
//
// A bot makes no chats. A person does, and lets it in; the bot learns of that by bot_added. What a bot is told goes to its
// webhooks, in order, each event up to eleven times, and to its long poll, which keeps the latest 10000.
//
// Known are GET /me; GET and PATCH /chats/{id}; GET, POST and DELETE /chats/{id}/members; GET and DELETE
// /chats/{id}/members/me; GET and POST /chats/{id}/members/admins and DELETE with a user's id behind it; GET, PUT and
// DELETE /chats/{id}/pin; GET, POST and DELETE /messages and /subscriptions; GET /updates.
//
// What no public document says is marked *assumed* where it is decided, and listed in docs/max.md. Other than MAX, on purpose:
//
//   - A webhook may have any port, and plain HTTP on the loopback interface. It is tried again after a second, not after a
//     minute and more, and is never unsubscribed.
//   - A long poll goes on while there are webhooks, and is told of the change of rights too.
//   - Nothing happens in the same millisecond as anything else, so that no two events look like one.
//   - People do not write, and there are no dialogs, channels, attachments or formats: what asks for one is ignored.
package max
