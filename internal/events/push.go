package events

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/samber/lo"
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
// secret of the feed or school, in hexadecimal.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return signaturePrefix + hex.EncodeToString(mac.Sum(nil))
}

// pushed has a push served, with when it was signed, that is signed with the secret, "" for none, and
// not served yet. One that is
// sent again is good: its sender may not have got the answer.
func (h *handler) pushed(r *http.Request, body []byte, secret string, serve func(signed time.Time) (reply, error)) (reply, error) {
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
	push := r.URL.Path + " " + timestamp + " " + signed
	if known, fresh := h.pushes.begin(push, h.Now()); !fresh {
		return known, nil
	}
	given, err := serve(time.Unix(seconds, 0))
	h.pushes.end(push, err == nil && given == taken)
	return given, err
}

// seen knows the pushes of the last minutes again. It is this process's alone: sent to another worker, a
// push is served there once more.
type seen struct {
	mu sync.Mutex
	at map[string]moment
}

// moment is when a push came, and whether it is served by now.
type moment struct {
	time.Time
	served bool
}

// begin tells whether a push is to be served, and remembers it; if not, what to answer: that it is taken,
// or, while it is being served, that it is to come again, for it may yet fail.
func (s *seen) begin(push string, now time.Time) (known reply, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for known, at := range s.at {
		if now.Sub(at.Time).Abs() > 2*pushAge { // its timestamp is too old by now
			delete(s.at, known)
		}
	}
	if at, known := s.at[push]; known {
		return lo.Ternary(at.served, taken, later), false
	}
	s.at[push] = moment{Time: now}
	return reply{}, true
}

// end remembers a push that was served, and forgets one that was not.
func (s *seen) end(push string, served bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, known := s.at[push]; known && served {
		s.at[push] = moment{Time: at.Time, served: true}
		return
	}
	delete(s.at, push)
}
