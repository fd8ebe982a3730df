package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/outbound"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// schoolWay is a school's way to its messenger from this machine.
type schoolWay struct {
	school     store.SchoolRow
	community  *store.Community // nil without a token
	proxy      *proxy.Settings  // nil without one
	messengers connect.Messengers
	client     *http.Client
	gate       messenger.Gate

	// trouble is what was wrong with the proxy at the last request.
	trouble *proxy.Error
}

func newSchoolWay(ctx context.Context, st *store.Store, row store.SchoolRow, c config.Config) (*schoolWay, error) {
	messengers, err := connect.New(c)
	if err != nil {
		return nil, &usageError{err}
	}
	community, err := st.Community(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	settings, err := st.Proxy(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	w := &schoolWay{school: row, community: community, proxy: settings, messengers: messengers, gate: st.Pacer(row.ID)}
	var roots *x509.CertPool
	if row.Messenger == messenger.MAX {
		roots = messengers.Roots
	}
	client := &http.Client{Transport: outbound.Trusting(roots)}
	if settings != nil {
		client.Transport = proxy.NewTrusting(row.ID, *settings, roots)
	}
	w.client = outbound.Client(proxy.Watched(client, func(e *proxy.Error) { w.trouble = e }))
	return w, nil
}

func (w *schoolWay) close() { w.client.CloseIdleConnections() }

// access is the school's access to its messenger, which it must have a token for.
func (w *schoolWay) access() connect.Access {
	return connect.Access{
		Protocol: w.school.Messenger, Community: w.community.ID, Token: w.community.Token, HTTP: w.client, Gate: w.gate,
	}
}

// askWhose asks the messenger whether the token is the community's, and may manage its messages.
func (w *schoolWay) askWhose(ctx context.Context) error {
	client, err := w.messengers.Connect(w.access())
	if err == nil {
		_, err = client.Community(ctx)
	}
	return err
}

// noAnswer tells why the messenger said nothing of the token.
func (w *schoolWay) noAnswer(err error) string {
	if w.trouble != nil {
		return w.troubleWords()
	}
	e, ok := errors.AsType[*messenger.Error](err)
	if !ok || e.Code == messenger.CodeBudget {
		return gateWords(err)
	}
	return fmt.Sprintf("the messenger does not answer as it should (%s): try again later", e)
}

// gateWords says why a request was not made.
func gateWords(err error) string {
	if e, ok := errors.AsType[*messenger.Error](err); ok && e.Code == messenger.CodeBudget {
		return fmt.Sprintf("the token is busy: try again in %d s", int(e.RetryAfter.Seconds())+1)
	}
	return "the pace of the token's requests could not be asked for: check that the database is up"
}

// troubleWords say what was wrong with the proxy at the last request. To whoever does not know MAX's root, MAX's own
// certificate looks like one of the proxy's.
func (w *schoolWay) troubleWords() string {
	words := w.trouble.Error()
	if w.trouble.Kind == proxy.Intercepts && w.rootMissing() {
		words += "; or it is MAX's own: " + nameTheRoot
	}
	return words
}

// rootMissing tells that the school is on MAX, and that the root of its certificates has not been given.
func (w *schoolWay) rootMissing() bool {
	return w.school.Messenger == messenger.MAX && w.messengers.Roots == nil
}

const nameTheRoot = "name a file with the Russian Trusted Root CA in " + config.EnvMAXCAFile
