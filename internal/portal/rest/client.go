package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/outbound"
	"github.com/rollcall-edu/rollcall/internal/portal"
)

const (
	requestTimeout = 15 * time.Second
)

// Config is what a Client needs.
type Config struct {
	// BaseURL is the Portal's address; it may have a path, and /v1 follows it.
	BaseURL string
	// KeyID and Secret are the key that requests are signed with.
	KeyID  string
	Secret string `json:"-"`
	// HTTP carries a school's proxy; nil is a client of our own. Either way a request lasts
	// 15 s at the most and redirects are not followed.
	HTTP *http.Client `json:"-"`
	// Now tells the time; nil is time.Now.
	Now func() time.Time `json:"-"`
}

// Format prints the settings without the secret, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "rest.Config{BaseURL: %q, KeyID: %q}", c.BaseURL, c.KeyID)
}

// Client speaks to the Portal. It is safe for concurrent use.
type Client struct {
	base   string // without a slash at its end
	http   *http.Client
	now    func() time.Time
	tracer trace.Tracer
	// sign puts the signature into a request with this body. The secret lives in this closure, so that
	// printing a Client, however deeply, never shows it.
	sign func(request *http.Request, body []byte)
}

var _ portal.Portal = (*Client)(nil)

// New makes a Client. It makes no request; Check tells whether the key is good.
func New(c Config) (*Client, error) {
	switch {
	case !outbound.IsAddress(c.BaseURL):
		return nil, errors.New("portal: set its address to an http or https URL with a host and no login, query or fragment")
	case !isKeyID(c.KeyID):
		return nil, errors.New("portal: set the key's id, letters, digits and signs without spaces")
	case c.Secret == "":
		return nil, errors.New("portal: set the key's secret")
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return &Client{
		base:   strings.TrimRight(c.BaseURL, "/"),
		http:   outbound.Client(c.HTTP),
		now:    now,
		tracer: otel.Tracer("github.com/rollcall-edu/rollcall/internal/portal/rest"),
		sign:   signer(c.KeyID, c.Secret, now),
	}, nil
}

// isKeyID tells whether an id may stand in a header: visible ASCII, and at least one of it.
func isKeyID(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' })
}
