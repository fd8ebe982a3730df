// Package secret seals what must not be readable in the database: tokens, invite links and
// roster snapshots. It wraps a Tink AEAD keyset; a sealed value is bound to its context, so
// that a value moved to another row does not open.
//
// A keyset holds several keys while it is rotated: the primary one seals, all of them open. A
// new key is put behind the primary one and, once every process has it, made primary itself;
// those before it are the old ones. A keyring that was read from a file follows the file, so
// that running processes take part in a rotation.
package secret
