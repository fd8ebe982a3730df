package secret

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// NoKeyError says that a keyset does not hold a key.
type NoKeyError struct{ ID uint32 }

func (e *NoKeyError) Error() string {
	return fmt.Sprintf("the keyset holds no key %d: see: rollcall keys list", e.ID)
}

// ErrPrimary says that the key that seals cannot be taken away.
var ErrPrimary = errors.New("it is the key that seals: make another one primary first: rollcall keys promote")

// ErrUnmarked says that nobody can tell from a sealed value which key sealed it.
var ErrUnmarked = errors.New("the keyset holds a key that does not mark what it seals (its outputPrefixType is not TINK): " +
	"nobody could tell when it is no longer used, and so it cannot be rotated")

// AddKey adds a fresh key to a keyset in its JSON form, as the last one. It opens, and does not
// seal yet.
func AddKey(raw []byte) (changed []byte, id uint32, err error) {
	changed, err = change(raw, func(m *keyset.Manager) error {
		if id, err = m.Add(aead.AES256GCMKeyTemplate()); err != nil {
			return fmt.Errorf("make a key: %w", err)
		}
		return nil
	})
	return changed, id, err
}

// PromoteKey makes a key the one that seals.
func PromoteKey(raw []byte, id uint32) ([]byte, error) {
	return change(raw, func(m *keyset.Manager) error {
		if err := m.SetPrimary(id); err != nil {
			return &NoKeyError{id}
		}
		return nil
	})
}

// RemoveKey takes a key away: what it sealed cannot be opened any more.
func RemoveKey(raw []byte, id uint32) ([]byte, error) {
	v, err := parseView(raw)
	if err != nil {
		return nil, err
	}
	if v.primary == id {
		return nil, fmt.Errorf("key %d cannot be removed: %w", id, ErrPrimary)
	}
	return change(raw, func(m *keyset.Manager) error {
		if err := m.Delete(id); err != nil {
			return &NoKeyError{id}
		}
		return nil
	})
}

// change changes a keyset in its JSON form. What is given back is a keyset that can be read.
func change(raw []byte, f func(*keyset.Manager) error) ([]byte, error) {
	handle, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(handle.KeysetInfo().GetKeyInfo(), unmarked) {
		return nil, ErrUnmarked
	}
	m := keyset.NewManagerFromHandle(handle)
	if err := f(m); err != nil {
		return nil, err
	}
	if handle, err = m.Handle(); err != nil {
		return nil, errors.New("the changed keyset is not valid")
	}
	changed, err := format(handle)
	if err != nil {
		return nil, err
	}
	_, err = parseView(changed)
	return changed, err
}

func unmarked(i *tink_go_proto.KeysetInfo_KeyInfo) bool {
	return i.GetOutputPrefixType() != tink_go_proto.OutputPrefixType_TINK
}
