package rest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxKeyFile bounds a key file, in bytes.
const maxKeyFile = 64 << 10

// The names of a key file's lines.
const (
	nameKeyID  = "key_id"
	nameSecret = "secret"
)

// ReadKey reads a key file: a line key_id=… and a line secret=…, in any order. Its errors quote nothing of the
// file.
func ReadKey(path string) (id, secret string, err error) {
	text, err := readKeyFile(path)
	if err != nil {
		return "", "", err
	}
	values := map[string]string{}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if name != nameKeyID && name != nameSecret {
			return "", "", fmt.Errorf("the Portal's key file %s, line %d: have two lines only, key_id=… and secret=…", path, i+1)
		}
		if _, twice := values[name]; twice {
			return "", "", fmt.Errorf("the Portal's key file %s, line %d: %s is there twice: keep one of them", path, i+1, name)
		}
		values[name] = value
	}
	for _, name := range []string{nameKeyID, nameSecret} {
		if values[name] == "" {
			return "", "", fmt.Errorf("the Portal's key file %s: add the line %s=… with what the Portal issued", path, name)
		}
	}
	if !isKeyID(values[nameKeyID]) {
		return "", "", fmt.Errorf("the Portal's key file %s: key_id may have no spaces, and no letters but Latin ones", path)
	}
	return values[nameKeyID], values[nameSecret], nil
}

func readKeyFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", unreadableKey(path, err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return "", unreadableKey(path, err)
	}
	if len(text) > maxKeyFile {
		return "", fmt.Errorf("the Portal's key file %s is too big to be one: have two lines only, key_id=… and secret=…", path)
	}
	return string(text), nil
}

func unreadableKey(path string, err error) error {
	cause := err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		cause = e.Err
	}
	return fmt.Errorf("the Portal's key file %s cannot be read (%w): check that it is there, and that the worker may read it", path, cause)
}
