package export

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
)

// cleaned is an exporter to which spans go without anything that might be about a person. What libraries put on
// spans is theirs to change: so it is listed what may leave, and all else stays: the addresses of those who
// call, queries of URLs, parameters of statements, and the texts of errors.
type cleaned struct{ trace.SpanExporter }

// ExportSpans implements trace.SpanExporter.
func (c cleaned) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	clean := make([]trace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		clean[i] = cleanSpan{s}
	}
	return c.SpanExporter.ExportSpans(ctx, clean)
}

// oursBegin begin the names of attributes that may leave because they are made by us or by Temporal's tracing; others are those
// of libraries that may leave.
var (
	oursBegin = []string{"rollcall.", "vk.", "max.", "portal.", "temporal"}
	others    = []string{
		"pgx.rows_affected", "pgx.sql_state", "pgx.operation.type", "db.system.name", "db.query.text", "db.operation.name", "db.namespace",
		"http.request.method", "http.response.status_code", "http.route", "error.type", "exception.type", "server.port",
	}
)

func allowed(kv attribute.KeyValue) bool {
	key := string(kv.Key)
	return slices.Contains(others, key) || slices.ContainsFunc(oursBegin, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func cleanAttributes(kvs []attribute.KeyValue) []attribute.KeyValue {
	var clean []attribute.KeyValue
	for _, kv := range kvs {
		if allowed(kv) {
			clean = append(clean, kv)
		}
	}
	return clean
}

type cleanSpan struct{ trace.ReadOnlySpan }

func (s cleanSpan) Attributes() []attribute.KeyValue {
	return cleanAttributes(s.ReadOnlySpan.Attributes())
}

func (s cleanSpan) Events() []trace.Event {
	events := s.ReadOnlySpan.Events()
	clean := make([]trace.Event, len(events))
	for i, e := range events {
		clean[i] = trace.Event{Name: e.Name, Time: e.Time, Attributes: cleanAttributes(e.Attributes)}
	}
	return clean
}

func (s cleanSpan) Status() trace.Status {
	status := s.ReadOnlySpan.Status()
	if status.Code == codes.Error {
		status.Description = codeOf(s.ReadOnlySpan)
	}
	return status
}

// failure is the code of a span's status: the description, if it is one word and no sentence.
func failure(s trace.ReadOnlySpan) string {
	status := s.Status()
	switch {
	case status.Code != codes.Error:
		return ""
	case status.Description == "" || len(status.Description) > 40 || strings.ContainsFunc(status.Description, noPartOfACode):
		return unnamed
	default:
		return status.Description
	}
}

func noPartOfACode(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
}
