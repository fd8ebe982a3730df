package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
)

// TestFaultsAreFound breaks one thing at a time, on either side, and wants it to be named.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	root := made(t)
	// in changes the first place in a file where something stands.
	in := func(file, from, to string) func(*testing.T, *deployment) {
		return func(t *testing.T, d *deployment) {
			require.Contains(t, d.files[file], from)
			d.files[file] = strings.Replace(d.files[file], from, to, 1)
		}
	}
	// of changes it in one service alone.
	of := func(service, from, to string) func(*testing.T, *deployment) {
		return func(t *testing.T, d *deployment) {
			before, rest, found := strings.Cut(d.files[composeFile], "\n  "+service+":\n")
			require.True(t, found, service)
			require.Contains(t, rest, from)
			d.files[composeFile] = before + "\n  " + service + ":\n" + strings.Replace(rest, from, to, 1)
		}
	}
	setting := func(change func(*config.Setting), name string) func(*testing.T, *deployment) {
		return func(t *testing.T, d *deployment) {
			d.settings = slices.Clone(d.settings)
			_, at, found := lo.FindIndexOf(d.settings, func(s config.Setting) bool { return s.Name == name })
			require.True(t, found)
			change(&d.settings[at])
		}
	}
	c := composeFile
	for _, fault := range []struct {
		change func(*testing.T, *deployment)
		want   string
	}{
		// Settings, on either side.
		{in(c, "ROLLCALL_LOG_FORMAT:", "ROLLCALL_LOG_FORMATS:"), "worker: ROLLCALL_LOG_FORMATS is no setting"},
		{setting(func(s *config.Setting) { s.Name = "ROLLCALL_LOGS" }, config.EnvLogFormat), "worker: ROLLCALL_LOG_FORMAT is no setting"},
		{setting(func(s *config.Setting) { s.Name = "ROLLCALL_DATABASE_FILE" }, config.EnvDatabaseURLFile), "migrate: ROLLCALL_DATABASE_URL_FILE is no setting"},
		{setting(func(s *config.Setting) { s.Programs = config.Worker }, config.EnvLogLevel), "migrate: ROLLCALL_LOG_LEVEL is not read by rollcall"},
		{in(c, "    ROLLCALL_DATABASE_URL_FILE: /run/secrets/database-url\n", ""), "worker: ROLLCALL_DATABASE_URL is not set"},
		{in(c, "    ROLLCALL_KEYSET_FILE: /run/keyset/keyset.json\n", ""), "worker: exactly one of ROLLCALL_KEYSET, ROLLCALL_KEYSET_FILE has to be set"},
		{in(c, "ROLLCALL_DATABASE_URL_FILE: /run/secrets/database-url", "ROLLCALL_DATABASE_URL: postgres://u:p@postgres/db"), "worker: ROLLCALL_DATABASE_URL is a secret"},
		{in(c, "${ROLLCALL_LOG_LEVEL:-info}", "loud"), "worker: ROLLCALL_LOG_LEVEL must be"},
		{in(c, "${ROLLCALL_TRACES_KEPT:-24h}", "${ROLLCALL_TRACES_KEPT:-1s}"), "worker: ROLLCALL_TRACES_KEPT must be"},
		{in(c, "${ROLLCALL_PORTAL_URL:+/run/secrets/portal.key}", `""`), "worker: ROLLCALL_PORTAL_URL and ROLLCALL_PORTAL_KEY_FILE go together"},
		{in(c, "TEMPORAL_ADDRESS: temporal:7233", "TEMPORAL_HOST: temporal:7233"), "migrate: TEMPORAL_HOST is no variable of Temporal's SDK"},
		{in(c, "TEMPORAL_ADDRESS: temporal:7233", "TEMPORAL_ADDRESS: temporal-server:7233"), "worker: there is no service for //temporal-server:7233"},
		{in(c, "    TEMPORAL_ADDRESS: temporal:7233\n", ""), "worker: TEMPORAL_ADDRESS is not set"},
		{in(c, "OTEL_TRACES_EXPORTER:", "OTEL_TRACE_EXPORTER:"), "worker: OTEL_TRACE_EXPORTER is no variable of OpenTelemetry"},
		{in(c, "GOMEMLIMIT:", "GOMEMORY:"), "worker: nobody reads GOMEMORY"},
		{in(c, "ROLLCALL_ALLOW_UNKNOWN:-0", "ROLLCALL_ALLOW_UNKNOWN:-no"), "worker: ROLLCALL_ALLOW_UNKNOWN must be 1 or 0"},
		{of("rollcall", "ROLLCALL_OPERATOR: ${USER:-}", "ROLLCALL_OPERATORS: ${USER:-}"), "rollcall: ROLLCALL_OPERATORS is no setting"},
		{of("rollcall", "ROLLCALL_OPERATOR: ${USER:-}", "USER: ${USER:-}"), "rollcall: nobody reads USER"},
		{of("rollcall", "ROLLCALL_OPERATOR: ${USER:-}", "ROLLCALL_OPERATOR: operator"), "rollcall: does not say who the operator is"},
		{in(c, "#   PREVIOUS_BUILD_ID ", "#   EARLIER_BUILD_ID "), "PREVIOUS_BUILD_ID is not described"},
		{in(c, "${ROSTERS:-./roster}", "${ROSTER:-./roster}"), "ROSTER is not among what the check sets"},
		{in(c, "depends_on:", "depend_on:"), "field depend_on not found"},
		{in(c, "${ROSTERS:-./roster}", "$ROSTERS"), "a dollar sign that begins no variable"},

		// Files.
		{in(c, "/run/secrets/database-url", "/run/secrets/database"), "worker: ROLLCALL_DATABASE_URL_FILE names /run/secrets/database, which it does not see"},
		{in(c, "secrets: [database-url, portal.key, max-ca.pem]", "secrets: [portal.key, max-ca.pem]"), "worker: ROLLCALL_DATABASE_URL_FILE names /run/secrets/database-url, which it does not see"},
		{in(c, "secrets: [database-url, portal.key, max-ca.pem]", "secrets: [database-url, portal.key]"), "worker: ROLLCALL_MAX_CA_FILE names /run/secrets/max-ca.pem, which it does not see"},
		{in(c, "${ROLLCALL_MAX_ADDING:-0}", "${ROLLCALL_MAX_ADDING:-no}"), "worker: ROLLCALL_MAX_ADDING must be 1 or 0"},
		{in(c, "file: ./secrets/database-url", "file: ./secrets/database"), "worker: deploy/secrets.sh does not make ./secrets/database"},
		{in(c, "\n  grafana-password: {file: ./secrets/grafana-password}", ""), "grafana: there is no secret grafana-password"},
		{in(c, "/run/secrets/postgres-password", "/run/secrets/password"), "postgres: POSTGRES_PASSWORD_FILE names /run/secrets/password"},
		{in(c, "/run/secrets/grafana-password", "/run/secrets/password"), "grafana: GF_SECURITY_ADMIN_PASSWORD__FILE names /run/secrets/password"},
		{in(c, "/run/keyset/keyset.json", "/run/keyset/keys.json"), "rollcall: ROLLCALL_KEYSET_FILE names /run/keyset/keys.json, which it does not see"},
		{in(c, "./deploy/postgres:", "./deploy/postgresql:"), "postgres: ./deploy/postgresql is not there"},
		{in(c, "./secrets/keyset:/run/keyset:ro", "./secrets/keyset:/run/keyset"), "worker: ./secrets/keyset is writable: true"},
		{of("rollcall", "./secrets/keyset:/run/keyset", "./secrets/keyset:/run/keyset:ro"), "rollcall: ./secrets/keyset is writable: false"},
		{in(c, "postgres:/var/lib", "data:/var/lib"), "postgres: there is no volume data"},
		{in(c, "/etc/rollcall/schema.sh", "/etc/rollcall/schemas.sh"), "temporal-schema: its command names /etc/rollcall/schemas.sh"},
		{in(c, "/etc/rollcall/dynamicconfig.yaml", "/etc/dynamicconfig.yaml"), "temporal: DYNAMIC_CONFIG_FILE_PATH names /etc/dynamicconfig.yaml"},
		{in(c, "--config=/etc/rollcall/config.yaml", "--config=/etc/rollcall/otel.yaml"), "otel-collector: its command names /etc/rollcall/otel.yaml"},
		{in(c, "--config.file=/etc/prometheus/prometheus.yml", "--config.file=/etc/prometheus/p.yml"), "prometheus: its command names /etc/prometheus/p.yml"},

		// What is run, and as whom.
		{in(c, "command: [worker]", "command: [workers]"), `worker: the image has no program for ["workers"]`},
		{in(c, "command: [rollcall, migrate]", "command: [rollcall, migrations]"), "migrate: rollcall has no command migrations"},
		{in(imageFile, "/out/worker /out/rollcall /usr", "/out/worker /usr"), `migrate: the image has no program for ["rollcall" "migrate"]`},
		{in(imageFile, "-o /out/worker ", "-o /out/rollcall-worker "), "copies /out/worker, which it does not build"},
		{in(imageFile, "USER 65532:65532", "USER 0:0"), "runs the programs as root"},
		{in(imageFile, "USER 65532:65532\n", ""), "runs the programs as root"},
		{in(imageFile, "CGO_ENABLED=0", "CGO_ENABLED=1"), "does not link the programs statically"},
		{in(imageFile, "ENV ROLLCALL_BUILD_ID=", "ENV BUILD="), "does not put BUILD_ID into ROLLCALL_BUILD_ID"},
		{in(imageFile, "debian:13.1-slim", "debian:latest"), "the image debian:latest is not pinned"},
		{in(imageFile, "golang:1.26.8", "golang"), "the image golang is not pinned"},
		{in(c, "BUILD_ID: ${BUILD_ID:-}", "BUILD: ${BUILD_ID:-}"), "worker: its build is given no BUILD_ID"},
		{in(c, "    pull_policy: never\n", ""), "worker-previous: nobody makes its image"},
		{in(c, "cap_drop: [ALL]", "cap_drop: []"), "worker: may do more than it needs to"},
		{in(c, "${RUN_AS:-65532:65532}", "${RUN_AS:-0:0}"), "worker: runs as root"},
		{in(c, `security_opt: ["no-new-privileges:true"]`, "security_opt: []"), "grafana: may gain privileges"},
		{in(c, "prom/prometheus:v3.5.0", "prom/prometheus:latest"), "prometheus: the image prom/prometheus:latest is not pinned"},
		{in(c, "jaegertracing/jaeger:2.10.0", "jaegertracing/jaeger"), "jaeger: the image jaegertracing/jaeger is not pinned"},
		{in(c, "temporalio/server:1.32.1", "temporalio/server:1.31.0"), "temporal: the image is temporalio/server:1.31.0, tested is temporalio/server:1.32.1"},
		{in(stackFile, "ui-server/v2 v2.54.1", "ui-server/v2 v2.55.0"), "temporal-ui: the image is temporalio/ui:2.54.1, tested is temporalio/ui:2.55.0"},
		{in(c, "postgres:17.6", "postgres:14.2"), "postgres: the image postgres:14.2 is not PostgreSQL 15 to 17"},

		// Who is heard from where.
		{in(c, "127.0.0.1:8080:8080", "8080:8080"), "temporal-ui: the port 8080:8080 is not bound to 127.0.0.1"},
		{in(c, "127.0.0.1:3000:3000", "0.0.0.0:3000:3000"), "grafana: the port 0.0.0.0:3000:3000 is not bound to 127.0.0.1"},
		{of("worker", "depends_on:", "ports: [\"127.0.0.1:8180:8180\"]\n    depends_on:"), "worker: two of it cannot have the same port"},

		// Order.
		{of("temporal", "      temporal-schema: {condition: service_completed_successfully}\n", ""), "temporal: does not wait for temporal-schema"},
		{of("worker", "service_completed_successfully", "service_started"), "worker: does not wait for migrate (service_completed_successfully)"},
		{of("migrate", "      temporal-namespace: {condition: service_completed_successfully}\n", ""), "migrate: does not wait for temporal-namespace"},
		{of("temporal-schema", "postgres:", "database:"), "temporal-schema: waits for database, which there is not"},
		{of("grafana", "prometheus: {condition", "jaeger: {condition"), "jaeger: others wait for its health, and it has no health check"},
		{in(c, `restart: "no"`, "restart: always"), `migrate: it is started again by the rule "always"`},
		{in(c, "restart: unless-stopped", `restart: "no"`), `worker: it is started again by the rule "no"`},
		{in(c, "replicas: 2", "replicas: 1"), "worker: there are not two of it"},
		{in(c, "stop_grace_period: 40s", "stop_grace_period: 10s"), "worker: is not given 30s to end"},
		{of("worker-previous", `ROLLCALL_ALLOW_UNKNOWN: "1"`, `ROLLCALL_ALLOW_UNKNOWN: "0"`), "worker-previous: would not start with a setting that is new"},
		{of("worker-previous", "<<: *worker-environment", "<<: *environment"), "worker-previous: does not have what worker has"},
		{of("worker-previous", "secrets: [database-url, portal.key, max-ca.pem]", "secrets: [database-url]"), "worker-previous: does not have what worker has"},
		{in(c, "-cmax_connections=300", "-cmax_connections=200"), "postgres: takes 200 connections, and 270 may be wanted"},
		{in(c, "      - -clog_min_error_statement=panic\n", ""), "postgres: logs statements"},

		// Telemetry.
		{in(c, `OTEL_EXPORTER_PROMETHEUS_PORT: "9464"`, `OTEL_EXPORTER_PROMETHEUS_PORT: "9465"`), "asks worker at 9464, and it answers at 9465"},
		{in(c, "/dev/tcp/127.0.0.1/9464", "/dev/tcp/127.0.0.1/9465"), "worker: its health check does not try 9464"},
		{in(prometheusFile, "port: 9464", "port: 9090"), "asks worker at 9090, and it answers at 9464"},
		{in(prometheusFile, "names: [worker]", "names: [workers]"), "asks workers, which there is not"},
		{in(prometheusFile, "  - alerts.yml", "  - rules.yml"), "there is no rules.yml"},
		{in(c, "OTEL_EXPORTER_PROMETHEUS_HOST: 0.0.0.0", "OTEL_EXPORTER_PROMETHEUS_HOST: localhost"), "worker: does not serve its metrics to prometheus"},
		{in(collectorFile, "receivers: [otlp]", "receivers: [otel]"), "the pipeline traces names the receiver otel, which there is not"},
		{in(collectorFile, "exporters: [otlp/jaeger]", "exporters: [jaeger]"), "the pipeline traces names the exporter jaeger, which there is not"},
		{in(collectorFile, "endpoint: jaeger:4317", "endpoint: tempo:4317"), "there is no service for //tempo:4317"},
		{in(collectorFile, "0.0.0.0:4318", "0.0.0.0:4319"), `worker: sends its traces to http://otel-collector:4318, and the collector listens at "0.0.0.0:4319"`},
		{in(c, "OTLP_PROTOCOL: http/protobuf", "OTLP_PROTOCOL: grpc"), `the collector listens at "0.0.0.0:4317" for that protocol`},
		{in(sourcesFile, "http://prometheus:9090", "http://prom:9090"), "there is no service for http://prom:9090"},
		{in(boardsFile, "/etc/rollcall/dashboards", "/etc/dashboards"), "grafana does not see the dashboards at /etc/dashboards"},

		// Temporal.
		{in(dynamicFile, "  - value: true", "  - value: false"), "schools do not share the workers fairly"},
		{in(dynamicFile, "matching.enableFairness", "matching.fairness"), "schools do not share the workers fairly"},
		{in(namespaceFile, "--retention 168h", "--retention 24h"), "closed runs are not kept for 7 days"},
		{of("temporal-namespace", "TEMPORAL_NAMESPACE: *namespace", "TEMPORAL_NAMESPACE: rollcall"), "worker: uses the namespace default, and rollcall is made"},
	} {
		d := ours(t, root)
		fault.change(t, d)
		found := d.problems()
		require.True(t, lo.SomeBy(found, func(p string) bool { return strings.Contains(p, fault.want) }), "%s\nis not among\n%s", fault.want, strings.Join(found, "\n"))
	}
}

// TestWhatSecretsMakesIsNeeded wants each file that deploy/secrets.sh makes to be missed.
func TestWhatSecretsMakesIsNeeded(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"database-url", "portal.key", "max-ca.pem", "postgres-password", "temporal-password", "rollcall-password", "grafana-password", "keyset/keyset.json"} {
		d := ours(t, made(t))
		require.NoError(t, os.Remove(filepath.Join(d.root, "secrets", file)))
		require.NotEmpty(t, d.problems(), file)
	}
}
