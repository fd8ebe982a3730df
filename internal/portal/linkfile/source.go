package linkfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rollcall-edu/rollcall/internal/oneroster/bulk"
	"github.com/rollcall-edu/rollcall/internal/portal"
)

// maxFile bounds the file, in bytes.
const maxFile = 64 << 20

const act = "read account links"

// Source is a file of account links. It is read anew each time.
type Source struct {
	path string
}

var (
	_ portal.Links    = (*Source)(nil)
	_ portal.Snapshot = (*Source)(nil)
)

// Open names the file. It is not looked at before it is asked for.
func Open(path string) *Source { return &Source{path: path} }

// Complete tells that each reading has all links that there are, also where only changes were asked for.
func (s *Source) Complete() bool { return true }

// Page gives all links of an organisation on one page, in the file's order, whatever is asked for. AsOf is when
// the file was changed. The whole file is checked, also the rows of other organisations.
func (s *Source) Page(ctx context.Context, organisation string, _ portal.Query) (portal.Page, error) {
	before, err := s.stat()
	if err != nil {
		return portal.Page{}, err
	}
	if before.Size() > maxFile {
		return portal.Page{}, s.bad(fmt.Sprintf("the file is bigger than %d MiB: export account links only", maxFile>>20))
	}
	rows := reading{organisation: organisation, lines: map[person]int{}}
	if err := s.read(ctx, rows.add); err != nil {
		return portal.Page{}, err
	}
	after, err := s.stat()
	if err != nil {
		return portal.Page{}, err
	}
	if !same(before, after) {
		return portal.Page{}, s.bad("the file changed while it was being read: write the new one beside it, and rename that into its place")
	}
	if len(rows.links) == 0 {
		return portal.Page{}, &portal.Error{
			Code: portal.CodeUnknown, Act: act, Advice: s.name() + " has no row of the organisation: compare its column organisation with the sourcedIds of the roster",
		}
	}
	return portal.Page{Links: rows.links, Total: len(rows.links), AsOf: after.ModTime().UTC()}, nil
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
