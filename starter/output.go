package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/samber/lo"
)

// format is the value of --output.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

// String, Set and Type make it a flag.
func (f *format) String() string { return string(*f) }

func (f *format) Set(value string) error {
	switch format(value) {
	case formatTable, formatJSON:
		*f = format(value)
		return nil
	default:
		return fmt.Errorf("use %s or %s", formatTable, formatJSON)
	}
}

func (f *format) Type() string { return "format" }

// view is what a command has to show: JSON by its field tags, text by its method. Slices and
// maps in it are never nil, so that the JSON has no null where a list belongs.
type view interface{ text(*page) }

// show writes a view to standard output in the chosen format.
func (a *app) show(v view) error {
	if a.format == formatJSON {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(v)
	}
	var p page
	v.text(&p)
	_, err := a.out.Write(p.b.Bytes())
	return err
}

// page collects text. What comes from files and from the messenger is printed through it: a
// control character in a name must not steer the terminal.
type page struct{ b bytes.Buffer }

func (p *page) line(format string, args ...any) {
	p.b.WriteString(clean(fmt.Sprintf(format, args...)))
	p.b.WriteByte('\n')
}

// gap writes an empty line, except at the top.
func (p *page) gap() {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
}

// table writes rows under a header, in columns. An empty cell is a dash.
func (p *page) table(header []string, rows [][]string) {
	p.columns(func(w io.Writer) {
		for _, row := range append([][]string{header}, rows...) {
			cells := lo.Map(row, func(cell string, _ int) string { return lo.CoalesceOrEmpty(clean(cell), "-") })
			fmt.Fprintln(w, strings.Join(cells, "\t"))
		}
	})
}

// pairs writes names and values, a line each.
func (p *page) pairs(pairs [][2]string) {
	p.columns(func(w io.Writer) {
		for _, pair := range pairs {
			fmt.Fprintf(w, "%s\t%s\n", pair[0], lo.CoalesceOrEmpty(clean(pair[1]), "-"))
		}
	})
}

// columns aligns what is written with tabs, without blanks at the ends of lines.
func (p *page) columns(write func(io.Writer)) {
	var aligned bytes.Buffer
	w := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	write(w)
	_ = w.Flush() // a bytes.Buffer takes everything
	for line := range strings.Lines(aligned.String()) {
		p.b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

// clean makes one line of a text: without control characters, and without the invisible ones
// that change the direction of writing.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, s)
}
