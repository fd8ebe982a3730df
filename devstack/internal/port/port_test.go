package port_test

import (
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
)

func TestUse(t *testing.T) {
	t.Parallel()
	free, err := port.Use(0, "the server", "--port")
	require.NoError(t, err)

	l, err := net.Listen("tcp4", port.Address(free))
	require.NoError(t, err, "what is said to be free can be listened on")
	_, err = port.Use(free, "the server", "--port")
	taken, ok := errors.AsType[*port.TakenError](err)
	require.True(t, ok)
	require.Equal(t, port.TakenError{Server: "the server", Flag: "--port", Port: free}, *taken)
	require.ErrorContains(t, err, "choose another with --port")

	require.NoError(t, l.Close())
	same, err := port.Use(free, "the server", "--port")
	require.NoError(t, err)
	require.Equal(t, free, same)
}
