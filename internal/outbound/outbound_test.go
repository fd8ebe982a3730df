package outbound_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

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
