package events

import (
	"crypto/subtle"
	"net/http"

	"github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// callback serves VK: it confirms the address, and answers ok to an event once it is taken. Events that are
// no chat's business are ok too, or VK would send them again and again.
func (h *handler) callback(r *http.Request, body []byte) (reply, error) {
	c, err := vk.ParseCallback(body)
	if err != nil {
		return reply{http.StatusBadRequest, err.Error()}, nil
	}
	id := school.ID(r.PathValue("school"))
	if school.CheckID("school", string(id)) != nil {
		return refused, nil
	}
	known, err := h.Store.Callback(r.Context(), id)
	switch {
	case err != nil:
		return reply{}, err
	case known == nil || !genuine(c, *known):
		return refused, nil
	case c.Type == vk.TypeConfirmation:
		return reply{http.StatusOK, known.Confirmation}, nil
	case c.Event == nil:
		return taken, nil
	}
	fresh, err := h.Store.TakeEvent(r.Context(), id, *c.Event)
	if err == nil && fresh {
		h.Logger.Debug("an event was taken", "school", id, "kind", c.Event.Kind)
	}
	return taken, err
}

// genuine tells whether a callback is from the school's community and knows the secret. VK asks for
// the confirmation without it: the address may be given before the secret is.
func genuine(c vk.Callback, known store.Callback) bool {
	asks := c.Type == vk.TypeConfirmation && c.Secret == ""
	return c.Group == known.Community && (asks || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(known.Secret)) == 1)
}
