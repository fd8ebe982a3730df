package pgcluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the system account that runs the server and owns its data. PostgreSQL refuses to run as root,
// so root hands both to an unprivileged account.
type owner struct {
	name     string
	uid, gid int
	// dropped is set when the account is not the one this process runs as.
	dropped bool
}

func serverOwner() (owner, error) {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid != 0 {
		return owner{name: strconv.Itoa(uid), uid: uid, gid: gid}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(account.Uid)
		if err != nil {
			return owner{}, fmt.Errorf("read the user id of %s: %w", name, err)
		}
		gid, err := strconv.Atoi(account.Gid)
		if err != nil {
			return owner{}, fmt.Errorf("read the group id of %s: %w", name, err)
		}
		return owner{name: name, uid: uid, gid: gid, dropped: true}, nil
	}
	return owner{}, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody " +
		"to run it as: create one, or start as an ordinary user")
}

// give hands a file or folder to the account.
func (o owner) give(path string) error {
	if !o.dropped {
		return nil
	}
	return os.Lchown(path, o.uid, o.gid)
}

// processAttributes are for a process that runs as the account, in a process group of its own: the
// terminal's Ctrl-C must reach us, not the server, which we stop in good order.
func (o owner) processAttributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if o.dropped {
		attr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	}
	return attr
}

// canReach reports whether the account may enter the folder: each folder on the way must let it pass.
// The nearest existing ancestor is judged when the folder is not there yet.
func (o owner) canReach(dir string) (bool, error) {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return o.canReach(filepath.Dir(dir))
	}
	if err != nil {
		return false, err
	}
	for {
		info, err := os.Stat(real)
		if err != nil {
			return false, err
		}
		if !o.mayEnter(info) {
			return false, nil
		}
		parent := filepath.Dir(real)
		if parent == real {
			return true, nil
		}
		real = parent
	}
}

func (o owner) mayEnter(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode := info.Mode().Perm()
	switch {
	case int(st.Uid) == o.uid:
		return mode&0o100 != 0
	case int(st.Gid) == o.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
