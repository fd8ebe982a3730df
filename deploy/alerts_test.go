package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
)

const alertsFile = "deploy/prometheus/alerts.yml"

// alertTests are the files with promtool's tests, by their paths.
func alertTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("prometheus/*_test.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// promtool has the tests of a folder run, one file each, and gives what it said.
func promtool(t *testing.T, folder, file string) (string, error) {
	t.Helper()
	cmd := exec.Command("promtool", "test", "rules", file)
	cmd.Dir = folder
	said, err := cmd.CombinedOutput()
	require.NotErrorIs(t, err, exec.ErrNotFound, "the program promtool is needed: make programs")
	return string(said), err
}

func TestTheAlertsComeWhenTheyShould(t *testing.T) {
	t.Parallel()
	for _, file := range alertTests(t) {
		said, err := promtool(t, "prometheus", filepath.Base(file))
		require.NoError(t, err, "%s: %s", file, said)
	}
}

// TestEveryAlertIsTried wants each alert to fire in some test. That none fires which a test does not name, each test
// asks for itself.
func TestEveryAlertIsTried(t *testing.T) {
	t.Parallel()
	all := strings.Join(lo.Map(alertTests(t), func(file string, _ int) string { return read(t, filepath.Join("deploy", file)) }), "\n")
	named := regexp.MustCompile(`(?m)^      - alert: (\w+)$`).FindAllStringSubmatch(read(t, alertsFile), -1)
	require.NotEmpty(t, named)
	for _, alert := range named {
		require.Contains(t, all, `alertname="`+alert[1]+`"`)
	}
	asked := regexp.MustCompile(`(?m)^      - expr: (.+)$`).FindAllStringSubmatch(all, -1)
	require.NotEmpty(t, asked)
	for _, question := range asked {
		require.Equal(t, `count by (alertname, district) (ALERTS{alertstate="firing"})`, question[1])
	}
}

// TestAlertsThatAreLessCarefulAreFound takes away, one at a time, what keeps an alert quiet, and wants the test of it to
// notice.
func TestAlertsThatAreLessCarefulAreFound(t *testing.T) {
	t.Parallel()
	rules := read(t, alertsFile)
	for _, fault := range []struct{ test, from, to string }{
		{"a few passes fail, one after another", "and sum(increase(rollcall_pass_duration_seconds_count[15m])) >= 10", ""},
		{"a fresh installation is quiet", "absent(rollcall_districts)", "absent(rollcall_schools)"},
		{"resumed after the holidays, gone through in the night", "(max_over_time(rollcall_schools_resting[1d]))", "(rollcall_schools_resting)"},
		{
			"a district in which all that is not paused is off is noticed after a day",
			"rollcall_schools) - on (district)\n            max by (district) (rollcall_schools_resting{kind=\"paused\"})", "rollcall_schools) * 1",
		},
		{"a few schools are no many", ">= 3)", ">= 1)"},
		{"a roster exported from Monday to Friday at eight in the evening", " + 48 * 3600 * ((scalar(day_of_week()) + 1) % 7 < bool 3)", ""},
		{"a nightly that has just been switched on has its night before it", "and on (district) max by (district) (rollcall_sweep_overdue_seconds offset 1d)", ""},
		{"over a weekend ages grow, and nothing is missed", "rollcall_sweep_overdue_seconds) > 6", "rollcall_sweep_age_seconds) > 6"},
		{"over a weekend ages grow, and nothing is missed", "rollcall_links_unread_seconds)", "rollcall_links_age_seconds)"},
	} {
		require.Contains(t, rules, fault.from)
		folder := t.TempDir()
		for name, content := range map[string]string{"alerts.yml": strings.Replace(rules, fault.from, fault.to, 1), "one_test.yml": alone(t, fault.test)} {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
		}
		said, err := promtool(t, folder, "one_test.yml")
		require.Error(t, err, "nothing is noticed without %q", fault.from)
		require.Contains(t, said, "ALERTS", fault.from)
	}
}

// alone gives the file that has a test, without the others.
func alone(t *testing.T, test string) string {
	t.Helper()
	for _, file := range alertTests(t) {
		head, tests, _ := strings.Cut(read(t, filepath.Join("deploy", file)), "tests:\n")
		_, rest, found := strings.Cut(tests, "  - name: '"+test+"'\n")
		if found {
			rest, _, _ = strings.Cut(rest, "  - name: ")
			return head + "tests:\n  - name: '" + test + "'\n" + rest
		}
	}
	require.Fail(t, "there is no test of that name", test)
	return ""
}
