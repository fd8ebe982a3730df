package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

const linksRead = "portal.links"

func TestAPassReadsTheAccountLinksFirst(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster, links := unlinked(big(1, 3))
	b.link(links...)
	b.roster(roster)
	before := b.sandbox.LastRequest()
	b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, linksRead, b.sandbox.Requests(before, 0)[0].Method)
	require.Len(t, b.chats()["00А · Родители"].Members, 1+6)

	roster = enrolled(roster, "z")
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged) // the Portal is told of them, who has no account
	b.link(portal.Account{Identity: identity("z"), Account: 5000})
	report := b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, map[string]int{"add": 1}, report.Operations, "seen to by the pass that has read it")
	require.Contains(t, b.chats()["00А · Ученики"].Members, int64(5000))
}

// enrolled adds a student whom the Portal knows, and who is not linked there.
func enrolled(r school.Roster, id school.PersonID) school.Roster {
	enrol(&r, id, 0)
	r.People[len(r.People)-1].Portal = identity(id)
	return r
}

func TestLinksAreReadWhereThatIsDue(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster, links := unlinked(big(1, 2))
	b.link(links...)
	b.roster(roster)
	person := workflows.Scope{People: []school.PersonID{"t00"}}
	event := workflows.Request{Trigger: workflows.TriggerEvent, Scope: person}
	onlyCalls := workflows.Scope{Calls: true}
	for _, c := range []struct {
		name     string
		requests []workflows.Request
		want     int
	}{
		{"calls alone, though the links were never read", []workflows.Request{{Trigger: workflows.TriggerEvent, Scope: onlyCalls}}, 0},
		{"an event, as they were never read", []workflows.Request{event}, 1},
		{"an event", []workflows.Request{event}, 0},
		{"a continuous lane's round", []workflows.Request{{Trigger: workflows.TriggerContinuous}}, 0},
		{"a schedule", []workflows.Request{{Trigger: workflows.TriggerSchedule}}, 1},
		{"a district", []workflows.Request{{Trigger: workflows.TriggerDistrict}}, 1},
		{"by hand", []workflows.Request{{Trigger: workflows.TriggerManual, Scope: person}}, 1},
		{"calls by hand", []workflows.Request{{Trigger: workflows.TriggerManual, Scope: onlyCalls}}, 0},
		{"an event, and a schedule in the same pass", []workflows.Request{event, {Trigger: workflows.TriggerSchedule}}, 1},
		{"an event, and calls by hand in the same pass", []workflows.Request{event, {Trigger: workflows.TriggerManual, Scope: onlyCalls}}, 0},
	} {
		made := methods(b.asked(func() {
			_, err := b.run(c.requests...)
			require.NoError(t, err, c.name)
		}))
		require.Equal(t, c.want, made[linksRead], c.name)
	}
}

func TestNoChatIsMadeBeforeTheLinksHaveBeenRead(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.roster(big(1, 3)) // whose accounts the roster has
	b.disturb(traffic.Fault{Method: linksRead, Mode: traffic.ModeError, ErrorCode: http.StatusUnauthorized, Times: traffic.Forever})
	report := b.mustPass(false, workflows.OutcomePartial)
	require.Equal(t, workflows.ProblemPortalTrouble, report.Portal.Code)
	require.Zero(t, b.sandbox.Totals().Chats)
	b.sandbox.ClearFaults()
	b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, 3, b.sandbox.Totals().Chats)
}

func TestPassGoesOnWithoutThePortal(t *testing.T) {
	t.Parallel()
	refuse := func(status int) traffic.Fault { return traffic.Fault{Mode: traffic.ModeError, ErrorCode: status} }
	for name, c := range map[string]struct {
		fault traffic.Fault
		drop  bool // instead: most links are gone
		code  string
		tries int
		says  string
	}{
		"refuses the key":            {refuse(http.StatusUnauthorized), false, workflows.ProblemPortalTrouble, 1, "portal-refused"},
		"knows no such organisation": {refuse(http.StatusNotFound), false, workflows.ProblemPortalTrouble, 1, "portal-unknown"},
		"does not understand":        {refuse(http.StatusBadRequest), false, workflows.ProblemPortalTrouble, 1, "portal-bad-request"},
		"wants less of us":           {refuse(http.StatusTooManyRequests), false, workflows.ProblemUnavailable, 2, "portal-rate-limited"},
		"is in trouble":              {traffic.Fault{Mode: traffic.ModeHTTP500}, false, workflows.ProblemUnavailable, 2, "portal-unavailable"},
		"hangs up":                   {traffic.Fault{Mode: traffic.ModeDrop}, false, workflows.ProblemUnavailable, 2, "no answer"},
		"has lost most links":        {drop: true, code: workflows.ProblemLinksUnreadable, tries: 1, says: "would be unlinked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupPortal(t)
			roster := b.inStep(big(1, 3))
			enrol(&roster, "z", 5000)
			b.roster(roster)
			if c.drop {
				for _, link := range b.portal().Links[:6] {
					_, err := b.sandbox.Portal.UnlinkAccount(portal.Person{Organisation: organisation, Identity: link.Identity})
					require.NoError(t, err)
				}
			} else {
				c.fault.Method, c.fault.Times = linksRead, traffic.Forever
				b.disturb(c.fault)
			}
			var report workflows.PassReport
			made := methods(b.asked(func() { report = b.mustPass(false, workflows.OutcomePartial) }))
			require.GreaterOrEqual(t, made[linksRead], c.tries)
			require.Equal(t, c.tries == 1, made[linksRead] == 1, "what lasts is not tried again")
			require.Nil(t, report.Problem)
			require.Equal(t, c.code, report.Portal.Code)
			require.Contains(t, report.Portal.Message, c.says)
			b.discreet(report)
			require.Equal(t, map[string]int{"add": 1}, report.Operations)
			require.Len(t, b.chats()["00А · Ученики"].Members, 1+3+1, "with the links that were read last")
			state, err := b.store.LinksState(t.Context(), "s")
			require.NoError(t, err)
			require.NotNil(t, state.Problem)
		})
	}
}

func TestAPassOverAPartOfTheSchoolAsksForTheOthersWhoAreLinked(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster := enrolled(b.inStep(big(1, 2)), "z")
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	b.outbox() // whatever was asked for until now
	b.link(portal.Account{Identity: identity("z"), Account: 5000})
	_, err := b.run(workflows.Request{Trigger: workflows.TriggerManual, Scope: workflows.Scope{People: []school.PersonID{"t00"}}})
	require.NoError(t, err)
	require.Equal(t, []workflows.Scope{{People: []school.PersonID{"z"}}}, b.outbox())

	roster = enrolled(roster, "zz")
	b.roster(roster)
	b.outbox()
	b.link(portal.Account{Identity: identity("zz"), Account: 5001})
	b.mustPass(false, workflows.OutcomeChanged)
	require.Empty(t, b.outbox(), "a pass over the whole school sees to them itself")
	require.Contains(t, b.chats()["00А · Ученики"].Members, int64(5001))
}

// outbox takes the requests out of the outbox and gives what they are about.
func (b *bench) outbox() (scopes []workflows.Scope) {
	b.t.Helper()
	require.NoError(b.t, b.store.Relay(b.t.Context(), b.id, func(_ context.Context, wanted []store.Wanted) error {
		for _, w := range wanted {
			var scope workflows.Scope
			if err := json.Unmarshal(w.Scope, &scope); err != nil {
				return err
			}
			scopes = append(scopes, scope)
		}
		return nil
	}))
	return scopes
}

func TestAllLinksAreReadOnceADay(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	since := func() string {
		entries := b.asked(func() { b.mustPass(false, workflows.OutcomeInStep) })
		require.Len(t, entries, 1, fmt.Sprint(methods(entries)))
		return entries[0].Calls[0].Params["since"]
	}
	require.NotEmpty(t, since(), "what has changed")
	b.acts.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	require.Empty(t, since(), "all of them")
}
