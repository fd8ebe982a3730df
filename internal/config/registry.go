package config

import (
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// Programs says which programs read a setting.
type Programs string

// The programs.
const (
	Worker   Programs = "worker"
	Rollcall Programs = "rollcall"
	Both     Programs = "both"
)

// Setting is one of the deployment's settings.
type Setting struct {
	Name string
	// Meaning is one sentence without a full stop, in Markdown.
	Meaning string
	// Default is the value that counts where none is set, "" for none. Example is a value to go by
	// where there is no default that shows what one looks like.
	Default, Example string
	// Secret has the value shown nowhere; of a URL only the password is left out.
	Secret bool
	// Programs are those that read it.
	Programs Programs

	// take checks a value and puts it where the programs find it; nil for any value will do. Its error
	// goes on from the setting's name, and never quotes a value.
	take func(c *Config, value string) error
}

// Registry lists all settings, in the order in which they are shown.
func Registry() []Setting {
	return slices.Concat(stores(), outside(), following(), saying(), reading())
}

// stores are the settings about what is kept, and what seals it.
func stores() []Setting {
	return []Setting{
		{
			Name: EnvDatabaseURL, Programs: Both, Secret: true, Example: "postgres://rollcall:password@db.example:5432/rollcall",
			Meaning: "PostgreSQL 15 or newer; there is no default", take: databaseURL,
		},
		{
			Name: EnvDatabaseURLFile, Programs: Both, Example: "/run/secrets/database-url",
			Meaning: "a file with that URL, in place of it", take: databaseURLFile,
		},
		{
			Name: EnvKeysetFile, Programs: Both, Example: "/run/secrets/keyset.json",
			Meaning: "a file with the Tink keyset that seals tokens, links and rosters (`rollcall keys new`)",
		},
		{
			Name: EnvKeyset, Programs: Both, Secret: true,
			Meaning: "the keyset itself, in place of the file",
		},
	}
}

// outside are the settings about who is spoken to, and where people's accounts come from.
func outside() []Setting {
	return []Setting{
		{
			Name: EnvVKURL, Programs: Both, Example: "http://127.0.0.1:8234",
			Meaning: "where VK's API is; leave it out for the real one",
			take:    httpURL(func(c *Config) *string { return &c.VKURL }),
		},
		{
			Name: EnvMAXURL, Programs: Both, Example: "http://127.0.0.1:8234/max",
			Meaning: "where MAX's API is; leave it out for the real one",
			take:    httpURL(func(c *Config) *string { return &c.MAXURL }),
		},
		{
			Name: EnvMAXCAFile, Programs: Both, Example: "/etc/rollcall/russian-trusted-root-ca.pem",
			Meaning: "a PEM file with the root that MAX's certificates end in, the Russian Trusted Root CA; it is trusted besides the system's",
			take:    text(func(c *Config) *string { return &c.MAXCAFile }),
		},
		{
			Name: EnvMAXAdding, Programs: Both, Default: "0",
			Meaning: "`1` has bots add people to chats on MAX, and not only invite them: MAX has restricted it since 9 September 2026",
			take:    allowed(func(c *Config) *bool { return &c.MAXAdding }),
		},
		{
			Name: EnvPortalURL, Programs: Both, Example: "https://portal.example/rollcall",
			Meaning: "where the Portal is; without it there is none",
			take:    httpURL(func(c *Config) *string { return &c.PortalURL }),
		},
		{
			Name: EnvPortalKeyFile, Programs: Both, Example: "/run/secrets/portal.key",
			Meaning: "a file with the key that signs what the Portal is asked (`key_id=…`, `secret=…`); it goes with the address",
			take:    text(func(c *Config) *string { return &c.PortalKeyFile }),
		},
		{
			Name: EnvLinksFile, Programs: Both, Example: "/srv/links.csv",
			Meaning: "a CSV file with account links, in place of the Portal's",
			take:    text(func(c *Config) *string { return &c.LinksFile }),
		},
	}
}

// following are the settings about what a worker looks at by itself, and where it is told.
func following() []Setting {
	return []Setting{
		{
			Name: EnvLinksEvery, Programs: Worker, Default: "10s",
			Meaning: "how often the account links of continuous schools are looked at",
			take:    period(func(c *Config) *time.Duration { return &c.LinksEvery }, "10s"),
		},
		{
			Name: EnvRound, Programs: Worker, Default: "5m",
			Meaning: "how long a continuous lane waits before it looks by itself",
			take:    period(func(c *Config) *time.Duration { return &c.Round }, "5m"),
		},
		{
			Name: EnvEventsAddress, Programs: Both, Example: ":8180",
			Meaning: "where a worker listens for the messenger's callbacks and for pushes of rosters and calls; empty is not at all",
			take:    eventsAddress,
		},
	}
}

// saying are the settings about who acts, and what is written about it.
func saying() []Setting {
	return []Setting{
		{
			Name: EnvBuildID, Programs: Both, Example: "1.4.0",
			Meaning: "names a worker's build, in place of its program's fingerprint",
		},
		{
			Name: EnvOperator, Programs: Rollcall, Example: "i.petrov",
			Meaning: "the login that requests and the audit record, where it is not that of the account on this machine",
			take:    operator,
		},
		{
			Name: EnvLogLevel, Programs: Both, Default: "info",
			Meaning: "`debug`, `info`, `warn` or `error`",
			take:    oneOf(func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error"),
		},
		{
			Name: EnvLogFormat, Programs: Both, Default: "text",
			Meaning: "`text` or `json`",
			take:    oneOf(func(c *Config) *string { return &c.LogFormat }, "text", "json"),
		},
		{
			Name: EnvTracesKept, Programs: Worker, Default: "24h",
			Meaning: "how long the spans of passes are kept in the database for `rollcall trace`; `0` is not at all",
			take:    tracesKept,
		},
	}
}

// reading are the settings about the settings themselves.
func reading() []Setting {
	return []Setting{
		{
			Name: EnvConfig, Programs: Both, Example: "/etc/rollcall.env",
			Meaning: "a file with any of these; what the environment has counts over it",
		},
		{
			Name: EnvAllowUnknown, Programs: Both, Default: "0",
			Meaning: "`1` has programs start in spite of `ROLLCALL_` names that are no setting, after a step back to an earlier version; they warn of each",
			take:    allowance,
		},
	}
}

// Group is a family of settings that are others' own.
type Group struct{ Prefix, Meaning string }

// Groups lists them.
func Groups() []Group {
	return []Group{
		{"TEMPORAL_", "read by Temporal's SDK: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`, and profiles"},
		{"OTEL_", "read by OpenTelemetry, as it documents them"},
	}
}

// prefix is how the names of our own settings begin.
const prefix = "ROLLCALL_"

// ofTests are variables that only tests read. They are let be.
func ofTests() []string { return []string{"ROLLCALL_RECORD", "ROLLCALL_TEST_DATABASE_URL"} }

// mayBeInFile tells whether a name may stand in the settings file: ours, and those of the groups.
func mayBeInFile(name string) bool {
	return strings.HasPrefix(name, prefix) || lo.SomeBy(Groups(), func(g Group) bool { return strings.HasPrefix(name, g.Prefix) })
}
