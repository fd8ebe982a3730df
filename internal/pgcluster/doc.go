// Package pgcluster runs a private PostgreSQL server as a child process: for a laptop that has
// PostgreSQL installed but no server set up for Rollcall, and for tests that need a real one.
//
// The server listens on 127.0.0.1 only, has no Unix socket, asks for a password that is made when the
// data folder is made, and ends with the process that started it. A production deployment never uses
// this package: it is given a server's address.
//
// The package imports the standard library and pgx, and may be imported by tests and by devstack. It
// knows nothing of Rollcall's tables.
package pgcluster
