package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/workflows"
)

// What must never be found in a history or a log, by kind: sandbox accounts are ten digits and
// more, invite links hold "/join/", tokens and names are recognised by the values in use.
var (
	accountPattern = regexp.MustCompile(`\b\d{10,12}\b`)
	linkPattern    = regexp.MustCompile(`/join/`)
	tokenPattern   = regexp.MustCompile(`\btoken-[A-Z0-9]{20,}`)
)

// finder looks for what must not be seen.
type finder struct {
	names map[string]bool
	found []string
}

var word = regexp.MustCompile(`\p{Cyrillic}+`)

func (f *finder) look(where string, text []byte) {
	for kind, pattern := range map[string]*regexp.Regexp{"account": accountPattern, "link": linkPattern, "token": tokenPattern} {
		for _, hit := range pattern.FindAll(text, -1) {
			f.found = append(f.found, fmt.Sprintf("%s: %s %q", where, kind, hit))
		}
	}
	for _, w := range word.FindAll(text, -1) {
		if f.names[string(w)] {
			f.found = append(f.found, fmt.Sprintf("%s: name %q", where, w))
		}
	}
}

// newFinder knows the names of a district as the tests' schools have them, and a canary.
func newFinder(canaries ...string) *finder {
	o := district.Demo()
	o.Schools, o.MinClasses, o.MaxClasses = 2, 12, 12
	f := &finder{names: map[string]bool{}}
	for user := range district.Generate(o).Users().All() {
		for _, column := range []string{"givenName", "familyName", "middleName"} {
			if name := user.Get(column); name != "" {
				f.names[name] = true
			}
		}
	}
	for _, c := range canaries {
		f.names[c] = true
	}
	return f
}

// scanEverything looks through all that the tests left behind on the server and in the logs.
func scanEverything(ctx context.Context) error {
	f := newFinder()
	runs, err := f.scanServer(ctx, "")
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if runs < 50 {
		return fmt.Errorf("scan: only %d runs found: it did not look at everything", runs)
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
		list, err := world.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: page})
		if err != nil {
			return runs, err
		}
		for _, run := range list.GetExecutions() {
			runs++
			id := run.GetExecution().GetWorkflowId()
			f.message(id, run)
			events := world.client.GetWorkflowHistory(ctx, id, run.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for events.HasNext() {
				event, err := events.Next()
				if err != nil {
					return runs, err
				}
				f.message(fmt.Sprintf("%s event %d %s", id, event.GetEventId(), event.GetEventType()), event)
			}
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			return runs, nil
		}
	}
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

// The scan finds what it looks for wherever it may stand: input, memo, summary, signal.
func TestScanFindsACanary(t *testing.T) {
	t.Parallel()
	const canary = "Канарейкина"
	start := func(name string, o client.StartWorkflowOptions, input workflows.SchoolSyncInput) {
		o.ID, o.TaskQueue = "canary-"+name, "nobody-polls"
		run, err := world.client.ExecuteWorkflow(t.Context(), o, workflows.TypeSchoolSync, input)
		require.NoError(t, err)
		t.Cleanup(func() {
			ctx := context.WithoutCancel(t.Context())
			require.NoError(t, world.client.TerminateWorkflow(ctx, run.GetID(), run.GetRunID(), "done"))
			_, err := world.client.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
				Namespace: world.stack.Namespace(), WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: run.GetID(), RunId: run.GetRunID()},
			})
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				list, err := world.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = 'canary-" + name + "'"})
				return err == nil && len(list.GetExecutions()) == 0
			}, workTime, pollEvery)
		})
		require.Eventually(t, func() bool {
			f := newFinder(canary)
			runs, err := f.scanServer(t.Context(), "WorkflowId = 'canary-"+name+"'")
			require.NoError(t, err)
			return runs == 1 && len(f.found) > 0
		}, workTime, pollEvery, name)
	}
	start("input", client.StartWorkflowOptions{}, workflows.SchoolSyncInput{School: canary})
	start("account", client.StartWorkflowOptions{}, workflows.SchoolSyncInput{School: "9176863909"})
	start("link", client.StartWorkflowOptions{}, workflows.SchoolSyncInput{School: "https://vk.me/join/abc"})
	start("token", client.StartWorkflowOptions{Memo: map[string]any{"x": "token-ABCDEFGHIJKLMNOPQRSTUVWXYZ"}}, workflows.SchoolSyncInput{})
	start("memo", client.StartWorkflowOptions{Memo: map[string]any{"x": canary}}, workflows.SchoolSyncInput{})
	start("summary", client.StartWorkflowOptions{StaticSummary: canary}, workflows.SchoolSyncInput{})
}
