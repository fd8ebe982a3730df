package config

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// restlessRound is a round so short that every continuous lane turns nearly all the time, and
	// lateLinks a look at account links so rare that nobody would call it following at once.
	restlessRound = 30 * time.Second
	lateLinks     = time.Hour
)

// note keeps warnings about settings that the Config does not hold.
func (r *Reading) note() {
	if r.set(EnvKeyset) && r.entries[EnvKeyset].origin.From == FromVariable {
		r.Config.notes = append(r.Config.notes, EnvKeyset+" has the keyset where other programs of this user can see it: put it into a file, and name that with "+EnvKeysetFile)
	}
	if r.set(EnvLinksEvery) && !r.set(EnvPortalURL) && !r.set(EnvLinksFile) {
		r.Config.notes = append(r.Config.notes, EnvLinksEvery+" has no effect: neither "+EnvPortalURL+" nor "+EnvLinksFile+" is set")
	}
}

// Warnings list what is allowed and hardly meant, and what to do about it.
func (c Config) Warnings() []string {
	warnings := slices.Clone(c.notes)
	warn := func(is bool, text string) {
		if is {
			warnings = append(warnings, text)
		}
	}
	warn(unsealedDatabase(c.DatabaseURL), EnvDatabaseURL+" does not insist on encryption to another machine: add sslmode=verify-full to it")
	warn(c.VKURL != "", EnvVKURL+" is set: all that is done is done at a stand-in for the messenger; leave it out for the real one")
	warn(inClear(c.VKURL), EnvVKURL+" is not https: tokens leave this machine in clear")
	warn(c.MAXURL != "", EnvMAXURL+" is set: all that is done on MAX is done at a stand-in for it; leave it out for the real one")
	warn(inClear(c.MAXURL), EnvMAXURL+" is not https: tokens leave this machine in clear")
	warn(inClear(c.PortalURL), EnvPortalURL+" is not https: links to chats leave this machine in clear")
	warn(c.LinksFile != "" && c.PortalURL != "", EnvLinksFile+" is set besides "+EnvPortalURL+": account links come from the file, the Portal's are not read")
	warn(c.Round > 0 && c.Round < restlessRound, EnvRound+" is very short: every continuous school is gone through nearly without rest")
	warn(c.LinksEvery > lateLinks, EnvLinksEvery+" is very long: who links an account waits for that")
	warn(c.LogLevel == "debug", EnvLogLevel+" is debug: the log grows fast")
	return warnings
}

// unsealedDatabase tells whether a database on another machine may be spoken to in clear.
func unsealedDatabase(address string) bool {
	u, err := url.Parse(address)
	if err != nil || nearby(u.Hostname()) {
		return false
	}
	return !slices.Contains([]string{"require", "verify-ca", "verify-full"}, u.Query().Get("sslmode"))
}

func inClear(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !nearby(u.Hostname())
}

// nearby tells whether a host is this machine or, as containers name each other, one beside it: a name
// without a dot.
func nearby(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return !strings.Contains(host, ".")
}
