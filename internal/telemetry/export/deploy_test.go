package export_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const deploy = "../../../deploy/"

// rule is an alert of Prometheus.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) []rule {
	t.Helper()
	raw, err := os.ReadFile(deploy + "prometheus/alerts.yml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(raw, &file))
	rules := lo.FlatMap(file.Groups, func(g struct {
		Rules []rule `yaml:"rules"`
	}, _ int) []rule {
		return g.Rules
	})
	require.NotEmpty(t, rules)
	return rules
}

// dashboards gives all expressions of each dashboard, by file.
func dashboards(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(deploy + "grafana/*.json")
	require.NoError(t, err)
	require.Len(t, files, 2)
	found := map[string][]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var board any
		require.NoError(t, json.Unmarshal(raw, &board), file)
		found[file] = expressions(board)
		require.NotEmpty(t, found[file])
	}
	return found
}

// expressions finds what is asked of Prometheus anywhere in a dashboard.
func expressions(of any) []string {
	switch v := of.(type) {
	case []any:
		return lo.FlatMap(v, func(item any, _ int) []string { return expressions(item) })
	case map[string]any:
		var found []string
		for key, item := range v {
			text, isText := item.(string)
			if isText && (key == "expr" || key == "query" && strings.HasPrefix(text, "label_values(")) {
				found = append(found, text)
			}
			found = append(found, expressions(item)...)
		}
		return found
	default:
		return nil
	}
}

func TestEveryMetricThatIsAskedForIsServed(t *testing.T) {
	served := served(t)
	asked := dashboards(t)
	for _, r := range alerts(t) {
		asked[r.Alert] = []string{r.Expr}
	}
	for where, expressions := range asked {
		for _, expression := range expressions {
			names := namesIn(expression)
			require.NotEmpty(t, names, "%s: %s", where, expression)
			for _, name := range names {
				labels, there := served[name.metric]
				require.True(t, there, "%s asks for %s, which no worker serves: %s", where, name.metric, expression)
				for _, label := range name.labels {
					require.Contains(t, labels, label, "%s asks for the label %s of %s: %s", where, label, name.metric, expression)
				}
			}
		}
	}
}

func TestTheDocumentedMetricsAreThoseOfOurs(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/telemetry.md")
	require.NoError(t, err)
	suffix := regexp.MustCompile(`_(bucket|count|sum)$`)
	ours := lo.Filter(lo.Keys(served(t)), func(name string, _ int) bool { return strings.HasPrefix(name, "rollcall_") })
	for _, name := range lo.Uniq(lo.Map(ours, func(name string, _ int) string { return suffix.ReplaceAllString(name, "") })) {
		require.Contains(t, string(raw), "`"+name+"`")
	}
}

type named struct {
	metric string
	labels []string
}

var (
	metricName = regexp.MustCompile(`\b(?:(?:rollcall|temporal|http|db)_[a-z0-9_]+|up|target_info)\b(\{[^}]*\})?`)
	labelName  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"`)
	grouping   = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
)

// namesIn finds the metrics in an expression, with the labels asked for in braces, and those that the expression
// groups by where there is but one metric.
func namesIn(expression string) []named {
	bare := grouping.ReplaceAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllStringFunc(expression, func(quoted string) string {
		return `"` + strings.Map(func(r rune) rune { return lo.Ternary(r == '}' || r == '{', -1, 'x') }, quoted[1:len(quoted)-1]) + `"`
	}), "")
	var found []named
	for _, match := range metricName.FindAllStringSubmatch(bare, -1) {
		n := named{metric: strings.TrimSuffix(match[0], match[1])}
		for _, label := range labelName.FindAllStringSubmatch(match[1], -1) {
			n.labels = append(n.labels, label[1])
		}
		found = append(found, n)
	}
	if len(found) != 1 {
		return found
	}
	for _, group := range grouping.FindAllStringSubmatch(expression, -1) {
		for label := range strings.SplitSeq(group[1], ",") {
			if label = strings.TrimSpace(label); label != "" {
				found[0].labels = append(found[0].labels, label)
			}
		}
	}
	return found
}

func TestEveryAlertLeadsToItsParagraph(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/operations.md")
	require.NoError(t, err)
	heading := regexp.MustCompile(`(?m)^#+ (.+)$`)
	anchors := lo.SliceToMap(heading.FindAllStringSubmatch(string(raw), -1), func(m []string) (string, bool) {
		return strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"), true
	})
	seen := map[string]bool{}
	for _, r := range alerts(t) {
		require.False(t, seen[r.Alert], r.Alert)
		seen[r.Alert] = true
		require.Contains(t, []string{"info", "warning", "critical"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.For, r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		require.NotEmpty(t, r.Annotations["description"], r.Alert)
		page, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "#")
		require.True(t, strings.HasSuffix(page, "/docs/operations.md"), "%s: %s", r.Alert, page)
		require.True(t, anchors[anchor], "%s leads to #%s, which docs/operations.md does not have", r.Alert, anchor)
		require.Equal(t, strings.ToLower(r.Alert), anchor)
	}
}

func TestPrometheusTakesTheFiles(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"check", "config", "prometheus.yml"}} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = deploy + "prometheus"
		said, err := cmd.CombinedOutput()
		require.NotErrorIs(t, err, exec.ErrNotFound, "the program promtool is needed: make programs")
		require.NoError(t, err, "promtool %v: %s", args, said)
	}
}
