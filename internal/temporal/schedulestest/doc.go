// Package schedulestest is a stand-in for a server's schedules. Tests import it, nothing else.
package schedulestest
