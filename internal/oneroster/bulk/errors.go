package bulk

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// BadReadError says that a reading cannot be relied on. Such a reading changes nothing.
type BadReadError struct {
	// File, Row (a line of the file, 1 is the header) and Column say where; Row 0 is the
	// file as a whole.
	File   string
	Row    int
	Column string
	// Problem says what is wrong, Advice what to do. Neither names people or quotes cells.
	Problem, Advice string

	cause error
}

func (e *BadReadError) Error() string {
	var where strings.Builder
	where.WriteString(e.File)
	if e.Row > 0 {
		fmt.Fprintf(&where, ":%d", e.Row)
	}
	if e.Column != "" {
		where.WriteString(" " + e.Column)
	}
	return fmt.Sprintf("%s: %s: %s", where.String(), e.Problem, e.Advice)
}

// Unwrap gives the error of the file system or decoder, if there was one.
func (e *BadReadError) Unwrap() error { return e.cause }

// Advice that fits several problems.
const (
	adviceUpload = "wait until the upload is complete, or export the files again"
	adviceExport = "export OneRoster 1.2 CSV, bulk"
)

// unreadable says that a file cannot be read, and why, without the path that errors of the
// file system carry.
func unreadable(file string, err error) error {
	cause := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		cause = pathErr.Err
	}
	return &BadReadError{
		File: file, Problem: fmt.Sprintf("cannot be read (%v)", cause),
		Advice: "check that it is there, whole, and that the worker may read it", cause: err,
	}
}
