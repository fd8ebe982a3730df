package deploy_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/samber/lo"
	"go.yaml.in/yaml/v3"
)

// parse reads one of the YAML files.
func parse[T any](c *check, file string) T {
	var content T
	if err := yaml.Unmarshal([]byte(c.files[file]), &content); err != nil {
		c.refuse("%s: %s", file, err)
	}
	return content
}

// telemetry follows metrics and traces from the workers to Grafana.
func (c *check) telemetry() {
	c.prometheus()
	c.collector()
	sources := parse[struct {
		Datasources []struct{ Name, URL string }
	}](c, sourcesFile)
	for _, source := range sources.Datasources {
		c.reached(sourcesFile, source.URL)
	}
	boards := parse[struct {
		Providers []struct{ Options struct{ Path string } }
	}](c, boardsFile)
	for _, p := range boards.Providers {
		c.want(c.onHost(c.Services["grafana"], p.Options.Path) == "deploy/grafana", "%s: grafana does not see the dashboards at %s", boardsFile, p.Options.Path)
	}
}

// prometheus looks whether the workers are asked where they answer.
func (c *check) prometheus() {
	file := parse[struct {
		Rules  []string `yaml:"rule_files"`
		Scrape []struct {
			Job string `yaml:"job_name"`
			DNS []struct {
				Names []string
				Port  int
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}](c, prometheusFile)
	for _, rules := range file.Rules {
		c.want(c.there("deploy/prometheus/"+rules), "%s: there is no %s", prometheusFile, rules)
	}
	e := c.Services["worker"].Environment
	port := e["OTEL_EXPORTER_PROMETHEUS_PORT"]
	c.want(e["OTEL_METRICS_EXPORTER"] == "prometheus" && e["OTEL_EXPORTER_PROMETHEUS_HOST"] == "0.0.0.0", "worker: does not serve its metrics to prometheus")
	asked := false
	for _, job := range file.Scrape {
		for _, found := range job.DNS {
			for _, name := range found.Names {
				c.want(lo.HasKey(c.Services, name), "%s: asks %s, which there is not", prometheusFile, name)
				c.want(name != "worker" || fmt.Sprint(found.Port) == port, "%s: asks worker at %d, and it answers at %s", prometheusFile, found.Port, port)
				asked = asked || name == "worker"
			}
		}
	}
	c.want(asked, "%s: does not ask worker", prometheusFile)
	health := c.Services["worker"].Healthcheck
	c.want(health != nil && strings.HasSuffix(strings.Join(health.Test, " "), "/"+port), "worker: its health check does not try %s", port)
}

// collector looks whether traces come in where they are sent, and go on to somebody who is there.
func (c *check) collector() {
	type part struct {
		Endpoint  string
		Protocols map[string]struct{ Endpoint string }
	}
	file := parse[struct {
		Receivers, Processors, Exporters map[string]part
		Service                          struct {
			Pipelines map[string]struct{ Receivers, Processors, Exporters []string }
		}
	}](c, collectorFile)
	for name, p := range file.Service.Pipelines {
		for kind, named := range map[string]struct {
			defined map[string]part
			used    []string
		}{"receiver": {file.Receivers, p.Receivers}, "processor": {file.Processors, p.Processors}, "exporter": {file.Exporters, p.Exporters}} {
			for _, component := range named.used {
				c.want(lo.HasKey(named.defined, component), "%s: the pipeline %s names the %s %s, which there is not", collectorFile, name, kind, component)
			}
		}
	}
	for _, e := range file.Exporters {
		c.reached(collectorFile, "//"+e.Endpoint)
	}
	c.want(lo.HasKey(file.Service.Pipelines, "traces"), "%s: there is no pipeline for traces", collectorFile)
	protocol := map[string]string{"http/protobuf": "http", "grpc": "grpc"}
	for name, s := range c.Services {
		if s.Environment["OTEL_TRACES_EXPORTER"] != "otlp" {
			continue
		}
		to := s.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
		u, err := url.Parse(to)
		c.want(err == nil && u.Hostname() == "otel-collector", "%s: sends its traces to %s, and not to otel-collector", name, to)
		listens := file.Receivers["otlp"].Protocols[protocol[s.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"]]].Endpoint
		c.want(err == nil && listens == "0.0.0.0:"+u.Port(), "%s: sends its traces to %s, and the collector listens at %q for that protocol", name, to, listens)
	}
}

// reached refuses an address at which there is no service.
func (c *check) reached(where, address string) {
	u, err := url.Parse(address)
	c.want(err == nil && lo.HasKey(c.Services, u.Hostname()), "%s: there is no service for %s", where, address)
}

// temporal looks at how the server is set up, and whether everybody means the same.
func (c *check) temporal() {
	fairness := parse[map[string][]struct{ Value any }](c, dynamicFile)["matching.enableFairness"]
	c.want(len(fairness) == 1 && fairness[0].Value == true, "%s: schools do not share the workers fairly", dynamicFile)
	c.want(strings.Contains(c.files[namespaceFile], "--retention 168h"), "%s: closed runs are not kept for 7 days", namespaceFile)
	made := c.Services["temporal-namespace"].Environment["TEMPORAL_NAMESPACE"]
	c.want(made != "", "temporal-namespace: makes none")
	for name, s := range c.Services {
		if namespace, uses := s.Environment["TEMPORAL_NAMESPACE"]; uses {
			c.want(namespace == made, "%s: uses the namespace %s, and %s is made", name, namespace, made)
		}
		for _, variable := range []string{"TEMPORAL_ADDRESS", "POSTGRES_SEEDS", "SQL_HOST"} {
			if to, set := s.Environment[variable]; set {
				c.reached(name, "//"+to)
			}
		}
	}
	c.connections()
}

// connections sums up what may be connected to PostgreSQL at once.
func (c *check) connections() {
	number := func(variable string) int {
		var n int
		_, err := fmt.Sscan(c.Services["temporal"].Environment[variable], &n)
		c.want(err == nil, "temporal: %s is not set", variable)
		return n
	}
	var most int
	for _, word := range c.Services["postgres"].Command {
		if found := regexp.MustCompile(`^-cmax_connections=(\d+)$`).FindStringSubmatch(word); found != nil {
			_, _ = fmt.Sscan(found[1], &most)
		}
	}
	// The server's four services open both pools each; a process of ours opens 20. Two builds of workers may run at once,
	// and a few commands besides.
	const services, ofProcess, commands, spare = 4, 20, 3, 10
	processes := 2*max(c.Services["worker"].Deploy.Replicas, 1) + commands
	need := services*(number("SQL_MAX_CONNS")+number("SQL_VIS_MAX_CONNS")) + processes*ofProcess + spare
	c.want(need <= most, "postgres: takes %d connections, and %d may be wanted", most, need)
	c.want(slices.Contains(c.Services["postgres"].Command, "-clog_min_error_statement=panic"), "postgres: logs statements, which are people's data")
}
