// Package portaltest holds a Portal, and those who speak to it, to docs/portal-openapi.yaml. Only tests import it.
package portaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Validate checks every request that comes and every reply that next gives, and fails the test where one is
// not as the document says. The exchange itself goes on as if nothing was. Mount it where the paths begin with /v1.
//
// Do not put it before what is sent wrong on purpose.
func Validate(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	router, err := document()
	if err != nil {
		t.Fatalf("docs/portal-openapi.yaml: %v", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("%s %s: reading the request: %v", r.Method, r.RequestURI, err)
		}
		route, err := checkRequest(router, r, body)
		if err != nil {
			t.Errorf("%s %s: the request is not as docs/portal-openapi.yaml says: %v", r.Method, r.RequestURI, err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		if route != nil {
			if err := checkReply(route, recorder); err != nil {
				t.Errorf("%s %s: reply %d is not as docs/portal-openapi.yaml says: %v", r.Method, r.RequestURI, recorder.Code, err)
			}
		}
		pass(w, recorder)
	})
}

// document reads the document, once for all tests of a package.
var document = sync.OnceValues(func() (routers.Router, error) {
	_, here, _, _ := runtime.Caller(0)
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(filepath.Dir(here), "../../../docs/portal-openapi.yaml"))
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	doc.Servers = nil // whatever host a test's server has
	return gorillamux.NewRouter(doc)
})

// checkRequest tells what is wrong with a request. The route is nil where the document has none for it.
func checkRequest(router routers.Router, r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := router.FindRoute(copied)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{Request: copied, PathParams: params, Route: route, Options: options()}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return input, err
	}
	return input, onlyKnownQuery(input)
}

func options() *openapi3filter.Options {
	return &openapi3filter.Options{
		IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true, AuthenticationFunc: headerIsThere,
	}
}

// headerIsThere checks a header of the signature. Whether the signature is true is for the Portal to say.
func headerIsThere(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	scheme := input.SecurityScheme
	pattern, ok := scheme.Extensions["x-pattern"].(string)
	if !ok {
		return fmt.Errorf("the scheme of header %s has no x-pattern", scheme.Name)
	}
	values := input.RequestValidationInput.Request.Header.Values(scheme.Name)
	if len(values) != 1 || !regexp.MustCompile(pattern).MatchString(values[0]) {
		return fmt.Errorf("header %s is not there once, in the form %s", scheme.Name, pattern)
	}
	return nil
}

// onlyKnownQuery finds parameters that the document does not name: they would be passed over unseen.
func onlyKnownQuery(input *openapi3filter.RequestValidationInput) error {
	for name := range input.Request.URL.Query() {
		if input.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("there is no query parameter %q", name)
		}
	}
	return nil
}

func checkReply(input *openapi3filter.RequestValidationInput, reply *httptest.ResponseRecorder) error {
	if reply.Code == http.StatusNoContent && reply.Body.Len() > 0 {
		return errors.New("there is a body where none may be")
	}
	return openapi3filter.ValidateResponse(input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: reply.Code, Header: reply.Header(),
		Body: io.NopCloser(bytes.NewReader(reply.Body.Bytes())), Options: options(),
	})
}

// pass hands a recorded reply on.
func pass(w http.ResponseWriter, reply *httptest.ResponseRecorder) {
	for name, values := range reply.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(reply.Code)
	_, _ = w.Write(reply.Body.Bytes())
}
