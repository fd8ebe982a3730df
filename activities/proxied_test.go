package activities_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/workflows"
)

// behind sets the school's proxy.
func (b *bench) behind(settings proxy.Settings) {
	b.t.Helper()
	require.NoError(b.t, b.store.SetProxy(b.t.Context(), "s", &settings))
}

func TestAPassGoesThroughTheProxy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(3, 5))
	p := proxytest.New(t, proxytest.Options{Login: "Basic " + base64.StdEncoding.EncodeToString([]byte("teacher:hush"))})
	settings := p.Settings()
	settings.Auth, settings.Username, settings.Password = true, "teacher", "hush"
	b.behind(settings)
	before := b.sandbox.LastRequest()
	b.mustPass(false, workflows.OutcomeChanged)
	b.mustPass(true, workflows.OutcomeInStep)
	requests := b.sandbox.Requests(before, 0)
	require.NotEmpty(t, requests)
	for _, r := range requests {
		require.True(t, p.Made(r.RemoteAddr), "%s came around the proxy", r.Method)
	}
	require.Less(t, len(p.Asked()), len(requests), "connections are used again")

	require.NoError(t, b.store.SetProxy(t.Context(), "s", nil))
	asked, before := len(p.Asked()), b.sandbox.LastRequest()
	b.mustPass(true, workflows.OutcomeInStep)
	require.Len(t, p.Asked(), asked, "it is not gone through any more")
	require.NotEmpty(t, b.sandbox.Requests(before, 0))
}

func TestAProxyInTheWayIsThePassesProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options proxytest.Options
		down    bool
		tries   int // at the least, where it is worth trying again
		says    string
	}{
		"down":               {down: true, says: "cannot be reached"},
		"offline itself":     {options: proxytest.Options{Target: "127.0.0.1:1"}, tries: 4, says: "does not get through"},
		"wants a login":      {options: proxytest.Options{Status: http.StatusProxyAuthRequired}, says: "wants a login"},
		"refuses the target": {options: proxytest.Options{Status: http.StatusForbidden}, says: "refuses to connect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.roster(big(1, 2))
			p := proxytest.New(t, c.options)
			settings := p.Settings()
			settings.Username, settings.Password = "teacher", "hush"
			b.behind(settings)
			if c.down {
				p.Close()
			}
			before := b.sandbox.LastRequest()
			report, err := b.pass(false)
			problem := report.Problem
			if err != nil {
				var application *temporal.ApplicationError
				require.ErrorAs(t, err, &application)
				problem = &workflows.Problem{Code: application.Type(), Message: application.Message()}
			}
			require.NotNil(t, problem, "%+v", report)
			require.Equal(t, workflows.ProblemProxyTrouble, problem.Code)
			require.Contains(t, problem.Message, "the proxy "+settings.Address()+" of school s ")
			require.Contains(t, problem.Message, c.says)
			require.NotContains(t, problem.Message, "teacher")
			require.NotContains(t, problem.Message, "hush")
			require.Equal(t, before, b.sandbox.LastRequest(), "nothing goes around it")
			types := 3 // teachers, parents, students: each has its own activity
			if c.tries > 0 {
				require.Equal(t, c.tries, len(p.Asked()), "it is tried again, and not for long")
			} else {
				require.LessOrEqual(t, len(p.Asked()), types, "it is not tried again")
			}
		})
	}
}

func TestTheMessengersOwnTroubleIsNotTheProxys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.roster(big(1, 2))
	b.behind(proxytest.New(t, proxytest.Options{}).Settings())
	require.NoError(t, b.sandbox.AddFault(traffic.Fault{Method: traffic.AnyRequest, Mode: traffic.ModeHTTP500, Times: traffic.Forever}))
	_, err := b.pass(true)
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, workflows.ProblemUnavailable, application.Type())
}
