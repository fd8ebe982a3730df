package secret

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// The environment variables that hold the keyset: the JSON itself, or a file with it.
const (
	EnvKeyset     = "ROLLCALL_KEYSET"
	EnvKeysetFile = "ROLLCALL_KEYSET_FILE"
)

// ErrNoKeyset says that no keyset is configured, and what to do about it.
var ErrNoKeyset = errors.New("no keyset: tokens and rosters are sealed and cannot be read or written without one; " +
	"set " + EnvKeysetFile + " to a keyset file (make one with: rollcall keys new > keyset.json) or " + EnvKeyset + " to its content")

// ErrDoesNotOpen says that a sealed value cannot be opened with this keyset.
var ErrDoesNotOpen = errors.New("a sealed value does not open: the keyset is not the one it was sealed with, or the row was tampered with")

// Keyring seals and opens.
type Keyring struct{ aead tink.AEAD }

// FromEnvironment loads the keyset that the environment names. Exactly one of the two
// variables is to be set.
func FromEnvironment() (*Keyring, error) {
	inline, file := os.Getenv(EnvKeyset), os.Getenv(EnvKeysetFile)
	switch {
	case inline != "" && file != "":
		return nil, fmt.Errorf("both %s and %s are set: keep one", EnvKeyset, EnvKeysetFile)
	case inline != "":
		k, err := Parse([]byte(inline))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", EnvKeyset, err)
		}
		return k, nil
	case file != "":
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", EnvKeysetFile, err)
		}
		k, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return k, nil
	default:
		return nil, ErrNoKeyset
	}
}

// Parse reads a Tink AEAD keyset in its JSON form.
func Parse(raw []byte) (*Keyring, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		// Tink's own message may quote the input, which is key material.
		return nil, errors.New("not a Tink keyset in JSON form; make one with: rollcall keys new > keyset.json")
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("the keyset holds no AEAD key; make one with: rollcall keys new > keyset.json")
	}
	return &Keyring{aead: primitive}, nil
}

// New makes a keyset with one fresh AES-256-GCM key, in its JSON form.
func New() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return nil, fmt.Errorf("write keyset: %w", err)
	}
	return append(bytes.TrimSpace(out.Bytes()), '\n'), nil
}

// Context says what a sealed value is, e.g. Context("token", "school-17").
func Context(parts ...string) []byte { return []byte(strings.Join(parts, "\x00")) }

// Seal encrypts; the value opens only with the same context.
func (k *Keyring) Seal(plain, context []byte) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plain, context)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made with the same context.
func (k *Keyring) Open(sealed, context []byte) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, context)
	if err != nil {
		return nil, ErrDoesNotOpen
	}
	return plain, nil
}
