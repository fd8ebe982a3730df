package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// Journal is an open journal. A nil *Journal keeps nothing: the state lives in memory only. Calls must not
// overlap; whoever guards the state guards its journal.
type Journal struct {
	file *os.File
	// end is where the last whole line ends.
	end int64
	err error
}

// Open reads a journal through replay, line by line, then writes it anew from snapshot, which
// gives the changes that lead to the present state in the shortest way. A journal that does
// not exist yet is empty. One process may have a journal open at a time.
func Open[T any](path string, replay func(T) error, snapshot func() iter.Seq[T]) (*Journal, error) {
	if err := read(path, replay); err != nil {
		return nil, fmt.Errorf("read journal %s: %w", path, err)
	}
	j, err := compact(path, snapshot())
	if err != nil {
		return nil, fmt.Errorf("compact journal %s: %w", path, err)
	}
	return j, nil
}

func read[T any](path string, replay func(T) error) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for number := 1; ; number++ {
		line, rest, whole := bytes.Cut(content, []byte("\n"))
		if !whole {
			return nil // empty, or torn
		}
		var change T
		if err := json.Unmarshal(line, &change); err != nil {
			return fmt.Errorf("line %d is damaged; put the file aside to begin anew: %w", number, err)
		}
		if err := replay(change); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		content = rest
	}
}

func compact[T any](path string, changes iter.Seq[T]) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	fresh := path + ".new"
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := write(file, changes)
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Journal{file: file, end: end}, nil
}

func write[T any](file *os.File, changes iter.Seq[T]) (int64, error) {
	buffered := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(buffered)
	for change := range changes {
		if err := encoder.Encode(change); err != nil {
			return 0, err
		}
	}
	if err := errors.Join(buffered.Flush(), file.Sync()); err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Append adds changes, all or none. After a failure that could not be undone every
// further Append fails, lest the journal lose a change in its middle.
func (j *Journal) Append(changes ...any) error {
	if j == nil {
		return nil
	}
	if j.err != nil {
		return j.err
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, change := range changes {
		if err := encoder.Encode(change); err != nil {
			return fmt.Errorf("encode a change: %w", err)
		}
	}
	n, err := j.file.Write(lines.Bytes())
	if err == nil {
		j.end += int64(n)
		return nil
	}
	if cut := j.rewind(); cut != nil {
		j.err = fmt.Errorf("the journal is out of order, free its disk and restart: %w", cut)
	}
	return fmt.Errorf("write to the journal: %w", err)
}

func (j *Journal) rewind() error {
	if err := j.file.Truncate(j.end); err != nil {
		return err
	}
	_, err := j.file.Seek(j.end, 0)
	return err
}

// Close lets the file go.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}
