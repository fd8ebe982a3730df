package sandbox

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// The paths of the API, for the Server and the Client alike.
const (
	prefix          = "/_sandbox/"
	pathCommunities = prefix + "communities"
	pathRevoke      = prefix + "communities/revoke"
	pathSwitches    = prefix + "communities/switches"
	pathCallback    = prefix + "communities/callback"
	pathStream      = prefix + "communities/stream"
	pathAccounts    = prefix + "accounts"
	pathJoin        = prefix + "chats/join"
	pathAdd         = prefix + "chats/add"
	pathLeave       = prefix + "chats/leave"
	pathKick        = prefix + "chats/kick"
	pathAdmin       = prefix + "chats/admin"
	pathRename      = prefix + "chats/rename"
	pathChatState   = prefix + "chats/state"
	pathUserToken   = prefix + "users/token"
	pathUserRevoke  = prefix + "users/revoke"
	pathState       = prefix + "state"
	pathTotals      = prefix + "totals"
	pathFaults      = prefix + "faults"
	pathRequests    = prefix + "requests"
	pathCounts      = prefix + "requests/counts"
	pathReset       = prefix + "requests/reset"
	pathWait        = prefix + "requests/wait"
)

const (
	maxBody     = 1 << 20
	defaultWait = 30 * time.Second
	maxWait     = time.Minute
)

// Reached is the reply to waiting for a request.
type Reached struct {
	Seq     int64 `json:"seq"`
	Reached bool  `json:"reached"`
}

type nothing struct{}

// acts lists what can be done, for people.
//
//go:embed acts.txt
var acts []byte

func (s *Server) routes() {
	post := func(path string, h http.HandlerFunc) { s.mux.HandleFunc("POST "+path, h) }
	get := func(path string, h http.HandlerFunc) { s.mux.HandleFunc("GET "+path, h) }

	s.mux.HandleFunc("GET /_sandbox/{$}", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = rw.Write(acts)
	})
	post(pathCommunities, act(s.RegisterCommunity))
	get(pathCommunities, show(func(*query) (any, error) { return s.Communities(), nil }))
	post(pathRevoke, act(s.RevokeToken))
	post(pathSwitches, act(s.SetSwitches))
	post(pathCallback, act(s.SetCallback))
	post(pathStream, act(s.TroubleStream))
	post(pathAccounts, act(s.SetAccount))
	post(pathJoin, act(s.Join))
	post(pathAdd, act(s.AddByHand))
	post(pathLeave, act(s.Leave))
	post(pathKick, act(s.KickByHand))
	post(pathAdmin, act(s.SetAdminByHand))
	post(pathRename, act(s.RenameByHand))
	post(pathChatState, act(s.SetChatState))
	post(pathUserToken, act(s.RegisterUserToken))
	post(pathUserRevoke, act(s.RevokeUserToken))
	get(pathState, show(func(q *query) (any, error) { return s.State(vk.GroupRef{GroupID: q.number("group_id", 0)}) }))
	get(pathTotals, show(func(*query) (any, error) { return s.Totals(), nil }))

	post(pathFaults, act(func(f traffic.Fault) (nothing, error) {
		if err := s.AddFault(f); err != nil {
			return nothing{}, fmt.Errorf("%w: %w", vk.ErrInvalid, err)
		}
		return nothing{}, nil
	}))
	get(pathFaults, show(func(*query) (any, error) { return s.Faults(), nil }))
	s.mux.HandleFunc("DELETE "+pathFaults, show(func(*query) (any, error) {
		s.ClearFaults()
		return nothing{}, nil
	}))
	get(pathRequests, show(func(q *query) (any, error) {
		if organisation := q.text("organisation"); organisation != "" {
			return s.PortalRequests(q.number("since", 0), organisation), nil
		}
		return s.Requests(q.number("since", 0), q.number("group_id", 0)), nil
	}))
	get(pathCounts, show(func(*query) (any, error) { return s.RequestCounts(), nil }))
	post(pathReset, show(func(*query) (any, error) {
		s.ResetRequests()
		return nothing{}, nil
	}))
	get(pathWait, show(s.wait))
	s.portalRoutes()
	s.maxRoutes()
}

func (s *Server) wait(q *query) (any, error) {
	ctx, cancel := q.patience()
	defer cancel()
	err := s.WaitForRequests(ctx, q.number("seq", 0))
	return Reached{Seq: s.LastRequest(), Reached: err == nil}, nil
}

// query reads the parameters of an address; the first that is not what it must be is kept in err.
type query struct {
	request *http.Request
	err     error
}

func (q *query) number(name string, otherwise int64) int64 {
	text := q.request.URL.Query().Get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && q.err == nil {
		q.err = fmt.Errorf("%w: give %s as a number", vk.ErrInvalid, name)
	}
	return n
}

func (q *query) text(name string) string { return q.request.URL.Query().Get(name) }

// patience ends when a wait is to end.
func (q *query) patience() (context.Context, context.CancelFunc) {
	timeout := time.Duration(q.number("timeout_ms", defaultWait.Milliseconds())) * time.Millisecond
	return context.WithTimeout(q.request.Context(), min(timeout, maxWait))
}

// show answers with what find finds.
func show(find func(*query) (any, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		q := &query{request: r}
		found, err := find(q)
		answer(rw, found, cmp.Or(q.err, err))
	}
}

// act reads what is to be done, does it, and answers with the outcome.
func act[In, Out any](do func(In) (Out, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var in In
		decoder := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&in)
		if _, end := decoder.Token(); err == nil && !errors.Is(end, io.EOF) {
			err = errors.New("there is more than one value")
		}
		if err != nil {
			answer(rw, nil, fmt.Errorf("%w: send one JSON object of at most 1 MiB: %w", vk.ErrInvalid, err))
			return
		}
		out, err := do(in)
		answer(rw, out, err)
	}
}

type refusal struct {
	Error string `json:"error"`
}

func answer(rw http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		status, value = statusOf(err), refusal{Error: err.Error()}
	}
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // a client that is gone needs no answer
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, vk.ErrInvalid), errors.Is(err, portal.ErrInvalid), errors.Is(err, max.ErrInvalid):
		return http.StatusBadRequest
	case errors.Is(err, vk.ErrUnknown), errors.Is(err, portal.ErrUnknown), errors.Is(err, max.ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, vk.ErrConflict), errors.Is(err, max.ErrConflict):
		return http.StatusConflict
	default:
		return http.StatusInternalServerError
	}
}

// maxPath is what the stand-in for MAX is below.
const maxPath = "/max"

// The paths of what people do on MAX.
const (
	pathMaxBots           = prefix + "max/bots"
	pathMaxSwitches       = prefix + "max/bots/switches"
	pathMaxPeople         = prefix + "max/people"
	pathMaxChats          = prefix + "max/chats"
	pathMaxBotAdd         = prefix + "max/chats/bot"
	pathMaxBotPermissions = prefix + "max/chats/bot/permissions"
	pathMaxBotRemove      = prefix + "max/chats/bot/remove"
	pathMaxJoin           = prefix + "max/chats/join"
	pathMaxAdd            = prefix + "max/chats/add"
	pathMaxLeave          = prefix + "max/chats/leave"
	pathMaxKick           = prefix + "max/chats/kick"
	pathMaxAdmin          = prefix + "max/chats/admin"
	pathMaxRename         = prefix + "max/chats/rename"
	pathMaxClose          = prefix + "max/chats/close"
	pathMaxState          = prefix + "max/state"
	pathMaxLog            = prefix + "max/log"
)

func (s *Server) maxRoutes() {
	for path, handler := range map[string]http.HandlerFunc{
		pathMaxBots:           act(s.Max.RegisterBot),
		pathMaxSwitches:       act(s.Max.SetSwitches),
		pathMaxPeople:         act(s.Max.SetPerson),
		pathMaxChats:          act(s.Max.MakeChat),
		pathMaxBotAdd:         act(s.Max.AddBot),
		pathMaxBotPermissions: act(s.Max.SetBotPermissions),
		pathMaxBotRemove:      act(s.Max.RemoveBot),
		pathMaxJoin:           act(s.Max.Join),
		pathMaxAdd:            act(s.Max.Add),
		pathMaxLeave:          act(s.Max.Leave),
		pathMaxKick:           act(s.Max.Kick),
		pathMaxAdmin:          act(s.Max.SetAdmin),
		pathMaxRename:         act(s.Max.Rename),
		pathMaxClose:          act(s.Max.CloseChat),
	} {
		s.mux.HandleFunc("POST "+path, handler)
	}
	s.mux.HandleFunc("GET "+pathMaxState, show(func(*query) (any, error) { return s.Max.State(), nil }))
	s.mux.HandleFunc("GET "+pathMaxLog, show(func(q *query) (any, error) {
		return s.Max.Requests(q.number("since", 0), q.number("bot", 0)), nil
	}))
}
