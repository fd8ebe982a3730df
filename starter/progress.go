package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows on standard error what goes on: on a terminal one line that is written over,
// elsewhere a new line now and then. It is used by one goroutine at a time.
type progress struct {
	w        io.Writer
	terminal bool
	last     string
	written  time.Time
}

// quiet is how long a log is left without a new line, at least.
const quiet = 5 * time.Second

// eraseLine takes the cursor to the beginning of its line and empties it.
const eraseLine = "\r\033[K"

func (a *app) newProgress() *progress {
	file, ok := a.err.(*os.File)
	return &progress{w: a.err, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// show replaces the line.
func (p *progress) show(text string) {
	text = clean(text)
	if text == "" || text == p.last {
		return
	}
	if p.terminal {
		p.last = text
		fmt.Fprint(p.w, eraseLine+"… "+text)
		return
	}
	if now := time.Now(); p.written.IsZero() || now.Sub(p.written) >= quiet {
		p.last, p.written = text, now
		fmt.Fprintln(p.w, "…", text)
	}
}

// note writes a line that stays.
func (p *progress) note(text string) {
	p.clear()
	fmt.Fprintln(p.w, text)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.terminal && p.last != "" {
		fmt.Fprint(p.w, eraseLine)
		p.last = ""
	}
}
