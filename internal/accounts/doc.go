// Package accounts holds what the Portal has said about account links: it takes readings in, refuses those
// that cannot be relied on, and applies what is known to a school's roster.
//
// It is pure: the Portal is read, and links are stored, by others. It imports packages school and portal only.
package accounts
