// Package sandbox serves stand-ins for the messengers, for laptops and tests: the vendors' own wire
// protocols over chats that live here. An adapter cannot tell them from the real thing. Production
// never runs it, and it asks nobody for a password: listen on the loopback interface only.
//
// A Server answers VK's API (package vk) under /method/, long polls under /longpoll/, and under /_sandbox/ it lets tests and
// people play everybody else: members, VK's staff, bad luck. All acts are methods
// of Server too; Client is the same over the wire.
//
// # The API under /_sandbox
//
// Bodies and replies are JSON. A refusal is {"error": "..."} with status 400 (makes no sense), 404
// (no such community, chat, link or member) or 409 (cannot be, as things stand). An act on a
// chat replies with the chat as it is afterwards.
//
//	POST   communities           {group_id, token, name}: make a community, or change its token and name
//	GET    communities           all of them
//	POST   communities/revoke    {group_id}: the token is no longer good
//	POST   communities/switches  {group_id, adding?, adding_at_creation?}: what the token may do
//	POST   communities/callback  {group_id, url, secret, confirmation}: send events to an address, which must
//	                             answer with the confirmation first; an empty url ends it
//	POST   communities/stream    {group_id, trouble: lose|expire|forget}: lose events (a long poll fails with 1), make
//	                             the key bad (2), or both (3)
//	POST   accounts              {account, adding: allowed|refused|missing}: how somebody takes being added
//	POST   chats/join            {link, account}: somebody follows an invite link
//	POST   chats/add             {group_id, chat_id, account}: somebody is brought along by hand
//	POST   chats/leave           {group_id, chat_id, account}: a member goes of their own will
//	POST   chats/kick            {group_id, chat_id, account}: a member is turned out by hand
//	POST   chats/admin           {group_id, chat_id, account, admin}: rights given or taken by hand
//	POST   chats/rename          {group_id, chat_id, title}
//	POST   chats/state           {group_id, chat_id, state: in|demoted|kicked|left|gone|disabled|unsupported}
//	GET    state?group_id=       a community and its chats, in the order in which they were made
//	GET    totals                communities, chats, memberships and admins, over all communities
//	POST   faults                {group_id?, method, mode: error|http-500|slow|lost-reply|drop, error_code?,
//	                             delay_ms?, times?, skip?}: see traffic.Fault; the method a_check is a long poll
//	GET    faults                those in force, with what is left of them
//	DELETE faults                end them all
//	GET    requests?since=&group_id=
//	                             the log's entries after seq since: see traffic.Entry
//	GET    requests/counts       requests and calls by method, errors by code, also per community
//	POST   requests/reset        empty the log and its counts; seq goes on
//	GET    requests/wait?seq=&timeout_ms=
//	                             {seq, reached}: replies when the log has reached seq, or at the time-out
//	                             (30 s unless told, 60 s at the most)
//
// Communities, chats, people, switches, callbacks and the latest events are kept in the data folder and
// survive a restart, SIGKILL included; tokens are kept as fingerprints only, a callback's secret and the
// key of a long poll as they are. Faults and the request log are not kept.
package sandbox
