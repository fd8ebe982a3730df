package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// line is a setting as a line of the settings file has it.
type line struct {
	name, value string
	number      int
}

var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseFile reads KEY=value lines, as a shell does: "export" before them, quotes, comments after #. Nothing
// is expanded. Problems are said by line and never quote a value.
func parseFile(content string) (lines []line, problems []string) {
	first := map[string]int{}
	number := 0
	for written := range strings.Lines(strings.TrimPrefix(content, "\ufeff")) {
		number++
		name, value, err := parseLine(written)
		if err == nil && name == "" {
			continue
		}
		if err == nil && first[name] != 0 {
			err = fmt.Errorf("sets %s, as line %d does: keep one", name, first[name])
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("line %d %s", number, err))
			continue
		}
		first[name] = number
		lines = append(lines, line{name, value, number})
	}
	return lines, problems
}

// parseLine reads one line; a name of "" where there is nothing on it.
func parseLine(written string) (name, value string, err error) {
	written = strings.TrimSpace(written)
	if rest, exported := strings.CutPrefix(written, "export"); exported && strings.HasPrefix(strings.TrimLeft(rest, "\t"), " ") {
		written = strings.TrimSpace(rest)
	}
	word, err := shellWord(written)
	if err != nil || word == "" {
		return "", "", err
	}
	name, value, is := strings.Cut(word, "=")
	if !is || !nameForm.MatchString(name) {
		return "", "", errors.New("is not NAME=value")
	}
	return name, value, nil
}

// shellWord reads the one word that is before a comment, and takes its quotes off.
func shellWord(s string) (string, error) {
	var word strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return "", errNotClosed
			}
			word.WriteString(s[i+1 : i+1+end])
			i += end + 1
		case '"':
			end, err := doubleQuoted(&word, s[i+1:])
			if err != nil {
				return "", err
			}
			i += end + 1
		case '\\':
			if i++; i == len(s) {
				return "", errors.New(`goes on with a "\" on the next line: write it in one`)
			}
			word.WriteByte(s[i])
		case ' ', '\t':
			if rest := strings.TrimLeft(s[i:], " \t"); rest != "" && rest[0] != '#' {
				return "", errors.New("has a blank in its value: put the value in quotes")
			}
			return word.String(), nil
		case '#':
			if i == 0 {
				return "", nil
			}
			word.WriteByte(c)
		default:
			word.WriteByte(c)
		}
	}
	return word.String(), nil
}

var errNotClosed = errors.New("has a quote that is not closed on it")

// doubleQuoted reads up to the closing quote and gives its place.
func doubleQuoted(word *strings.Builder, s string) (end int, err error) {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return i, nil
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\"\\$`", s[i+1]) >= 0:
			i++
			word.WriteByte(s[i])
		default:
			word.WriteByte(s[i])
		}
	}
	return 0, errNotClosed
}
