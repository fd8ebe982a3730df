// Package build tells programs apart: workers of different builds never pass for one another.
package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/rollcall-edu/rollcall/internal/config"
)

// ID is the build of the running program: the one the environment gives, or its fingerprint.
func ID() (string, error) {
	if id := os.Getenv(config.EnvBuildID); id != "" {
		return id, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program's file: %w", err)
	}
	return Fingerprint(path)
}

// Fingerprint is 12 hex digits that programs with other content do not have.
func Fingerprint(path string) (string, error) {
	program, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the program's file: %w", err)
	}
	defer func() { _ = program.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, program); err != nil {
		return "", fmt.Errorf("read the program's file: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}
