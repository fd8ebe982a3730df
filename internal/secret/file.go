package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// ErrLocked says that somebody else is changing the keyset file.
var ErrLocked = errors.New("another command is changing the keys: let it end, then ask again")

// ErrInline says that the keyset is in no file, so that running processes could not follow a change.
var ErrInline = errors.New("the keyset is given by " + EnvKeyset + ", which running processes do not read again: write it to a file " +
	"that all of them can read, set " + EnvKeysetFile + " in place of " + EnvKeyset + ", restart them, and ask again; see docs/keys.md")

// File is a keyset file that nobody else changes meanwhile.
type File struct {
	path string // of the file itself, and not of a link to it
	lock *os.File
	// since is when it was changed by this one, or else locked: what the clock says may be set, this
	// goes on.
	since   time.Time
	changed bool
}

// LockFile takes the right to change a keyset file. ErrLocked where another process has it. It
// ends with the process, however that ends; a small file with ".lock" to its name stays behind.
func LockFile(path string) (*File, error) {
	if path == "" {
		return nil, ErrInline
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(real+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("changing the keyset needs the right to write in its folder: %w", err)
	}
	if err := tryLock(lock); err != nil {
		_ = lock.Close()
		return nil, err
	}
	_ = takeOwner(lock, info) // so that not root alone can lock it the next time
	return &File{path: real, lock: lock, since: time.Now()}, nil
}

// Unlock gives the right back.
func (f *File) Unlock() {
	unlock(f.lock)
	_ = f.lock.Close()
}

// Age is how long the file has not changed. What was changed here is measured by a clock that nobody sets; a
// file of the future is as old as it has been locked.
func (f *File) Age() (time.Duration, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return 0, err
	}
	if age := time.Since(info.ModTime()); age >= 0 && !f.changed {
		return age, nil
	}
	return time.Since(f.since), nil
}

// Change puts what f makes of the file's content in its place, in one step: whoever reads the
// file, whenever that is and whatever breaks meanwhile, finds the one or the other, whole. Mode
// and owner stay.
func (f *File) Change(change func(raw []byte) ([]byte, error)) error {
	raw, info, err := readFile(f.path)
	if err != nil {
		return err
	}
	changed, err := change(raw)
	if err != nil || bytes.Equal(changed, raw) {
		return err
	}
	next := f.path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) { // of somebody who was interrupted
		return err
	}
	if err := writeFile(next, changed, info); err != nil {
		_ = os.Remove(next)
		return err
	}
	if err := os.Rename(next, f.path); err != nil {
		_ = os.Remove(next)
		return fmt.Errorf("put the new keyset in place (in a container the folder must be mounted, not the file alone): %w", err)
	}
	f.since, f.changed = time.Now(), true
	return syncFolder(filepath.Dir(f.path))
}

// writeFile writes a new file that is on disk when it returns, with the mode and the owner of
// another one.
func writeFile(path string, content []byte, like os.FileInfo) (err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("changing the keyset needs the right to write in its folder: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := takeOwner(out, like); err != nil {
		return fmt.Errorf("the keyset file belongs to somebody else, ask again as its owner: %w", err)
	}
	if err := out.Chmod(like.Mode().Perm()); err != nil {
		return err
	}
	if _, err := out.Write(content); err != nil {
		return err
	}
	return out.Sync()
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// readFile gives a file's content, and what is said of that very file.
func readFile(path string) ([]byte, os.FileInfo, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return nil, nil, err
	}
	raw, err := io.ReadAll(in)
	return raw, info, err
}
