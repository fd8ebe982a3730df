package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/samber/lo"
)

// Origin is where a value comes from.
type Origin struct {
	// From is one of the words below.
	From From
	// File and Line are where it stands, for FromFile; File alone for FromSecretFile.
	File string
	Line int
}

// From says by which way a value came.
type From string

// The ways.
const (
	FromNowhere    From = "not set"
	FromDefault    From = "default"
	FromVariable   From = "environment"
	FromFile       From = "file"
	FromSecretFile From = "secret file" // the one that another setting names
)

func (o Origin) String() string {
	switch o.From {
	case FromFile:
		return fmt.Sprintf("%s, line %d", o.File, o.Line)
	case FromSecretFile:
		return o.File
	default:
		return string(o.From)
	}
}

// Value is a setting with its value in force.
type Value struct {
	Setting
	// Value is as it was written, the default where none is set. It is not for showing: see Shown.
	Value  string
	Origin Origin
}

// Reading is what an environment and the settings file have.
type Reading struct {
	Config Config
	// Values has all settings, in the order of Registry.
	Values []Value
	// Problems say all that is wrong, sorted; none of them quotes a value.
	Problems []string

	entries map[string]entry
	// unread tells that the settings file could not be read, and unknown that something in it or in the environment is
	// refused because it is no setting.
	unread, unknown bool
}

// entry is what a variable is set to.
type entry struct {
	value  string
	origin Origin
}

// Read reads the settings that an environment, of NAME=value, names. A variable that is set to
// nothing has its default, whatever the file says.
func Read(environ []string) Reading {
	r := Reading{entries: map[string]entry{}}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if _, before := r.entries[name]; !before {
			r.entries[name] = entry{value, Origin{From: FromVariable}}
		}
	}
	r.readFile()
	for _, s := range Registry() {
		r.take(s)
	}
	r.refuseUnknown()
	r.refuseContradictions()
	r.note()
	slices.Sort(r.Problems)
	return r
}

// readFile adds what the settings file has and the environment has not.
func (r *Reading) readFile() {
	path := r.entries[EnvConfig].value
	if path == "" {
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		r.unread = true
		r.refuse("%s names a file that cannot be read: %s", EnvConfig, err)
		return
	}
	lines, problems := parseFile(string(content))
	for _, p := range problems {
		r.refuse("%s: %s", path, p)
	}
	for _, l := range lines {
		switch {
		case l.name == EnvConfig:
			r.refuse("%s: line %d sets %s: a file names no other, set it in the environment", path, l.number, l.name)
		case !mayBeInFile(l.name):
			r.refuse("%s: line %d sets %s, which is no setting for this file%s", path, l.number, l.name, suggestion(l.name))
		case !lo.HasKey(r.entries, l.name):
			r.entries[l.name] = entry{l.value, Origin{From: FromFile, File: path, Line: l.number}}
		}
	}
}

// take checks one setting's value.
func (r *Reading) take(s Setting) {
	e := r.entries[s.Name]
	v := Value{Setting: s, Value: e.value, Origin: e.origin}
	if v.Value == "" {
		v.Value, v.Origin = s.Default, Origin{From: lo.Ternary(s.Default == "", FromNowhere, FromDefault)}
	}
	r.Values = append(r.Values, v)
	if s.take == nil || v.Value == "" {
		return
	}
	if err := s.take(&r.Config, v.Value); err != nil {
		r.refuse("%s %s", r.where(s.Name), err)
	}
}

// where names a setting, with its place in the file where it stands in one.
func (r *Reading) where(name string) string {
	if o := r.entries[name].origin; o.From == FromFile {
		return fmt.Sprintf("%s (%s)", name, o)
	}
	return name
}

func (r *Reading) set(name string) bool { return r.entries[name].value != "" }

func (r *Reading) refuse(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// serviceLink is what Kubernetes puts into the environment of every container where a Service is called
// rollcall; it is none of ours.
var serviceLink = regexp.MustCompile(`^ROLLCALL_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$`)

// refuseUnknown refuses what is named as our settings are, and is none: it may be misspelt. Where it is allowed it may be of
// a later version, and is warned of.
func (r *Reading) refuseUnknown() {
	known := append(lo.Map(Registry(), func(s Setting, _ int) string { return s.Name }), ofTests()...)
	for _, name := range slices.Sorted(maps.Keys(r.entries)) {
		switch {
		case !strings.HasPrefix(name, prefix) || slices.Contains(known, name) || serviceLink.MatchString(name):
		case r.entries[EnvAllowUnknown].value == allow:
			r.Config.notes = append(r.Config.notes, fmt.Sprintf("%s is no setting of this version and is not read, as %s allows%s", r.where(name), EnvAllowUnknown, suggestion(name)))
		default:
			r.unknown = true
			r.refuse("%s is no setting%s", r.where(name), suggestion(name))
		}
	}
}

// refuseContradictions refuses what cannot be meant together, and finds what must not be left out.
func (r *Reading) refuseContradictions() {
	for _, pair := range [][2]string{{EnvDatabaseURL, EnvDatabaseURLFile}, {EnvKeyset, EnvKeysetFile}} {
		if r.set(pair[0]) && r.set(pair[1]) {
			r.refuse("both %s and %s are set: keep one", r.where(pair[0]), r.where(pair[1]))
		}
	}
	if r.set(EnvPortalURL) != r.set(EnvPortalKeyFile) {
		r.refuse("%s and %s go together: set both or neither", EnvPortalURL, EnvPortalKeyFile)
	}
	if !r.set(EnvDatabaseURL) && !r.set(EnvDatabaseURLFile) && !r.unread {
		r.refuse("%s is not set: want %s", EnvDatabaseURL, wantDatabase)
	}
	if r.set(EnvDatabaseURLFile) && !r.set(EnvDatabaseURL) && r.Config.DatabaseURL != "" {
		_, at, _ := lo.FindIndexOf(r.Values, func(v Value) bool { return v.Name == EnvDatabaseURL })
		r.Values[at].Value, r.Values[at].Origin = r.Config.DatabaseURL, Origin{From: FromSecretFile, File: r.entries[EnvDatabaseURLFile].value}
	}
}

// wayOut is what to do where a name may be refused that is not misspelt.
func (r *Reading) wayOut() []string {
	if !r.unknown {
		return nil
	}
	return []string{"if a name came with a later version, and this is an earlier one: " + EnvAllowUnknown + "=" + allow + " has it start without what it does not know"}
}

// Err is all that is wrong, in one error; nil where nothing is.
func (r *Reading) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return errors.New("configuration: " + strings.Join(append(slices.Clone(r.Problems), r.wayOut()...), "; "))
}

// export puts what only the file has into the environment of this process.
func (r *Reading) export() error {
	for name, e := range r.entries {
		if e.origin.From == FromFile {
			if err := os.Setenv(name, e.value); err != nil {
				return fmt.Errorf("configuration: %s: %w", r.where(name), err)
			}
		}
	}
	return r.Err()
}

// LookupEnv and Environ give the variables as others read them, the file's among them.
func (r *Reading) LookupEnv(name string) (string, bool) {
	e, found := r.entries[name]
	return e.value, found
}

// Environ lists the variables as NAME=value.
func (r *Reading) Environ() []string {
	return lo.Map(slices.Sorted(maps.Keys(r.entries)), func(name string, _ int) string { return name + "=" + r.entries[name].value })
}
