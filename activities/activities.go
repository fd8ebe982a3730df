package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	portalconnect "github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Activities fulfils the workflows' contract.
type Activities struct {
	Store *store.Store
	// Messengers are the ways to the messengers. They belong to the deployment: no school can change them.
	Messengers connect.Messengers
	// HTTP makes the messenger requests of schools without a proxy; nil is a client with sensible
	// time-outs.
	HTTP *http.Client
	// Portal is the deployment's Portal, if it has one.
	Portal portalconnect.Portal
	// Round is how long the lane of a continuous school waits before it asks itself for a pass.
	Round time.Duration
	// Now is the clock whose day decides which dates have passed.
	Now func() time.Time

	// proxies serve the schools behind proxies; maxProxies their requests to MAX, whose root nothing else is to trust.
	proxies, maxProxies proxy.Clients
}

var _ workflows.Activities = (*Activities)(nil)

// Register puts the activities into a worker, under their method names. (A method could not do
// it: every exported method is taken for an activity.)
func Register(r worker.ActivityRegistry, a *Activities) {
	a.maxProxies.Roots = a.Messengers.RootsOf(messenger.MAX)
	r.RegisterActivity(a)
}

// messenger connects to a school's community for one pass: every request passes the gate of
// that pass's epoch.
func (a *Activities) messenger(ctx context.Context, id school.ID, epoch int64) (messenger.Messenger, *store.Community, error) {
	community, err := a.Store.Community(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if community == nil {
		return nil, nil, tokenMissing(id)
	}
	gate, err := a.gate(ctx, id, epoch)
	if err != nil {
		return nil, nil, err
	}
	client, err := a.connect(ctx, id, connect.Access{
		Protocol: community.Messenger, Community: community.ID, Token: community.Token, Gate: gate,
	})
	if err != nil || community.Checked {
		return client, community, err
	}
	// Once for each token: with another community's, this school's chats would all seem gone.
	if _, err := client.Community(ctx); err != nil {
		return nil, nil, a.remember(ctx, id, err)
	}
	return client, community, a.Store.SetChecked(ctx, id)
}

// gate is what the requests of this attempt pass.
func (a *Activities) gate(ctx context.Context, id school.ID, epoch int64) (*store.Gate, error) {
	info := activity.GetInfo(ctx)
	return a.Store.Gate(id, epoch).For(ctx, info.WorkflowExecution.RunID+"/"+info.ActivityID, info.Attempt)
}

// remember records what an error says about the token, for operators and for later passes,
// and makes it one that names the school.
func (a *Activities) remember(ctx context.Context, id school.ID, err error) error {
	switch code := messenger.CodeOf(err); code {
	case messenger.CodeTokenRefused, messenger.CodeTokenRights, messenger.CodeTokenForeign:
		if stored := a.Store.SetRefused(ctx, id, code); stored != nil {
			return stored
		}
		return tokenRefused(id, code, err)
	case "":
		if err == nil {
			return a.Store.SetRefused(ctx, id, "")
		}
	}
	return err
}

func tokenRefused(id school.ID, code messenger.Code, err error) error {
	what := map[messenger.Code]string{
		messenger.CodeTokenRefused: "the messenger refuses the community token of school %[1]s (%[2]s): get a valid one from the district coordinator",
		messenger.CodeTokenRights:  "the community token of school %[1]s lacks the right to the community's messages (%[2]s): make one with that right",
		messenger.CodeTokenForeign: "the community token of school %[1]s belongs to another community (%[2]s): use the school's own, or correct its community id",
	}[code]
	m, _ := errors.AsType[*messenger.Error](err)
	return &refusal{workflows.ProblemTokenRefused, fmt.Sprintf(what+"; set it with: rollcall school set-token %[1]s", id, m)}
}

func tokenMissing(id school.ID) error {
	return &refusal{workflows.ProblemTokenMissing, fmt.Sprintf("school %s has no community token: set it with: rollcall school set-token %s", id, id)}
}
