package demo

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func schoolID(id string) school.ID { return school.ID(id) }

// screen shows how the demonstration goes: a line a step, and inside a step what it is at.
// On a terminal that line is written over, elsewhere a new one is written now and then.
type screen struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	current  string
	last     time.Time
}

// quietFor is how long a log that is no terminal is left without a new line.
const quietFor = 5 * time.Second

func newScreen(w io.Writer) *screen {
	f, ok := w.(*os.File)
	return &screen{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// step shows a step from its beginning to its end, with the time it took.
func (s *screen) step(what string, do func() error) error {
	began := time.Now()
	s.mu.Lock()
	s.current, s.last = what, began
	s.write("… " + what)
	s.mu.Unlock()
	err := do()
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := "✓"
	if err != nil {
		mark = "✗"
	}
	s.write(fmt.Sprintf("%s %s (%.1f s)", mark, what, time.Since(began).Seconds()))
	if s.terminal {
		fmt.Fprintln(s.w)
	}
	return err
}

// detail shows what the current step is at.
func (s *screen) detail(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal && time.Since(s.last) < quietFor {
		return
	}
	s.last = time.Now()
	s.write("… " + s.current + ": " + text)
}

func (s *screen) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.w, text)
}

func (s *screen) write(line string) {
	if s.terminal {
		fmt.Fprintf(s.w, "\r\033[K%s", line)
		return
	}
	fmt.Fprintln(s.w, line)
}

// addresses says what there is to look at and to try.
func (s *screen) addresses(d *demo) {
	env, _ := filepath.Abs(filepath.Join(d.o.Stack.Dir, envFile))
	rollcall := filepath.Join(d.o.Bin, "rollcall")
	example, err := d.example()
	if err != nil || example == "" {
		example = "$EDITOR " + d.rosterPath() + "/classes.csv"
	}
	s.say(strings.Join([]string{
		"",
		"Temporal UI   " + d.stack.UIAddress() + "/namespaces/" + d.stack.Namespace() + "/workflows",
		"Sandbox       " + d.stack.SandboxURL() + "/_sandbox/ (the stand-ins for the messenger and the Portal)",
		"Metrics       " + d.metrics,
		"Pushes        " + d.events + " (of rosters and video calls: docs/calls.md)",
		"Roster        " + d.rosterPath() + " (edit a file: it is read and followed by itself)",
		"Logs          " + d.o.Stack.Dir,
		"",
		"In another terminal:",
		"  . " + env,
		"  " + rollcall + " status",
		"  " + rollcall + " chats school-1",
		"  " + rollcall + " resync school-1 --verify --wait",
		"  " + rollcall + " schedule list",
		"  " + rollcall + " calls school-3",
		"  " + rollcall + " chats school-3 --to-make",
		"  " + rollcall + " school move school-1 --to max --dry-run",
		"  " + rollcall + " trace school-1",
		"  " + rollcall + " doctor",
		"",
		"School 1 is gone through every 30 minutes, school 2 by a cron expression, and school 3 all the",
		"time. Rename a class of school 3, and watch its parents' and students' chats follow within seconds:",
		"  " + example,
		"  watch -n 1 '" + rollcall + " chats school-3 | head -20'",
		"",
		"Ctrl-C stops everything; what it made stays for the next run (make demo-reset forgets it).",
	}, "\n"))
}
