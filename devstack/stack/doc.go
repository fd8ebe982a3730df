// Package stack runs everything Rollcall needs around it on one machine: a private PostgreSQL, Temporal with
// its web page, and the sandbox that stands in for the messengers.
//
// It starts them in that order, stops them in the reverse order, and tells their addresses as the
// environment that Rollcall's programs read. It does not start those programs.
package stack
