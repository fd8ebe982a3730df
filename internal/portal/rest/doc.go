// Package rest is the adapter for a Portal that speaks the interface of docs/portal-api.md, which is ours: no public
// specification of the Portal's own exists. Whatever is particular to that interface is here, and nowhere else.
//
// Requests are signed with a key that is one for the whole installation. What an answer says is checked before
// it is believed; a page that contradicts itself is portal-incomplete, and an answer that makes no sense
// portal-unavailable.
package rest
