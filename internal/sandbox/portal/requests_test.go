package portal_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	port "github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

func TestAnOrganisationIsToldToWhoSignsWell(t *testing.T) {
	t.Parallel()
	b := setup(t)
	account, err := b.Check(t.Context(), school)
	require.NoError(t, err)
	require.Equal(t, rest.Account{Name: "School sch/17"}, account)
	a := b.ask(http.MethodGet, at, "")
	require.Equal(t, []any{200, "School sch/17", b.clock.Now().UTC()}, []any{a.Status, a.Name, a.Time})

	b.register("sch-18")
	_, err = b.RegisterOrganisation(portal.Organisation{Organisation: school, Name: "Renamed"})
	require.NoError(t, err)
	account, err = b.Check(t.Context(), school)
	require.NoError(t, err)
	require.Equal(t, "Renamed", account.Name)
	_, err = b.Check(t.Context(), "sch-18")
	require.NoError(t, err)
}

func TestRequestsThatAreNotGoodAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stamp := func(off time.Duration) string { return strconv.FormatInt(b.clock.Now().Add(off).Unix(), 10) }
	foreign := rest.Sign("other", stamp(0), http.MethodGet, at, nil)
	elsewhere := rest.Sign(secret, stamp(0), http.MethodGet, at[len("/portal"):], nil)
	for name, c := range map[string]struct {
		method, target, body string
		edit                 func(http.Header)
		status               int
		code                 string
	}{
		"no key":                    {edit: set(rest.HeaderKey, ""), status: 401, code: "bad-signature"},
		"unknown key":               {edit: set(rest.HeaderKey, "other"), status: 401, code: "bad-signature"},
		"another secret":            {edit: set(rest.HeaderSignature, foreign), status: 401, code: "bad-signature"},
		"signed without the prefix": {edit: set(rest.HeaderSignature, elsewhere), status: 401, code: "bad-signature"},
		"signed for no query":       {target: at + "/account-links?limit=1", edit: set(rest.HeaderSignature, foreign), status: 401, code: "bad-signature"},
		"another time":              {edit: set(rest.HeaderSignature, rest.Sign(secret, stamp(1), http.MethodGet, at, []byte("x"))), status: 401, code: "bad-signature"},
		"no time":                   {edit: set(rest.HeaderTimestamp, ""), status: 400, code: "bad-request"},
		"too early":                 {edit: set(rest.HeaderTimestamp, stamp(-301*time.Second)), status: 401, code: "clock-skew"},
		"too late":                  {edit: set(rest.HeaderTimestamp, stamp(301*time.Second)), status: 401, code: "clock-skew"},
		"unknown organisation":      {target: "/portal/v1/organisations/none", status: 404, code: "unknown-organisation"},
		"its links":                 {target: "/portal/v1/organisations/none/account-links", status: 404, code: "unknown-organisation"},
		"its calls":                 {method: http.MethodDelete, target: "/portal/v1/organisations/none/calls/1", status: 404, code: "unknown-organisation"},
		"no such address":           {target: at + "/children", status: 400, code: "bad-request"},
		"no such method":            {method: http.MethodPost, status: 400, code: "bad-request"},
		"too large":                 {method: http.MethodPut, target: at + "/chats", body: strings.Repeat(" ", 1<<20+1), status: 413, code: "too-large"},
		"limit of nothing":          {target: at + "/account-links?limit=0", status: 400, code: "bad-request"},
		"limit too high":            {target: at + "/account-links?limit=1001", status: 400, code: "bad-request"},
		"since one day":             {target: at + "/account-links?since=yesterday", status: 400, code: "bad-request"},
	} {
		method, target := lo.CoalesceOrEmpty(c.method, http.MethodGet), lo.CoalesceOrEmpty(c.target, at)
		edit := c.edit
		if edit == nil {
			edit = func(http.Header) {}
		}
		a := b.ask(method, target, c.body, edit)
		require.Equal(t, []any{c.status, c.code}, []any{a.Status, a.Code}, name)
		logged := b.log.Entries(b.log.Seq()-1, 0)
		require.Equal(t, c.status, logged[0].ErrorCode, name)
	}
	for _, off := range []time.Duration{-300 * time.Second, 300 * time.Second} {
		require.Equal(t, http.StatusOK, b.ask(http.MethodGet, at, "", set(rest.HeaderTimestamp, stamp(off))).Status)
	}
}

func TestTheAdapterUnderstandsRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.Check(t.Context(), "none")
	require.Equal(t, port.CodeUnknown, port.CodeOf(err))
	_, err = b.adapter(b.url, "another").Check(t.Context(), school)
	require.Equal(t, port.CodeRefused, port.CodeOf(err))
	_, err = b.RegisterKey(portal.Key{ID: key, Secret: "another"})
	require.NoError(t, err)
	_, err = b.adapter(b.url, "another").Check(t.Context(), school)
	require.NoError(t, err)
	_, err = b.Check(t.Context(), school)
	require.Equal(t, port.CodeRefused, port.CodeOf(err), "the former secret is no longer good")
}

func TestAKeyMayMake50RequestsInAnySecond(t *testing.T) {
	t.Parallel()
	b := setupLimited(t, 0)
	for range 50 {
		require.Equal(t, http.StatusOK, b.ask(http.MethodGet, at, "").Status)
	}
	a := b.ask(http.MethodGet, at, "")
	require.Equal(t, []any{429, "too-many-requests", "1"}, []any{a.Status, a.Code, a.RetryAfter})
	_, err := b.Check(t.Context(), school)
	require.Equal(t, port.CodeRateLimited, port.CodeOf(err))
	_, err = b.RegisterKey(portal.Key{ID: "other", Secret: secret})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, b.ask(http.MethodGet, at, "", set(rest.HeaderKey, "other")).Status, "each key by itself")
	b.clock.advance(time.Second)
	require.Equal(t, http.StatusOK, b.ask(http.MethodGet, at, "").Status)
}

func TestFaultsDisturbTheirRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		fault traffic.Fault
		code  port.Code
		done  bool
		known int // the status in the log
	}{
		{traffic.Fault{Mode: traffic.ModeError, ErrorCode: 503}, port.CodeUnavailable, false, 503},
		{traffic.Fault{Mode: traffic.ModeError, ErrorCode: 429}, port.CodeRateLimited, false, 429},
		{traffic.Fault{Mode: traffic.ModeError, ErrorCode: 422}, port.CodeBadRequest, false, 422},
		{traffic.Fault{Mode: traffic.ModeError, ErrorCode: 500}, port.CodeUnavailable, false, 500},
		{traffic.Fault{Mode: traffic.ModeDrop}, port.CodeUnavailable, false, 0},
		{traffic.Fault{Mode: traffic.ModeSlow, DelayMS: 1}, "", true, 0},
		{traffic.Fault{Mode: traffic.ModeLostReply}, port.CodeUnavailable, true, 0},
	} {
		for _, method := range []string{"portal.putCall", "portal.*", "*"} {
			c.fault.Method = method
			b.strike(traffic.Fault{Method: "portal.removeCall", Mode: traffic.ModeDrop})
			b.strike(c.fault)
			require.Equal(t, c.code, port.CodeOf(b.PutCall(t.Context(), school, b.callOf("c1"))), "%+v", c.fault)
			require.Len(t, b.state().Calls, lo.Ternary(c.done, 1, 0), "%+v", c.fault)
			require.Len(t, b.faults.Armed(), 1, "others wait for their requests")
			entry := b.log.Entries(b.log.Seq()-1, 0)[0]
			require.Equal(t, []any{c.fault.Mode, c.known}, []any{entry.Fault, entry.ErrorCode})
			b.faults.Clear()
			require.NoError(t, b.RemoveCall(t.Context(), school, "c1"))
		}
	}
}

func TestFaultsOfOtherStatusesAreProblemsToo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for given, want := range map[int][]any{
		418: {418, "bad-request", ""}, 502: {502, "internal", ""}, 503: {503, "unavailable", "1"}, 10: {500, "internal", ""},
	} {
		b.strike(traffic.Fault{Method: "portal.check", Mode: traffic.ModeError, ErrorCode: given})
		a := b.ask(http.MethodGet, at, "")
		require.Equal(t, want, []any{a.Status, a.Code, a.RetryAfter})
	}
	b.strike(traffic.Fault{Method: "portal.check", Mode: traffic.ModeHTTP500})
	response, err := http.DefaultClient.Do(b.request(http.MethodGet, at, ""))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	require.NotContains(t, response.Header.Get("Content-Type"), "json", "as of something in between")
}

func TestRequestsAreLogged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	require.NoError(t, b.PutChats(ctx, school, []port.Chat{chatOf("a"), chatOf("b")}))
	require.NoError(t, b.RemoveChat(ctx, school, "a/b c"))
	require.NoError(t, b.PutCall(ctx, school, b.callOf("c/1")))
	require.NoError(t, b.RemoveCall(ctx, school, "c/1"))
	_, err := b.Page(ctx, school, port.Query{})
	require.NoError(t, err)
	_, err = b.Check(ctx, "none")
	require.Error(t, err)

	type line struct {
		method, organisation string
		params               map[string]string
		status               int
	}
	lines := lo.Map(b.log.Entries(0, 0), func(e traffic.Entry, _ int) line {
		require.NotEmpty(t, e.RemoteAddr)
		require.Equal(t, b.clock.Now(), e.At)
		require.Len(t, e.Calls, 1)
		return line{e.Method, e.Organisation, e.Calls[0].Params, e.ErrorCode}
	})
	require.Equal(t, []line{
		{"portal.putChats", school, map[string]string{"chats": "2"}, 0},
		{"portal.removeChat", school, map[string]string{"key": "a/b c"}, 0},
		{"portal.putCall", school, map[string]string{"id": "c/1"}, 0},
		{"portal.removeCall", school, map[string]string{"id": "c/1"}, 0},
		{"portal.links", school, map[string]string{"limit": "500"}, 0},
		{"portal.check", "none", map[string]string{}, 404},
	}, lines)
	require.Equal(t, map[int]int{404: 1}, b.log.Totals().All.Errors)
}
