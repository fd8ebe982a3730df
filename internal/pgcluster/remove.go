package pgcluster

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Remove deletes the cluster that Start would use for this folder. One that runs is an
// *InUseError; none at all is no error.
func Remove(dir string) error {
	o, err := serverOwner()
	if err != nil {
		return err
	}
	where, err := place(dir, o, io.Discard)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(where); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	h, err := openHome(dir, o, io.Discard)
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(h.dir), h.release())
}
