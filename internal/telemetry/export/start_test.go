package export_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/telemetry/export"
)

// The tests below set up what a whole process has, and so run one after the other.

func TestWithoutVariablesNothingIsSetUp(t *testing.T) {
	before := noop.NewTracerProvider()
	otel.SetTracerProvider(before)
	stop, err := export.Start(t.Context(), export.Options{Service: "rollcall-worker", Metrics: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer stop()
	require.Equal(t, before, otel.GetTracerProvider())
}

func TestAnUnknownExporterIsRefused(t *testing.T) {
	for _, name := range []string{telemetry.EnvTracesExporter, telemetry.EnvMetricsExporter} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "pigeons")
			_, err := export.Start(t.Context(), export.Options{Metrics: true, Logger: slog.New(slog.DiscardHandler)})
			require.ErrorContains(t, err, name)
		})
	}
}

// collector takes in what is exported by OTLP over HTTP.
type collector struct {
	mu   sync.Mutex
	sent []*coltrace.ExportTraceServiceRequest
	text string
}

func (c *collector) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	var request coltrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(body.Bytes(), &request); err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, &request)
	c.text += request.String()
}

func TestWhatLeavesNamesNobody(t *testing.T) {
	c := &collector{}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv(telemetry.EnvTracesExporter, "otlp")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	stop, err := export.Start(t.Context(), export.Options{Service: "rollcall-worker", Version: "build-1", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, span := otel.Tracer("some library").Start(t.Context(), "request", trace.WithAttributes(
		attribute.String("url.full", "https://messenger.example/method?access_token=vk1.secret"), attribute.String("url.query", "access_token=vk1.secret"),
		attribute.String("client.address", "198.51.100.7"), attribute.String("user_agent.original", "somebody's"),
		attribute.StringSlice("pgx.query.parameters", []string{"Канарейкина"}), attribute.String("http.route", "/vk/{school}")))
	span.RecordError(errors.New(`duplicate key: (account)=(1001)`))
	span.SetStatus(codes.Error, `duplicate key: (account)=(1001)`)
	span.End()
	stop()

	require.NotEmpty(t, c.sent)
	for _, secret := range []string{"vk1.secret", "198.51.100.7", "somebody", "Канарейкина", "1001"} {
		require.NotContains(t, c.text, secret)
	}
	for _, said := range []string{"/vk/{school}", "rollcall-worker", "build-1", "deployment.environment.name", "failed", "exception.type"} {
		require.True(t, strings.Contains(c.text, said), "%s in %s", said, c.text)
	}
}

func TestACollectorThatIsAwayIsSaidOnce(t *testing.T) {
	var logged bytes.Buffer
	stop, err := export.Start(t.Context(), export.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	require.NoError(t, err)
	defer stop()
	for range 3 {
		otel.Handle(errors.New("the collector is away"))
		otel.Handle(context.Canceled)
	}
	require.Equal(t, 1, strings.Count(logged.String(), "the collector is away"), logged.String())
	require.NotContains(t, logged.String(), "canceled")
}
