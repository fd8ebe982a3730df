// Package sandbox serves stand-ins for the messengers and for the Portal, for laptops and tests: the
// vendors' own wire protocols over chats that live here. An adapter cannot tell them from the real
// thing. Production never runs it, and it asks nobody for a password: listen on the loopback interface
// only.
//
// A Server answers VK's API (package vk) under /method/, long polls under /longpoll/, MAX's Bot API (package
// max) under /max/, the Portal's interface (package portal) under /portal/, and under /_sandbox/ it lets tests
// and people play everybody else: members, VK's staff, bad luck. All acts are methods of Server, or of the
// Portal and of Max in it; Client is the same over the wire.
//
// # The API under /_sandbox
//
// Bodies and replies are JSON. A refusal is {"error": "..."} with status 400 (makes no sense), 404
// (no such community, bot, chat, link, member or organisation) or 409 (cannot be, as things stand). An act on a
// chat replies with the chat as it is afterwards. The acts are listed in acts.txt, which is also
// what the address itself answers.
//
// Communities, chats, people, switches, callbacks and the latest events are kept in the data folder and
// survive a restart, SIGKILL included; tokens are kept as fingerprints only, a callback's secret and the
// key of a long poll as they are. The Portal's keys with their secrets, its organisations, links, chats
// and calls are kept there too, and all that is on MAX, with the secrets of its webhooks. Faults and the
// request log are not kept.
package sandbox
