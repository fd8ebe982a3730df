package events

import (
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// calls takes in a school's video calls, all of a push or none.
func (h *handler) calls(r *http.Request, body []byte) (reply, error) {
	id := school.ID(r.PathValue("school"))
	if school.CheckID("school", string(id)) != nil || h.CallsSecret == nil || h.TakeCalls == nil {
		return refused, nil
	}
	secret, err := h.CallsSecret(r.Context(), id)
	if err != nil {
		return reply{}, err
	}
	return h.pushed(r, body, secret, func(signed time.Time) (reply, error) {
		published, err := calls.ParsePush(body)
		if err != nil {
			return reply{http.StatusBadRequest, err.Error()}, nil
		}
		if err := h.TakeCalls(r.Context(), id, signed, published); err != nil {
			return reply{}, err
		}
		h.Logger.Info("video calls have been taken", "school", id, "calls", len(published))
		return taken, nil
	})
}
