// Package chats works out which chats a school must have and who must be in them: roster in,
// desired chats out. Every rule of the domain about membership and admin rights is here and
// nowhere else.
//
// It is pure: no I/O, no clock (the day is an argument), and it knows no messenger. Each
// member carries the reasons for being there, so that Rollcall can always say why.
package chats
