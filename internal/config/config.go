// Package config reads the deployment's settings, the same for every binary. They are listed in
// Registry, and come from the environment and from the file that ROLLCALL_CONFIG names; where both
// have one, the environment's counts. Temporal's own are read by its SDK, OpenTelemetry's by its own.
package config

import (
	"os"
	"time"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

// The environment variables.
const (
	// EnvConfig names a file with settings.
	EnvConfig = "ROLLCALL_CONFIG"
	// EnvAllowUnknown is "1" where names that are no setting are warned of, and not refused.
	EnvAllowUnknown = "ROLLCALL_ALLOW_UNKNOWN"
	EnvDatabaseURL  = "ROLLCALL_DATABASE_URL"
	// EnvDatabaseURLFile names a file with the database's URL, in place of EnvDatabaseURL.
	EnvDatabaseURLFile = "ROLLCALL_DATABASE_URL_FILE"
	EnvKeyset          = secret.EnvKeyset
	EnvKeysetFile      = secret.EnvKeysetFile
	EnvVKURL           = "ROLLCALL_VK_URL"
	EnvMAXURL          = "ROLLCALL_MAX_URL"
	// EnvMAXCAFile names a file with the root that MAX's certificates end in: no system has it by itself.
	EnvMAXCAFile = "ROLLCALL_MAX_CA_FILE"
	// EnvMAXAdding is "1" where MAX lets the schools' bots add people.
	EnvMAXAdding     = "ROLLCALL_MAX_ADDING"
	EnvEventsAddress = "ROLLCALL_EVENTS_ADDRESS"
	// EnvBuildID names the build of a worker, in place of the one it was built with.
	EnvBuildID = "ROLLCALL_BUILD_ID"
	// EnvOperator is the login of whoever gives commands, where it is not that of the account here.
	EnvOperator = "ROLLCALL_OPERATOR"
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
	// EnvTracesKept is how long the spans of passes are kept; package telemetry reads it.
	EnvTracesKept = "ROLLCALL_TRACES_KEPT"
)

// Config is the deployment's settings.
type Config struct {
	// DatabaseURL is PostgreSQL's, postgres://user:password@host:port/database.
	DatabaseURL string
	// VKURL is where VK's API is; empty is the real one.
	VKURL string
	// MAXURL is where MAX's API is; empty is the real one.
	MAXURL string
	// MAXCAFile is a PEM file with the roots that MAX is trusted by besides the system's, "" for none.
	MAXCAFile string
	// MAXAdding tells that bots may add people to chats on MAX.
	MAXAdding bool
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
	// Operator is the login of whoever gives commands, "" where it is that of the account here.
	Operator string
	// LogLevel is debug, info, warn or error; LogFormat is text or json.
	LogLevel, LogFormat string

	// notes are warnings about settings that are not kept here.
	notes []string
}

// FromEnvironment reads the settings. All that is wrong with them is said at once, and what is not
// wrong is given all the same. What only the file has is put into the environment of this process, for
// package secret, Temporal's SDK and whatever else looks there.
func FromEnvironment() (Config, error) {
	r := Read(os.Environ())
	return r.Config, r.export()
}
