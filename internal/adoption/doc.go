// Package adoption decides which chat that a person has made becomes which of the school's, on a messenger whose
// communities cannot make chats. Rollcall asks for each chat with a one-time code; who makes the chat puts the code into its
// title and lets the community in; the code tells which chat it is to be. A chat without a code of this school that
// still waits is never adopted, whatever its title says.
//
// It is pure.
package adoption
