package vkscript_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vkscript"
)

type chat struct {
	ID    int64   `json:"chat_id"`
	Peers []int64 `json:"peer_ids"`
}

// setup gives a Call that answers test.chat, test.none (refused) and test.echo, and the calls made.
func setup(t *testing.T) (vkscript.Call, *[]string) {
	t.Helper()
	var made []string
	return func(method string, args map[string]any) (any, error) {
		made = append(made, fmt.Sprint(method, args))
		switch method {
		case "test.chat":
			return chat{ID: 7, Peers: []int64{1, 2}}, nil
		case "test.echo":
			return args["value"], nil
		default:
			return false, nil
		}
	}, &made
}

func run(t *testing.T, code string) (any, error) {
	t.Helper()
	call, _ := setup(t)
	return vkscript.Run(t.Context(), code, vkscript.Limits{Calls: 25, Busy: time.Minute}, call)
}

func TestScriptsGiveWhatVKGives(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]any{
		`return 1;`:                              int64(1),
		``:                                       nil,
		`return [1, "a", null, true, {"b": 2}];`: []any{int64(1), "a", nil, true, map[string]any{"b": int64(2)}},
		`var c = API.test.chat({}); return 2000000000 + c.chat_id;`:                      int64(2000000007),
		`var c = API.test.none({}); return 2000000000 + c.chat_id;`:                      int64(2000000000),
		`var c = API.test.none(); return [c, c.a, c[0], c[0].b.c];`:                      []any{false, nil, nil, nil},
		`var c = API.test.chat(); return c.peer_ids[1] + c.peer_ids.length;`:             int64(4),
		`if (!API.test.none()) { return "no"; } else return "yes";`:                      "no",
		`var i = 0; var all = []; while (i < 3) { all.push(i); i = i + 1; } return all;`: []any{int64(0), int64(1), int64(2)},
		`var o = {}; o.a = 1; o["b"] = 2; delete o.a; return o;`:                         map[string]any{"b": int64(2)},
		`return parseInt("12") + "5".length;`:                                            int64(13),
		`return "a,b".split(",").indexOf("b") == 1 && 3 % 2 != 0 ? -1 : +2;`:             int64(-1),
		`return API.test.echo({"value": "Аб\u0432 } \")"}); // done`:                     `Абв } ")`,
	} {
		got, err := run(t, code)
		require.NoError(t, err, code)
		require.Equal(t, want, got, code)
	}
}

func TestResultsOfCallsComeOutAsTheyWere(t *testing.T) {
	t.Parallel()
	got, err := run(t, `return [API.test.chat()];`)
	require.NoError(t, err)
	require.Equal(t, []any{chat{ID: 7, Peers: []int64{1, 2}}}, got)
}

func TestCallsAreMadeInOrderWithTheirArguments(t *testing.T) {
	t.Parallel()
	call, made := setup(t)
	_, err := vkscript.Run(t.Context(), `var a = API.test.chat({"n": 1});
API.test.none({"peer": 2000000000 + a.chat_id, "list": [1, 2]});
return API.execute();`, vkscript.Limits{}, call)
	require.NoError(t, err)
	require.Equal(t, []string{"test.chatmap[n:1]", "test.nonemap[list:[1 2] peer:2000000007]", "executemap[]"}, *made)
}

func TestWhatIsNotVKScriptIsNotCompiled(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		`return (;`,
		`let a = 1;`,
		`function f() {}`,
		`return [1].map(x => x);`,
		`for (;;) {}`,
		`try { API.test.none(); } catch (e) {}`,
		`return Math.abs(1);`,
		`return unknown;`,
		`unknown = 1;`,
		`return this;`,
		`return eval("1");`,
		`return [].constructor();`,
		"return `a`;",
		`return a?.b;`,
		`return new API();`,
		`return 1 === 1;`,
		`return 1 | 2;`,
		`return [...[1]];`,
		`var {a} = {};`,
		`return {get a() { return 1; }};`,
		`return typeof 1;`,
		`return [1,,2];`,
		`var i = 0; i += 1;`,
		`return API;`,
		`})(); (function(){`,
		`}(), function(){`,
	} {
		_, err := run(t, code)
		require.Error(t, err, code)
		_, ok := errors.AsType[*vkscript.CompileError](err)
		require.True(t, ok, "%s: %v", code, err)
	}
}

func TestScriptsFailWhileRunning(t *testing.T) {
	t.Parallel()
	for code, reason := range map[string]string{
		`var a = null; a.push(1);`:                                "TypeError",
		strings.Repeat("API.test.none();", 26):                    "Too many API calls",
		`var i = 0; while (i < 26) { API.test.none(); i=i+1; }`:   "Too many API calls",
		`return parseInt.constructor.constructor.a.push("hi");`:   "TypeError",
		`var i = 0; while (true) { i = i + 1; }`:                  "too many operations",
		`var i = 0; API.test.none(); while (true) { i = i + 1; }`: "too many operations",
	} {
		call, _ := setup(t)
		_, err := vkscript.Run(t.Context(), code, vkscript.Limits{Calls: 25, Busy: 50 * time.Millisecond}, call)
		failure, ok := errors.AsType[*vkscript.RuntimeError](err)
		require.True(t, ok, "%s: %v", code, err)
		require.Contains(t, failure.Reason, reason)
	}
}

func TestAScriptMayMakeAsManyCallsAsAllowed(t *testing.T) {
	t.Parallel()
	call, made := setup(t)
	_, err := vkscript.Run(t.Context(), strings.Repeat("API.test.none();", 25), vkscript.Limits{Calls: 25}, call)
	require.NoError(t, err)
	require.Len(t, *made, 25)
}

func TestAnErrorOfTheCallerEndsTheScript(t *testing.T) {
	t.Parallel()
	broken := errors.New("line cut")
	var made int
	_, err := vkscript.Run(t.Context(), `API.a.b(); API.a.b(); return 1;`, vkscript.Limits{}, func(string, map[string]any) (any, error) {
		made++
		return nil, broken
	})
	require.ErrorIs(t, err, broken)
	require.Equal(t, 1, made)
}

func TestACancelledScriptEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := vkscript.Run(ctx, `API.a.b(); while (true) {}`, vkscript.Limits{}, func(string, map[string]any) (any, error) {
		cancel()
		return nil, nil
	})
	require.ErrorIs(t, err, context.Canceled)
}
