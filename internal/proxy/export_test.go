package proxy

import (
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// NewImpatient is NewClient with a patience of the test's own.
func NewImpatient(id school.ID, s Settings, patience time.Duration) *http.Client {
	return &http.Client{Transport: newTransport(id, s, nil, patience)}
}

// MaxClients is how many clients are kept.
const MaxClients = maxClients

// Kept tells how many clients are kept.
func (c *Clients) Kept() int { return len(c.kept) }
