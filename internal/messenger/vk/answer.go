package vk

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// answer is VK's reply to an execute. Texts are left out on purpose: they echo parameters.
type answer struct {
	Response      []json.RawMessage `json:"response"`
	Error         *executeError     `json:"error"`
	ExecuteErrors []executeError    `json:"execute_errors"`
}

type executeError struct {
	Method string `json:"method"`
	Code   int    `json:"error_code"`
}

// result is the outcome of one API call: a value, or an error.
type result struct {
	method string
	value  json.RawMessage
	err    *messenger.Error
	// already: what was asked for was so before, and there is no value.
	already bool
}

// decode reads the value. A value of a shape that VK does not document says nothing about what
// was done, so it counts as no reply.
func (r result) decode(into any) *messenger.Error {
	if r.err != nil {
		return r.err
	}
	if json.Unmarshal(r.value, into) != nil {
		return unavailable(r.method)
	}
	return nil
}

// parse reads a reply to these calls, one result for each.
func parse(body []byte, calls []apiCall) ([]result, *messenger.Error) {
	var a answer
	if json.Unmarshal(body, &a) != nil {
		return nil, unavailable(methodExecute)
	}
	if a.Error != nil {
		return nil, vendorError(methodExecute, a.Error.Code)
	}
	if len(a.Response) != len(calls) {
		return nil, unavailable(methodExecute)
	}
	return match(calls, a), nil
}

// match gives every failed call its error: they come in the order of the failures. A failure
// whose error is not to be found is taken for a lost reply.
func match(calls []apiCall, a answer) []result {
	// A remark on the script as a whole belongs to no call.
	errs := slices.DeleteFunc(a.ExecuteErrors, func(e executeError) bool { return e.Method == methodExecute })
	results := make([]result, len(calls))
	for i, call := range calls {
		results[i] = result{method: call.method, value: a.Response[i]}
		if !failed(a.Response[i]) {
			continue
		}
		if len(errs) == 0 || errs[0].Method != "" && errs[0].Method != call.method {
			results[i].err = unavailable(call.method)
			continue
		}
		results[i].already = alreadySo(call.method, errs[0].Code)
		if !results[i].already {
			results[i].err = vendorError(call.method, errs[0].Code)
		}
		errs = errs[1:]
	}
	return results
}

func failed(value json.RawMessage) bool {
	return bytes.Equal(value, []byte("false")) || bytes.Equal(value, []byte("null"))
}
