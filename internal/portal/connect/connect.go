// Package connect gives the way to the Portal that the deployment's settings name: which adapter, with
// which key. Adapters know nothing of each other; this is the one place that knows them all.
package connect

import (
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/linkfile"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
)

// Portal is the deployment's Portal. The zero value is none.
type Portal struct {
	url, key, secret string
	file             *linkfile.Source
	// direct is the way without a proxy; all schools without one share its connections.
	direct *rest.Client
}

// New reads the Portal's key, where there is one.
func New(c config.Config) (Portal, error) {
	var p Portal
	if c.LinksFile != "" {
		p.file = linkfile.Open(c.LinksFile)
	}
	if c.PortalURL == "" {
		return p, nil
	}
	var err error
	p.url = c.PortalURL
	if p.key, p.secret, err = rest.ReadKey(c.PortalKeyFile); err != nil {
		return p, err
	}
	p.direct, err = p.through(nil)
	return p, err
}

// GivesLinks tells whether account links are to be had.
func (p Portal) GivesLinks() bool { return p.file != nil || p.url != "" }

// Publishes tells whether chats and calls can be published.
func (p Portal) Publishes() bool { return p.url != "" }

// URL is where the Portal is, "" where nothing is published.
func (p Portal) URL() string { return p.url }

// Client is the way to the Portal through an HTTP client, nil for one without a proxy. It must only be
// asked for where the Portal Publishes.
func (p Portal) Client(client *http.Client) (*rest.Client, error) {
	if client == nil {
		return p.direct, nil
	}
	return p.through(client)
}

func (p Portal) through(client *http.Client) (*rest.Client, error) {
	return rest.New(rest.Config{BaseURL: p.url, KeyID: p.key, Secret: p.secret, HTTP: client, Now: time.Now})
}

// Links is where account links are read, through an HTTP client, nil for one without a proxy. It must
// only be asked for where the Portal GivesLinks.
func (p Portal) Links(client *http.Client) (portal.Links, error) {
	if p.file != nil {
		return p.file, nil
	}
	return p.Client(client)
}
