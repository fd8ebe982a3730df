package connect_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/connect"
)

// setup gives the way to a Portal that answers with no links, and counts the connections made to it.
func setup(t *testing.T) (connect.Portal, *atomic.Int32) {
	t.Helper()
	var made atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"links":[],"total":0,"asOf":"2026-09-01T07:30:00Z"}`))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	way, err := connect.New(config.Config{PortalURL: server.URL, PortalKeyFile: keyFile(t)})
	require.NoError(t, err)
	return way, &made
}

func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal.key")
	require.NoError(t, os.WriteFile(path, []byte("key_id=rollcall\nsecret=SECRET\n"), 0o600))
	return path
}

func TestSchoolsWithoutAProxyShareTheirConnections(t *testing.T) {
	t.Parallel()
	way, made := setup(t)
	read := func(way connect.Portal, client *http.Client) {
		t.Helper()
		links, err := way.Links(client)
		require.NoError(t, err)
		_, err = links.Page(t.Context(), "sch-1", portal.Query{})
		require.NoError(t, err)
	}
	for range 5 {
		read(way, nil)
	}
	copied := way
	read(copied, nil)
	require.Equal(t, int32(1), made.Load())

	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	for range 3 {
		read(way, &http.Client{Transport: transport})
	}
	require.Equal(t, int32(2), made.Load(), "a school behind a proxy has its own")
}

func TestAPortalThatCannotBeReachedByItsSettings(t *testing.T) {
	t.Parallel()
	_, err := connect.New(config.Config{PortalURL: "http://portal.example", PortalKeyFile: filepath.Join(t.TempDir(), "none")})
	require.Error(t, err)
	_, err = connect.New(config.Config{PortalURL: "portal.example", PortalKeyFile: keyFile(t)})
	require.ErrorContains(t, err, "http or https URL")
	none, err := connect.New(config.Config{})
	require.NoError(t, err)
	require.False(t, none.GivesLinks() || none.Publishes())
}
