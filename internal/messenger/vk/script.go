package vk

import (
	"bytes"
	"encoding/json"
	"iter"
	"strconv"
	"strings"
)

const (
	// callsPerRequest is VK's own bound on the API calls of one execute.
	callsPerRequest = 25
	// maxScript bounds the bytes of one script. A single step that is longer goes alone.
	maxScript = 60_000
)

// apiCall is one API call of a script.
type apiCall struct {
	method string
	args   []arg
	// ofPrevious adds a peer_id: that of the chat which the call just before it makes.
	ofPrevious bool
}

// arg is a named argument; its value is VKScript source.
type arg struct{ name, source string }

func number(name string, n int64) arg { return arg{name, strconv.FormatInt(n, 10)} }

// text quotes a string for VKScript, whose string literals are JSON's. HTML escapes are off,
// to leave as little as possible to VKScript's reading of \u sequences.
func text(name, value string) arg {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		// Unreachable: a string always encodes, ill-formed bytes as U+FFFD.
		panic(err)
	}
	return arg{name, strings.TrimSuffix(b.String(), "\n")}
}

// script gives the VKScript that makes the calls in order and returns their values in order.
func script(calls []apiCall) string {
	var b strings.Builder
	for place, call := range calls {
		b.WriteString(call.statement(place))
	}
	b.WriteString("return [")
	for place := range calls {
		if place > 0 {
			b.WriteByte(',')
		}
		b.WriteString(variable(place))
	}
	b.WriteString("];")
	return b.String()
}

func (c apiCall) statement(place int) string {
	args := c.args
	if c.ofPrevious {
		peer := strconv.Itoa(peerBase) + "+" + variable(place-1) + ".chat_id"
		args = append([]arg{{"peer_id", peer}}, args...)
	}
	var b strings.Builder
	b.WriteString("var " + variable(place) + "=API." + c.method + "({")
	for i, a := range args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + a.name + `":` + a.source)
	}
	b.WriteString("});\n")
	return b.String()
}

func variable(place int) string { return "r" + strconv.Itoa(place) }

// pack cuts items into the longest runs whose calls fit one request, in order. The calls of
// one item are never parted.
func pack[T any](items []T, callsOf func(T) []apiCall) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		start, calls, size := 0, 0, 0
		for i, item := range items {
			n, length := weight(callsOf(item))
			if i > start && (calls+n > callsPerRequest || size+length > maxScript) {
				if !yield(items[start:i]) {
					return
				}
				start, calls, size = i, 0, 0
			}
			calls, size = calls+n, size+length
		}
		if start < len(items) {
			yield(items[start:])
		}
	}
}

// weight gives the number of calls and what they add to a script at the most.
func weight(calls []apiCall) (n, size int) {
	const frame = len("return [];")
	size = frame
	for _, call := range calls {
		size += len(call.statement(callsPerRequest)) + len(variable(callsPerRequest)+",")
	}
	return len(calls), size
}
