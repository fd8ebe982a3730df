// Package reconcile compares the chats a school must have with the chats as the messenger
// has them, and makes the plan: sorted operations, each with its rule, and the holds, which
// are what Rollcall could do and does not without a human's word.
//
// It is pure. Desired chats come from package chats, the actual ones from the mirror in the
// store, and the evidence for removals from the roster. Whoever executes a plan keeps the
// order of its steps inside a chat, so that every invariant holds after every single call.
package reconcile
