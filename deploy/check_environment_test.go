package deploy_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/deploy"
	"github.com/rollcall-edu/rollcall/internal/config"
)

// required are the settings without which a program does not start: one of each row.
func required() [][]string {
	return [][]string{{config.EnvDatabaseURL, config.EnvDatabaseURLFile}, {config.EnvKeyset, config.EnvKeysetFile}}
}

// temporalVariables are those of envconfig, Temporal's own way to configure a client.
func temporalVariables() []string {
	return []string{
		"TEMPORAL_CONFIG_FILE", "TEMPORAL_PROFILE", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_CLIENT_AUTHORITY",
		"TEMPORAL_TLS", "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_DATA", "TEMPORAL_TLS_CLIENT_KEY_PATH",
		"TEMPORAL_TLS_CLIENT_KEY_DATA", "TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_SERVER_CA_CERT_DATA", "TEMPORAL_TLS_SERVER_NAME",
		"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "TEMPORAL_CODEC_ENDPOINT", "TEMPORAL_CODEC_AUTH",
	}
}

// telemetryVariables are those that OpenTelemetry's SDK and exporters read.
func telemetryVariables() []string {
	otlp := lo.FlatMap([]string{"", "TRACES_", "METRICS_"}, func(signal string, _ int) []string {
		return lo.Map([]string{
			"ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION", "INSECURE", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY",
		}, func(name string, _ int) string { return "OTEL_EXPORTER_OTLP_" + signal + name })
	})
	return append(otlp,
		"OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_PROPAGATORS", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
		"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT",
		"OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_METRICS_EXEMPLAR_FILTER", "OTEL_GO_X_CARDINALITY_LIMIT",
		"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
		"OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT",
	)
}

// runtimeVariables are those of Go itself that we set.
func runtimeVariables() []string { return []string{"GOMEMLIMIT"} }

// environment holds a service's variables against what its program reads.
func (c *check) environment(name string, s deploy.Service) {
	program := lo.FirstOrEmpty(append(slices.Clone(s.Entrypoint), s.Command...))
	for _, variable := range slices.Sorted(maps.Keys(s.Environment)) {
		switch {
		case strings.HasPrefix(variable, "ROLLCALL_"):
			setting, known := lo.Find(c.settings, func(s config.Setting) bool { return s.Name == variable })
			c.want(known, "%s: %s is no setting", name, variable)
			c.want(!known || setting.Programs == config.Both || string(setting.Programs) == program, "%s: %s is not read by %s", name, variable, program)
			c.want(!known || !setting.Secret, "%s: %s is a secret, and is to be in a file", name, variable)
		case strings.HasPrefix(variable, "TEMPORAL_"):
			c.want(slices.Contains(temporalVariables(), variable), "%s: %s is no variable of Temporal's SDK", name, variable)
		case strings.HasPrefix(variable, "OTEL_"):
			c.want(slices.Contains(telemetryVariables(), variable), "%s: %s is no variable of OpenTelemetry", name, variable)
		default:
			c.want(slices.Contains(runtimeVariables(), variable), "%s: nobody reads %s", name, variable)
		}
	}
	for _, either := range required() {
		set := lo.Filter(either, func(v string, _ int) bool { return s.Environment[v] != "" })
		c.want(len(set) == 1, "%s: exactly one of %s has to be set", name, strings.Join(either, ", "))
	}
	if slices.Contains(s.Profiles, "operators") {
		c.want(s.Environment[config.EnvOperator] == c.outside["USER"], "%s: does not say who the operator is", name)
	}
	c.want(s.Environment["TEMPORAL_ADDRESS"] != "", "%s: TEMPORAL_ADDRESS is not set", name)
	c.taken(name, s)
}

// taken has the program's own reading of the settings say what is wrong, with the files that it will see.
func (c *check) taken(name string, s deploy.Service) {
	reading := config.Read(lo.MapToSlice(s.Environment, func(variable, value string) string {
		if host := c.onHost(s, value); strings.HasSuffix(variable, "_FILE") && host != "" {
			value = filepath.Join(c.root, host)
		}
		return variable + "=" + value
	}))
	for _, problem := range reading.Problems {
		c.refuse("%s: %s", name, problem)
	}
	for _, warning := range reading.Config.Warnings() {
		c.refuse("%s: %s", name, warning)
	}
}
