package bulk

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/samber/lo"
)

// DefaultMaxFileSize bounds a file, unpacked.
const DefaultMaxFileSize = 2 << 30

const (
	extension    = ".csv"
	zipExtension = ".zip"
)

// Set is an opened set of files. Close it when done.
type Set struct {
	// MaxFileSize bounds each file, unpacked, in bytes. A file beyond it is a BadReadError.
	MaxFileSize int64
	// Unlisted are files that are not OneRoster's, which the manifest need not name: where they
	// are, they belong to the set.
	Unlisted []string

	location    string
	fingerprint string
	files       fs.FS
	names       []string // the .csv files, sorted
	closer      io.Closer
}

// Open opens a folder or a zip file. In a zip, the files may lie in one folder.
func Open(location string) (*Set, error) {
	fingerprint, err := Fingerprint(location)
	if err != nil {
		return nil, err
	}
	s := &Set{MaxFileSize: DefaultMaxFileSize, location: location, fingerprint: fingerprint, files: os.DirFS(location)}
	if !isZip(location) {
		s.names, err = csvNames(s.files)
		if err != nil {
			return nil, unreadable(filepath.Base(location), err)
		}
		return s, nil
	}
	archive, err := zip.OpenReader(location)
	if err != nil {
		return nil, unreadable(filepath.Base(location), err)
	}
	s.closer = archive
	if s.files, s.names, err = unfold(archive); err != nil {
		_ = archive.Close()
		return nil, unreadable(filepath.Base(location), err)
	}
	return s, nil
}

// Close releases the files.
func (s *Set) Close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}

// Unchanged fails if the file set has changed since it was opened: then its files may belong
// to different exports.
func (s *Set) Unchanged() error {
	now, err := Fingerprint(s.location)
	if err != nil {
		return err
	}
	if now != s.fingerprint {
		return &BadReadError{
			File: filepath.Base(s.location), Problem: "the files changed while they were being read", Advice: adviceUpload,
		}
	}
	return nil
}

func (s *Set) has(name string) bool { return slices.Contains(s.names, name) }

// unfold finds the folder of a zip that holds the files: the top, or the only one below it.
func unfold(archive fs.FS) (fs.FS, []string, error) {
	names, err := csvNames(archive)
	if err != nil || len(names) > 0 {
		return archive, names, err
	}
	entries, err := fs.ReadDir(archive, ".")
	if err != nil {
		return nil, nil, err
	}
	folders := lo.Filter(entries, func(e fs.DirEntry, _ int) bool {
		return e.IsDir() && !hidden(e.Name())
	})
	if len(folders) != 1 {
		return archive, nil, nil
	}
	sub, err := fs.Sub(archive, folders[0].Name())
	if err != nil {
		return nil, nil, err
	}
	names, err = csvNames(sub)
	return sub, names, err
}

// hidden tells the traces that desktop systems leave in folders and zips.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || name == "__MACOSX" }

func csvNames(files fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	return lo.FilterMap(entries, func(e fs.DirEntry, _ int) (string, bool) {
		return e.Name(), !e.IsDir() && !hidden(e.Name()) && strings.EqualFold(filepath.Ext(e.Name()), extension)
	}), nil
}

// Fingerprint is cheap (names, sizes and times of change, no contents) and differs when any
// file of the set has changed. A location that cannot be looked at is a BadReadError.
func Fingerprint(location string) (string, error) {
	info, err := os.Stat(location)
	if err != nil {
		return "", unreadable(filepath.Base(location), err)
	}
	hash := sha256.New()
	note := func(info fs.FileInfo) {
		fmt.Fprintf(hash, "%q %d %d\n", info.Name(), info.Size(), info.ModTime().UnixNano())
	}
	switch {
	case info.IsDir():
		if err := stat(location, note); err != nil {
			return "", unreadable(filepath.Base(location), err)
		}
	case isZip(location):
		note(info)
	default:
		return "", &BadReadError{
			File: filepath.Base(location), Problem: "neither a folder nor a .zip file",
			Advice: "give the folder or the zip that holds manifest.csv",
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:16]), nil
}

func stat(folder string, note func(fs.FileInfo)) error {
	files := os.DirFS(folder)
	names, err := csvNames(files)
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := fs.Stat(files, name)
		if err != nil {
			return err
		}
		note(info)
	}
	return nil
}

func isZip(location string) bool { return strings.EqualFold(filepath.Ext(location), zipExtension) }
