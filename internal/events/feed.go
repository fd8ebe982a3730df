package events

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// feed asks for a reading of the feed. A push that is sent again is good, and asks for nothing.
func (h *handler) feed(r *http.Request, body []byte) (reply, error) {
	id := school.FeedID(r.PathValue("feed"))
	if school.CheckID("feed", string(id)) != nil {
		return refused, nil
	}
	secret, err := h.Store.PushSecret(r.Context(), id)
	if err != nil {
		return reply{}, err
	}
	return h.pushed(r, body, secret, func(time.Time) (reply, error) {
		if len(body) > 0 && !json.Valid(body) {
			return reply{http.StatusBadRequest, "send JSON, or no body"}, nil
		}
		if err := h.ReadFeed(r.Context(), id); err != nil {
			return reply{}, err
		}
		h.Logger.Info("the feed's roster has changed: reading", "feed", id)
		return taken, nil
	})
}
