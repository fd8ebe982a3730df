// Package calls is about the video calls that schools publish: what a call must be like, wherever it
// is heard of, in which chat it is announced, and what is to be done about it at a moment.
//
// It is pure: no I/O and no clock. Calls are heard of in two ways, the file calls.csv of a feed
// (package oneroster) and a push (ParsePush, received by package events); both are held to the same
// rules, which are here and nowhere else.
package calls
