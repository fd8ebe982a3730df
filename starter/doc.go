// Command rollcall is the operator's command line: it registers districts, feeds and schools,
// asks for passes, and shows what chats there are, who is in them and why.
//
// It works on the database and asks Temporal, like every other client: nothing here talks to
// the messenger, and whatever changes a chat is done by the workers. One file holds one
// command; words.go holds the English for everything that the packages below give as codes.
package main
