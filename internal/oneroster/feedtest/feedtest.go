package feedtest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
)

// Files are the files of a feed, by name.
type Files map[string]*Sheet

// Sheet is one file.
type Sheet struct {
	Columns []string
	Rows    []Row
	// Raw, where it is set, is written in place of the rows.
	Raw []byte
}

// Row is one row, by column.
type Row map[string]string

// Row finds the row with this sourcedId (or, in the manifest, propertyName).
func (f Files) Row(t testing.TB, file, id string) Row {
	t.Helper()
	row, ok := lo.Find(f[file].Rows, func(r Row) bool { return r[f[file].Columns[0]] == id })
	require.True(t, ok, "%s has no row %s", file, id)
	return row
}

// Add appends a row.
func (f Files) Add(file string, row Row) { f[file].Rows = append(f[file].Rows, row) }

// Delete takes out the rows for which the column has this value.
func (f Files) Delete(file, column, value string) {
	f[file].Rows = lo.Reject(f[file].Rows, func(r Row, _ int) bool { return r[column] == value })
}

// Clone gives a copy that can be changed apart.
func (f Files) Clone() Files {
	return lo.MapValues(f, func(s *Sheet, _ string) *Sheet {
		rows := lo.Map(s.Rows, func(r Row, _ int) Row { return maps.Clone(r) })
		return &Sheet{Columns: slices.Clone(s.Columns), Rows: rows, Raw: bytes.Clone(s.Raw)}
	})
}

// Bytes is the sheet as it is written.
func (s *Sheet) Bytes(t testing.TB) []byte {
	t.Helper()
	if s.Raw != nil {
		return s.Raw
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	require.NoError(t, w.Write(s.Columns))
	for _, r := range s.Rows {
		require.NoError(t, w.Write(lo.Map(s.Columns, func(c string, _ int) string { return r[c] })))
	}
	w.Flush()
	require.NoError(t, w.Error())
	return out.Bytes()
}

// Folder writes the files to a new folder.
func (f Files) Folder(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	f.Write(t, folder)
	return folder
}

// Write writes the files to a folder.
func (f Files) Write(t testing.TB, folder string) {
	t.Helper()
	for name, sheet := range f {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), sheet.Bytes(t), 0o600))
	}
}

// Zip writes the files to a new zip, below a folder of that name or, if it is "", at the top.
func (f Files) Zip(t testing.TB, folder string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feed.zip")
	out, err := os.Create(path)
	require.NoError(t, err)
	defer out.Close()
	w := zip.NewWriter(out)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		entry, err := w.Create(filepath.ToSlash(filepath.Join(folder, name)))
		require.NoError(t, err)
		_, err = entry.Write(f[name].Bytes(t))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return path
}

// AddCall appends a row to calls.csv, which the example has not.
func (f Files) AddCall(row Row) {
	if f[Calls] == nil {
		f[Calls] = &Sheet{Columns: []string{
			"sourcedId", "status", "schoolSourcedId", "classSourcedId", "chat", "teacherSourcedId", "title", "startTime", "endTime", "joinUrl", "publishedAt",
			"cancelled",
		}}
	}
	f.Add(Calls, row)
}
