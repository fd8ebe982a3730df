package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// portalPath is what the Portal's interface is below; ROLLCALL_PORTAL_URL ends with it.
const portalPath = "/portal"

// The paths of the acts on the Portal.
const (
	pathPortalKeys          = prefix + "portal/keys"
	pathPortalOrganisations = prefix + "portal/organisations"
	pathPortalLinks         = prefix + "portal/links"
	pathPortalUnlink        = prefix + "portal/unlink"
	pathPortalState         = prefix + "portal/state"
	pathPortalSeen          = prefix + "portal/seen"
	pathPortalWait          = prefix + "portal/wait"
)

// CallReached is the reply to waiting for a call: the call, nil where it is not shown, and whether that
// is as was wanted.
type CallReached struct {
	Call    *portal.Call `json:"call"`
	Reached bool         `json:"reached"`
}

func (s *Server) portalRoutes() {
	post := func(path string, h http.HandlerFunc) { s.mux.HandleFunc("POST "+path, h) }
	get := func(path string, find func(*query) (any, error)) { s.mux.HandleFunc("GET "+path, show(find)) }

	post(pathPortalKeys, act(s.Portal.RegisterKey))
	post(pathPortalOrganisations, act(s.Portal.RegisterOrganisation))
	post(pathPortalLinks, act(s.Portal.LinkAccounts))
	post(pathPortalUnlink, act(s.Portal.UnlinkAccount))
	get(pathPortalState, func(q *query) (any, error) { return s.Portal.State(q.text("organisation")) })
	get(pathPortalSeen, func(q *query) (any, error) {
		return s.Portal.Seen(portal.Person{Organisation: q.text("organisation"), Identity: q.text("identity")})
	})
	get(pathPortalWait, s.waitForCall)
}

func (s *Server) waitForCall(q *query) (any, error) {
	visible := q.truth("visible", true)
	ctx, cancel := q.patience()
	defer cancel()
	if q.err != nil {
		return nil, q.err
	}
	call, err := s.Portal.WaitForCall(ctx, portal.CallRef{Organisation: q.text("organisation"), Call: q.text("call")}, visible)
	if errors.Is(err, portal.ErrUnknown) {
		return nil, err
	}
	return CallReached{Call: call, Reached: err == nil}, nil
}

func (q *query) truth(name string, otherwise bool) bool {
	text := q.text(name)
	if text == "" {
		return otherwise
	}
	truth, err := strconv.ParseBool(text)
	if err != nil && q.err == nil {
		q.err = fmt.Errorf("%w: give %s as true or false", portal.ErrInvalid, name)
	}
	return truth
}

// PortalRequests gives the log's entries after seq since that are about an organisation of the Portal.
func (s *Server) PortalRequests(since int64, organisation string) []traffic.Entry {
	return slices.DeleteFunc(s.log.Entries(since, 0), func(e traffic.Entry) bool { return e.Organisation != organisation })
}
