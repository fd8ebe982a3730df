package activities_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/activities"
	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

const (
	organisation = "org-1" // what the store's school s is called in the roster
	keySecret    = "the-secret-of-the-portal"
	userToken    = "a-persons-token"
	manager      = 31_000_000 // the account whose token that is
)

// setupPortal is setup with a Portal, on which nobody is linked. Its clock is the real one, for so is
// that of the sandbox.
func setupPortal(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	b.allow(true)
	_, err := b.sandbox.Portal.RegisterKey(portal.Key{ID: "key", Secret: keySecret})
	require.NoError(t, err)
	_, err = b.sandbox.Portal.RegisterOrganisation(portal.Organisation{Organisation: organisation, Name: "School"})
	require.NoError(t, err)
	key := filepath.Join(t.TempDir(), "portal.key")
	require.NoError(t, os.WriteFile(key, []byte("key_id=key\nsecret="+keySecret+"\n"), 0o600))
	b.acts.Portal, err = connect.New(config.Config{PortalURL: b.acts.Messengers.VKURL + "/portal", PortalKeyFile: key})
	require.NoError(t, err)
	b.acts.Now = time.Now
	return b
}

// identity is what the Portal calls a person.
func identity(id school.PersonID) string { return "identity-of-" + string(id) }

// unlinked takes the accounts out of a roster and gives everybody an identity instead. The accounts are what to
// link on the Portal.
func unlinked(r school.Roster) (school.Roster, []portal.Account) {
	var links []portal.Account
	for i := range r.People {
		p := &r.People[i]
		p.Portal = identity(p.ID)
		links = append(links, portal.Account{Identity: p.Portal, Account: int64(p.Account)})
		p.Account = 0
	}
	return r, links
}

func (b *bench) link(links ...portal.Account) {
	b.t.Helper()
	_, err := b.sandbox.Portal.LinkAccounts(portal.Linking{Organisation: organisation, Links: links})
	require.NoError(b.t, err)
}

// inStep puts a roster in force whose people are linked on the Portal, and brings the school in step.
func (b *bench) inStep(r school.Roster) school.Roster {
	b.t.Helper()
	r, links := unlinked(r)
	b.link(links...)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	return r
}

func (b *bench) portal() portal.State {
	b.t.Helper()
	state, err := b.sandbox.Portal.State(organisation)
	require.NoError(b.t, err)
	return state
}

// shown are the chats that the Portal shows, by title.
func (b *bench) shown() map[string]portal.Chat {
	return lo.KeyBy(b.portal().Chats, func(c portal.Chat) string { return c.Title })
}

func (b *bench) rooms() []vk.Room {
	b.t.Helper()
	state, err := b.sandbox.State(vk.GroupRef{GroupID: group})
	require.NoError(b.t, err)
	return state.Rooms
}

// asked are the requests to the Portal that do makes, by method, in their order.
func (b *bench) asked(do func()) []traffic.Entry {
	before := b.sandbox.LastRequest()
	do()
	return b.sandbox.PortalRequests(before, organisation)
}

func methods(entries []traffic.Entry) map[string]int {
	return lo.CountValuesBy(entries, func(e traffic.Entry) string { return e.Method })
}

// disturb puts a fault in force.
func (b *bench) disturb(f traffic.Fault) {
	b.t.Helper()
	require.NoError(b.t, b.sandbox.AddFault(f))
}

// user sets the token with which rooms are made.
func (b *bench) user() {
	b.t.Helper()
	_, err := b.sandbox.RegisterUserToken(vk.UserToken{GroupID: group, Token: userToken, Account: manager})
	require.NoError(b.t, err)
	require.NoError(b.t, b.store.SetUserToken(b.t.Context(), "s", userToken))
}

// lesson is a call for the first class of big, from now on, in a room that somebody has made.
func lesson(id school.CallID) school.Call {
	now := time.Now().Truncate(time.Second)
	return school.Call{
		ID: id, Title: "Урок " + string(id), Class: "c00", Teacher: "t00", Starts: now.Add(-time.Minute), Ends: now.Add(time.Hour),
		Link: "https://room.example/" + string(id),
	}
}

// roomless is a lesson for which the messenger is to make the room.
func roomless(id school.CallID) school.Call {
	c := lesson(id)
	c.Link = ""
	return c
}

func cancelled(c school.Call) school.Call {
	c.Cancelled = true
	return c
}

// told has calls pushed.
func (b *bench) told(all ...school.Call) {
	b.t.Helper()
	require.NoError(b.t, b.store.TakeCalls(b.t.Context(), "s", time.Now(), all))
}

// over has the worker's clock show a time at which every lesson is over.
func (b *bench) over() { b.acts.Now = func() time.Time { return time.Now().Add(2 * time.Hour) } }

// callsPass is a pass over the calls alone.
func (b *bench) callsPass(want workflows.Outcome) workflows.PassReport {
	b.t.Helper()
	report, err := b.run(workflows.Request{Trigger: workflows.TriggerEvent, Scope: workflows.Scope{Calls: true}})
	require.NoError(b.t, err)
	require.Equal(b.t, want, report.Outcome, "%+v", report)
	b.discreet(report)
	return report
}

// call gives a call as the store has it.
func (b *bench) call(id school.CallID) calls.State {
	b.t.Helper()
	states, err := b.store.Calls(b.t.Context(), "s")
	require.NoError(b.t, err)
	state, ok := lo.Find(states, func(s calls.State) bool { return s.Call.ID == id })
	require.True(b.t, ok, "there is no call %s", id)
	return state
}

// begin begins a pass, by which whatever earlier passes have left is shut out.
func (b *bench) begin() int64 {
	b.t.Helper()
	epoch, err := b.begun()
	require.NoError(b.t, err)
	return epoch
}

func (b *bench) begun() (int64, error) {
	b.digest++
	return b.store.BeginPass(b.t.Context(), store.PassBegin{
		School: "s", Request: fmt.Sprint("begun-", b.digest), Trigger: string(workflows.TriggerManual), Scope: workflows.Scope{},
	})
}

// step makes one attempt of an activity.
func (b *bench) step(name string, epoch int64) (workflows.Served, error) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Interceptor()}})
	activities.Register(env, b.acts)
	value, err := env.ExecuteActivity(name, workflows.PublishInput{School: "s", Epoch: epoch})
	var served workflows.Served
	if err == nil {
		err = value.Get(&served)
	}
	return served, err
}

// requireFailed wants an attempt to have failed with a code, and to be tried again or not.
func (b *bench) requireFailed(err error, code string, lasting bool) {
	b.t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(b.t, err, &application)
	require.Equal(b.t, code, application.Type(), application.Message())
	require.Equal(b.t, lasting, application.NonRetryable())
	b.discreet(err.Error())
}

// discreet wants a value to give nothing away: it goes into histories and logs.
func (b *bench) discreet(value any) {
	b.t.Helper()
	text, err := json.Marshal(value)
	require.NoError(b.t, err)
	for _, secret := range []string{token, userToken, keySecret, "identity-of-", "https://", "vk.me", "Урок", "Родители", "Ученики"} {
		require.NotContains(b.t, string(text), secret)
	}
}

// meanwhile has something happen once, between the answer to the first request that mentions a text, and its being heard.
func (b *bench) meanwhile(mentions string, happens func() error) {
	var happened atomic.Bool
	b.acts.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		mentioned := strings.Contains(r.URL.Path, mentions)
		if r.Body != nil {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			mentioned = mentioned || bytes.Contains(body, []byte(mentions))
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if mentioned && happened.CompareAndSwap(false, true) {
			err = errors.Join(err, happens())
		}
		return response, err
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
