// Package pgtest gives each test a fresh, empty PostgreSQL database.
//
// The server is started by the first test of a test process that asks, and goes away with that process,
// its files too. With ROLLCALL_TEST_DATABASE_URL set, databases are made on that server instead; its user
// must be allowed to create databases.
//
// It is imported by tests only.
package pgtest
