package secret

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
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

// ErrRetired says that the key which seals here seals nowhere else any more.
var ErrRetired = errors.New("the keyset of this process is a copy from before the keys were rotated, and nothing is sealed with it: " +
	"give it the file as it is now, and start it again; see docs/keys.md")

// FromEnvironment loads the keyset that the environment names. Exactly one of the two
// variables is to be set. One from a file follows the file.
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
		k, err := FromFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", EnvKeysetFile, err)
		}
		return k, nil
	default:
		return nil, ErrNoKeyset
	}
}

// New makes a keyset with one fresh AES-256-GCM key, in its JSON form.
func New() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	return format(handle)
}

// Context says what a sealed value is, e.g. Context("token", "school-17").
func Context(parts ...string) []byte { return []byte(strings.Join(parts, "\x00")) }

// What a sealed value begins with: a byte that says so, and the id of its key.
const (
	prefixSize = 5
	prefixMark = 1
)

// KeyIDOf gives the id of the key that sealed a value; 0 where it does not say.
func KeyIDOf(sealed []byte) uint32 {
	if len(sealed) < prefixSize || sealed[0] != prefixMark {
		return 0
	}
	return binary.BigEndian.Uint32(sealed[1:prefixSize])
}

// Prefix is what every value begins with that the key with this id sealed.
func Prefix(id uint32) []byte { return binary.BigEndian.AppendUint32([]byte{prefixMark}, id) }

// parse reads a keyset in its JSON form. Tink's own messages may quote the input, which is key
// material.
func parse(raw []byte) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, errors.New("not a Tink keyset in JSON form; make one with: rollcall keys new > keyset.json")
	}
	return handle, nil
}

// format writes a keyset in its JSON form.
func format(handle *keyset.Handle) ([]byte, error) {
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return nil, errors.New("the keyset cannot be written in JSON form")
	}
	return append(bytes.TrimSpace(out.Bytes()), '\n'), nil
}
