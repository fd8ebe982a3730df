package max

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/traced"
	"github.com/rollcall-edu/rollcall/internal/outbound"
)

const (
	// DefaultBaseURL is where MAX's API lives. Its certificate ends in the Russian Trusted Root CA.
	DefaultBaseURL = "https://platform-api2.max.ru"

	requestTimeout = 15 * time.Second
	// maxAdmins is how many admins a chat of MAX can have.
	maxAdmins = 50
)

// Config is what a Client needs.
type Config struct {
	// BaseURL is the address without a call's path; "" is DefaultBaseURL.
	BaseURL string
	// Token is the bot's.
	Token string `json:"-"`
	// BotID is the bot's own user id, positive: it stands for the school's community.
	BotID int64
	// Adding: MAX lets this bot add people. It is restricted since September 2026.
	Adding bool
	// Marker is what Poll.Marker gave before: a Poll goes on from there. "" is from now on.
	Marker string
	// HTTP carries a school's proxy and its trust in certificates; nil is a client of our own. Either way a request
	// lasts 15 s at the most and redirects are not followed.
	HTTP *http.Client `json:"-"`
	// Gate is passed before every request.
	Gate messenger.Gate `json:"-"`
}

// Format prints the settings without the token, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "max.Config{BaseURL: %q, BotID: %d, Adding: %t}", c.BaseURL, c.BotID, c.Adding)
}

// Client is a bot's view of MAX. It is safe for concurrent use.
type Client struct {
	base   string
	bot    int64
	adding bool
	http   *http.Client
	gate   messenger.Gate
	tracer traced.Tracer
	// sign puts the token into a request. The token lives in this closure, so that printing a Client,
	// however deeply, never shows it.
	sign   func(http.Header)
	spaces *spaces
}

var _ messenger.Messenger = (*Client)(nil)

// New makes a Client. It makes no request; Community tells whether the token is good.
func New(c Config) (*Client, error) {
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	secret := strings.TrimSpace(c.Token)
	switch {
	case !outbound.IsAddress(base):
		return nil, errors.New("max: set the base address to an http or https URL with a host and no login, e.g. " + DefaultBaseURL)
	case secret == "":
		return nil, errors.New("max: set the bot's token")
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("max: set the bot's token alone, without spaces and without Bearer")
	case c.BotID <= 0:
		return nil, errors.New("max: set the bot's user id, a positive number")
	case c.Gate == nil:
		return nil, errors.New("max: set a gate")
	}
	return &Client{
		base:   strings.TrimRight(base, "/"),
		bot:    c.BotID,
		adding: c.Adding,
		http:   outbound.Client(c.HTTP),
		gate:   c.Gate,
		tracer: traced.Tracer{Tracer: otel.Tracer("github.com/rollcall-edu/rollcall/internal/messenger/max"), Protocol: messenger.MAX},
		sign:   func(h http.Header) { h.Set("Authorization", secret) },
		spaces: &spaces{},
	}, nil
}

// Features tells what MAX can do for a bot. Some calls share requests all the same (see Do).
func (c *Client) Features() messenger.Features {
	return messenger.Features{AddMember: c.adding, CallsPerRequest: 1}
}

// FindByTitle finds nothing: a bot makes no chats, and MAX tells no bot which chats it is in.
func (c *Client) FindByTitle(context.Context, []string) (map[string]messenger.ChatRef, error) {
	return map[string]messenger.ChatRef{}, nil
}

// Community asks who the token belongs to. A token of another bot than the configured one is refused: with it the bot's
// own account could not be told from a stranger's.
func (c *Client) Community(ctx context.Context) (messenger.Community, error) {
	var me struct {
		ID    int64  `json:"user_id"`
		Name  string `json:"name"`
		First string `json:"first_name"`
		Bot   bool   `json:"is_bot"`
	}
	if err := c.ask(ctx, query{method: methodMe}, &me); err != nil {
		return messenger.Community{}, err
	}
	switch {
	case me.ID == 0:
		return messenger.Community{}, unavailable(methodMe)
	case me.ID != c.bot, !me.Bot:
		return messenger.Community{}, fmt.Errorf("%w: set the token of the school's own bot, or correct the bot's id",
			&messenger.Error{Code: messenger.CodeTokenForeign, Method: methodMe})
	case me.Name == "":
		me.Name = me.First
	}
	return messenger.Community{ID: me.ID, Name: me.Name}, nil
}
