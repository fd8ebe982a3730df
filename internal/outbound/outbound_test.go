package outbound_test

import (
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/outbound"
)

func TestIsAddress(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://api.vk.com": true, "http://127.0.0.1:8234/portal": true,
		"": false, "api.vk.com": false, "ftp://x": false, "https://": false, "https://u:p@x": false, "https://x/?a=1": false, "https://x?": false, "https://x#a": false,
	} {
		require.Equal(t, good, outbound.IsAddress(address), address)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var followed bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	given := &http.Client{}
	for _, client := range []*http.Client{outbound.Client(nil), outbound.Client(given)} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		require.NoError(t, err)
		answer, err := client.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusTemporaryRedirect, answer.StatusCode)
	}
	require.False(t, followed)
	require.Nil(t, given.CheckRedirect, "the client given is left as it is")
}

func TestOnlyTheGivenRootsAreTrusted(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it says who does not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for name, c := range map[string]struct {
		client *http.Client
		good   bool
	}{
		"the system's":        {outbound.Client(nil), false},
		"none":                {outbound.Client(&http.Client{Transport: outbound.Trusting(x509.NewCertPool())}), false},
		"its own":             {outbound.Client(&http.Client{Transport: outbound.Trusting(roots)}), true},
		"its own, for polls":  {outbound.Polling(roots), true},
		"the system's, again": {outbound.Polling(nil), false},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		require.NoError(t, err)
		answer, err := c.client.Do(request)
		if !c.good {
			_, foreign := errors.AsType[x509.UnknownAuthorityError](err)
			require.True(t, foreign, "%s: %v", name, err)
			continue
		}
		require.NoError(t, err, name)
		require.NoError(t, answer.Body.Close())
	}
}

func TestAPollIsGivenItsTime(t *testing.T) {
	t.Parallel()
	transport, ok := outbound.Polling(nil).Transport.(*http.Transport)
	require.True(t, ok)
	require.Equal(t, outbound.PollTimeout, transport.ResponseHeaderTimeout)
	require.GreaterOrEqual(t, outbound.PollTimeout, 37*time.Second)
	require.Equal(t, outbound.HeaderTimeout, outbound.Transport().ResponseHeaderTimeout)
}
