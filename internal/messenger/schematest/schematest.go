// Package schematest holds whoever speaks the MAX Bot API to the vendor's own schema of it. Only tests import it. The
// schema is the vendor's and lies outside the repository: the environment names it.
package schematest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Variable names the environment variable with the path of the schema, an OpenAPI 3 document in JSON.
const Variable = "MAX_SCHEMA"

// Schema is the vendor's schema; nil is none, which everything agrees with.
type Schema struct {
	doc    *openapi3.T
	router routers.Router
	prefix string
}

// Check gives the schema. Where the environment names none it says so in the test's log and gives nil: exchanges then
// pass unchecked. A schema that is named and cannot be read fails the test.
func Check(t testing.TB) *Schema {
	t.Helper()
	path := os.Getenv(Variable)
	if path == "" {
		t.Logf("left out: the exchanges are not held to the vendor's schema, because %s names none", Variable)
		return nil
	}
	s, err := load()
	if err != nil {
		t.Fatalf("the schema that %s names: %v", Variable, err)
	}
	return s
}

// load reads the schema, once for all tests of a package.
var load = sync.OnceValues(func() (*Schema, error) {
	raw, err := os.ReadFile(os.Getenv(Variable))
	if err != nil {
		return nil, err
	}
	return parse(raw)
})

func parse(raw []byte) (*Schema, error) {
	var doc object
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	if err := patch(doc); err != nil {
		return nil, err
	}
	mended, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	read, err := openapi3.NewLoader().LoadFromData(mended)
	if err != nil {
		return nil, err
	}
	if err := read.Validate(context.Background(), openapi3.DisableExamplesValidation(), openapi3.AllowExtraSiblingFields("summary")); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(read)
	if err != nil {
		return nil, err
	}
	return &Schema{doc: read, router: router}, nil
}

// Under gives the schema for a handler that is mounted under a prefix, e.g. "/max": its paths begin with that.
func (s *Schema) Under(prefix string) *Schema {
	if s == nil {
		return nil
	}
	mounted := *s
	mounted.prefix = strings.TrimRight(prefix, "/")
	return &mounted
}

// Handler checks every request that comes and every reply that next gives, and fails the test where one is not as the
// schema says. The exchange itself goes on as if nothing was. Without a schema it is next.
//
// Do not put it before what is sent or answered wrong on purpose. A reply is handed on when it is complete, and so a long
// poll's too.
func (s *Schema) Handler(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	if s == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // whoever asked is gone
		}
		input, err := s.request(r, body)
		if err != nil {
			t.Errorf("%s %s: the request is not as the vendor's schema says: %v", r.Method, r.RequestURI, err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		reply := httptest.NewRecorder()
		next.ServeHTTP(reply, r)
		if input != nil {
			if err := s.reply(input, reply); err != nil {
				t.Errorf("%s %s: the reply %d is not as the vendor's schema says: %v", r.Method, r.RequestURI, reply.Code, err)
			}
		}
		for name, values := range reply.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(reply.Code)
		_, _ = w.Write(reply.Body.Bytes())
	})
}

// Update checks an update, as a webhook brings it. Of a type that the schema does not know, it checks what all have.
func (s *Schema) Update(t testing.TB, body []byte) {
	t.Helper()
	if s == nil {
		return
	}
	if err := s.update(body); err != nil {
		t.Errorf("the update is not as the vendor's schema says: %v", err)
	}
}

func (s *Schema) update(body []byte) error {
	var update object
	if err := json.Unmarshal(body, &update); err != nil {
		return err
	}
	schema := s.doc.Components.Schemas["Update"].Value
	name, _ := update["update_type"].(string)
	if target, known := schema.Discriminator.Mapping[name]; known {
		schema = s.doc.Components.Schemas[target.Ref[strings.LastIndex(target.Ref, "/")+1:]].Value
	}
	return schema.VisitJSON(update)
}

// request tells what is wrong with a request. The input is nil where the schema has no such call.
func (s *Schema) request(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	path, under := strings.CutPrefix(r.URL.Path, s.prefix)
	if !under {
		return nil, fmt.Errorf("the path is not under %s", s.prefix)
	}
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	copied.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
	route, params, err := s.router.FindRoute(copied)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{Request: copied, PathParams: params, Route: route, Options: options()}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return input, err
	}
	for name := range copied.URL.Query() {
		if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return input, fmt.Errorf("there is no query parameter %q", name)
		}
	}
	return input, nil
}

func (s *Schema) reply(input *openapi3filter.RequestValidationInput, reply *httptest.ResponseRecorder) error {
	err := openapi3filter.ValidateResponse(input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: reply.Code, Header: reply.Header(),
		Body: io.NopCloser(bytes.NewReader(reply.Body.Bytes())), Options: options(),
	})
	if err != nil || input.Route.Path != "/updates" || reply.Code != http.StatusOK {
		return err
	}
	var list struct {
		Updates []json.RawMessage `json:"updates"`
	}
	if err := json.Unmarshal(reply.Body.Bytes(), &list); err != nil {
		return err
	}
	for _, update := range list.Updates {
		if err := s.update(update); err != nil {
			return err
		}
	}
	return nil
}

func options() *openapi3filter.Options {
	return &openapi3filter.Options{
		IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true, AuthenticationFunc: rawToken,
	}
}

// rawToken checks that there is a token, and nothing before it. Whether the token is good is for MAX to say; a request
// without one may be sent to learn that.
func rawToken(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	values := input.RequestValidationInput.Request.Header.Values("Authorization")
	if len(values) != 1 || values[0] == "" || strings.Contains(values[0], " ") {
		return errors.New("the header Authorization is not there once, with the token alone")
	}
	return nil
}
