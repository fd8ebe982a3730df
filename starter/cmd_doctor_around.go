package main

import (
	"context"
	"net"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/config"
	portalconnect "github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// portalExamination asks the Portal only where there is one, and the way to a school is clear.
func (d *patient) portalExamination() examination {
	at := func(f finding) examination {
		return examination{"portal", nil, func(context.Context) finding { return f }}
	}
	way, err := portalconnect.New(d.settings)
	switch {
	case err != nil:
		return at(wrong("%s", err))
	case !way.Publishes() && way.GivesLinks():
		return at(well("none; account links come from the file of %s", config.EnvLinksFile))
	case !way.Publishes():
		return at(well("none is configured"))
	}
	return examination{"portal", []string{"keyset"}, d.tryPortal}
}

// tryPortal asks for one school, through its proxy.
func (d *patient) tryPortal(ctx context.Context) finding {
	rows, err := d.store.Schools(ctx, "")
	if err != nil {
		return troubled(err)
	}
	if len(rows) == 0 {
		return finding{checkUntried, "it is asked for a school, and none is registered"}
	}
	chosen, found := lo.Find(rows, func(s store.SchoolRow) bool { return s.TokenSet })
	if !found {
		chosen = rows[0]
	}
	t, err := newTrial(ctx, d.store, chosen.ID, d.settings, d.now)
	if err != nil {
		return troubled(err)
	}
	defer t.close()
	c := t.portalCheck(ctx)
	return finding{c.State, "school " + string(chosen.ID) + ": " + c.Message}
}

// eventsTimeout is how long a connection to our own machine may take.
const eventsTimeout = time.Second

// tryEvents looks whether somebody listens at the address for events, as far as that can be told from here.
func (d *patient) tryEvents(ctx context.Context) finding {
	address := d.settings.EventsAddress
	if address == "" {
		return well("none are taken in: %s is not set", config.EnvEventsAddress)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return finding{checkUntried, "correct " + config.EnvEventsAddress + " first"}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	within, cancel := context.WithTimeout(ctx, eventsTimeout)
	defer cancel()
	connection, err := (&net.Dialer{}).DialContext(within, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return doubtful("nobody listens at %s, seen from this machine: that is right where the workers run on others", address)
	}
	_ = connection.Close()
	return well("somebody listens at %s", address)
}
