package vkscript

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dop251/goja"
)

// Limits are VK's bounds on one script; a zero is no bound.
type Limits struct {
	// Calls is how many API calls a script may make.
	Calls int
	// Busy bounds the time between two API calls; the calls themselves do not count.
	Busy time.Duration
}

// Call makes an API call: a method such as "messages.send" with its arguments, numbers as int64 or
// float64. The result may be any JSON-like value, structs with json tags included. A
// call that VK refuses is not an error: it gives false. An error ends the script.
type Call func(method string, args map[string]any) (any, error)

// CompileError says why a text is no script.
type CompileError struct{ Reason string }

func (e *CompileError) Error() string { return "unable to compile code: " + e.Reason }

// RuntimeError says why a script was broken off.
type RuntimeError struct{ Reason string }

func (e *RuntimeError) Error() string { return "runtime error: " + e.Reason }

// The names of the helpers that compiled scripts call. No script can contain them.
const (
	callHelper   = "\x00call"
	memberHelper = "\x00member"
)

// Run runs the script and gives what it returns, nil if it returns nothing. Errors are a
// *CompileError, a *RuntimeError, or whatever call gave.
func Run(ctx context.Context, code string, limits Limits, call Call) (any, error) {
	program, err := compile(code)
	if err != nil {
		return nil, err
	}
	r := &run{runtime: goja.New(), limits: limits, call: call}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { r.runtime.Interrupt(context.Cause(ctx)) })
	defer stop()
	if limits.Busy > 0 {
		r.watch = time.AfterFunc(limits.Busy, func() { r.runtime.Interrupt(&RuntimeError{"too many operations"}) })
		defer r.watch.Stop()
	}
	value, err := r.runtime.RunProgram(program)
	if err != nil {
		return nil, cause(err)
	}
	return value.Export(), nil
}

type run struct {
	runtime *goja.Runtime
	limits  Limits
	call    Call
	calls   int
	watch   *time.Timer
}

// prepare takes all globals away and puts ours in their place.
func (r *run) prepare() error {
	r.runtime.SetFieldNameMapper(goja.TagFieldNameMapper("json", true))
	r.runtime.SetMaxCallStackSize(64)
	global := r.runtime.GlobalObject()
	parseNumber := global.Get("parseFloat")
	for _, name := range global.GetOwnPropertyNames() {
		if name == "parseInt" || name == "undefined" || name == "NaN" || name == "Infinity" {
			continue
		}
		if err := global.Delete(name); err != nil {
			return fmt.Errorf("take the global %s away: %w", name, err)
		}
	}
	return errors.Join(
		global.Set("parseDouble", parseNumber),
		global.Set(callHelper, r.apiCall),
		global.Set(memberHelper, r.member),
	)
}

func (r *run) apiCall(c goja.FunctionCall) goja.Value {
	if r.calls++; r.limits.Calls > 0 && r.calls > r.limits.Calls {
		panic(r.runtime.NewGoError(&RuntimeError{"Too many API calls"}))
	}
	args, _ := c.Argument(1).Export().(map[string]any)
	r.pause()
	result, err := r.call(c.Argument(0).String(), args)
	r.resume()
	if err != nil {
		panic(r.runtime.NewGoError(err))
	}
	return r.runtime.ToValue(result)
}

func (r *run) pause() {
	if r.watch != nil {
		r.watch.Stop()
	}
}

func (r *run) resume() {
	if r.watch != nil {
		r.watch.Reset(r.limits.Busy)
	}
}

// member reads a member as VK does: whatever is not there is null.
func (r *run) member(c goja.FunctionCall) goja.Value {
	owner := c.Argument(0)
	if goja.IsUndefined(owner) || goja.IsNull(owner) {
		return goja.Null()
	}
	value := owner.ToObject(r.runtime).Get(c.Argument(1).String())
	if value == nil || goja.IsUndefined(value) {
		return goja.Null()
	}
	return value
}

// cause finds what ended a script among the interpreter's wrappings.
func cause(err error) error {
	if interrupted, ok := errors.AsType[*goja.InterruptedError](err); ok {
		if reason, ok := interrupted.Value().(error); ok {
			return reason
		}
	}
	if thrown, ok := errors.AsType[*goja.Exception](err); ok {
		if inner := thrown.Unwrap(); inner != nil {
			return inner
		}
		return &RuntimeError{thrown.Value().String()}
	}
	return &RuntimeError{err.Error()}
}
