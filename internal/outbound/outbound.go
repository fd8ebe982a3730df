// Package outbound has what the adapters of the outside world share: clients that carry a secret to the one
// address they are given, and nowhere else.
package outbound

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// HeaderTimeout is how long an answer may take to begin.
const HeaderTimeout = 12 * time.Second

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
func Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: HeaderTimeout,
		IdleConnTimeout:       idleTimeout,
		ForceAttemptHTTP2:     true,
	}
}
