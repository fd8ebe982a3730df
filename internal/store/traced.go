package store

import (
	"strings"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// statementTracer has a span for each statement inside of another span, with neither parameters nor
// where the database is, and measures how long statements take; nil where nobody exports either.
func statementTracer() pgx.QueryTracer {
	var provider trace.TracerProvider = noop.NewTracerProvider()
	if telemetry.TracesExported() {
		provider = otel.GetTracerProvider()
	} else if !telemetry.MetricsExported() {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithTracerProvider(provider), otelpgx.WithSpanNameFunc(statementName),
		otelpgx.WithDisableConnectionDetailsInAttributes(), otelpgx.WithDisableAcquireTracer())
}

// statementName is what a statement does and the first table it names after that, such as UPDATE
// communities: few names, and short ones.
func statementName(sql string) string {
	words := strings.Fields(sql)
	if len(words) == 0 {
		return "statement"
	}
	verb := strings.ToUpper(strings.Trim(words[0], "();,"))
	for i, word := range words[:len(words)-1] {
		switch strings.ToUpper(strings.TrimLeft(word, "(")) {
		case "FROM", "INTO", "UPDATE", "TABLE":
			table := strings.TrimFunc(words[i+1], func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
			if table != "" {
				return verb + " " + table
			}
		}
	}
	return verb
}
