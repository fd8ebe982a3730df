package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

// sealedColumn is a column of sealed values. What a value is sealed for is the kind and the row's
// key, in the order of its columns: it opens in its own row and column alone.
type sealedColumn struct {
	kind, table, name string
	key               []string
	lost              loss
}

// loss is what becomes of a value that nobody can open any more.
type loss int

const (
	lostValue loss = iota // it is taken away, as if it had never been set
	lostRow               // its row goes with it
	lostNever             // it stays, and fails whatever needs it until it is set anew
)

var (
	bySchool = []string{"school_id"}
	byID     = []string{"id"}
	byCall   = []string{"school_id", "id"}
)

// All columns that hold sealed values. There must be no other: what is not here would be left out
// when keys are rotated.
var (
	sealedToken        = sealedColumn{"token", "communities", "token", bySchool, lostValue}
	sealedUserToken    = sealedColumn{"user-token", "communities", "user_token", bySchool, lostValue}
	sealedCallback     = sealedColumn{"callback", "communities", "callback_secret", bySchool, lostValue}
	sealedCallsSecret  = sealedColumn{"calls-secret", "communities", "calls_secret", bySchool, lostValue}
	sealedPush         = sealedColumn{"push", "feeds", "push_secret", byID, lostValue}
	sealedAccountLinks = sealedColumn{"account-links", "account_links", "sealed", bySchool, lostRow}
	sealedCall         = sealedColumn{"call", "calls", "sealed", byCall, lostRow}
	sealedRoom         = sealedColumn{"room", "calls", "room", byCall, lostValue}
	sealedPosted       = sealedColumn{"posted", "calls", "posted", byCall, lostValue}
	sealedLink         = sealedColumn{"link", "chats", "link", byID, lostValue}
	sealedSnapshot     = sealedColumn{"snapshot", "snapshots", "sealed", []string{"school_id", "digest"}, lostRow}
	// Without its proxy a school's traffic would go another way.
	sealedProxy = sealedColumn{"proxy", "communities", "proxy", bySchool, lostNever}

	sealedColumns = []sealedColumn{
		sealedToken, sealedUserToken, sealedCallback, sealedCallsSecret, sealedProxy, sealedPush, sealedAccountLinks,
		sealedCall, sealedRoom, sealedPosted, sealedLink, sealedSnapshot,
	}
)

// context is what the value in the row with that key is sealed for.
func (c sealedColumn) context(key []string) []byte {
	return secret.Context(append([]string{c.kind}, key...)...)
}

func (c sealedColumn) keyList() string { return strings.Join(c.key, ", ") }

// seal seals what goes into the column, in the row with that key.
func (s *Store) seal(plain []byte, into sealedColumn, key ...string) ([]byte, error) {
	if s.keys == nil {
		return nil, secret.ErrNoKeyset
	}
	return s.keys.Seal(plain, into.context(key))
}

// open opens what the column holds in the row with that key.
func (s *Store) open(sealed []byte, from sealedColumn, key ...string) ([]byte, error) {
	if s.keys == nil {
		return nil, secret.ErrNoKeyset
	}
	return s.keys.Open(sealed, from.context(key))
}

// sealJSON seals a value as JSON.
func (s *Store) sealJSON(value any, into sealedColumn, key ...string) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write a %s: %w", into.kind, err)
	}
	return s.seal(plain, into, key...)
}

// openJSON opens what was sealed as JSON.
func (s *Store) openJSON(value any, sealed []byte, from sealedColumn, key ...string) error {
	plain, err := s.open(sealed, from, key...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("read a sealed %s: %w", from.kind, err)
	}
	return nil
}
