package vk

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vkscript"
)

// VK's bounds on one execute.
const (
	callsPerExecute = 25
	busyPerExecute  = 5 * time.Second
	maxReply        = 5 << 20
)

const executeMethod = "execute"

// Ends of an exchange that are no answers of VK's.
var (
	errHangUp  = errors.New("the connection is to be closed")
	errHTTP500 = errors.New("the answer is to be HTTP 500")
)

// exchange is one request while it is being answered.
type exchange struct {
	world  *World
	entry  traffic.Entry
	by     holder
	origin string
	// loseReply: what is performed stays so, but nobody hears of it.
	loseReply bool
	failures  []executeError
}

type executeError struct {
	Method string `json:"method"`
	Code   int    `json:"error_code"`
	Text   string `json:"error_msg"`
}

// answer performs the request for somebody whose token was good.
func (x *exchange) answer(ctx context.Context, p *params) (any, error) {
	fault, struck := x.world.faults.Request(x.entry.GroupID, x.entry.Method)
	if struck {
		x.entry.Fault = fault.Mode
	}
	if x.entry.Method == executeMethod {
		if err := x.suffer(ctx, fault); err != nil {
			return nil, err
		}
		return x.execute(ctx, p)
	}
	return x.perform(ctx, x.entry.Method, p, fault)
}

// perform makes a call, unless its fault is against it, and notes it.
func (x *exchange) perform(ctx context.Context, method string, p *params, fault traffic.Fault) (any, error) {
	p.origin = x.origin
	result, err := any(nil), x.suffer(ctx, fault)
	if err == nil {
		result, err = x.world.call(x.by, method, p)
	}
	x.entry.Calls = append(x.entry.Calls, traffic.Call{
		Method: method, Params: p.logged(), ErrorCode: codeOf(err), Fault: fault.Mode,
	})
	return result, err
}

// suffer does what a fault does before the call. The zero fault does nothing.
func (x *exchange) suffer(ctx context.Context, fault traffic.Fault) error {
	switch fault.Mode {
	case traffic.ModeError:
		return refuse(fault.ErrorCode, "")
	case traffic.ModeHTTP500:
		return errHTTP500
	case traffic.ModeDrop:
		return errHangUp
	case traffic.ModeLostReply:
		x.loseReply = true
	case traffic.ModeSlow:
		delay := time.NewTimer(fault.Delay())
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-ctx.Done():
			return errHangUp
		}
	}
	return nil
}

func (x *exchange) execute(ctx context.Context, p *params) (any, error) {
	if !p.given("code") {
		p.fail("code", "is undefined")
		return nil, p.err
	}
	limits := vkscript.Limits{Calls: callsPerExecute, Busy: busyPerExecute}
	result, err := vkscript.Run(ctx, p.values["code"], limits, func(method string, args map[string]any) (any, error) {
		fault, _ := x.world.faults.Call(x.entry.GroupID, method)
		result, err := x.perform(ctx, method, fromScript(args), fault)
		if refusal, ok := errors.AsType[*apiError](err); ok {
			x.failures = append(x.failures, executeError{Method: method, Code: refusal.code, Text: refusal.text})
			return false, nil
		}
		return result, err
	})
	if wrong, ok := errors.AsType[*vkscript.CompileError](err); ok {
		return nil, refuse(codeNotCompiled, wrong.Reason)
	}
	if broken, ok := errors.AsType[*vkscript.RuntimeError](err); ok {
		return nil, refuse(codeRuntime, broken.Reason)
	}
	return result, err
}

// envelope is what VK puts around a result.
type envelope struct {
	Response any            `json:"response"`
	Failures []executeError `json:"execute_errors,omitempty"`
}

// seal turns a result into the body of the reply.
func (x *exchange) seal(result any) ([]byte, error) {
	body, err := json.Marshal(envelope{Response: result, Failures: x.failures})
	if err != nil {
		return nil, refuse(codeRuntime, "Unsupported value in response")
	}
	if len(body) > maxReply {
		return nil, refuse(codeRuntime, "response size is too big")
	}
	return body, nil
}
