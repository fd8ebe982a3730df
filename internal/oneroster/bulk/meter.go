package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
)

// maxRow bounds one row: a quote that is never closed would otherwise swallow the file.
const maxRow = 1 << 20

var (
	errTooLong = errors.New("row too long")
	errTooBig  = errors.New("file too big")
)

// meter passes a file through and takes note of what tells whether it is whole: its size, its
// last byte and a running hash at the end of each line.
type meter struct {
	ctx     context.Context
	from    io.Reader
	maxSize int64

	size  int64
	row   int64 // bytes since the last row began, about
	last  byte
	ended bool
	hash  hash.Hash64
	ends  []uint64
}

func newMeter(ctx context.Context, from io.Reader, maxSize int64) *meter {
	return &meter{ctx: ctx, from: from, maxSize: maxSize, hash: fnv.New64a()}
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	if m.row > maxRow {
		return 0, errTooLong
	}
	n, err := m.from.Read(p)
	m.note(p[:n])
	if m.size > m.maxSize {
		return n, errTooBig
	}
	m.ended = m.ended || errors.Is(err, io.EOF)
	return n, err
}

func (m *meter) note(p []byte) {
	if len(p) == 0 {
		return
	}
	m.size += int64(len(p))
	m.row += int64(len(p))
	m.last = p[len(p)-1]
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			break
		}
		m.hash.Write(p[:i+1])
		m.ends = append(m.ends, m.hash.Sum64())
		p = p[i+1:]
	}
	m.hash.Write(p)
}

// rowDone starts the count of the next row.
func (m *meter) rowDone() { m.row = 0 }

// whole fails if the file is empty or does not end with a newline.
func (m *meter) whole(file string) error {
	switch {
	case m.size == 0:
		return &BadReadError{File: file, Problem: "the file is empty", Advice: adviceUpload}
	case m.last != '\n':
		return &BadReadError{File: file, Problem: "the last line has no end, so the file is cut off", Advice: adviceUpload}
	default:
		return nil
	}
}

// explain gives an error of reading its meaning. The context's own stays what it is.
func (m *meter) explain(file string, err error) error {
	switch {
	case m.ctx.Err() != nil:
		return m.ctx.Err()
	case errors.Is(err, errTooLong):
		return &BadReadError{
			File: file, Row: len(m.ends), Problem: fmt.Sprintf("a row before this line is longer than %d bytes", maxRow),
			Advice: "look for a quotation mark that is not closed",
		}
	case errors.Is(err, errTooBig):
		return &BadReadError{
			File: file, Problem: fmt.Sprintf("the file is bigger than %d bytes", m.maxSize),
			Advice: "split the feed by district, or raise the limit",
		}
	default:
		return unreadable(file, err)
	}
}
