package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// maxReply bounds what the client reads: a full request log is large.
const maxReply = 512 << 20

// StatusError is a refusal of the sandbox.
type StatusError struct {
	Status int
	Text   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("sandbox: %s (HTTP %d)", e.Text, e.Status) }

// Client does over the wire what a Server's methods do. Its errors are a *StatusError where the
// sandbox refused.
type Client struct {
	base string
	http *http.Client
}

// NewClient makes a client of the sandbox at an address such as http://127.0.0.1:8190. It waits for
// answers as long as its contexts say.
func NewClient(base string) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{}}
}

// RegisterCommunity makes a community, or changes its token and name.
func (c *Client) RegisterCommunity(ctx context.Context, r vk.Registration) (vk.Community, error) {
	return send[vk.Community](ctx, c, pathCommunities, r)
}

// Communities gives all communities, by id.
func (c *Client) Communities(ctx context.Context) ([]vk.Community, error) {
	return fetch[[]vk.Community](ctx, c, pathCommunities, nil)
}

// RevokeToken makes the community's token bad.
func (c *Client) RevokeToken(ctx context.Context, r vk.GroupRef) (vk.Community, error) {
	return send[vk.Community](ctx, c, pathRevoke, r)
}

// SetSwitches changes what the community's token may do.
func (c *Client) SetSwitches(ctx context.Context, s vk.Switches) (vk.Community, error) {
	return send[vk.Community](ctx, c, pathSwitches, s)
}

// SetCallback has a community's events sent to an address, once that has confirmed it.
func (c *Client) SetCallback(ctx context.Context, to vk.Callback) (vk.Community, error) {
	return send[vk.Community](ctx, c, pathCallback, to)
}

// TroubleStream loses events of a community, or makes the key of its long poll bad.
func (c *Client) TroubleStream(ctx context.Context, t vk.StreamTrouble) (vk.Community, error) {
	return send[vk.Community](ctx, c, pathStream, t)
}

// SetAccount says how an account takes being added.
func (c *Client) SetAccount(ctx context.Context, a vk.Account) (vk.Account, error) {
	return send[vk.Account](ctx, c, pathAccounts, a)
}

// Join lets somebody in by a link.
func (c *Client) Join(ctx context.Context, j vk.Joining) (vk.Chat, error) {
	return send[vk.Chat](ctx, c, pathJoin, j)
}

// AddByHand lets somebody in whom another member brought along.
func (c *Client) AddByHand(ctx context.Context, s vk.Seat) (vk.Chat, error) {
	return send[vk.Chat](ctx, c, pathAdd, s)
}

// Leave lets a member go of their own will.
func (c *Client) Leave(ctx context.Context, s vk.Seat) (vk.Chat, error) {
	return send[vk.Chat](ctx, c, pathLeave, s)
}

// KickByHand lets a member be turned out by another.
func (c *Client) KickByHand(ctx context.Context, s vk.Seat) (vk.Chat, error) {
	return send[vk.Chat](ctx, c, pathKick, s)
}

// SetAdminByHand makes a member an admin, or takes that away.
func (c *Client) SetAdminByHand(ctx context.Context, r vk.Rights) (vk.Chat, error) {
	return send[vk.Chat](ctx, c, pathAdmin, r)
}

// RenameByHand gives a chat another title.
func (c *Client) RenameByHand(ctx context.Context, r vk.Renaming) (vk.Chat, error) {
	return send[vk.Chat](ctx, c, pathRename, r)
}

// SetChatState deletes a chat, turns the community out of it, and so on.
func (c *Client) SetChatState(ctx context.Context, r vk.Restating) (vk.Chat, error) {
	return send[vk.Chat](ctx, c, pathChatState, r)
}

// RegisterUserToken makes a person a manager of a community, or gives one another token.
func (c *Client) RegisterUserToken(ctx context.Context, t vk.UserToken) (vk.Manager, error) {
	return send[vk.Manager](ctx, c, pathUserToken, t)
}

// RevokeUserToken makes a manager's token bad.
func (c *Client) RevokeUserToken(ctx context.Context, r vk.UserRef) (vk.Manager, error) {
	return send[vk.Manager](ctx, c, pathUserRevoke, r)
}

// State gives a community with all that it has.
func (c *Client) State(ctx context.Context, r vk.GroupRef) (vk.State, error) {
	return fetch[vk.State](ctx, c, pathState, numbers{"group_id": r.GroupID})
}

// Totals counts what there is over all communities.
func (c *Client) Totals(ctx context.Context) (vk.Totals, error) {
	return fetch[vk.Totals](ctx, c, pathTotals, nil)
}

// AddFault puts a fault in force.
func (c *Client) AddFault(ctx context.Context, f traffic.Fault) error {
	_, err := send[nothing](ctx, c, pathFaults, f)
	return err
}

// Faults gives the faults in force.
func (c *Client) Faults(ctx context.Context) ([]traffic.Fault, error) {
	return fetch[[]traffic.Fault](ctx, c, pathFaults, nil)
}

// ClearFaults ends all faults.
func (c *Client) ClearFaults(ctx context.Context) error {
	_, err := do[nothing](ctx, c, http.MethodDelete, pathFaults, nil)
	return err
}

// Requests gives the log's entries after seq since, of one community or, with 0, of all.
func (c *Client) Requests(ctx context.Context, since, group int64) ([]traffic.Entry, error) {
	return fetch[[]traffic.Entry](ctx, c, pathRequests, numbers{"since": since, "group_id": group})
}

// RequestCounts gives the log's counts.
func (c *Client) RequestCounts(ctx context.Context) (traffic.Totals, error) {
	return fetch[traffic.Totals](ctx, c, pathCounts, nil)
}

// ResetRequests empties the log and its counts.
func (c *Client) ResetRequests(ctx context.Context) error {
	_, err := send[nothing](ctx, c, pathReset, nil)
	return err
}

// WaitForRequests returns when the log has reached seq or the time is up, and tells which.
func (c *Client) WaitForRequests(ctx context.Context, seq int64, timeout time.Duration) (Reached, error) {
	return fetch[Reached](ctx, c, pathWait, numbers{"seq": seq, "timeout_ms": timeout.Milliseconds()})
}

type numbers map[string]int64

func fetch[Out any](ctx context.Context, c *Client, path string, query numbers) (Out, error) {
	values := url.Values{}
	for name, n := range query {
		values.Set(name, strconv.FormatInt(n, 10))
	}
	return do[Out](ctx, c, http.MethodGet, path+"?"+values.Encode(), nil)
}

func send[Out any](ctx context.Context, c *Client, path string, in any) (Out, error) {
	body, err := json.Marshal(in)
	if err != nil {
		var none Out
		return none, fmt.Errorf("encode the act: %w", err)
	}
	return do[Out](ctx, c, http.MethodPost, path, body)
}

func do[Out any](ctx context.Context, c *Client, method, path string, body []byte) (out Out, err error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("ask the sandbox: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return out, fmt.Errorf("ask the sandbox: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return out, fmt.Errorf("read the sandbox's reply: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		var refused refusal
		if json.Unmarshal(content, &refused) != nil {
			refused.Error = strings.TrimSpace(string(content))
		}
		return out, &StatusError{Status: response.StatusCode, Text: refused.Error}
	}
	if err := json.Unmarshal(content, &out); err != nil {
		return out, fmt.Errorf("read the sandbox's reply: %w", err)
	}
	return out, nil
}
