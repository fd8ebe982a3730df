// Package demo runs the demonstration: a whole Rollcall on one machine, with a district made up
// for it. It does what operators do, by the same binaries, and shows how it goes.
package demo
