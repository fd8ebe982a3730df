package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
)

const database = config.EnvDatabaseURL + "=postgres://h/db"

// origins gives where a reading's values come from, and as what they are shown.
func origins(r config.Reading) (from, shown map[string]string) {
	from = lo.SliceToMap(r.Values, func(v config.Value) (string, string) { return v.Name, v.Origin.String() })
	shown = lo.SliceToMap(r.Values, func(v config.Value) (string, string) { return v.Name, v.Shown() })
	return from, shown
}

func TestTheEnvironmentCountsOverTheFile(t *testing.T) {
	t.Parallel()
	file := write(t, "# ours\n"+
		config.EnvDatabaseURL+"=postgres://file/db\n"+
		config.EnvLogLevel+"=warn\n"+
		config.EnvRound+"=1m\n"+
		config.EnvVKURL+"=http://127.0.0.1:1\n")
	r := config.Read([]string{config.EnvConfig + "=" + file, config.EnvLogLevel + "=error", config.EnvVKURL + "="})
	require.NoError(t, r.Err())
	require.Equal(t, config.Config{
		DatabaseURL: "postgres://file/db", LogLevel: "error", LogFormat: "text", Round: time.Minute, LinksEvery: 10 * time.Second,
	}, r.Config)
	from, _ := origins(r)
	require.Equal(t, file+", line 2", from[config.EnvDatabaseURL])
	require.Equal(t, "environment", from[config.EnvLogLevel])
	require.Equal(t, file+", line 4", from[config.EnvRound])
	require.Equal(t, "default", from[config.EnvLogFormat])
	require.Equal(t, "not set", from[config.EnvVKURL], "set to nothing in the environment, it is back at its default")
	require.Equal(t, "environment", from[config.EnvConfig])
	value, _ := r.LookupEnv(config.EnvRound)
	require.Equal(t, "1m", value)
	require.Contains(t, r.Environ(), config.EnvRound+"=1m")
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	file := write(t, "ROLLCALL_LOG_FORMAT=xml\nROLLCALL_LOG_FORMT=json\nPATH=/bin\nsecret line\nROLLCALL_CONFIG=x\nROLCALL_VK_URL=x\n")
	r := config.Read([]string{
		config.EnvConfig + "=" + file, config.EnvVKURL + "=ftp://secret@x", config.EnvLogLevel + "=secret", config.EnvRound + "=0s", config.EnvTracesKept + "=1s",
		config.EnvPortalURL + "=http://p", config.EnvKeyset + "=secret", config.EnvKeysetFile + "=secret",
		"ROLLCALL_LOGLEVEL=secret", "ROLLCALL_ZZZ=secret", "ROLLCALL_RECORD=x", "ROLLCALL_TEST_DATABASE_URL=x", "TEMPORAL_NONSENSE=x", "HOME=/",
	})
	want := []string{
		file + ": line 3 sets PATH, which is no setting for this file: see them all with: rollcall config",
		file + ": line 4 has a blank in its value: put the value in quotes",
		file + ": line 5 sets ROLLCALL_CONFIG: a file names no other, set it in the environment",
		file + ": line 6 sets ROLCALL_VK_URL, which is no setting for this file: did you mean ROLLCALL_VK_URL?",
		"ROLLCALL_CONTINUOUS_ROUND must be a duration of 1s or more, such as 5m",
		"ROLLCALL_DATABASE_URL is not set: want postgres://user:password@host:port/database",
		"ROLLCALL_LOGLEVEL is no setting: did you mean ROLLCALL_LOG_LEVEL?",
		"ROLLCALL_LOG_FORMAT (" + file + ", line 1) must be text or json",
		"ROLLCALL_LOG_FORMT (" + file + ", line 2) is no setting: did you mean ROLLCALL_LOG_FORMAT?",
		"ROLLCALL_LOG_LEVEL must be debug, info, warn or error",
		"ROLLCALL_PORTAL_URL and ROLLCALL_PORTAL_KEY_FILE go together: set both or neither",
		"ROLLCALL_TRACES_KEPT must be 0 or a duration of a minute or more, such as 24h",
		"ROLLCALL_VK_URL is not an http(s) URL",
		"ROLLCALL_ZZZ is no setting: see them all with: rollcall config",
		"both ROLLCALL_KEYSET and ROLLCALL_KEYSET_FILE are set: keep one",
	}
	require.Equal(t, want, r.Problems)
	want = append(want, "if a name came with a later version, and this is an earlier one: ROLLCALL_ALLOW_UNKNOWN=1 has it start without what it does not know")
	require.Equal(t, "configuration: "+strings.Join(want, "; "), r.Err().Error())
	require.NotContains(t, strings.ReplaceAll(r.Err().Error(), file, ""), "secret")
}

// TestAnEarlierVersionStartsUnderALaterOnesSettings: that is what stepping back is, and it takes a word of somebody's.
func TestAnEarlierVersionStartsUnderALaterOnesSettings(t *testing.T) {
	t.Parallel()
	file := write(t, "ROLLCALL_ZZZ=secret\nROLLCALL_LOG_FORMAT=json\n")
	later := []string{database, config.EnvConfig + "=" + file, "ROLLCALL_LOG_LEVELS=secret"}
	const wayOut = "ROLLCALL_ALLOW_UNKNOWN=1 has it start"
	for _, forbidden := range []string{"", "0"} {
		r := config.Read(append(later, config.EnvAllowUnknown+"="+forbidden))
		require.Len(t, r.Problems, 2, "all at once")
		require.ErrorContains(t, r.Err(), "ROLLCALL_LOG_LEVELS is no setting: did you mean ROLLCALL_LOG_LEVEL?")
		require.ErrorContains(t, r.Err(), "ROLLCALL_ZZZ ("+file+", line 1) is no setting: see them all with: rollcall config")
		require.ErrorContains(t, r.Err(), wayOut)
		require.Empty(t, r.Config.Warnings())
	}

	r := config.Read(append(later, config.EnvAllowUnknown+"=1"))
	require.NoError(t, r.Err())
	require.Equal(t, "json", r.Config.LogFormat, "what is known is read")
	require.Equal(t, []string{
		"ROLLCALL_LOG_LEVELS is no setting of this version and is not read, as ROLLCALL_ALLOW_UNKNOWN allows: did you mean ROLLCALL_LOG_LEVEL?",
		"ROLLCALL_ZZZ (" + file + ", line 1) is no setting of this version and is not read, as ROLLCALL_ALLOW_UNKNOWN allows: see them all with: rollcall config",
	}, r.Config.Warnings())
	r = config.Read([]string{database, config.EnvConfig + "=" + write(t, "ROLLCALL_ALLOW_UNKNOWN=1\nROLLCALL_ZZZ=x\n")})
	require.NoError(t, r.Err(), "said in the file")
	require.Len(t, r.Config.Warnings(), 1)

	r = config.Read([]string{database, config.EnvAllowUnknown + "=1"})
	require.NoError(t, r.Err())
	require.Empty(t, r.Config.Warnings(), "there is nothing to warn of")
	r = config.Read([]string{database, config.EnvAllowUnknown + "=1", config.EnvLogLevel + "=loud"})
	require.ErrorContains(t, r.Err(), "ROLLCALL_LOG_LEVEL must be", "what is known is still checked")
	require.NotContains(t, r.Err().Error(), wayOut, "it is none here")
	r = config.Read([]string{database, config.EnvAllowUnknown + "=yes", "ROLLCALL_ZZZ=x"})
	require.ErrorContains(t, r.Err(), "ROLLCALL_ALLOW_UNKNOWN must be 1 or 0; ROLLCALL_ZZZ is no setting")
}

func TestTheDatabasesURLFromAFile(t *testing.T) {
	t.Parallel()
	file := write(t, "postgres://u:hidden@h/db\n")
	r := config.Read([]string{config.EnvDatabaseURLFile + "=" + file})
	require.NoError(t, r.Err())
	require.Equal(t, "postgres://u:hidden@h/db", r.Config.DatabaseURL)
	from, shown := origins(r)
	require.Equal(t, file, from[config.EnvDatabaseURL])
	require.Equal(t, "postgres://u:xxxxx@h/db", shown[config.EnvDatabaseURL])
	require.Equal(t, file, shown[config.EnvDatabaseURLFile])

	for problem, environ := range map[string][]string{
		"both ROLLCALL_DATABASE_URL and ROLLCALL_DATABASE_URL_FILE are set": {config.EnvDatabaseURLFile + "=" + file, database},
		"ROLLCALL_DATABASE_URL_FILE names a file that cannot be read":       {config.EnvDatabaseURLFile + "=" + file + ".missing"},
		"names a file whose content is not a PostgreSQL URL":                {config.EnvDatabaseURLFile + "=" + write(t, "hidden")},
		"ROLLCALL_CONFIG names a file that cannot be read":                  {config.EnvConfig + "=" + file + ".missing"},
		"ROLLCALL_DATABASE_URL is not a PostgreSQL URL":                     {config.EnvDatabaseURL + "=host=h password=hidden"},
	} {
		r := config.Read(environ)
		require.Len(t, r.Problems, 1, problem)
		require.ErrorContains(t, r.Err(), problem)
		require.NotContains(t, r.Err().Error(), "hidden")
	}
}

// TestTheRegistryIsWhole looks for variables that are named somewhere and are no settings.
func TestTheRegistryIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range config.Registry() {
		require.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
		require.NotEmpty(t, s.Meaning, s.Name)
		require.NotContains(t, s.Meaning, "|", s.Name)
		require.Contains(t, []config.Programs{config.Worker, config.Rollcall, config.Both}, s.Programs, s.Name)
		for _, value := range lo.Compact([]string{s.Default, s.Example}) {
			if s.Name == config.EnvConfig || s.Name == config.EnvDatabaseURLFile {
				continue // files that would have to be there
			}
			environ := []string{s.Name + "=" + value}
			if s.Name != config.EnvDatabaseURL {
				environ = append(environ, database)
			}
			if strings.HasPrefix(s.Name, "ROLLCALL_PORTAL_") {
				environ = append(environ, config.EnvPortalURL+"=http://p", config.EnvPortalKeyFile+"=key")
			}
			r := config.Read(environ)
			require.NoError(t, r.Err(), "%s: its own example", s.Name)
		}
	}
	names := lo.Keys(namedInTheCode(t))
	require.Greater(t, len(names), 10)
	r := config.Read(append([]string{database}, lo.Map(names, func(name string, _ int) string { return name + "=" })...))
	require.NoError(t, r.Err(), "every variable that the code names is in the registry")
}

// namedInTheCode are the variables that Go files outside this package's tests name in full, as strings.
func namedInTheCode(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	root := filepath.Join("..", "..")
	for _, folder := range []string{"activities", "devstack", "internal", "starter", "worker", "workflows"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, part := range strings.Split(string(content), `"`) {
				if strings.HasPrefix(part, "ROLLCALL_") && strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" && part != "ROLLCALL_" {
					names[part] = true
				}
			}
			return nil
		}))
	}
	return names
}
