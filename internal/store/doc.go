// Package store keeps everything Rollcall must remember in PostgreSQL: the registry of
// districts, feeds and schools, roster snapshots, the mirror of the messenger's chats, plans
// and their operations, holds and passes.
//
// It speaks pgx and nothing else; queries stand beside the type they serve. Tokens, invite
// links and snapshots are sealed on the way in and opened on the way out.
package store
