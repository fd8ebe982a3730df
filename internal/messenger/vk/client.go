package vk

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/traced"
	"github.com/rollcall-edu/rollcall/internal/outbound"
)

const (
	// DefaultBaseURL is where VK's API lives.
	DefaultBaseURL = "https://api.vk.com"

	apiVersion     = "5.199"
	requestTimeout = 15 * time.Second
)

// Config is what a Client needs.
type Config struct {
	// BaseURL is the address without the path /method; "" is DefaultBaseURL.
	BaseURL string
	// Token is the community's access token; for Rooms, that of a person who manages the community.
	Token string `json:"-"`
	// GroupID is the community's id, positive.
	GroupID int64
	// HTTP carries a school's proxy; nil is a client of our own. Either way a request lasts
	// 15 s at the most and redirects are not followed.
	HTTP *http.Client `json:"-"`
	// Gate is passed before every request.
	Gate messenger.Gate `json:"-"`
}

// Format prints the settings without the token, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "vk.Config{BaseURL: %q, GroupID: %d}", c.BaseURL, c.GroupID)
}

// Client is a community's view of VK. It is safe for concurrent use.
type Client struct {
	endpoint string
	group    int64
	http     *http.Client
	gate     messenger.Gate
	tracer   traced.Tracer
	// sign puts the token into a form. The token lives in this closure, so that printing a Client,
	// however deeply, never shows it.
	sign func(url.Values)
}

var _ messenger.Messenger = (*Client)(nil)

// New makes a Client. It makes no request; Community tells whether the token is good.
func New(c Config) (*Client, error) { return newClient(c, "the community's access token") }

// newClient makes a Client; token is what the token is to be.
func newClient(c Config, token string) (*Client, error) {
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	switch {
	case !outbound.IsAddress(base):
		return nil, errors.New("vk: set the base address to an http or https URL with a host and no login, e.g. " + DefaultBaseURL)
	case strings.TrimSpace(c.Token) == "":
		return nil, errors.New("vk: set " + token)
	case c.GroupID <= 0:
		return nil, errors.New("vk: set the community's id, a positive number")
	case c.Gate == nil:
		return nil, errors.New("vk: set a gate")
	}
	secret := strings.TrimSpace(c.Token)
	return &Client{
		endpoint: strings.TrimRight(base, "/") + "/method/execute",
		group:    c.GroupID,
		http:     outbound.Client(c.HTTP),
		gate:     c.Gate,
		tracer:   traced.Tracer{Tracer: otel.Tracer("github.com/rollcall-edu/rollcall/internal/messenger/vk"), Protocol: messenger.VK},
		sign:     func(form url.Values) { form.Set("access_token", secret) },
	}, nil
}

// Features tells what VK can do for a community.
func (c *Client) Features() messenger.Features {
	return messenger.Features{
		CreateChat: true, AddAtCreation: true, AddMember: true, ResetLink: true,
		CallsPerRequest: callsPerRequest,
	}
}
