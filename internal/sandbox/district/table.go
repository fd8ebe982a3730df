package district

import (
	"fmt"
	"iter"
	"slices"

	"github.com/samber/lo"
)

// Table is one OneRoster file in memory. Columns go by the names of the OneRoster binding;
// naming one that the file has not is a mistake in the program and panics.
type Table struct {
	name    string
	columns []string
	places  map[string]int
	rows    []*Row
}

// Row is one row of a Table.
type Row struct {
	table *Table
	// cells end at the last one that is not empty: most columns of the binding never are.
	cells []string
}

// Values are the cells of a row by column; the others are empty.
type Values map[string]string

func newTable(s schema) *Table {
	places := make(map[string]int, len(s.columns))
	for i, column := range s.columns {
		places[column] = i
	}
	return &Table{name: s.name, columns: s.columns, places: places}
}

// Name is the file's name without ".csv".
func (t *Table) Name() string { return t.name }

// Columns are the file's header.
func (t *Table) Columns() []string { return slices.Clone(t.columns) }

// Len is the number of rows, the header not counted.
func (t *Table) Len() int { return len(t.rows) }

// All goes through the rows in the file's order.
func (t *Table) All() iter.Seq[*Row] { return slices.Values(t.rows) }

// Find gives the rows with this value in this column, in the file's order.
func (t *Table) Find(column, value string) []*Row {
	place := t.place(column)
	return lo.Filter(t.rows, func(r *Row, _ int) bool { return r.at(place) == value })
}

// ByID gives the row with this sourcedId.
func (t *Table) ByID(id string) (*Row, bool) {
	place := t.place(colID)
	return lo.Find(t.rows, func(r *Row) bool { return r.at(place) == id })
}

// Append adds a row at the end.
func (t *Table) Append(values Values) *Row {
	row := &Row{table: t}
	last := -1
	for column, value := range values {
		if value != "" {
			last = max(last, t.place(column))
		}
	}
	row.cells = make([]string, last+1)
	for column, value := range values {
		if value != "" {
			row.cells[t.places[column]] = value
		}
	}
	t.rows = append(t.rows, row)
	return row
}

// Delete takes rows out. When the last row is among them, another one comes last: a reader may
// take a file that has merely lost its end for one that was cut off.
func (t *Table) Delete(rows ...*Row) {
	if len(rows) == 0 {
		return
	}
	doomed := lo.Keyify(rows)
	lost := t.rows[len(t.rows)-1]
	t.rows = slices.DeleteFunc(t.rows, func(r *Row) bool { return lo.HasKey(doomed, r) })
	if lo.HasKey(doomed, lost) && len(t.rows) > 1 {
		t.rows = append(t.rows[1:], t.rows[0])
	}
}

func (t *Table) place(column string) int {
	place, ok := t.places[column]
	if !ok {
		panic(fmt.Sprintf("district: %s.csv has no column %q: use a column of the OneRoster 1.2 CSV binding", t.name, column))
	}
	return place
}

// Get gives the value in a column.
func (r *Row) Get(column string) string { return r.at(r.table.place(column)) }

// Set changes the value in a column.
func (r *Row) Set(column, value string) {
	place := r.table.place(column)
	if short := place + 1 - len(r.cells); short > 0 {
		r.cells = append(r.cells, make([]string, short)...)
	}
	r.cells[place] = value
}

// ID is the row's sourcedId.
func (r *Row) ID() string { return r.Get(colID) }

func (r *Row) at(place int) string {
	if place >= len(r.cells) {
		return ""
	}
	return r.cells[place]
}

// record fills cells, which has the table's width, with the row.
func (r *Row) record(cells []string) {
	clear(cells[copy(cells, r.cells):])
}
