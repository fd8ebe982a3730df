// Package portal stands in for the Portal: organisations, who linked which messenger account, and the
// chats and calls that are shown to people, behind the interface of docs/portal-api.md.
//
// World holds all of it, is safe for concurrent use and keeps itself in a journal. As an http.Handler it
// answers under /v1/; its acts (RegisterKey, LinkAccounts, ...) are what the Portal's staff and the
// people on it do. The secrets of keys are kept as they are, not as fingerprints: who checks a
// signature needs the secret itself.
//
// Where the interface leaves it open, this is so:
//
//   - A reading of several pages is of the moment at which it began, whatever changes meanwhile. The
//     latest 256 such readings can be gone on with, none of them after a restart; a cursor of another
//     reading, or of another organisation, has expired.
//   - No two changes have the same time, and none has that of a reading: what a reading does not know of
//     is after its asOf.
//   - A repeated write is done again, which changes nothing if its subject was not written
//     otherwise in between; if it was, the last word counts. The latest 10,000 idempotency keys are
//     remembered, in memory, to refuse another write under the key of one that was done.
//   - Nobody has to have linked an account, or to be known at all, to be in an audience.
//   - A request is checked in this order: size, key, signature, clock, rate, faults, organisation, and then
//     what it says. Requests refused for their rate do not count towards the rate.
//   - An address that is not of the interface is a bad request.
//
// In the traffic log and for faults the requests are called portal.links, portal.putChats,
// portal.removeChat, portal.putCall, portal.removeCall and portal.check, all of them together portal.*
// for faults. An error there is an HTTP status: a fault of mode error with 410 makes a cursor expire.
package portal
