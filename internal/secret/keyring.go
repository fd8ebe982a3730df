package secret

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samber/lo"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	// lookEvery is how long a keyring seals before it looks whether its file has changed.
	lookEvery = time.Second
	// blindFor is how long it seals without being able to read the file. It is well below
	// Rest: what a key seals that others have retired is not taken.
	blindFor = 20 * time.Second
	// Rest is how long a key must not have been primary before it may be taken away: by then
	// every process that follows the file has noticed, and written what it had sealed.
	Rest = time.Minute
)

// Keyring seals and opens. It is safe for concurrent use.
type Keyring struct {
	file string // "" where the keyset was given as it is
	now  func() time.Time
	view atomic.Pointer[view]

	mu     sync.Mutex // held while the file is looked at
	looked time.Time  // when the file was looked at
	seen   time.Time  // when the file was found to be what the view says
	broken error      // why the file cannot be read, since then
}

// view is a keyset as it was read.
type view struct {
	aead    tink.AEAD
	primary uint32
	ids     []uint32
	marks   bool        // every key marks what it seals
	from    os.FileInfo // of the file; nil where there is none
}

// Parse reads a Tink AEAD keyset in its JSON form.
func Parse(raw []byte) (*Keyring, error) {
	v, err := parseView(raw)
	if err != nil {
		return nil, err
	}
	k := &Keyring{now: time.Now}
	k.view.Store(v)
	return k, nil
}

// FromFile reads a keyset from a file, and follows the file from then on.
func FromFile(path string) (*Keyring, error) {
	v, err := readView(path)
	if err != nil {
		return nil, err
	}
	k := &Keyring{file: path, now: time.Now}
	k.looked = k.now()
	k.seen = k.looked
	k.view.Store(v)
	return k, nil
}

func parseView(raw []byte) (*view, error) {
	handle, err := parse(raw)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("the keyset holds no AEAD key; make one with: rollcall keys new > keyset.json")
	}
	info := handle.KeysetInfo()
	opening := func(i *tink_go_proto.KeysetInfo_KeyInfo, _ int) (uint32, bool) {
		return i.GetKeyId(), i.GetStatus() == tink_go_proto.KeyStatusType_ENABLED
	}
	return &view{
		aead: primitive, primary: info.GetPrimaryKeyId(), ids: lo.FilterMap(info.GetKeyInfo(), opening),
		marks: !slices.ContainsFunc(info.GetKeyInfo(), unmarked),
	}, nil
}

// readView reads a file. What is said of the file is said of the content that was read, also
// where another file takes its place just now.
func readView(path string) (*view, error) {
	raw, info, err := readFile(path)
	if err != nil {
		return nil, err
	}
	v, err := parseView(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	v.from = info
	return v, nil
}

// File is the path of the file that the keyring follows, "" where the keyset was given as it is.
func (k *Keyring) File() string { return k.file }

// Primary is the id of the key that seals, as the keyset was read last.
func (k *Keyring) Primary() uint32 { return k.view.Load().primary }

// KeyIDs are the ids of the keys that open, as the keyset was read last, in its order.
func (k *Keyring) KeyIDs() []uint32 { return slices.Clone(k.view.Load().ids) }

// Old are the keys that have been primary: those before the primary one.
func (k *Keyring) Old() []uint32 { old, _ := k.beside(); return old }

// Waiting are the keys that have not been primary yet: those behind the primary one.
func (k *Keyring) Waiting() []uint32 { _, waiting := k.beside(); return waiting }

func (k *Keyring) beside() (old, waiting []uint32) {
	v := k.view.Load()
	at := slices.Index(v.ids, v.primary)
	return slices.Clone(v.ids[:at]), slices.Clone(v.ids[at+1:])
}

// Marks tells that every key marks what it seals with its id, so that values can be sealed anew
// with another.
func (k *Keyring) Marks() bool { return k.view.Load().marks }

// Reload reads the file now, if it has changed. A file that cannot be read is an error; the
// keys read before are kept.
func (k *Keyring) Reload() error {
	if k.file == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.look()
	return k.broken
}

// Seal encrypts; the value opens only with the same context. It is an error where the keyring
// has not been able to read its file for some time: the key may have been retired meanwhile.
func (k *Keyring) Seal(plain, context []byte) ([]byte, error) {
	if err := k.follow(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sealed, err := k.view.Load().aead.Encrypt(plain, context)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made with the same context. What does not open is tried again with
// what the file says now.
func (k *Keyring) Open(sealed, context []byte) ([]byte, error) {
	v := k.view.Load()
	plain, err := v.aead.Decrypt(sealed, context)
	if err == nil {
		return plain, nil
	}
	broken := k.Reload()
	if now := k.view.Load(); now != v {
		if plain, err = now.aead.Decrypt(sealed, context); err == nil {
			return plain, nil
		}
	}
	if broken != nil {
		return nil, fmt.Errorf("%w; %w", ErrDoesNotOpen, broken)
	}
	return nil, ErrDoesNotOpen
}

// follow looks at the file if that is due.
func (k *Keyring) follow() error {
	if k.file == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now().Sub(k.looked) >= lookEvery {
		k.look()
	}
	if k.broken != nil && k.now().Sub(k.seen) > blindFor {
		return k.broken
	}
	return nil
}

// look reads the file if it is not the one that was read last.
func (k *Keyring) look() {
	// The time before: the file may be another one by the time it has been read.
	now := k.now()
	k.looked = now
	info, err := os.Stat(k.file)
	if err == nil && !same(info, k.view.Load().from) {
		var v *view
		if v, err = readView(k.file); err == nil {
			k.view.Store(v)
		}
	}
	if err != nil {
		k.broken = fmt.Errorf("the keyset file cannot be read any more, mend it (the keys read before are kept until then): %w", err)
		return
	}
	k.seen, k.broken = now, nil
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
