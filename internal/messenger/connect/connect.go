// Package connect gives the way to the messenger that a school has chosen. Adapters know nothing of each
// other; this is the one place that knows them all.
package connect

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/max"
	"github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/outbound"
)

// Messengers are the deployment's ways to the messengers. The zero value is good: it leads to the real ones.
type Messengers struct {
	// VKURL and MAXURL are where their APIs are; empty are the real ones.
	VKURL, MAXURL string
	// MAXAdding tells that MAX lets bots add people.
	MAXAdding bool
	// Roots are what MAX's certificates must end in; nil are the system's, which are not enough for the
	// real one. They count for the requests that no Access's HTTP makes; proxy.Clients has them for the others.
	Roots *x509.CertPool
}

// New reads the file with MAX's root, where there is one.
func New(c config.Config) (Messengers, error) {
	m := Messengers{VKURL: c.VKURL, MAXURL: c.MAXURL, MAXAdding: c.MAXAdding}
	if c.MAXCAFile == "" {
		return m, nil
	}
	pem, err := os.ReadFile(c.MAXCAFile)
	if err != nil {
		return m, fmt.Errorf("%s names a file that cannot be read: correct it, or let this account read the file: %w", config.EnvMAXCAFile, err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return m, fmt.Errorf("the system's root certificates cannot be read: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return m, errors.New(config.EnvMAXCAFile + " names a file without a certificate in PEM: get the Russian Trusted Root CA, " +
			"which begins with -----BEGIN CERTIFICATE-----")
	}
	m.Roots = roots
	return m, nil
}

// Access is a school's access to its messenger.
type Access struct {
	// Protocol is the school's; the zero value is VK.
	Protocol messenger.Protocol
	// Community is the community's id; on MAX the user id of the bot.
	Community int64
	// Token is the community's; for Rooms that of a person who manages it.
	Token string `json:"-"`
	// Marker is what Stream.Marker gave before, "" where the stream is to begin now.
	Marker string
	// HTTP carries a school's proxy; nil is a client of our own.
	HTTP *http.Client   `json:"-"`
	Gate messenger.Gate `json:"-"`
}

// Format prints the access without the token, whatever the verb.
func (a Access) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "connect.Access{Protocol: %q, Community: %d}", a.Protocol, a.Community)
}

// Stream is what happens in a community's chats, for one listener at a time.
type Stream interface {
	// Next waits for events, for half a minute at the most; there may be none. Gap tells that before them an
	// unknown number of events went by unheard. Its error is a *messenger.Error, or the gate's; after it
	// Next may be called again, and nothing is missed in between. Events that it gave are not given again.
	Next(ctx context.Context) (events []messenger.Event, gap bool, err error)
	// Marker is from where on the stream goes on, for another one after this; "" where the messenger has no such thing.
	Marker() string
}

// Connect makes a community's view of its messenger, and no request.
func (m Messengers) Connect(a Access) (messenger.Messenger, error) {
	switch protocolOf(a) {
	case messenger.VK:
		return vk.New(m.vk(a))
	case messenger.MAX:
		return max.New(m.max(a))
	default:
		return nil, unknown(a)
	}
}

// ErrNoRooms says that a messenger lets nobody start a call for a school (messenger.Features.StartCall).
var ErrNoRooms = errors.New("the school's messenger lets no program start a video call: the link must be given with the call")

// Rooms makes what opens the rooms of a community's calls, and no request. It is ErrNoRooms where there are none.
func (m Messengers) Rooms(a Access) (messenger.Rooms, error) {
	switch protocolOf(a) {
	case messenger.VK:
		return vk.NewRooms(m.vk(a))
	case messenger.MAX:
		return nil, ErrNoRooms
	default:
		return nil, unknown(a)
	}
}

// Listen makes the stream of a community's events, and no request. An Access's own HTTP client must leave an
// answer outbound.PollTimeout to come.
func (m Messengers) Listen(a Access) (Stream, error) {
	switch protocolOf(a) {
	case messenger.VK:
		return vk.NewLongPoll(m.vk(a))
	case messenger.MAX:
		if a.HTTP == nil {
			a.HTTP = outbound.Polling(m.Roots)
		}
		return max.NewPoll(m.max(a))
	default:
		return nil, unknown(a)
	}
}

// MAX makes a bot's view of MAX, and no request: for what MAX alone has, its subscriptions.
func (m Messengers) MAX(a Access) (*max.Client, error) { return max.New(m.max(a)) }

// Address is where a protocol's API is.
func (m Messengers) Address(p messenger.Protocol) string {
	if p == messenger.MAX {
		return cmp.Or(m.MAXURL, max.DefaultBaseURL)
	}
	return cmp.Or(m.VKURL, vk.DefaultBaseURL)
}

// RootsOf are what the certificates of a protocol's servers must end in; nil are the system's.
func (m Messengers) RootsOf(p messenger.Protocol) *x509.CertPool {
	if p == messenger.MAX {
		return m.Roots
	}
	return nil
}

// Setting is the name of the setting that moves a protocol's Address.
func Setting(p messenger.Protocol) string {
	if p == messenger.MAX {
		return config.EnvMAXURL
	}
	return config.EnvVKURL
}

func (m Messengers) vk(a Access) vk.Config {
	return vk.Config{BaseURL: m.VKURL, Token: a.Token, GroupID: a.Community, HTTP: a.HTTP, Gate: a.Gate}
}

func (m Messengers) max(a Access) max.Config {
	if a.HTTP == nil {
		a.HTTP = &http.Client{Transport: outbound.Trusting(m.Roots)}
	}
	return max.Config{BaseURL: m.MAXURL, Token: a.Token, BotID: a.Community, Adding: m.MAXAdding, Marker: a.Marker, HTTP: a.HTTP, Gate: a.Gate}
}

func protocolOf(a Access) messenger.Protocol { return cmp.Or(a.Protocol, messenger.VK) }

func unknown(a Access) error { return fmt.Errorf("there is no messenger %q", a.Protocol) }
