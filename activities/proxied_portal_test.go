package activities_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/workflows"
)

func TestEverythingGoesThroughTheSchoolsProxy(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	p := proxytest.New(t, proxytest.Options{})
	b.behind(p.Settings())
	before := b.sandbox.LastRequest()
	roster := b.inStep(big(2, 2))
	b.user()
	b.told(lesson("a"), roomless("b"))
	b.callsPass(workflows.OutcomeChanged)
	b.told(cancelled(lesson("a")), cancelled(roomless("b")))
	roster.Classes[1].Ended = true
	b.roster(roster)
	b.mustPass(true, workflows.OutcomeChanged)
	made := map[string]bool{}
	for _, r := range b.sandbox.Requests(before, 0) {
		require.True(t, p.Made(r.RemoteAddr), "%s came around the proxy", r.Method)
		for _, c := range r.Calls {
			made[c.Method] = true
		}
	}
	for _, method := range []string{
		linksRead, chatsPut, chatRemoved, callPut, callRemoved, "messages.createChat", "messages.send", "messages.delete",
		"messages.getConversationMembers", "calls.start", "calls.forceFinish",
	} {
		require.Contains(t, made, method)
	}
}

func TestAProxyInTheWayOfCallsIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options proxytest.Options
		lasting bool
	}{
		"down":               {proxytest.Options{}, false},
		"refuses the target": {proxytest.Options{Status: http.StatusForbidden}, true},
		"wants a login":      {proxytest.Options{Status: http.StatusProxyAuthRequired}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupPortal(t)
			b.inStep(big(1, 2))
			b.user()
			b.told(lesson("a"), roomless("b"))
			p := proxytest.New(t, c.options)
			settings := p.Settings()
			settings.Username, settings.Password = "teacher", "hush"
			b.behind(settings)
			if !c.lasting {
				p.Close()
			}
			before := b.sandbox.LastRequest()
			for _, step := range []string{"MakeRooms", "AnnounceCalls", "PublishCalls"} {
				_, err := b.step(step, b.begin())
				b.requireFailed(err, workflows.ProblemProxyTrouble, c.lasting)
				require.ErrorContains(t, err, "of school s ", step)
				require.NotContains(t, err.Error(), "hush")
				require.NotContains(t, err.Error(), "teacher")
			}
			require.Equal(t, before, b.sandbox.LastRequest(), "nothing goes around it")
			if !c.lasting {
				return // a pass would wait until it is up again
			}
			_, err := b.pass(false)
			requireProblem(t, err, workflows.ProblemProxyTrouble, "of school s ")
			require.Equal(t, before, b.sandbox.LastRequest())
		})
	}
}
