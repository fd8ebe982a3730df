package bulk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/samber/lo"
)

// Table says what to read of a file.
type Table struct {
	File string
	// Required columns must be there; Optional ones are read where they are. All others are
	// passed over.
	Required, Optional []string
}

// Row is one row of a file. It is valid until the next one is read.
type Row struct {
	// Line is the row's line in the file; 1 is the header.
	Line int

	file   string
	cells  []string
	places map[string]int
}

// Get gives the value of a column of the Table, trimmed; "" where the file has not the column.
func (r Row) Get(column string) string {
	place, ok := r.places[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(r.cells[place])
}

// Hash is equal for rows with equal cells, whatever their line (FNV-64a).
func (r Row) Hash() uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, cell := range r.cells {
		for i := range len(cell) {
			h = (h ^ uint64(cell[i])) * prime
		}
		h = (h ^ '\n') * prime // so that moving text to the next cell makes a difference
	}
	return h
}

func (r Row) bad(column, problem, advice string) error {
	return &BadReadError{File: r.file, Row: r.Line, Column: column, Problem: problem, Advice: advice}
}

// Rows reads a file row by row and gives its receipt. The file must be there, not empty, end
// with a newline, be UTF-8 and CSV, and have the required columns; if not, or if each fails,
// the reading ends.
func (s *Set) Rows(ctx context.Context, t Table, each func(Row) error) (FileReceipt, error) {
	file, err := s.files.Open(t.File)
	if err != nil {
		return FileReceipt{}, unreadable(t.File, err)
	}
	defer file.Close()
	r := &tableReader{table: t, meter: newMeter(ctx, file, s.MaxFileSize)}
	rows, err := r.read(each)
	if err != nil {
		return FileReceipt{}, err
	}
	return r.meter.receipt(rows, slices.Sorted(maps.Keys(r.places))), nil
}

type tableReader struct {
	table  Table
	meter  *meter
	csv    *csv.Reader
	header []string
	places map[string]int
}

func (r *tableReader) read(each func(Row) error) (rows int, err error) {
	const buffer = 64 << 10
	in := bufio.NewReaderSize(r.meter, buffer)
	if start, _ := in.Peek(len(byteOrderMark)); bytes.Equal(start, byteOrderMark) {
		_, _ = in.Discard(len(byteOrderMark))
	}
	r.csv = csv.NewReader(in)
	r.csv.ReuseRecord = true
	if err := r.readHeader(); err != nil {
		return 0, err
	}
	for ; ; rows++ {
		cells, err := r.next()
		if errors.Is(err, io.EOF) {
			return rows, r.meter.whole(r.table.File)
		}
		if err != nil {
			return 0, err
		}
		line, _ := r.csv.FieldPos(0)
		row := Row{Line: line, file: r.table.File, cells: cells, places: r.places}
		if err := each(row); err != nil {
			return 0, err
		}
	}
}

var byteOrderMark = []byte("\ufeff")

func (r *tableReader) readHeader() error {
	header, err := r.next()
	if errors.Is(err, io.EOF) {
		return &BadReadError{File: r.table.File, Problem: "the file is empty", Advice: adviceUpload}
	}
	if err != nil {
		return err
	}
	r.header = lo.Map(header, func(name string, _ int) string { return strings.TrimFunc(strings.Clone(name), invisible) })
	r.places = map[string]int{}
	for i, name := range r.header {
		if !slices.Contains(r.table.Required, name) && !slices.Contains(r.table.Optional, name) {
			continue
		}
		if _, twice := r.places[name]; twice {
			return &BadReadError{File: r.table.File, Row: 1, Column: name, Problem: "the column occurs twice", Advice: "keep one of them"}
		}
		r.places[name] = i
	}
	for _, name := range r.table.Required {
		if _, ok := r.places[name]; !ok {
			return r.missing(name)
		}
	}
	return nil
}

func (r *tableReader) missing(column string) error {
	problem := "the required column is missing"
	if similar, ok := closest(column, r.header); ok {
		problem += fmt.Sprintf(" (there is %q)", similar)
	}
	return &BadReadError{File: r.table.File, Row: 1, Column: column, Problem: problem, Advice: "name the columns as OneRoster 1.2 does, letter by letter"}
}

// invisible tells what may stand around a column's name without being seen.
func invisible(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// next reads a row; io.EOF is the end of the file.
func (r *tableReader) next() ([]string, error) {
	cells, err := r.csv.Read()
	r.meter.rowDone()
	if err != nil {
		return nil, r.explain(cells, err)
	}
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			line, _ := r.csv.FieldPos(i)
			return nil, &BadReadError{
				File: r.table.File, Row: line, Column: r.columnName(i), Problem: "the text is not UTF-8", Advice: "export the files in UTF-8",
			}
		}
	}
	return cells, nil
}

func (r *tableReader) columnName(i int) string {
	if i < len(r.header) {
		return r.header[i]
	}
	return ""
}

func (r *tableReader) explain(cells []string, err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	parse, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return r.meter.explain(r.table.File, err)
	}
	if r.meter.ended {
		// Where the end is cut off, the broken last row is but the consequence.
		if err := r.meter.whole(r.table.File); err != nil {
			return err
		}
	}
	bad := &BadReadError{File: r.table.File, Row: parse.StartLine, Advice: "mend the row, or export the files again", cause: err}
	if errors.Is(err, csv.ErrFieldCount) {
		bad.Problem = fmt.Sprintf("the row has %d cells, and the header %d", len(cells), len(r.header))
	} else {
		bad.Problem = fmt.Sprintf("a quotation mark is misplaced or not closed (by line %d)", parse.Line)
	}
	return bad
}

// closest finds a name that differs from the wanted one in case or a letter or two.
func closest(want string, names []string) (string, bool) {
	const most = 2
	best, found := "", most+1
	for _, name := range names {
		if d := distance(strings.ToLower(want), strings.ToLower(name)); d < found {
			best, found = name, d
		}
	}
	return best, found <= most
}

// distance is the number of letters to insert, delete or replace to get from a to b.
func distance(a, b string) int {
	row := lo.Range(len(b) + 1)
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
