package vk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

const (
	// Path is where the methods are.
	Path = "/method/"
	// Version is the version of the API that is spoken.
	Version = "5.199"

	maxBody = 1 << 20
)

// ServeHTTP answers /method/<name> and long polls as VK does.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(rw, "send a form of at most 1 MiB", http.StatusBadRequest)
		return
	}
	p := &params{values: lo.MapValues(r.Form, func(values []string, _ string) string { return values[0] })}
	if strings.HasPrefix(r.URL.Path, PollPath) {
		w.servePoll(rw, r, p)
		return
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		p.values["access_token"] = token
	}
	x := &exchange{world: w, origin: "http://" + r.Host, entry: traffic.Entry{
		At: w.now(), Method: strings.TrimPrefix(r.URL.Path, Path), RemoteAddr: r.RemoteAddr, Calls: []traffic.Call{},
	}}
	body, err := x.body(r, p)
	err = x.settle(r.Context(), err)
	x.entry.ErrorCode = codeOf(err)
	w.log.Add(x.entry)
	x.reply(rw, p, body, err)
}

// body gives the body of a good reply.
func (x *exchange) body(r *http.Request, p *params) ([]byte, error) {
	if err := x.admit(p); err != nil {
		return nil, err
	}
	result, err := x.answer(r.Context(), p)
	if err != nil {
		return nil, err
	}
	return x.seal(result)
}

// settle makes of every error a refusal or one of the ends: what else goes wrong is trouble of our own.
func (x *exchange) settle(ctx context.Context, err error) error {
	_, refusal := errors.AsType[*apiError](err)
	switch {
	case err == nil, refusal, errors.Is(err, errHangUp), errors.Is(err, errHTTP500):
		return err
	case ctx.Err() != nil:
		return errHangUp
	}
	x.world.logger.Error("a request could not be served", "method", x.entry.Method, "error", err)
	return refuse(codeInternal, "")
}

// admit lets the request in: its version, its token, its rate.
func (x *exchange) admit(p *params) error {
	token := p.values["access_token"]
	if token == "" {
		return refuse(codeBadToken, "no access_token passed.")
	}
	print := fingerprint(token)
	by, good := x.world.holder(print)
	if !good {
		return refuse(codeBadToken, "invalid access_token (4).")
	}
	x.by, x.entry.GroupID = by, by.group
	if !p.given("v") {
		return refuse(codeBadRequest, "v (version) is required")
	}
	if p.values["v"] != Version {
		return refuse(codeBadRequest, "v (version) should be "+Version)
	}
	if !x.world.limiterOf(by).Allow(print) {
		return refuse(codeTooMany, "")
	}
	return nil
}

func (w *World) holder(fingerprint string) (holder, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	by, ok := w.state.tokens[fingerprint]
	return by, ok
}

func (w *World) limiterOf(by holder) *traffic.Limiter {
	return lo.Ternary(by.account == 0, w.limiter, w.personLimiter)
}

func (x *exchange) reply(rw http.ResponseWriter, p *params, body []byte, err error) {
	if x.loseReply || errors.Is(err, errHangUp) {
		panic(http.ErrAbortHandler) // the server's way to close a connection without an answer
	}
	if errors.Is(err, errHTTP500) {
		http.Error(rw, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	if refusal, ok := errors.AsType[*apiError](err); ok {
		body = x.failure(p, refusal)
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = rw.Write(body) // a client that is gone needs no answer
}

type requestParam struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type failureEnvelope struct {
	Error failure `json:"error"`
}

type failure struct {
	Code   int            `json:"error_code"`
	Text   string         `json:"error_msg"`
	Params []requestParam `json:"request_params"`
}

// failure is the body of an error.
func (x *exchange) failure(p *params, refusal *apiError) []byte {
	echo := []requestParam{{"method", x.entry.Method}, {"oauth", "1"}}
	for key, value := range lo.OmitByKeys(p.values, []string{"access_token"}) {
		echo = append(echo, requestParam{key, value})
	}
	slices.SortFunc(echo, func(a, b requestParam) int { return cmp.Compare(a.Key, b.Key) })
	body, err := json.Marshal(failureEnvelope{failure{Code: refusal.code, Text: refusal.text, Params: echo}})
	if err != nil {
		// Unreachable: texts and numbers always encode.
		panic(err)
	}
	return body
}
