package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokenFromStandardInput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"alone":            {"vk1.a.Token", "vk1.a.Token"},
		"with a newline":   {"vk1.a.Token\n", "vk1.a.Token"},
		"with a CR and LF": {"vk1.a.Token\r\n", "vk1.a.Token"},
		"of some length":   {strings.Repeat("x", maxToken) + "\n", strings.Repeat("x", maxToken)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := readToken(t.Context(), strings.NewReader(c.in), io.Discard)
			require.NoError(t, err)
			require.Equal(t, c.want, token)
		})
	}
}

func TestTokenRefusedWithoutBeingQuoted(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"empty": "", "only a newline": "\n", "blanks": "  \n", "two lines": "secret\nsecret\n", "a blank inside": "secret secret",
		"a leading blank": " secret", "a control character": "secret\x00", "too long": strings.Repeat("secret", maxToken),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readToken(t.Context(), strings.NewReader(in), io.Discard)
			require.Error(t, err)
			require.Equal(t, exitUsage, exitCode(err))
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestReadingATokenCanBeInterrupted(t *testing.T) {
	t.Parallel()
	nobodyWrites, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := readToken(ctx, nobodyWrites, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
}
