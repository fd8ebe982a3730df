package events

import (
	"context"
	"crypto/subtle"
	"net/http"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/max"
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
	known, err := h.callbackOf(r.Context(), id, messenger.VK)
	switch {
	case err != nil:
		return reply{}, err
	case known == nil || !genuine(c, *known):
		return refused, nil
	case c.Type == vk.TypeConfirmation:
		return reply{http.StatusOK, known.Confirmation}, nil
	}
	return h.take(r.Context(), id, c.Event)
}

// genuine tells whether a callback is from the school's community and knows the secret. VK asks for
// the confirmation without it: the address may be given before the secret is.
func genuine(c vk.Callback, known store.Callback) bool {
	asks := c.Type == vk.TypeConfirmation && c.Secret == ""
	return c.Group == known.Community && (asks || same(c.Secret, known.Secret))
}

// update serves MAX: it answers ok to an update once it is taken, or is no chat's business. It is read only where
// its sender knows the secret, which MAX was told with the address.
func (h *handler) update(r *http.Request, body []byte) (reply, error) {
	id := school.ID(r.PathValue("school"))
	known, err := h.callbackOf(r.Context(), id, messenger.MAX)
	if err != nil {
		return reply{}, err
	}
	if known == nil || !same(r.Header.Get(max.SecretHeader), known.Secret) {
		return refused, nil
	}
	event, err := max.ParseUpdate(body, known.Community)
	if err != nil {
		return reply{http.StatusBadRequest, err.Error()}, nil
	}
	return h.take(r.Context(), id, event)
}

// callbackOf gives what a school's callback from a messenger needs, nil where it takes none from there.
func (h *handler) callbackOf(ctx context.Context, id school.ID, from messenger.Protocol) (*store.Callback, error) {
	if school.CheckID("school", string(id)) != nil {
		return nil, nil
	}
	known, err := h.Store.Callback(ctx, id)
	if err != nil || known == nil || known.Messenger != from {
		return nil, err
	}
	return known, nil
}

// take takes a school's event; nil is none.
func (h *handler) take(ctx context.Context, id school.ID, event *messenger.Event) (reply, error) {
	if event == nil {
		return taken, nil
	}
	fresh, err := h.Store.TakeEvent(ctx, id, *event)
	if err == nil && fresh {
		h.Logger.Debug("an event was taken", "school", id, "kind", event.Kind)
	}
	return taken, err
}

func same(secret, known string) bool {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(known)) == 1
}
