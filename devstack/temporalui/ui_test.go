package temporalui_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
	"github.com/rollcall-edu/rollcall/devstack/temporalui"
)

func TestPageIsServedUntilStop(t *testing.T) {
	t.Parallel()
	nobody, err := port.Free()
	require.NoError(t, err)
	opts := temporalui.Options{TemporalAddress: port.Address(nobody), Namespace: "default"}
	ui, err := temporalui.Start(t.Context(), opts)
	require.NoError(t, err)

	resp, err := http.Get(ui.URL())
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(page), "<html")

	opts.Port = portOf(t, ui.URL())
	_, err = temporalui.Start(t.Context(), opts)
	_, taken := errors.AsType[*port.TakenError](err)
	require.True(t, taken, "%v", err)

	require.NoError(t, ui.Stop(context.WithoutCancel(t.Context())))
	_, err = port.Use(opts.Port, "the page", "--ui-port")
	require.NoError(t, err, "the port is free again")
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	n, err := strconv.Atoi(u.Port())
	require.NoError(t, err)
	return n
}
