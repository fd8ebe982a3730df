// Package rostertest makes small random rosters for property tests, with the faults an
// importer would find in them, and the edits and damages that rosters suffer. Tests import
// it, nothing else.
package rostertest
