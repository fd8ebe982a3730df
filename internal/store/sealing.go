package store

import (
	"encoding/json"
	"fmt"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

func (s *Store) seal(plain []byte, context ...string) ([]byte, error) {
	if s.keys == nil {
		return nil, secret.ErrNoKeyset
	}
	return s.keys.Seal(plain, secret.Context(context...))
}

func (s *Store) open(sealed []byte, context ...string) ([]byte, error) {
	if s.keys == nil {
		return nil, secret.ErrNoKeyset
	}
	return s.keys.Open(sealed, secret.Context(context...))
}

// sealJSON seals a value as JSON.
func (s *Store) sealJSON(value any, context ...string) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write a %s: %w", context[0], err)
	}
	return s.seal(plain, context...)
}

// openJSON opens what was sealed as JSON.
func (s *Store) openJSON(into any, sealed []byte, context ...string) error {
	plain, err := s.open(sealed, context...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("read a sealed %s: %w", context[0], err)
	}
	return nil
}
