// Package workflows holds the deterministic orchestration: one lane per school (SchoolSync)
// that every trigger signals, a child per chat type with work (ChatTypeSync), one owner per feed
// (FeedSync), and what goes through a school or a whole district on time (Sweep).
//
// It imports the SDK and domain packages that do no I/O, nothing else. The activities are
// known to it by their contract alone (Activities); package activities fulfils it. What is
// written here ends up in histories, so inputs and results hold ids, counts and codes only.
package workflows
