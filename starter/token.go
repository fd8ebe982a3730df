package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// maxToken is how long a token may be, in bytes. Vendors' tokens have some 200.
const maxToken = 4096

// readToken reads a token: all of standard input, or, on a terminal, a line that is not
// echoed. It can be interrupted, and leaves the terminal as it was.
func readToken(ctx context.Context, in io.Reader, prompt io.Writer) (string, error) {
	read := func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, maxToken+2)) }
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fd := int(file.Fd())
		state, err := term.GetState(fd)
		if err != nil {
			return "", fmt.Errorf("the terminal does not let itself be silenced: pipe the token in instead: %w", err)
		}
		defer func() { _ = term.Restore(fd, state) }()
		fmt.Fprint(prompt, "Token (not shown): ")
		defer fmt.Fprintln(prompt)
		read = func() ([]byte, error) { return term.ReadPassword(fd) }
	}
	raw, err := interruptible(ctx, read)
	if err != nil {
		return "", err
	}
	return checkToken(string(raw))
}

// checkToken takes off the line's end. What it refuses it does not quote.
func checkToken(raw string) (string, error) {
	token := strings.TrimRight(raw, "\r\n")
	switch {
	case strings.TrimSpace(token) == "":
		return "", usagef("no token was given: pipe it into standard input")
	case len(token) > maxToken:
		return "", usagef("what was given is too long for a token: give the token alone")
	case strings.ContainsFunc(token, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "", usagef("what was given has blanks or line ends in it: give the token alone")
	}
	return token, nil
}

// interruptible reads, but does not wait for the reader when the context ends.
func interruptible(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		raw []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		raw, err := read()
		done <- result{raw, err}
	}()
	select {
	case r := <-done:
		return r.raw, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
