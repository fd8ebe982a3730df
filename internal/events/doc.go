// Package events takes in what happens elsewhere: events of the messenger, by callback (Endpoint) or by long
// poll (Listener), and the word that a feed's roster has changed (Endpoint). All it does with them is
// to ask for a reading: of one chat through the outbox, or of the feed.
//
// It imports the store and the messenger's adapter, and nothing of Temporal.
package events
