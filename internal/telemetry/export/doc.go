// Package export sets OpenTelemetry's SDK up: where spans and metrics go, by the standard OTEL_* variables, and
// which spans are kept in the database for rollcall trace. Only mains import it; everybody else tells what there
// is to tell through package telemetry and OpenTelemetry's API.
//
// Unless an exporter is named, none is made. Without exporters and without spans to be kept nothing
// is set up at all.
package export
