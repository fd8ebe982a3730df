package district

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/samber/lo"
)

// Load reads files that Save wrote, perhaps edited since. Named cases are not kept in files:
// a loaded district has none.
func Load(dir string) (*Files, error) {
	f := newFiles()
	for _, t := range f.tables {
		if err := t.load(filepath.Join(dir, t.name+".csv")); err != nil {
			return nil, err
		}
	}
	if err := f.findYear(); err != nil {
		return nil, err
	}
	f.people = lastNumber(f)
	f.rand = rand.New(rand.NewPCG(uint64(f.people), uint64(f.Enrollments().Len())))
	return f, nil
}

// findYear takes the school year from the sessions.
func (f *Files) findYear() error {
	years := f.Sessions().Find(colSessionType, "schoolYear")
	if len(years) == 0 {
		return errors.New("academicSessions.csv has no session of type schoolYear: generate the files anew")
	}
	start, err := time.Parse(time.DateOnly, years[0].Get(colSessionStart))
	if err != nil {
		return fmt.Errorf("read the school year's first day in academicSessions.csv: %w", err)
	}
	f.session, f.first, f.Day = years[0].ID(), start.Year(), years[0].Get(colSessionStart)
	return nil
}

// Save writes the files into the folder, which it makes if need be. Each file is replaced in
// one step, and a file that would not change is left alone, its modification time too. Lines
// end with a line feed.
func (f *Files) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for the roster: %w", err)
	}
	for _, t := range f.tables {
		if err := t.save(filepath.Join(dir, t.name+".csv")); err != nil {
			return fmt.Errorf("write %s.csv: %w", t.name, err)
		}
	}
	return nil
}

func (t *Table) load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read a generated roster: %w", err)
	}
	defer file.Close()
	reader := csv.NewReader(bufio.NewReaderSize(file, 1<<16))
	header, err := reader.Read()
	if err != nil {
		return fmt.Errorf("read the header of %s: %w", path, err)
	}
	if !slices.Equal(header, t.columns) {
		return fmt.Errorf("%s does not have the columns that a generated roster has: generate the files anew", path)
	}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		_, last, _ := lo.FindLastIndexOf(cells, func(cell string) bool { return cell != "" })
		t.rows = append(t.rows, &Row{table: t, cells: slices.Clone(cells[:last+1])})
	}
}

func (t *Table) save(path string) error {
	same, err := t.matches(path)
	if err != nil || same {
		return err
	}
	// The name begins with a dot and does not end in .csv, so that a reader of the folder
	// takes no half-written file for one of the roster's.
	file, err := os.CreateTemp(filepath.Dir(path), "."+t.name+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = errors.Join(t.write(file), file.Chmod(0o644), file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// write encodes the table by RFC 4180, but with line feeds.
func (t *Table) write(w io.Writer) error {
	out := csv.NewWriter(bufio.NewWriterSize(w, 1<<16))
	if err := out.Write(t.columns); err != nil {
		return err
	}
	cells := make([]string, len(t.columns))
	for _, row := range t.rows {
		row.record(cells)
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// matches tells whether the file has these very bytes already.
func (t *Table) matches(path string) (bool, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	old := &comparison{old: bufio.NewReaderSize(file, 1<<16)}
	if err := t.write(old); err != nil {
		if errors.Is(err, errDiffers) {
			return false, nil
		}
		return false, err
	}
	_, err = old.old.ReadByte()
	return errors.Is(err, io.EOF), nil
}

var errDiffers = errors.New("the contents differ")

// comparison is a writer that accepts what the old file has, and nothing else.
type comparison struct {
	old  *bufio.Reader
	part []byte
}

func (c *comparison) Write(p []byte) (int, error) {
	c.part = slices.Grow(c.part[:0], len(p))[:len(p)]
	if _, err := io.ReadFull(c.old, c.part); err != nil || !bytes.Equal(c.part, p) {
		return 0, errDiffers
	}
	return len(p), nil
}
