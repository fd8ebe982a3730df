package rest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/portal"
)

const (
	requestTimeout = 15 * time.Second
	connectTimeout = 5 * time.Second
	headerTimeout  = 12 * time.Second
	idleTimeout    = 60 * time.Second
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
	case !isHTTP(c.BaseURL):
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
		http:   withoutRedirects(c.HTTP),
		now:    now,
		tracer: otel.Tracer("github.com/rollcall-edu/rollcall/internal/portal/rest"),
		sign:   signer(c.KeyID, c.Secret, now),
	}, nil
}

func isHTTP(base string) bool {
	u, err := url.Parse(base)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") &&
		u.Host != "" && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// isKeyID tells whether an id may stand in a header: visible ASCII, and at least one of it.
func isKeyID(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' })
}

// withoutRedirects copies a client so that it hands a redirect to us: following one would carry
// people's links to wherever it points.
func withoutRedirects(given *http.Client) *http.Client {
	client := http.Client{Transport: ownTransport()}
	if given != nil {
		client = *given
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

func ownTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: headerTimeout,
		IdleConnTimeout:       idleTimeout,
		ForceAttemptHTTP2:     true,
	}
}
