package proxy

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/outbound"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Time-outs. What a request may take as a whole its context says.
const (
	// Patience is how long a proxy may take to be reached and to open the way. It is less than any request of
	// ours lasts, so that a slow proxy is told from a slow messenger.
	Patience = 10 * time.Second

	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	idleTimeout      = 60 * time.Second
	// headerTimeout is longer than a long poll is silent.
	headerTimeout = 40 * time.Second
	idlePerHost   = 4
)

// Transport sends everything through a school's proxy and nothing in any other way: it has no
// fallback, and the environment's own proxy is not heeded.
//
// Plain http goes through HTTP CONNECT as https does, and not as a request that the proxy is to make for us:
// so there is one way to be tried, to be allowed and to be refused, the login is seen by nobody but the proxy, the
// token that requests carry does not stand in the proxy's log, and what the target answers (a 407, a 502) is never mistaken for the proxy's own
// word. A proxy that allows CONNECT to port 443 only lets the messenger through; a stand-in on another
// port it has to be told of. The target's name is looked up by the proxy, not here.
type Transport struct {
	way  way
	http *http.Transport
}

// NewTransport makes a Transport for a school. It makes no connection.
func NewTransport(id school.ID, s Settings) *Transport { return NewTrusting(id, s, nil) }

// NewTrusting makes a Transport for a school that trusts the certificates that end in these roots; nil are
// the system's.
func NewTrusting(id school.ID, s Settings, roots *x509.CertPool) *Transport {
	return newTransport(id, s, roots, Patience)
}

func newTransport(id school.ID, s Settings, roots *x509.CertPool, patience time.Duration) *Transport {
	w := way{school: id, settings: s, patience: patience}
	return &Transport{way: w, http: &http.Transport{
		DialContext:           func(ctx context.Context, _, target string) (net.Conn, error) { return w.open(ctx, target) },
		TLSHandshakeTimeout:   handshakeTimeout,
		ResponseHeaderTimeout: headerTimeout,
		IdleConnTimeout:       idleTimeout,
		MaxIdleConnsPerHost:   idlePerHost,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       outbound.TLS(roots),
	}}
}

// NewClient makes a client on a Transport of its own.
func NewClient(id school.ID, s Settings) *http.Client {
	return &http.Client{Transport: NewTransport(id, s)}
}

// RoundTrip implements http.RoundTripper. What is wrong with the proxy is an *Error.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.http.RoundTrip(request)
	if foreign, ok := errors.AsType[x509.UnknownAuthorityError](err); ok && foreign.Cert != nil {
		return nil, t.way.trouble(Intercepts, request.URL.Host)
	}
	return response, err
}

// CloseIdleConnections closes what is not in use.
func (t *Transport) CloseIdleConnections() { t.http.CloseIdleConnections() }

// Watched makes a client that does what the given one does and tells, after each request, what was
// wrong with the proxy, or nil: also where another layer keeps errors to itself. It shares the given one's
// connections.
func Watched(client *http.Client, tell func(*Error)) *http.Client {
	watched := *client
	watched.Transport = watching{next: client.Transport, tell: tell}
	return &watched
}

type watching struct {
	next http.RoundTripper
	tell func(*Error)
}

func (w watching) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(request)
	trouble, _ := errors.AsType[*Error](err)
	w.tell(trouble)
	return response, err
}

// CloseIdleConnections closes what the client that is watched does not use.
func (w watching) CloseIdleConnections() { (&http.Client{Transport: w.next}).CloseIdleConnections() }
