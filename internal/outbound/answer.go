package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"
)

// The kinds of network failures that are told apart elsewhere.
const (
	KindTimeout = "timeout"
	KindDNS     = "dns"
)

// KindOf names the kind of a network failure without any text of it: that may name an address, and what is secret in it.
func KindOf(err error) string {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return KindTimeout
	}
	if errors.Is(err, context.Canceled) {
		return "canceled"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return KindDNS
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Op
	}
	return "other"
}

// Pause is how long an answer asks to be left alone (Retry-After, in seconds), otherwise where it does not say.
func Pause(response *http.Response, otherwise time.Duration) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return otherwise
	}
	return time.Duration(seconds) * time.Second
}
