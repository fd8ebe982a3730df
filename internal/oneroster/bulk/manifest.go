package bulk

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
)

const (
	manifestFile = "manifest.csv"
	versionKey   = "oneroster.version"
	filePrefix   = "file."
	version      = "1.2"

	modeBulk   = "bulk"
	modeAbsent = "absent"
	modeDelta  = "delta"
)

// Manifest is what manifest.csv says is in the set.
type Manifest struct {
	set  *Set
	bulk []string // names with extension, in the manifest's order
}

// Has tells whether the set holds a file, e.g. "users.csv".
func (m Manifest) Has(file string) bool { return slices.Contains(m.bulk, file) }

// Manifest reads the manifest and compares it with the files: each must be where it says, and
// nothing else but what is Unlisted. It refuses other versions, delta files and other formats by name.
func (s *Set) Manifest(ctx context.Context) (Manifest, error) {
	if err := s.refuseForeign(); err != nil {
		return Manifest{}, err
	}
	m := Manifest{set: s}
	modes := map[string]string{}
	found := ""
	_, err := s.Rows(ctx, Table{File: manifestFile, Required: []string{"propertyName", "value"}}, func(row Row) error {
		key, value := row.Get("propertyName"), row.Get("value")
		if key == versionKey {
			found = value
		}
		name, isFile := strings.CutPrefix(key, filePrefix)
		if !isFile {
			return nil
		}
		file, mode := name+extension, strings.ToLower(value)
		if _, twice := modes[file]; twice {
			return row.bad("propertyName", "file."+name+" occurs twice", "say once how the file is exported")
		}
		modes[file] = mode
		if mode == modeBulk {
			m.bulk = append(m.bulk, file)
		}
		return checkMode(row, file, mode)
	})
	if err != nil {
		return Manifest{}, err
	}
	if err := checkVersion(found); err != nil {
		return Manifest{}, err
	}
	for _, file := range s.Unlisted {
		if _, named := modes[file]; !named && s.has(file) {
			modes[file] = modeBulk
			m.bulk = append(m.bulk, file)
		}
	}
	return m, m.compare(modes)
}

func checkMode(row Row, file, mode string) error {
	switch mode {
	case modeBulk, modeAbsent, "":
		return nil
	case modeDelta:
		return row.bad("value", file+" is a delta file", "delta files are not read; export bulk")
	default:
		return row.bad("value", "it does not say whether "+file+" is bulk, delta or absent", adviceExport)
	}
}

func checkVersion(found string) error {
	switch found {
	case version:
		return nil
	case "":
		return &BadReadError{File: manifestFile, Column: versionKey, Problem: "the version is not given", Advice: adviceExport}
	case "1.1":
		return &BadReadError{
			File: manifestFile, Column: versionKey,
			Problem: "this is OneRoster 1.1, which has no roles.csv (its roles are a column of users.csv)", Advice: adviceExport,
		}
	default:
		return &BadReadError{File: manifestFile, Column: versionKey, Problem: "the version is not 1.2", Advice: adviceExport}
	}
}

// compare holds the manifest's word against the files.
func (m Manifest) compare(modes map[string]string) error {
	for _, file := range m.bulk {
		if !m.set.has(file) {
			return &BadReadError{
				File: file, Advice: adviceUpload,
				Problem: "the manifest says bulk, but the file is missing" + similar(file, slices.Values(m.set.names)),
			}
		}
	}
	for _, file := range m.set.names {
		mode, named := modes[file]
		if file == manifestFile || mode == modeBulk {
			continue
		}
		problem := "the file is there, but the manifest says absent"
		if !named {
			known := append(slices.Sorted(maps.Keys(modes)), m.set.Unlisted...)
			problem = "the file is there, but the manifest does not name it" + similar(file, slices.Values(known))
		}
		return &BadReadError{File: file, Problem: problem, Advice: "export the whole set again, or remove the file"}
	}
	return nil
}

// similar points out a name that differs in case only.
func similar(file string, names iter.Seq[string]) string {
	for name := range names {
		if strings.EqualFold(name, file) {
			return fmt.Sprintf(" (but there is %s)", name)
		}
	}
	return ""
}

// CheckUnread makes sure that the files of the set that are not for us have their ends too: an
// unfinished upload shows in whichever file it was at. It does not look at their contents.
func (m Manifest) CheckUnread(ctx context.Context, read map[string]FileReceipt) error {
	for _, file := range m.bulk {
		if _, done := read[file]; done {
			continue
		}
		if err := m.set.checkEnd(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) checkEnd(ctx context.Context, name string) error {
	file, err := s.files.Open(name)
	if err != nil {
		return unreadable(name, err)
	}
	defer file.Close()
	if err := seekEnd(file); err != nil {
		return unreadable(name, err)
	}
	end := newMeter(ctx, file, s.MaxFileSize)
	if _, err := io.Copy(io.Discard, end); err != nil {
		return end.explain(name, err)
	}
	return end.whole(name)
}

// seekEnd skips to the last byte where the file can do that; a zip's must be read through.
func seekEnd(file fs.File) error {
	seeker, ok := file.(io.Seeker)
	if !ok {
		return nil
	}
	size, err := seeker.Seek(0, io.SeekEnd)
	if err == nil && size > 0 {
		_, err = seeker.Seek(-1, io.SeekEnd)
	}
	return err
}
