package proxy

import (
	"crypto/x509"
	"net/http"
	"sync"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// maxClients bounds how many schools' clients are kept: more than one worker serves at a time.
const maxClients = 1000

// Clients keeps a client for each school, so that connections are used again. Where a school's settings change
// its client is replaced; beyond a thousand schools the one longest unused goes. A client that has gone finishes what
// it is doing. The zero value is ready, and safe for concurrent use.
type Clients struct {
	// Roots are what the clients' certificates must end in; nil are the system's. It is set before the first use.
	Roots *x509.CertPool

	mu   sync.Mutex
	kept map[school.ID]*keptClient
	uses int64
}

type keptClient struct {
	settings Settings
	client   *http.Client
	used     int64 // grows with each use of any client
}

// For gives the client of a school with these settings.
func (c *Clients) For(id school.ID, s Settings) *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.uses++
	k := c.kept[id]
	if k == nil || k.settings != s {
		c.forget(id)
		if len(c.kept) >= maxClients {
			c.forget(c.longestUnused())
		}
		if c.kept == nil {
			c.kept = map[school.ID]*keptClient{}
		}
		k = &keptClient{settings: s, client: &http.Client{Transport: NewTrusting(id, s, c.Roots)}}
		c.kept[id] = k
	}
	k.used = c.uses
	return k.client
}

func (c *Clients) longestUnused() school.ID {
	var oldest school.ID
	for id, k := range c.kept {
		if o := c.kept[oldest]; o == nil || k.used < o.used {
			oldest = id
		}
	}
	return oldest
}

func (c *Clients) forget(id school.ID) {
	if k := c.kept[id]; k != nil {
		k.client.CloseIdleConnections()
		delete(c.kept, id)
	}
}
