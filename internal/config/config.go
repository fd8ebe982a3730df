// Package config reads the deployment's settings, the same for every binary. They come from
// the environment; secrets' own variables are read by package secret, Temporal's by its SDK.
package config

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// The environment variables.
const (
	EnvDatabaseURL   = "ROLLCALL_DATABASE_URL"
	EnvVKURL         = "ROLLCALL_VK_URL"
	EnvEventsAddress = "ROLLCALL_EVENTS_ADDRESS"
	// EnvBuildID names the build of a worker, in place of the one it was built with.
	EnvBuildID = "ROLLCALL_BUILD_ID"
	// EnvRound is how long the lane of a continuous school waits before it looks by itself.
	EnvRound     = "ROLLCALL_CONTINUOUS_ROUND"
	EnvLogLevel  = "ROLLCALL_LOG_LEVEL"
	EnvLogFormat = "ROLLCALL_LOG_FORMAT"
)

// Config is the deployment's settings.
type Config struct {
	// DatabaseURL is PostgreSQL's, postgres://user:password@host:port/database.
	DatabaseURL string
	// VKURL is where VK's API is; empty is the real one.
	VKURL string
	// EventsAddress is where the workers take events, host:port or :port; empty is nowhere.
	EventsAddress string
	// Round is how long the lane of a continuous school waits before it looks by itself.
	Round time.Duration
	// LogLevel is debug, info, warn or error; LogFormat is text or json.
	LogLevel, LogFormat string
}

// shortestRound keeps a continuous lane from turning without rest.
const shortestRound = time.Second

// FromEnvironment reads the settings. All that is wrong with them is said at once.
func FromEnvironment() (Config, error) {
	c := Config{
		DatabaseURL:   os.Getenv(EnvDatabaseURL),
		VKURL:         os.Getenv(EnvVKURL),
		EventsAddress: os.Getenv(EnvEventsAddress),
		LogLevel:      cmp.Or(os.Getenv(EnvLogLevel), "info"),
		LogFormat:     cmp.Or(os.Getenv(EnvLogFormat), "text"),
	}
	var wrong []string
	var err error
	if c.Round, err = time.ParseDuration(cmp.Or(os.Getenv(EnvRound), "5m")); err != nil || c.Round < shortestRound {
		wrong = append(wrong, fmt.Sprintf("%s must be a duration of %s or more, such as 5m", EnvRound, shortestRound))
	}
	if c.DatabaseURL == "" {
		wrong = append(wrong, EnvDatabaseURL+" is not set: want postgres://user:password@host:port/database")
	}
	if u, err := url.Parse(c.VKURL); c.VKURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		wrong = append(wrong, EnvVKURL+" is not an http(s) URL")
	}
	if _, _, err := net.SplitHostPort(c.EventsAddress); c.EventsAddress != "" && err != nil {
		wrong = append(wrong, EnvEventsAddress+" must be host:port or :port, e.g. 127.0.0.1:8180")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		wrong = append(wrong, EnvLogLevel+" must be debug, info, warn or error")
	}
	if !slices.Contains([]string{"text", "json"}, c.LogFormat) {
		wrong = append(wrong, EnvLogFormat+" must be text or json")
	}
	if len(wrong) > 0 {
		return c, fmt.Errorf("configuration: %s", strings.Join(wrong, "; "))
	}
	return c, nil
}
