package events

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// The headers of a push.
const (
	// HeaderTimestamp is when it was signed, in seconds of Unix time.
	HeaderTimestamp = "X-Rollcall-Timestamp"
	HeaderSignature = "X-Rollcall-Signature"
)

const (
	signaturePrefix = "sha256="
	// pushAge is how far a push's timestamp may be from the clock.
	pushAge = 5 * time.Minute
)

// Sign gives the signature of a push: the HMAC-SHA256 of timestamp, a dot and the body under the
// feed's secret, in hexadecimal.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return signaturePrefix + hex.EncodeToString(mac.Sum(nil))
}

// push asks for a reading of the feed. One that is sent again is good, and asks for nothing.
func (h *handler) push(r *http.Request, body []byte) (reply, error) {
	id := school.FeedID(r.PathValue("feed"))
	if school.CheckID("feed", string(id)) != nil {
		return refused, nil
	}
	secret, err := h.Store.PushSecret(r.Context(), id)
	if err != nil {
		return reply{}, err
	}
	timestamp, signature := r.Header.Get(HeaderTimestamp), r.Header.Get(HeaderSignature)
	signed := Sign(secret, timestamp, body)
	if secret == "" || !hmac.Equal([]byte(strings.ToLower(signature)), []byte(signed)) {
		return refused, nil
	}
	// From here on it is somebody who knows the secret, and may know what is wrong.
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if age := h.Now().Sub(time.Unix(seconds, 0)); err != nil || age.Abs() > pushAge {
		text := fmt.Sprintf("%s is to be seconds of Unix time, within 5 minutes of now: set the clock, and sign anew", HeaderTimestamp)
		return reply{http.StatusForbidden, text}, nil
	}
	if len(body) > 0 && !json.Valid(body) {
		return reply{http.StatusBadRequest, "send JSON, or no body"}, nil
	}
	push := string(id) + " " + timestamp + " " + signed
	if !h.pushes.first(push, h.Now()) {
		return taken, nil
	}
	if err := h.ReadFeed(r.Context(), id); err != nil {
		h.pushes.forget(push)
		return reply{}, err
	}
	h.Logger.Info("the feed's roster has changed: reading", "feed", id)
	return taken, nil
}

// seen knows the pushes of the last minutes again. It is this process's alone: sent to another worker, a
// push is served there once more, and a reading of unchanged files changes nothing.
type seen struct {
	mu sync.Mutex
	at map[string]time.Time
}

// first tells whether a push comes for the first time, and remembers it.
func (s *seen) first(push string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for known, at := range s.at {
		if now.Sub(at).Abs() > 2*pushAge { // its timestamp is too old by now
			delete(s.at, known)
		}
	}
	if _, known := s.at[push]; known {
		return false
	}
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	s.at[push] = now
	return true
}

func (s *seen) forget(push string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.at, push)
}
