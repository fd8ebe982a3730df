package oneroster_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
)

type unread = oneroster.BadReadError

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	raw := func(file, text string) func(*desk) {
		return func(d *desk) { d.files[file].Raw = []byte(text) }
	}
	replace := func(file, from, to string) func(*desk) {
		return func(d *desk) {
			text := string(d.files[file].Bytes(d.t))
			require.Contains(d.t, text, from)
			d.files[file].Raw = []byte(strings.Replace(text, from, to, 1))
		}
	}
	remove := func(file string) func(*desk) { return func(d *desk) { delete(d.files, file) } }
	manifest := func(key, value string) func(*desk) {
		return func(d *desk) { d.row(feedtest.Manifest, key)["value"] = value }
	}
	for name, test := range map[string]struct {
		change func(*desk)
		want   unread // Problem and Advice are parts of the texts
	}{
		"no manifest":    {remove(feedtest.Manifest), unread{File: "manifest.csv", Problem: "School Data Sync, version 2"}},
		"nothing at all": {func(d *desk) { clear(d.files) }, unread{File: "manifest.csv", Problem: "missing", Advice: "location"}},
		"empty manifest": {raw(feedtest.Manifest, ""), unread{File: "manifest.csv", Problem: "empty"}},
		"no version": {
			func(d *desk) { d.files.Delete(feedtest.Manifest, "propertyName", "oneroster.version") },
			unread{File: "manifest.csv", Column: "oneroster.version", Problem: "not given"},
		},
		"version 1.1": {
			manifest("oneroster.version", "1.1"),
			unread{File: "manifest.csv", Column: "oneroster.version", Problem: "OneRoster 1.1, which has no roles.csv"},
		},
		"version 2.0": {manifest("oneroster.version", "2.0"), unread{File: "manifest.csv", Column: "oneroster.version", Problem: "not 1.2"}},
		"delta": {
			manifest("file.users", "delta"),
			unread{File: "manifest.csv", Row: 12, Column: "value", Problem: "users.csv is a delta file", Advice: "delta files are not read; export bulk"},
		},
		"unknown mode": {manifest("file.users", "some"), unread{File: "manifest.csv", Row: 12, Column: "value", Problem: "users.csv"}},
		"named twice": {func(d *desk) {
			d.files.Add(feedtest.Manifest, feedtest.Row{"propertyName": "file.users", "value": "bulk"})
		}, unread{File: "manifest.csv", Row: 14, Column: "propertyName", Problem: "twice"}},
		"bulk but missing": {remove(feedtest.Profiles), unread{File: "userProfiles.csv", Problem: "says bulk, but the file is missing"}},
		"there but absent": {manifest("file.userProfiles", "absent"), unread{File: "userProfiles.csv", Problem: "says absent"}},
		"there but not named": {
			func(d *desk) { d.files["results.csv"] = &feedtest.Sheet{Columns: []string{"sourcedId"}} },
			unread{File: "results.csv", Problem: "does not name it"},
		},
		"misspelt name": {func(d *desk) {
			d.files["userprofiles.csv"] = d.files[feedtest.Profiles]
			delete(d.files, feedtest.Profiles)
		}, unread{File: "userProfiles.csv", Problem: "there is userprofiles.csv"}},
		"needed but absent": {
			func(d *desk) { manifest("file.courses", "absent")(d); remove(feedtest.Courses)(d) },
			unread{File: "courses.csv", Problem: "it is needed"},
		},
		"empty file":            {raw(feedtest.Enrollments, ""), unread{File: "enrollments.csv", Problem: "empty"}},
		"header only":           {func(d *desk) { d.files[feedtest.Roles].Rows = nil }, unread{File: "roles.csv", Problem: "only a header"}},
		"no newline at the end": {raw(feedtest.Courses, "sourcedId,title\nc-home,Homeroom\nc-math,Math"), unread{File: "courses.csv", Problem: "cut off"}},
		"cut in a row":          {raw(feedtest.Courses, "sourcedId,title\nc-home,Homeroom\nc-ma"), unread{File: "courses.csv", Problem: "cut off"}},
		"cut in quotes":         {raw(feedtest.Courses, "sourcedId,title\nc-home,\"Home"), unread{File: "courses.csv", Problem: "cut off"}},
		"unread file cut": {func(d *desk) {
			manifest("file.demographics", "bulk")(d)
			d.files["demographics.csv"] = &feedtest.Sheet{Raw: []byte("sourcedId\nx")}
		}, unread{File: "demographics.csv", Problem: "cut off"}},
		"ragged row": {
			raw(feedtest.Courses, "sourcedId,title\nc-home,Homeroom\nc-math\n"),
			unread{File: "courses.csv", Row: 3, Problem: "the row has 1 cells, and the header 2"},
		},
		"stray quote": {
			raw(feedtest.Courses, "sourcedId,title\nc-home,Home\"room\nc-math,Math\n"),
			unread{File: "courses.csv", Row: 2, Problem: "quotation mark"},
		},
		"open quote": {
			raw(feedtest.Courses, "sourcedId,title\nc-home,\"Homeroom\nc-math,Math\n"),
			unread{File: "courses.csv", Row: 2, Problem: "quotation mark"},
		},
		"endless quote": {
			raw(feedtest.Courses, "sourcedId,title\nc-home,\""+strings.Repeat("Homeroom\n", 1<<18)),
			unread{File: "courses.csv", Problem: "longer than", Advice: "quotation mark"},
		},
		"not UTF-8": {
			raw(feedtest.Courses, "sourcedId,title\nc-home,Homeroom\nc-math,\xcc\xe0\xf2\n"),
			unread{File: "courses.csv", Row: 3, Column: "title", Problem: "not UTF-8"},
		},
		"UTF-16": {raw(feedtest.Courses, "\xff\xfes\x00o\x00\n\x00"), unread{File: "courses.csv", Row: 1, Problem: "not UTF-8"}},
		"missing column": {
			replace(feedtest.Classes, "termSourcedIds", "terms"),
			unread{File: "classes.csv", Row: 1, Column: "termSourcedIds", Problem: "required column is missing", Advice: "letter by letter"},
		},
		"column in another case": {
			replace(feedtest.Users, "familyName", "FamilyName"),
			unread{File: "users.csv", Row: 1, Column: "familyName", Problem: `there is "FamilyName"`},
		},
		"column misspelt": {
			replace(feedtest.Users, "enabledUser", "enabeldUser"),
			unread{File: "users.csv", Row: 1, Column: "enabledUser", Problem: `there is "enabeldUser"`},
		},
		"column twice": {
			replace(feedtest.Users, "middleName", "givenName"),
			unread{File: "users.csv", Row: 1, Column: "givenName", Problem: "twice"},
		},
		"Microsoft SDS, first": {
			func(d *desk) { d.files["School.csv"] = &feedtest.Sheet{Columns: []string{"SIS ID"}} },
			unread{File: "School.csv", Problem: "Microsoft School Data Sync, version 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			test.change(d)
			_, err := d.read(oneroster.Options{})
			requireBad(t, err, test.want)
		})
	}
}

func requireBad(t *testing.T, err error, want unread) {
	t.Helper()
	bad, ok := errors.AsType[*oneroster.BadReadError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want.File, bad.File, err)
	require.Equal(t, want.Column, bad.Column, err)
	if want.Row > 0 {
		require.Equal(t, want.Row, bad.Row, err)
	}
	require.Contains(t, bad.Problem, want.Problem)
	require.Contains(t, bad.Advice, want.Advice)
	require.NotEmpty(t, bad.Advice)
}

func TestBadReadErrorSaysWhereWhatAndWhatToDo(t *testing.T) {
	t.Parallel()
	err := &oneroster.BadReadError{File: "users.csv", Row: 7, Column: "userIds", Problem: "it is odd", Advice: "mend it"}
	require.EqualError(t, err, "users.csv:7 userIds: it is odd: mend it")
	err = &oneroster.BadReadError{File: "users.csv", Problem: "it is odd", Advice: "mend it"}
	require.EqualError(t, err, "users.csv: it is odd: mend it")
}

func TestReadTolerates(t *testing.T) {
	t.Parallel()
	plain := oneroster.Digest(setup(t).roster(north, nil))
	for name, change := range map[string]func(*desk){
		"byte order mark": func(d *desk) {
			for _, sheet := range d.files {
				sheet.Raw = append([]byte("\ufeff"), sheet.Bytes(d.t)...)
			}
		},
		"byte order mark and quotes": func(d *desk) {
			d.files[feedtest.Courses].Raw = []byte("\ufeff\"sourcedId\",\"title\"\nc-home,Homeroom\nc-math,Mathematics\n")
		},
		"invisible characters in headers": func(d *desk) {
			d.files[feedtest.Courses].Raw = []byte("\u200bsourcedId\u00a0, \u2060title\ufeff\nc-home,Homeroom\nc-math,Mathematics\n")
		},
		"carriage returns and blank lines": func(d *desk) {
			text := strings.ReplaceAll(string(d.files[feedtest.Roles].Bytes(d.t)), "\n", "\r\n")
			d.files[feedtest.Roles].Raw = []byte(text + "\r\n")
		},
		"columns in another order": func(d *desk) {
			for _, sheet := range d.files {
				sheet.Columns = append(sheet.Columns[1:], sheet.Columns[0])
			}
		},
		"columns of other systems": func(d *desk) {
			d.files[feedtest.Users].Columns = append(d.files[feedtest.Users].Columns, "ext:shoeSize", "metadata.bus")
		},
		"files of other kinds": func(d *desk) {
			d.files["notes.txt"] = &feedtest.Sheet{Raw: []byte("read me")}
			d.files["._users.csv"] = &feedtest.Sheet{Raw: []byte{0}}
		},
		"a file that is not for us": func(d *desk) {
			d.row(feedtest.Manifest, "file.demographics")["value"] = "bulk"
			d.files["demographics.csv"] = &feedtest.Sheet{Columns: []string{"sourcedId"}}
		},
		"words in another case": func(d *desk) {
			d.row(feedtest.Users, "ann")["enabledUser"] = "TRUE"
			d.row(feedtest.Classes, "n-math")["classType"] = "Scheduled"
			d.row(feedtest.Users, "ben")["status"] = "Active"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			change(d)
			roster := d.roster(north, nil)
			require.Empty(t, roster.Faults)
			require.Equal(t, plain, oneroster.Digest(roster))
		})
	}
}

func TestReadZip(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{"at the top": "", "in a folder": "export"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			feed, err := oneroster.Read(t.Context(), d.files.Zip(t, folder), oneroster.Options{})
			require.NoError(t, err)
			require.Equal(t, d.feed().Receipt(), feed.Receipt())
			roster, err := feed.Roster(north, nil, oneroster.RosterOptions{Today: feedtest.Today})
			require.NoError(t, err)
			require.Equal(t, d.roster(north, nil), roster)
		})
	}
}

func TestReadRefusesLocations(t *testing.T) {
	t.Parallel()
	d := setup(t)
	half := d.files.Zip(t, "")
	whole, err := os.ReadFile(half)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(half, whole[:len(whole)/2], 0o600))
	text := filepath.Join(t.TempDir(), "feed.txt")
	require.NoError(t, os.WriteFile(text, []byte("x\n"), 0o600))
	for _, location := range []string{half, text, d.files.Zip(t, "a/b"), filepath.Join(t.TempDir(), "gone")} {
		_, err := oneroster.Read(t.Context(), location, oneroster.Options{})
		bad, ok := errors.AsType[*oneroster.BadReadError](err)
		require.True(t, ok, "%v", err)
		require.NotContains(t, bad.Error(), filepath.Dir(location), "the path is the operator's own")
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := oneroster.Read(ctx, feedtest.Example().Folder(t), oneroster.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestReadRefusesBigFiles(t *testing.T) {
	t.Parallel()
	d := setup(t)
	size := int64(len(d.files[feedtest.Users].Bytes(t))) // the biggest of them
	_, err := d.read(oneroster.Options{MaxFileSize: size})
	require.NoError(t, err)
	_, err = d.read(oneroster.Options{MaxFileSize: size - 1})
	requireBad(t, err, unread{File: "users.csv", Problem: "bigger than"})
}

func TestReadCounts(t *testing.T) {
	t.Parallel()
	feed := setup(t).feed()
	require.Equal(t, map[string]int{
		"orgs.csv": 3, "academicSessions.csv": 3, "courses.csv": 2, "classes.csv": 4, "users.csv": 13, "roles.csv": 13,
		"userProfiles.csv": 3, "enrollments.csv": 12,
	}, feed.Counts())
	require.Equal(t, []oneroster.Org{
		{SourcedID: north, Name: "School North", Parent: "district"},
		{SourcedID: south, Name: "School South", Parent: "district"},
	}, feed.Schools())
}

func TestReadComparesWithTheLastReading(t *testing.T) {
	t.Parallel()
	drop := func(file string, rows int) func(*desk) {
		return func(d *desk) { d.files[file].Rows = d.files[file].Rows[rows:] }
	}
	for name, test := range map[string]struct {
		change func(*desk)
		want   unread
	}{
		"fewer rows":           {drop(feedtest.Enrollments, 3), unread{File: "enrollments.csv", Problem: "9 rows, and 12 at the last"}},
		"profiles header only": {func(d *desk) { d.files[feedtest.Profiles].Rows = nil }, unread{File: "userProfiles.csv", Problem: "0 rows"}},
		"a file left out": {func(d *desk) {
			delete(d.files, feedtest.Profiles)
			d.row(feedtest.Manifest, "file.userProfiles")["value"] = "absent"
		}, unread{File: "userProfiles.csv", Problem: "absent"}},
		"a column left out": {func(d *desk) {
			d.files[feedtest.Users].Columns = lo.Without(d.files[feedtest.Users].Columns, "agentSourcedIds")
		}, unread{File: "users.csv", Row: 1, Column: "agentSourcedIds", Problem: "was there at the last"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			last := d.feed().Receipt()
			test.change(d)
			_, err := d.read(oneroster.Options{Last: &last})
			requireBad(t, err, test.want)
			_, err = d.read(oneroster.Options{Last: &last, AcceptDrop: true})
			require.NoError(t, err)
		})
	}
	t.Run("a few rows fewer are nothing", func(t *testing.T) {
		t.Parallel()
		d := setup(t)
		last := d.feed().Receipt()
		drop(feedtest.Enrollments, 2)(d)
		_, err := d.read(oneroster.Options{Last: &last})
		require.NoError(t, err)
	})
}
