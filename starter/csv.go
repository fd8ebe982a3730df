package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"strings"

	"github.com/samber/lo"
)

// byteOrderMark at the beginning of a file is how Excel knows UTF-8.
const byteOrderMark = "\ufeff"

// writeCSV writes rows, the first of them the header, as a Russian Excel opens them. The file
// is for its owner's eyes alone, even where it was there before; "-" is standard output.
func (a *app) writeCSV(file string, rows [][]string) error {
	content, err := asCSV(rows)
	if err != nil {
		return err
	}
	if file == "-" {
		_, err := a.out.Write(content)
		return err
	}
	if err := writePrivate(file, content); err != nil {
		return fmt.Errorf("the CSV is not written, choose another file: %w", err)
	}
	return nil
}

func asCSV(rows [][]string) ([]byte, error) {
	b := bytes.NewBufferString(byteOrderMark)
	w := csv.NewWriter(b)
	w.Comma, w.UseCRLF = ';', true
	for _, row := range rows {
		if err := w.Write(lo.Map(row, func(cell string, _ int) string { return plainCell(cell) })); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// plainCell keeps a spreadsheet from taking a text of the source for a formula.
func plainCell(s string) string {
	s = clean(s)
	if start := strings.TrimSpace(s); start != "" && strings.ContainsRune("=+-@", rune(start[0])) {
		return "'" + s
	}
	return s
}

// writePrivate writes a file that nobody else may read, before anything is in it.
func writePrivate(file string, content []byte) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		if err := f.Chmod(0o600); err != nil {
			return err
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
	}
	_, err = f.Write(content)
	return err
}
