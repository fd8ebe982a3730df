package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/workflows"
)

// What must never be found in a history or a log: the accounts, identities, links and tokens that
// the sandbox holds, and people's names. Links, tokens and codes are recognised by their form.
var (
	number       = regexp.MustCompile(`\d{4,}`)
	word         = regexp.MustCompile(`\p{Cyrillic}+`)
	linkPattern  = regexp.MustCompile(`/join/`)
	tokenPattern = regexp.MustCompile(`\btoken-[A-Z0-9]{20,}`)
	// codePattern is the form of the codes by which chats are known that people make.
	codePattern = regexp.MustCompile(`\b\d{3}-\d{3}-\d{3}-\d{3}\b`)
	// identityPattern is the form of the tests' Portal identities.
	identityPattern = regexp.MustCompile(`(?:^|[^0-9a-f-])([0-9a-f]{8})(?:[^0-9a-f-]|$)`)
)

// finder looks for what must not be seen.
type finder struct {
	secrets map[string]bool // names and accounts
	found   []string
}

func (f *finder) look(where string, text []byte) {
	for kind, pattern := range map[string]*regexp.Regexp{"link": linkPattern, "token": tokenPattern, "code": codePattern} {
		for _, hit := range pattern.FindAll(text, -1) {
			f.found = append(f.found, fmt.Sprintf("%s: %s %q", where, kind, hit))
		}
	}
	for _, hit := range identityPattern.FindAllSubmatch(text, -1) {
		if f.secrets[string(hit[1])] {
			f.found = append(f.found, fmt.Sprintf("%s: identity %q", where, hit[1]))
		}
	}
	for _, hit := range slices.Concat(word.FindAll(text, -1), number.FindAll(text, -1)) {
		if f.secrets[string(hit)] {
			f.found = append(f.found, fmt.Sprintf("%s: name or account %q", where, hit))
		}
	}
}

// newFinder knows the names of a district as the tests' schools have them, everybody in the
// sandbox's chats, and the canaries given.
func newFinder(canaries ...string) (*finder, error) {
	o := district.Demo()
	o.Schools, o.MinClasses, o.MaxClasses = 2, 12, 12
	f := &finder{secrets: map[string]bool{}}
	for user := range district.Generate(o).Users().All() {
		for _, column := range []string{"givenName", "familyName", "middleName"} {
			if name := user.Get(column); name != "" {
				f.secrets[name] = true
			}
		}
	}
	box := world.stack.Sandbox()
	for _, community := range box.Communities() {
		state, err := box.State(vk.GroupRef{GroupID: community.GroupID})
		if err != nil {
			return nil, err
		}
		for _, c := range state.Chats {
			for _, account := range c.Members {
				f.secrets[strconv.FormatInt(account, 10)] = true
			}
		}
	}
	for _, c := range box.Max.State().Chats {
		for _, account := range slices.Concat(c.Members, c.Blocked) {
			f.secrets[strconv.FormatInt(account, 10)] = true
		}
	}
	var unknown error
	world.organisations.Range(func(id, _ any) bool {
		state, err := box.Portal.State(id.(string))
		for _, l := range state.Links {
			f.secrets[l.Identity], f.secrets[strconv.FormatInt(l.Account.Account, 10)] = true, true
		}
		for _, c := range state.Chats {
			for _, identity := range c.Audience {
				f.secrets[identity] = true
			}
		}
		unknown = err
		return err == nil
	})
	if unknown != nil {
		return nil, unknown
	}
	for _, c := range canaries {
		f.secrets[c] = true
	}
	return f, nil
}

// canaryPrefix begins the ids of the runs that TestScanFindsACanary plants.
const canaryPrefix = "canary-"

// scanEverything looks through all that the tests left behind on the server and in the logs.
func scanEverything(ctx context.Context) error {
	f, err := newFinder()
	if err != nil {
		return err
	}
	runs, err := f.scanServer(ctx, "WorkflowId NOT STARTS_WITH '"+canaryPrefix+"'")
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if everything := flag.Lookup("test.run").Value.String() == ""; everything && runs == 0 {
		return errors.New("scan: the server has no runs: nothing was looked at")
	}
	logs, err := filepath.Glob(filepath.Join(world.logs, "*.log"))
	if err != nil || len(logs) == 0 {
		return fmt.Errorf("scan: no logs: %w", err)
	}
	for _, name := range logs {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f.look(filepath.Base(name), content)
	}
	if len(f.found) > 0 {
		return fmt.Errorf("scan: %d finds, e.g. %s", len(f.found), strings.Join(f.found[:min(len(f.found), 10)], "; "))
	}
	return nil
}

// scanServer looks through every event of every run that the query gives, with payloads decoded.
func (f *finder) scanServer(ctx context.Context, query string) (runs int, err error) {
	var page []byte
	for {
		var list *workflowservice.ListWorkflowExecutionsResponse
		err := patiently(ctx, func() (err error) {
			list, err = world.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: page})
			return err
		})
		if err != nil {
			return runs, err
		}
		for _, run := range list.GetExecutions() {
			runs++
			f.message(run.GetExecution().GetWorkflowId(), run)
			if err := patiently(ctx, func() error { return f.scanRun(ctx, run.GetExecution()) }); err != nil {
				return runs, err
			}
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			return runs, nil
		}
	}
}

func (f *finder) scanRun(ctx context.Context, run *commonpb.WorkflowExecution) error {
	events := world.client.GetWorkflowHistory(ctx, run.GetWorkflowId(), run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		f.message(fmt.Sprintf("%s event %d %s", run.GetWorkflowId(), event.GetEventId(), event.GetEventType()), event)
	}
	return nil
}

// patiently asks again where a server that has all the tests' runs on it, and a busy machine, takes longer than a call may.
func patiently(ctx context.Context, ask func() error) (err error) {
	for range 5 {
		err = ask()
		_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
		if !late && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// message looks through a message: every string in it, and every payload's decoded content.
func (f *finder) message(where string, m proto.Message) {
	if payload, ok := m.(*commonpb.Payload); ok {
		content := payload.GetData()
		var decoded any
		if json.Unmarshal(content, &decoded) == nil {
			var plain bytes.Buffer // escapes resolved
			encoder := json.NewEncoder(&plain)
			encoder.SetEscapeHTML(false)
			_ = encoder.Encode(decoded)
			content = plain.Bytes()
		}
		f.look(where, content)
		return
	}
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				f.value(where, field.MapValue(), v)
				return true
			})
		case field.IsList():
			for i := range value.List().Len() {
				f.value(where, field, value.List().Get(i))
			}
		default:
			f.value(where, field, value)
		}
		return true
	})
}

func (f *finder) value(where string, field protoreflect.FieldDescriptor, v protoreflect.Value) {
	switch field.Kind() {
	case protoreflect.MessageKind:
		f.message(where, v.Message().Interface())
	case protoreflect.StringKind:
		f.look(where, []byte(v.String()))
	case protoreflect.BytesKind:
		f.look(where, v.Bytes())
	}
}

// The scan finds what it looks for wherever it may stand: input, memo, summary.
func TestScanFindsACanary(t *testing.T) {
	t.Parallel()
	const canary, account = "Канарейкина", "917686390911"
	finder, err := newFinder(canary, account)
	require.NoError(t, err)
	plants := map[string]struct {
		options client.StartWorkflowOptions
		input   workflows.SchoolSyncInput
	}{
		"input":   {input: workflows.SchoolSyncInput{School: canary}},
		"account": {input: workflows.SchoolSyncInput{School: account}},
		"link":    {input: workflows.SchoolSyncInput{School: "https://vk.me/join/abc"}},
		"code":    {input: workflows.SchoolSyncInput{School: "482-913-570-264"}},
		"on MAX":  {input: workflows.SchoolSyncInput{School: "https://max.ru/join/abc"}},
		"token":   {options: client.StartWorkflowOptions{Memo: map[string]any{"x": "token-ABCDEFGHIJKLMNOPQRSTUVWXYZ"}}},
		"memo":    {options: client.StartWorkflowOptions{Memo: map[string]any{"x": canary}}},
		"summary": {options: client.StartWorkflowOptions{StaticSummary: canary}},
	}
	for name, plant := range plants {
		plant.options.ID, plant.options.TaskQueue = canaryPrefix+name, "nobody-polls"
		run, err := world.client.ExecuteWorkflow(t.Context(), plant.options, workflows.TypeSchoolSync, plant.input)
		require.NoError(t, err)
		t.Cleanup(func() {
			require.NoError(t, world.client.TerminateWorkflow(context.WithoutCancel(t.Context()), run.GetID(), run.GetRunID(), "done"))
		})
		require.Eventually(t, func() bool {
			finder.found = nil
			runs, err := finder.scanServer(t.Context(), "WorkflowId = '"+run.GetID()+"'")
			return err == nil && runs == 1 && len(finder.found) > 0
		}, workTime, pollEvery, name)
	}
}
