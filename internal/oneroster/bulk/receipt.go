package bulk

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// minPercent is how much of the last reading must be there again.
const minPercent = 80

// Dropped tells whether a count has fallen implausibly far below the last one.
func Dropped(now, last int) bool { return now*100 < last*minPercent }

// FileReceipt is what is remembered of a file that was read, to judge the next version by. It
// holds counts and hashes, no contents.
type FileReceipt struct {
	Rows  int    `json:"rows"`
	Lines int    `json:"lines"`
	Size  int64  `json:"size"`
	Hash  uint64 `json:"hash"`
	// Columns are those of the columns we read that the file has, sorted.
	Columns []string `json:"columns"`
	// Tail are running hashes (FNV-64a, big endian) at the ends of the last quarter of the
	// lines: what a version that lost its end hashes to. A longer loss is refused as a drop.
	Tail []byte `json:"tail"`
}

const hashSize = 8

func (m *meter) receipt(rows int, columns []string) FileReceipt {
	r := FileReceipt{Rows: rows, Lines: len(m.ends), Size: m.size, Hash: m.hash.Sum64(), Columns: columns}
	for _, end := range m.ends[len(m.ends)*3/4:] {
		r.Tail = binary.BigEndian.AppendUint64(r.Tail, end)
	}
	return r
}

// CutFrom tells whether the file is the last version with rows missing at its end.
func (r FileReceipt) CutFrom(last FileReceipt) bool {
	if r.Rows >= last.Rows || r.Size >= last.Size {
		return false
	}
	i := r.Lines - 1 - (last.Lines - len(last.Tail)/hashSize)
	if i < 0 || i >= len(last.Tail)/hashSize {
		return false
	}
	return binary.BigEndian.Uint64(last.Tail[i*hashSize:]) == r.Hash
}

// Compare fails if the file has implausibly less than the last version.
func (r FileReceipt) Compare(file string, last FileReceipt) error {
	if Dropped(r.Rows, last.Rows) {
		return &BadReadError{
			File: file, Problem: fmt.Sprintf("%d rows, and %d at the last accepted reading", r.Rows, last.Rows),
			Advice: adviceDrop,
		}
	}
	for _, column := range last.Columns {
		if !slices.Contains(r.Columns, column) {
			return &BadReadError{
				File: file, Row: 1, Column: column, Problem: "the column is missing, and was there at the last accepted reading",
				Advice: adviceDrop,
			}
		}
	}
	return nil
}

const adviceDrop = "export the files again, or, if this is right, accept the drop"
