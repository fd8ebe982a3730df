// Package district makes up a district: some schools with their classes, subject groups,
// staff, students and guardians, written as a OneRoster 1.2 bulk export, and edits such an
// export the way a school's life does: somebody comes, moves, leaves, links an account.
//
// Everything is invented, and the same Options always give the same bytes. The awkward cases
// of real rosters are in it on purpose: each has a name and can be looked up with Files.Case.
//
// It serves the sandbox, the demonstration and tests. It writes files and knows nothing of how
// Rollcall reads them; production code never imports it.
package district
