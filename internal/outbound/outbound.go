// Package outbound has what the adapters of the outside world share: clients that carry a secret to the one
// address they are given, and nowhere else.
package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// HeaderTimeout is how long an answer may take to begin.
	HeaderTimeout = 12 * time.Second
	// PollTimeout is how long that of a poll may: a messenger holds one for 25 s where it has nothing to tell.
	PollTimeout = 25*time.Second + HeaderTimeout
)

const (
	connectTimeout = 5 * time.Second
	idleTimeout    = 60 * time.Second
)

// IsAddress tells whether an address is an http or https URL with a host, and without a login, a query or a
// fragment.
func IsAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") &&
		u.Host != "" && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// Client copies a client, nil for one on a Transport of its own, so that it hands a redirect to whoever
// asked: following one would carry the secret to wherever it points.
func Client(given *http.Client) *http.Client {
	client := http.Client{}
	if given != nil {
		client = *given
	} else {
		client.Transport = Transport()
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// Transport makes a transport that heeds the environment's proxy: for schools without one of their own.
func Transport() *http.Transport { return Trusting(nil) }

// Trusting makes a Transport that trusts the certificates that end in these roots, and no others; nil are the
// system's.
func Trusting(roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: HeaderTimeout,
		IdleConnTimeout:       idleTimeout,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       TLS(roots),
	}
}

// TLS are settings that trust these roots, nil for the system's. Certificates are verified in any case.
func TLS(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// Polling makes a Client for polls, on a Transport of its own that trusts these roots, nil for the system's.
func Polling(roots *x509.CertPool) *http.Client {
	transport := Trusting(roots)
	transport.ResponseHeaderTimeout = PollTimeout
	return Client(&http.Client{Transport: transport})
}
