package max

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

func TestSubscribing(t *testing.T) {
	t.Parallel()
	const address = "https://rollcall.example/max/5"
	client, fake := setup(t, table(map[string]any{
		"POST /subscriptions": success,
		"GET /subscriptions": object{"subscriptions": []any{
			object{"url": address, "time": 1, "update_types": nil}, object{"url": "https://other.example", "time": 1, "update_types": []string{"bot_added"}},
		}},
		"DELETE /subscriptions?url=https%3A%2F%2Frollcall.example%2Fmax%2F5": success,
	}))
	require.NoError(t, client.Subscribe(t.Context(), address, "abc-DEF_123"))
	there, err := client.Subscriptions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{address, "https://other.example"}, there)
	require.NoError(t, client.Unsubscribe(t.Context(), address))
	require.Len(t, fake.lines(), 3)
	require.Equal(t, object{"url": address, "secret": "abc-DEF_123", "update_types": []any{
		"user_added", "user_removed", "bot_added", "bot_removed", "bot_admin_permissions_changed", "chat_title_changed",
	}}, fake.body(0))
}

func TestWhatIsNoSubscription(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, table(nil))
	for _, address := range []string{"", "rollcall.example", "ftp://rollcall.example", "https://u:SECRET@rollcall.example"} {
		err := client.Subscribe(t.Context(), address, "abc-DEF_123")
		require.Equal(t, bad, messenger.CodeOf(err))
		requireHidden(t, err)
	}
	for _, secret := range []string{"", "abcd", "SECRET secret", strings.Repeat("x", 257), "abcdef\n"} {
		err := client.Subscribe(t.Context(), "https://rollcall.example", secret)
		require.Equal(t, bad, messenger.CodeOf(err))
		requireHidden(t, err)
	}
	require.Empty(t, fake.lines())
}

func TestSubscriptionsRefused(t *testing.T) {
	t.Parallel()
	const there = "https://rollcall.example"
	list := object{"subscriptions": []any{object{"url": there, "time": 1, "update_types": nil}}}
	for name, tt := range map[string]struct {
		answer, list any
		want         messenger.Code
	}{
		"soft, not there":  {softly, object{"subscriptions": []any{}}, ok},
		"404, not there":   {refuse{404, "not.found"}, object{"subscriptions": []any{}}, ok},
		"soft, there":      {softly, list, bad},
		"cannot be listed": {softly, object{}, away},
		"may not":          {refuse{403, "access.denied"}, nil, tokenNo},
		"token":            {refuse{401, "verify.token"}, nil, refused},
		"trouble":          {cut{}, nil, away},
	} {
		client, _ := wrong(t, func(a asked) any {
			if a.call == "GET /subscriptions" {
				return tt.list
			}
			return tt.answer
		})
		err := client.Unsubscribe(t.Context(), there)
		require.Equal(t, tt.want, messenger.CodeOf(err), name)
		if tt.want != ok {
			requireHidden(t, err, "rollcall.example")
		}
	}
	client, _ := wrong(t, func(asked) any { return softly })
	require.Equal(t, bad, messenger.CodeOf(client.Subscribe(t.Context(), there, "abc-DEF_123")))
}
