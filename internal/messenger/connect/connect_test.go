package connect_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/messenger/max"
	"github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
)

type open struct{}

func (open) Pass(context.Context) error { return nil }

func access(p messenger.Protocol) connect.Access {
	return connect.Access{Protocol: p, Community: 5, Token: "hush-hush", Gate: open{}}
}

func TestEachProtocolHasItsAdapter(t *testing.T) {
	t.Parallel()
	var m connect.Messengers
	for protocol, makes := range map[messenger.Protocol]bool{messenger.VK: true, messenger.MAX: false, "": true} {
		client, err := m.Connect(access(protocol))
		require.NoError(t, err)
		require.Equal(t, makes, client.Features().CreateChat, protocol)
		stream, err := m.Listen(access(protocol))
		require.NoError(t, err)
		require.NotNil(t, stream)
	}
	_, err := m.Rooms(access(messenger.VK))
	require.NoError(t, err)
	_, err = m.Rooms(access(messenger.MAX))
	require.ErrorIs(t, err, connect.ErrNoRooms)
	require.ErrorContains(t, err, "the link must be given")

	require.Equal(t, []string{vk.DefaultBaseURL, vk.DefaultBaseURL, max.DefaultBaseURL},
		[]string{m.Address(""), m.Address(messenger.VK), m.Address(messenger.MAX)})
	m = connect.Messengers{VKURL: "http://vk", MAXURL: "http://max", MAXAdding: true}
	require.Equal(t, []string{"http://vk", "http://max"}, []string{m.Address(messenger.VK), m.Address(messenger.MAX)})
	client, err := m.Connect(access(messenger.MAX))
	require.NoError(t, err)
	require.True(t, client.Features().AddMember)
	require.Equal(t, []string{config.EnvVKURL, config.EnvMAXURL}, []string{connect.Setting(messenger.VK), connect.Setting(messenger.MAX)})
}

func TestWhatCannotBeConnected(t *testing.T) {
	t.Parallel()
	var m connect.Messengers
	for _, p := range append(messenger.Protocols(), "icq") {
		for name, change := range map[string]func(*connect.Access){
			"no token": func(a *connect.Access) { a.Token = "" }, "no community": func(a *connect.Access) { a.Community = 0 },
			"no gate": func(a *connect.Access) { a.Gate = nil },
		} {
			a := access(p)
			change(&a)
			_, err := m.Connect(a)
			require.Error(t, err, "%s %s", p, name)
			_, err = m.Listen(a)
			require.Error(t, err, "%s %s", p, name)
			_, err = m.Rooms(a)
			require.Error(t, err, "%s %s", p, name)
			require.NotContains(t, err.Error(), "hush")
		}
	}
}

func TestAnAccessShowsNoToken(t *testing.T) {
	t.Parallel()
	a := access(messenger.MAX)
	raw, err := json.Marshal(connect.Access{Token: a.Token})
	require.NoError(t, err)
	shown := fmt.Sprintf("%v %+v %#v %s %x %s", a, &a, struct{ A connect.Access }{a}, a, a, raw)
	require.Contains(t, shown, `"max", Community: 5`)
	require.NotContains(t, shown, "hush")
	require.NotContains(t, shown, fmt.Sprintf("%x", "hush"))
}

// sealedMAX is a MAX whose certificate no system knows, and the file that vouches for it.
func sealedMAX(t *testing.T) (url, file string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/updates" {
			_, _ = io.WriteString(rw, `{"updates":[],"marker":1}`)
			return
		}
		_, _ = io.WriteString(rw, `{"user_id":5,"first_name":"School","is_bot":true}`)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it says who does not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	file = filepath.Join(t.TempDir(), "root.pem")
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, root, 0o600))
	return server.URL, file
}

func TestMAXIsTrustedByItsRoot(t *testing.T) {
	t.Parallel()
	url, file := sealedMAX(t)
	ask := func(c config.Config, client func(connect.Messengers) *http.Client) error {
		m, err := connect.New(c)
		require.NoError(t, err)
		a := access(messenger.MAX)
		if client != nil {
			a.HTTP = client(m)
		}
		bot, err := m.Connect(a)
		require.NoError(t, err)
		_, err = bot.Community(t.Context())
		stream, problem := m.Listen(a)
		require.NoError(t, problem)
		_, _, heard := stream.Next(t.Context())
		require.Equal(t, err == nil, heard == nil, "%v and %v", err, heard)
		return err
	}
	p := proxytest.New(t, proxytest.Options{})
	behind := func(m connect.Messengers) *http.Client {
		return (&proxy.Clients{Roots: m.Roots}).For("s", p.Settings())
	}
	require.NoError(t, ask(config.Config{MAXURL: url, MAXCAFile: file}, nil))
	require.NoError(t, ask(config.Config{MAXURL: url, MAXCAFile: file}, behind))
	require.NotEmpty(t, p.Asked())
	require.Equal(t, messenger.CodeUnavailable, messenger.CodeOf(ask(config.Config{MAXURL: url}, nil)), "nothing is trusted unseen")
	require.Equal(t, messenger.CodeUnavailable, messenger.CodeOf(ask(config.Config{MAXURL: url}, behind)))
}

func TestAFileThatHasNoRoot(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		return file
	}
	for file, says := range map[string]string{
		filepath.Join(folder, "none"): "cannot be read",
		folder:                        "cannot be read",
		write("empty", "\n"):          "without a certificate",
		write("der", "\x30\x82"):      "without a certificate",
		write("key", "-----BEGIN PRIVATE KEY-----\naHVzaA==\n-----END PRIVATE KEY-----\n"): "without a certificate",
	} {
		_, err := connect.New(config.Config{MAXCAFile: file})
		require.ErrorContains(t, err, config.EnvMAXCAFile, file)
		require.ErrorContains(t, err, says, file)
	}
	m, err := connect.New(config.Config{VKURL: "http://vk", MAXURL: "http://max", MAXAdding: true})
	require.NoError(t, err)
	require.Equal(t, connect.Messengers{VKURL: "http://vk", MAXURL: "http://max", MAXAdding: true}, m)
}
