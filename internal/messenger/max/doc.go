// Package max is the MAX adapter behind the port messenger. It speaks the MAX Bot API 0.0.33 with a bot's token. A bot
// makes no chats: a person makes one and lets the bot in, as an admin. It imports the port and the domain's ids; nothing but
// the mains and their wiring imports it. A Client holds no state between calls (a Poll keeps its place in the stream) and
// never retries: pacing and fencing are the Gate's, retrying is the caller's.
//
// No vendor text leaves the package: an error is a code, the HTTP status and the template of the call, without ids. The
// token travels in the header Authorization only.
//
// # Assumptions
//
// MAX's public documents are silent on these points. Each is decided in one place:
//
//   - A refusal's body is {"code", "message"} whatever its status; a refusal without a code is a proxy's, or
//     trouble (wire.go). 429 is believed without a body.
//   - Of the codes, chat.not.found alone says that a chat is gone. A 404 of another code speaks of the member or the
//     message, where the call names one (codes.go).
//   - How MAX answers where somebody to be removed is not there, or is to lose rights that they do not have, is told
//     nowhere. 404 is taken for that; after a soft failure (HTTP 200, success false) the adapter looks who is right (settle.go).
//   - To add somebody who is there already succeeds. Soft failures that name people concern those alone (people.go).
//   - Adding people is restricted since September 2026, and how is not published: 403 is taken for that (codes.go).
//   - There is no key to send a message by, so the adapter looks for the message before it sends it (messages.go).
//   - A poll without a marker gives the latest update only (poll.go).
package max
