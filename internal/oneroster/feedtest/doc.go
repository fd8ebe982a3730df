// Package feedtest makes small OneRoster feeds for tests: a whole example, to be changed in
// one place and written to a folder or a zip. Only tests import it.
package feedtest
