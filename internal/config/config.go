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
	EnvRound = "ROLLCALL_CONTINUOUS_ROUND"
	// EnvPortalURL is where the Portal is, and EnvPortalKeyFile holds the key that signs what it is
	// asked. EnvLinksFile is a file with account links, in place of the Portal's.
	EnvPortalURL     = "ROLLCALL_PORTAL_URL"
	EnvPortalKeyFile = "ROLLCALL_PORTAL_KEY_FILE"
	EnvLinksFile     = "ROLLCALL_LINKS_FILE"
	// EnvLinksEvery is how often the account links of continuous schools are looked at.
	EnvLinksEvery = "ROLLCALL_LINKS_EVERY"
	EnvLogLevel   = "ROLLCALL_LOG_LEVEL"
	EnvLogFormat  = "ROLLCALL_LOG_FORMAT"
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
	// PortalURL is where the Portal is, "" where there is none; PortalKeyFile holds its key.
	PortalURL, PortalKeyFile string
	// LinksFile is a file with account links, "" where they are the Portal's.
	LinksFile string
	// LinksEvery is how often the account links of continuous schools are looked at.
	LinksEvery time.Duration
	// LogLevel is debug, info, warn or error; LogFormat is text or json.
	LogLevel, LogFormat string
}

// shortestRound keeps a continuous lane, and the look at account links, from turning without rest.
const shortestRound = time.Second

// FromEnvironment reads the settings. All that is wrong with them is said at once.
func FromEnvironment() (Config, error) {
	c := Config{
		DatabaseURL:   os.Getenv(EnvDatabaseURL),
		VKURL:         os.Getenv(EnvVKURL),
		EventsAddress: os.Getenv(EnvEventsAddress),
		PortalURL:     os.Getenv(EnvPortalURL),
		PortalKeyFile: os.Getenv(EnvPortalKeyFile),
		LinksFile:     os.Getenv(EnvLinksFile),
		LogLevel:      cmp.Or(os.Getenv(EnvLogLevel), "info"),
		LogFormat:     cmp.Or(os.Getenv(EnvLogFormat), "text"),
	}
	var wrong []string
	duration := func(name, otherwise string) time.Duration {
		d, err := time.ParseDuration(cmp.Or(os.Getenv(name), otherwise))
		if err != nil || d < shortestRound {
			wrong = append(wrong, fmt.Sprintf("%s must be a duration of %s or more, such as %s", name, shortestRound, otherwise))
		}
		return d
	}
	c.Round, c.LinksEvery = duration(EnvRound, "5m"), duration(EnvLinksEvery, "10s")
	if c.DatabaseURL == "" {
		wrong = append(wrong, EnvDatabaseURL+" is not set: want postgres://user:password@host:port/database")
	}
	for name, address := range map[string]string{EnvVKURL: c.VKURL, EnvPortalURL: c.PortalURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			wrong = append(wrong, name+" is not an http(s) URL")
		}
	}
	if (c.PortalURL == "") != (c.PortalKeyFile == "") {
		wrong = append(wrong, fmt.Sprintf("%s and %s go together: set both or neither", EnvPortalURL, EnvPortalKeyFile))
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
		slices.Sort(wrong)
		return c, fmt.Errorf("configuration: %s", strings.Join(wrong, "; "))
	}
	return c, nil
}
