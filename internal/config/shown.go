package config

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/samber/lo"
)

// masked stands for what is not shown.
const masked = "xxxxx"

// Shown is the value as people may see it: secrets are left out, and of URLs the passwords.
func (v Value) Shown() string {
	switch {
	case strings.HasSuffix(v.Name, "_FILE") && strings.ContainsAny(v.Value, "{=\n") || strings.HasSuffix(v.Name, "_FILE") && strings.Contains(v.Value, "://"):
		return masked // what should be in the file
	case v.Secret || strings.Contains(v.Value, "://"):
		return MaskURL(v.Value)
	default:
		return v.Value
	}
}

// MaskURL writes a URL without its secrets: of PostgreSQL's the password, of others whoever signs in, and
// parameters that are named like secrets. What is no URL is not shown at all.
func MaskURL(value string) string {
	u, err := url.Parse(value)
	switch {
	case value == "":
		return ""
	case err != nil || u.Scheme == "" || u.Opaque != "":
		return masked
	}
	if u.User != nil && !strings.HasPrefix(u.Scheme, "postgres") {
		u.User = url.User(masked)
	}
	if u.RawQuery == "" {
		return u.Redacted()
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return masked
	}
	for name := range query {
		lower := strings.ToLower(name)
		if lo.SomeBy([]string{"password", "secret", "token", "key"}, func(word string) bool { return strings.Contains(lower, word) }) {
			query.Set(name, masked)
		}
	}
	u.RawQuery = query.Encode()
	return u.Redacted()
}

// Markdown is the table of all settings, as the README has it.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| variable | meaning | default | read by |\n|---|---|---|---|\n")
	for _, s := range Registry() {
		value := lo.Ternary(s.Example == "", "", "e.g. `"+s.Example+"` ")
		if s.Default != "" {
			value = "`" + s.Default + "` "
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s| %s |\n", s.Name, s.Meaning, value, s.Programs)
	}
	for _, g := range Groups() {
		fmt.Fprintf(&b, "| `%s*` | %s | | %s |\n", g.Prefix, g.Meaning, Both)
	}
	return b.String()
}
