package rest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"time"
)

// The headers of a signed request.
const (
	HeaderKey         = "X-Portal-Key"
	HeaderTimestamp   = "X-Portal-Timestamp"
	HeaderSignature   = "X-Portal-Signature"
	HeaderIdempotency = "Idempotency-Key"
)

// Sign gives the value of the signature's header. The timestamp is in Unix seconds; requestURI is the escaped path with
// the query, as on the request line; a request without a body has an empty one.
func Sign(secret, timestamp, method, requestURI string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	digest := sha256.Sum256(body)
	_, _ = io.WriteString(mac, timestamp+"\n"+method+"\n"+requestURI+"\n"+hex.EncodeToString(digest[:]))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func signer(keyID, secret string, now func() time.Time) func(*http.Request, []byte) {
	return func(request *http.Request, body []byte) {
		timestamp := strconv.FormatInt(now().Unix(), 10)
		request.Header.Set(HeaderKey, keyID)
		request.Header.Set(HeaderTimestamp, timestamp)
		request.Header.Set(HeaderSignature, Sign(secret, timestamp, request.Method, request.URL.RequestURI(), body))
	}
}

// idempotencyKey names a write by what it says, so that the same write has the same key.
func idempotencyKey(request *http.Request, body []byte) string {
	const length = 32
	digest := sha256.Sum256([]byte(request.Method + " " + request.URL.RequestURI() + "\n" + string(body)))
	return hex.EncodeToString(digest[:])[:length]
}
