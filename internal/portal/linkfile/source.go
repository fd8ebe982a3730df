package linkfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/internal/oneroster/bulk"
	"github.com/rollcall-edu/rollcall/internal/portal"
)

// maxFile bounds the file, in bytes.
const maxFile = 64 << 20

const act = "read account links"

// settled is how long a file must have been left alone before what was read of it is kept: one that is written
// twice within a tick of its file system's clock looks as it did before.
const settled = 2 * time.Second

// Source is a file of account links. It is read anew when it has changed. It is safe for concurrent use.
type Source struct {
	path string
	// turn is held by whoever reads the file or looks at what was read last.
	turn chan struct{}
	last *version
}

// version is what the file held, by organisation, while it was as info says.
type version struct {
	info  fs.FileInfo
	links map[string][]portal.Link
}

var (
	_ portal.Links    = (*Source)(nil)
	_ portal.Snapshot = (*Source)(nil)
)

// Open names the file. It is not looked at before it is asked for.
func Open(path string) *Source { return &Source{path: path, turn: make(chan struct{}, 1)} }

// Complete tells that each reading has all links that there are, also where only changes were asked for.
func (s *Source) Complete() bool { return true }

// Page gives all links of an organisation on one page, in the file's order, whatever is asked for. AsOf is when
// the file was changed. The whole file is checked, also the rows of other organisations.
func (s *Source) Page(ctx context.Context, organisation string, _ portal.Query) (portal.Page, error) {
	now, err := s.now(ctx)
	if err != nil {
		return portal.Page{}, err
	}
	links := slices.Clone(now.links[organisation])
	if len(links) == 0 {
		return portal.Page{}, &portal.Error{
			Code: portal.CodeUnknown, Act: act, Advice: s.name() + " has no row of the organisation: compare its column organisation with the sourcedIds of the roster",
		}
	}
	return portal.Page{Links: links, Total: len(links), AsOf: now.info.ModTime().UTC()}, nil
}

// now gives what the file holds. Whoever asks meanwhile waits for whoever reads it.
func (s *Source) now(ctx context.Context) (*version, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	before, err := s.stat()
	if err != nil {
		return nil, err
	}
	if s.last != nil && same(s.last.info, before) {
		return s.last, nil
	}
	s.last = nil
	read, err := s.load(ctx, before)
	if err == nil && time.Since(before.ModTime()) > settled {
		s.last = read
	}
	return read, err
}

// load reads and checks the file, which must stay what it was before.
func (s *Source) load(ctx context.Context, before fs.FileInfo) (*version, error) {
	if before.Size() > maxFile {
		return nil, s.bad(fmt.Sprintf("the file is bigger than %d MiB: export account links only", maxFile>>20))
	}
	rows := reading{links: map[string][]portal.Link{}, lines: map[person]int{}}
	if err := s.read(ctx, rows.add); err != nil {
		return nil, err
	}
	after, err := s.stat()
	if err != nil {
		return nil, err
	}
	if !same(before, after) {
		return nil, s.bad("the file changed while it was being read: write the new one beside it, and rename that into its place")
	}
	return &version{info: after, links: rows.links}, nil
}

func (s *Source) read(ctx context.Context, each func(bulk.Row) *badCell) error {
	set, err := bulk.Open(filepath.Dir(s.path))
	if err != nil {
		return s.explain(err)
	}
	defer func() { _ = set.Close() }()
	set.MaxFileSize = maxFile
	_, err = set.Rows(ctx, bulk.Table{File: s.name(), Required: columns}, func(row bulk.Row) error {
		if bad := each(row); bad != nil {
			return s.bad(fmt.Sprintf("row %d, column %s: %s", row.Line, bad.column, bad.problem))
		}
		return nil
	})
	return s.explain(err)
}

// explain turns what package bulk says into an error of the port. The context's own stays what it is.
func (s *Source) explain(err error) error {
	bad, ok := errors.AsType[*bulk.BadReadError](err)
	if !ok {
		return err
	}
	where := ""
	if bad.Row > 0 {
		where = fmt.Sprintf("row %d: ", bad.Row)
	}
	if bad.Column != "" {
		where = fmt.Sprintf("row %d, column %s: ", bad.Row, bad.Column)
	}
	return s.bad(where + bad.Problem + ": mend that, or export the file again, in UTF-8, with the columns " + columnNames)
}

func (s *Source) stat() (fs.FileInfo, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		cause := err
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			cause = e.Err
		}
		return nil, s.bad(fmt.Sprintf("the file cannot be read (%v): check that it is there, and that the worker may read it", cause))
	}
	if !info.Mode().IsRegular() {
		return nil, s.bad("this is no file: name the CSV file itself")
	}
	return info, nil
}

func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (s *Source) name() string { return filepath.Base(s.path) }

func (s *Source) bad(advice string) error {
	return &portal.Error{Code: portal.CodeIncomplete, Act: act, Advice: s.name() + ": " + advice}
}
