// Package oneroster reads a OneRoster 1.2 CSV bulk export, the rosters of many schools in one
// set of files, and gives one school.Roster per school.
//
// A reading that cannot be relied on is refused as a whole (BadReadError). One that can may
// still contradict itself: that becomes faults, each placed at a file, row and column, and
// given to the schools it concerns. Nothing is inferred from a row that is not there: who has
// left a school is worked out against the school's last roster, from what the feed as a whole
// still says about them.
//
// Beside OneRoster's files it reads one of our own, calls.csv, the video calls that a school publishes.
// Calls come and go by their nature, so that one that is missing is one that was taken back.
//
// The roster depends on what the files say, never on the order of their rows.
//
// It does I/O and is for activities and the mains; workflows never import it. The bytes, and
// whether they are whole, are the business of package bulk.
package oneroster
