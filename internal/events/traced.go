package events

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
)

// traced has a span, and a measure, for each request but those that only ask whether we are there. Who calls is a
// stranger: the span begins a trace of its own, whatever trace the request says it is of.
func traced(mux *http.ServeMux) http.Handler {
	return otelhttp.NewHandler(mux, "events",
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }),
		otelhttp.WithSpanOptions(trace.WithSpanKind(trace.SpanKindServer)),
		otelhttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/healthz" }),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			if _, pattern := mux.Handler(r); pattern != "" {
				return pattern
			}
			return r.Method + " unknown"
		}))
}
