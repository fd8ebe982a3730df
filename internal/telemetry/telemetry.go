// Package telemetry is what the binaries tell about themselves: logs, spans and metrics. Nothing that goes
// through it may name a person, an account, a link or a token. It uses OpenTelemetry's API alone, so that
// whoever has something to tell may import it; package export sets the SDK up.
package telemetry

import (
	"io"
	"log/slog"
)

// Logger makes the logger of a binary. Level is debug, info, warn or error; format is text or
// json; anything else is taken for info and text. What is logged with a context that is in a span bears the
// span's ids.
func Logger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(located{slog.NewJSONHandler(w, options)})
	}
	return slog.New(located{slog.NewTextHandler(w, options)})
}
