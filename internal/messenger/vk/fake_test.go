package vk

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/dop251/goja"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

const (
	testToken = "vk1.a.SECRET-token-value"
	testGroup = 777
)

// madeCall is an API call as the fake VK saw it, after evaluating the script.
type madeCall struct {
	method string
	args   map[string]any
}

// vkError is VK's number as the answer to a call.
type vkError int

// fakeVK evaluates execute scripts as VK does: a failed call is false and leaves an entry in
// execute_errors. Answer gives a call's value, or a vkError.
type fakeVK struct {
	answer func(call madeCall) any

	mu       sync.Mutex
	forms    []url.Values
	requests [][]madeCall
}

func (f *fakeVK) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method != http.MethodPost || r.URL.Path != "/method/execute" || r.ParseForm() != nil {
		http.Error(w, "not a call of execute", http.StatusNotFound)
		return
	}
	f.forms = append(f.forms, r.PostForm)
	reply, calls, err := f.run(r.PostForm.Get("code"))
	f.requests = append(f.requests, calls)
	if err != nil {
		reply = map[string]any{"error": map[string]any{"error_code": 12, "error_msg": err.Error()}}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply)
}

func (f *fakeVK) run(code string) (map[string]any, []madeCall, error) {
	vm := goja.New()
	var calls []madeCall
	errs := []any{}
	invoke := func(method string, given goja.FunctionCall) goja.Value {
		args, _ := given.Argument(0).Export().(map[string]any)
		call := madeCall{method: method, args: args}
		calls = append(calls, call)
		value := f.answer(call)
		number, bad := value.(vkError)
		if peer, ok := args["peer_id"].(float64); ok && math.IsNaN(peer) {
			number, bad = 100, true
		}
		if bad {
			errs = append(errs, map[string]any{
				"method": method, "error_code": int(number), "error_msg": "params: " + fmt.Sprint(args),
			})
			return vm.ToValue(false)
		}
		return vm.ToValue(value)
	}
	api := &proxy{vm: vm, child: func(section string) goja.Value {
		return vm.NewDynamicObject(&proxy{vm: vm, child: func(name string) goja.Value {
			return vm.ToValue(func(c goja.FunctionCall) goja.Value { return invoke(section+"."+name, c) })
		}})
	}}
	if err := vm.Set("API", vm.NewDynamicObject(api)); err != nil {
		return nil, nil, err
	}
	value, err := vm.RunString("(function(){" + code + "})()")
	if err != nil {
		return nil, calls, err
	}
	reply := map[string]any{"response": value.Export()}
	if len(errs) > 0 {
		reply["execute_errors"] = errs
	}
	return reply, calls, nil
}

func (f *fakeVK) seen() [][]madeCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func (f *fakeVK) form(i int) url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.forms[i]
}

// proxy is an object with a child for every name.
type proxy struct {
	vm    *goja.Runtime
	child func(name string) goja.Value
}

func (p *proxy) Get(name string) goja.Value  { return p.child(name) }
func (p *proxy) Set(string, goja.Value) bool { return false }
func (p *proxy) Has(string) bool             { return true }
func (p *proxy) Delete(string) bool          { return false }
func (p *proxy) Keys() []string              { return nil }

// gateFunc is a Gate.
type gateFunc func(context.Context) error

func (g gateFunc) Pass(ctx context.Context) error { return g(ctx) }

func openGate() messenger.Gate { return gateFunc(func(context.Context) error { return nil }) }

// setup gives a client of a fake VK.
func setup(t *testing.T, answer func(madeCall) any) (*Client, *fakeVK) {
	t.Helper()
	fake := &fakeVK{answer: answer}
	return clientOf(t, fake), fake
}

// clientOf gives a client of any server.
func clientOf(t *testing.T, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := New(Config{
		BaseURL: server.URL, Token: testToken, GroupID: testGroup, HTTP: server.Client(), Gate: openGate(),
	})
	require.NoError(t, err)
	return client
}

// do makes calls and gives every reply that was recorded.
func do(t *testing.T, c *Client, calls ...messenger.Call) ([]messenger.Reply, error) {
	t.Helper()
	var replies []messenger.Reply
	err := c.Do(t.Context(), calls, func(first int, more []messenger.Reply) error {
		require.Len(t, replies, first, "first is the index of the first call of the request")
		replies = append(replies, more...)
		return nil
	})
	return replies, err
}

// requireHidden checks that an error shows neither the token nor anything else of the request.
func requireHidden(t *testing.T, err error, also ...string) {
	t.Helper()
	require.Error(t, err)
	for _, hidden := range append(also, testToken, "SECRET", "access_token") {
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), hidden)
	}
}
