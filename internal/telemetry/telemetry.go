// Package telemetry sets up what the binaries tell about themselves. Nothing that goes
// through it may name a person, an account, a link or a token.
package telemetry

import (
	"io"
	"log/slog"
)

// Logger makes the logger of a binary. Level is debug, info, warn or error; format is text or
// json; anything else is taken for info and text.
func Logger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
