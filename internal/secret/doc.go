// Package secret seals what must not be readable in the database: tokens, invite links and
// roster snapshots. It wraps a Tink AEAD keyset; a sealed value is bound to its context, so
// that a value moved to another row does not open.
package secret
