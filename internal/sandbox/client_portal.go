package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// RegisterPortalKey makes a key of the Portal, or gives one another secret.
func (c *Client) RegisterPortalKey(ctx context.Context, k portal.Key) (portal.Key, error) {
	return send[portal.Key](ctx, c, pathPortalKeys, k)
}

// RegisterOrganisation makes an organisation of the Portal, or changes its name.
func (c *Client) RegisterOrganisation(ctx context.Context, o portal.Organisation) (portal.Organisation, error) {
	return send[portal.Organisation](ctx, c, pathPortalOrganisations, o)
}

// LinkAccounts links identities to accounts, in place of those that they had.
func (c *Client) LinkAccounts(ctx context.Context, l portal.Linking) (portal.Linked, error) {
	return send[portal.Linked](ctx, c, pathPortalLinks, l)
}

// UnlinkAccount undoes somebody's link.
func (c *Client) UnlinkAccount(ctx context.Context, p portal.Person) (portal.Linked, error) {
	return send[portal.Linked](ctx, c, pathPortalUnlink, p)
}

// PortalState gives an organisation with its links, and with what is shown.
func (c *Client) PortalState(ctx context.Context, organisation string) (portal.State, error) {
	return ask[portal.State](ctx, c, pathPortalState, url.Values{"organisation": {organisation}})
}

// PortalSeen gives what a person sees on the Portal.
func (c *Client) PortalSeen(ctx context.Context, p portal.Person) (portal.Seen, error) {
	return ask[portal.Seen](ctx, c, pathPortalSeen, url.Values{"organisation": {p.Organisation}, "identity": {p.Identity}})
}

// PortalRequests gives the log's entries after seq since that are about an organisation of the Portal.
func (c *Client) PortalRequests(ctx context.Context, since int64, organisation string) ([]traffic.Entry, error) {
	return ask[[]traffic.Entry](ctx, c, pathRequests, url.Values{
		"since": {strconv.FormatInt(since, 10)}, "organisation": {organisation},
	})
}

// WaitForPortalCall returns when a call is shown, or is not shown, as wanted, or the time is up, and tells which.
func (c *Client) WaitForPortalCall(ctx context.Context, r portal.CallRef, visible bool, timeout time.Duration) (CallReached, error) {
	return ask[CallReached](ctx, c, pathPortalWait, url.Values{
		"organisation": {r.Organisation}, "call": {r.Call}, "visible": {strconv.FormatBool(visible)},
		"timeout_ms": {strconv.FormatInt(timeout.Milliseconds(), 10)},
	})
}

func ask[Out any](ctx context.Context, c *Client, path string, query url.Values) (Out, error) {
	return do[Out](ctx, c, http.MethodGet, path+"?"+query.Encode(), nil)
}
