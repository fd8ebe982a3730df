package max

import (
	"context"
	"net/url"
	"regexp"
	"slices"

	"github.com/rollcall-edu/rollcall/internal/outbound"
)

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{5,256}$`)

// Subscribe lets MAX send the bot's updates to an address, with the secret in SecretHeader. Only what concerns chats is
// asked for, no messages. To subscribe an address again is to renew it: MAX drops one that gave no good answer for 8
// hours. While a bot is subscribed, polls give nothing.
func (c *Client) Subscribe(ctx context.Context, address, secret string) error {
	switch {
	case !outbound.IsAddress(address):
		return badCall(methodSubscribe, "give an https URL with a host and no login, query or fragment")
	case !secretForm.MatchString(secret):
		return badCall(methodSubscribe, "give a secret of 5 to 256 letters, digits, - and _")
	}
	return c.act(ctx, query{
		method: methodSubscribe, body: map[string]any{"url": address, "secret": secret, "update_types": updateTypes},
	})
}

// Unsubscribe ends a subscription. One that is not there is success.
func (c *Client) Unsubscribe(ctx context.Context, address string) error {
	err := c.act(ctx, query{method: methodUnsubscribe, params: url.Values{"url": {address}}})
	failure, _ := ofCall(err)
	if failure == nil {
		return err
	}
	there, listing := c.Subscriptions(ctx)
	if listing != nil {
		return listing
	}
	if slices.Contains(there, address) {
		return err
	}
	return nil
}

// Subscriptions lists the addresses that the bot's updates go to.
func (c *Client) Subscriptions(ctx context.Context) ([]string, error) {
	var list struct {
		Subscriptions []struct {
			URL string `json:"url"`
		} `json:"subscriptions"`
	}
	if err := c.ask(ctx, query{method: methodSubscribed}, &list); err != nil {
		return nil, err
	}
	if list.Subscriptions == nil {
		return nil, unavailable(methodSubscribed)
	}
	addresses := make([]string, len(list.Subscriptions))
	for i, s := range list.Subscriptions {
		addresses[i] = s.URL
	}
	return addresses, nil
}
