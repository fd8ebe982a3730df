package events

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const (
	// maxBody bounds what is read of a request, in bytes.
	maxBody = vk.MaxCallback
	// serveTimeout bounds what a request may wait for in all, once it has been read.
	serveTimeout = 10 * time.Second
	// atOnce is how many requests may use the database at the same time: whoever can reach the
	// endpoint must not be able to keep the passes from it.
	atOnce = 4
)

// VKPath is where a school's callbacks go.
func VKPath(id school.ID) string { return "/vk/" + string(id) }

// MAXPath is where MAX's updates of a school go.
func MAXPath(id school.ID) string { return "/max/" + string(id) }

// CallbackPath is where a messenger's callbacks of a school go.
func CallbackPath(p messenger.Protocol, id school.ID) string {
	if p == messenger.MAX {
		return MAXPath(id)
	}
	return VKPath(id)
}

// FeedPath is where it is told that a feed's roster has changed.
func FeedPath(id school.FeedID) string { return "/feeds/" + string(id) }

// CallsPath is where a school's video calls are sent.
func CallsPath(id school.ID) string { return "/schools/" + string(id) + "/calls" }

// Endpoint is what the HTTP endpoint needs.
type Endpoint struct {
	Store *store.Store
	// ReadFeed asks for a reading of a feed and does not wait for it.
	ReadFeed func(context.Context, school.FeedID) error
	// CallsSecret gives the secret that signs a school's calls, "" if there is no such school or it
	// has none. Nil is as good as none.
	CallsSecret func(ctx context.Context, id school.ID) (string, error)
	// TakeCalls takes in what was said of a school's calls at a time; they are good by
	// calls.Validate, and once it is done they are not lost. Nil is that none are taken.
	TakeCalls func(ctx context.Context, id school.ID, said time.Time, calls []school.Call) error
	// Now is the clock that pushes are held against.
	Now    func() time.Time
	Logger *slog.Logger
}

// Handler makes the endpoint. It answers
//
//	POST /vk/{school}             VK's callback protocol
//	POST /max/{school}            MAX's updates
//	POST /feeds/{feed}            "the roster has changed", signed: see Sign
//	POST /schools/{school}/calls  video calls, signed in the same way: see calls.ParsePush
//	GET  /healthz                 that it is there
//
// with 403 and nothing more for whoever does not know the secret, and 503 where a request was good and could not
// be taken: it is to be sent again.
func (e Endpoint) Handler() http.Handler {
	h := &handler{Endpoint: e, slots: make(chan struct{}, atOnce), pushes: &seen{at: map[string]moment{}}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+VKPath("{school}"), h.answer(h.callback))
	mux.HandleFunc("POST "+MAXPath("{school}"), h.answer(h.update))
	mux.HandleFunc("POST "+FeedPath("{feed}"), h.answer(h.feed))
	mux.HandleFunc("POST "+CallsPath("{school}"), h.answer(h.calls))
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { write(rw, http.StatusOK, "ok") })
	return traced(mux)
}

type handler struct {
	Endpoint
	slots  chan struct{}
	pushes *seen
}

// reply is an answer: a status and a short text.
type reply struct {
	status int
	text   string
}

var (
	taken   = reply{http.StatusOK, "ok"}
	refused = reply{http.StatusForbidden, "forbidden"}
	later   = reply{http.StatusServiceUnavailable, "cannot be taken now: send it again"}
)

// answer reads a request's body and answers with what take says. An error is for the log, and the
// request may come again.
func (h *handler) answer(take func(*http.Request, []byte) (reply, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			write(rw, http.StatusRequestEntityTooLarge, "send at most 256 KiB")
			return
		}
		if err != nil {
			write(rw, http.StatusBadRequest, "the body did not come")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), serveTimeout)
		defer cancel()
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		case <-ctx.Done():
			write(rw, later.status, later.text)
			return
		}
		given, err := take(r.WithContext(ctx), body)
		if err != nil {
			given = later
			if r.Context().Err() == nil {
				h.Logger.Warn("an event could not be taken: its sender was told to come again", "path", r.URL.Path, "problem", err)
			}
		}
		write(rw, given.status, given.text)
	}
}

func write(rw http.ResponseWriter, status int, text string) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, text) // whoever is gone needs no answer
}
