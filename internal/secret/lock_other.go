//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package secret

import (
	"errors"
	"os"
)

func tryLock(*os.File) error {
	return errors.New("a keyset file cannot be locked on this system: change it on a Unix machine, and copy it")
}

func unlock(*os.File) {}

func takeOwner(*os.File, os.FileInfo) error { return nil }
