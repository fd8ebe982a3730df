package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/samber/lo"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// refusal is trouble of a whole school or feed that trying again does not cure.
type refusal struct{ code, message string }

func (r *refusal) Error() string { return r.message }

// Interceptor is the outermost layer of every activity: it turns errors into Temporal's
// application errors. Only the outermost error's type and flags count, so they are built
// here and nowhere else.
func Interceptor() interceptor.WorkerInterceptor { return &errorMapper{} }

type errorMapper struct {
	interceptor.WorkerInterceptorBase
}

func (*errorMapper) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &mappedActivity{}
	i.Next = next
	return i
}

type mappedActivity struct {
	interceptor.ActivityInboundInterceptorBase
}

func (m *mappedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx = traced(ctx, in.Args)
	out, err := m.Next.ExecuteActivity(ctx, in)
	if err == nil {
		return out, nil
	}
	mapped := toTemporal(ctx, err)
	tracedError(ctx, mapped)
	activity.GetLogger(ctx).Warn("activity failed", "problem", mapped.Error(), "cause", string(messenger.CodeOf(err)))
	return out, mapped
}

// proxyTries is how often an activity tries to get through a school's proxy that is down or slow. It is
// the school's to mend, and whoever waits is to read what is wrong soon; the next pass tries again.
const proxyTries = 4

func toTemporal(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		// Cancelled, timed out, or the worker is stopping: Temporal knows which.
		return ctx.Err()
	}
	if p, ok := errors.AsType[*proxy.Error](err); ok {
		lasting := p.Lasting() || activity.GetInfo(ctx).Attempt >= proxyTries
		return temporal.NewApplicationErrorWithOptions(p.Error(), workflows.ProblemProxyTrouble, temporal.ApplicationErrorOptions{NonRetryable: lasting})
	}
	if m, ok := errors.AsType[*messenger.Error](err); ok {
		return messengerProblem(m)
	}
	if p, ok := errors.AsType[*portal.Error](err); ok {
		return portalProblem(p)
	}
	if code, message := permanent(err); code != "" {
		return temporal.NewApplicationErrorWithOptions(message, code, temporal.ApplicationErrorOptions{NonRetryable: true})
	}
	return temporal.NewApplicationErrorWithOptions(transient(err), workflows.ProblemInternal, temporal.ApplicationErrorOptions{})
}

// messengerProblem maps what concerns a request or a token; chats' and members' own trouble
// has been dealt with before.
func messengerProblem(m *messenger.Error) error {
	switch {
	case m.Code == messenger.CodeFenced:
		return temporal.NewApplicationErrorWithOptions("a later pass of this school has begun, or this activity was given to another worker: this one does nothing more",
			workflows.ProblemFenced, temporal.ApplicationErrorOptions{NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign})
	case m.Code == messenger.CodeBudget:
		return temporal.NewApplicationErrorWithOptions("the token's request budget is spent for now",
			workflows.ProblemUnavailable, temporal.ApplicationErrorOptions{NextRetryDelay: m.RetryAfter, Category: temporal.ApplicationErrorCategoryBenign})
	case m.Scope() == messenger.ScopeRetry:
		return temporal.NewApplicationErrorWithOptions("the messenger does not answer as it should: "+m.Error(),
			workflows.ProblemUnavailable, temporal.ApplicationErrorOptions{NextRetryDelay: m.RetryAfter})
	default:
		return temporal.NewApplicationErrorWithOptions("the messenger did not understand a request: "+m.Error(),
			workflows.ProblemInternal, temporal.ApplicationErrorOptions{NonRetryable: true})
	}
}

func portalProblem(p *portal.Error) error {
	code := lo.Ternary(p.Lasting(), workflows.ProblemPortalTrouble, workflows.ProblemUnavailable)
	return temporal.NewApplicationErrorWithOptions("the Portal: "+p.Error(), code,
		temporal.ApplicationErrorOptions{NonRetryable: p.Lasting(), NextRetryDelay: p.RetryAfter})
}

// permanent finds the errors whose texts are ours and say what to do.
func permanent(err error) (code, message string) {
	if e, ok := errors.AsType[*refusal](err); ok {
		return e.code, e.message
	}
	if e, ok := errors.AsType[*store.NotFoundError](err); ok {
		if e.What == "hold" {
			return workflows.ProblemBadRequest, e.Error()
		}
		if e.What == "feed" {
			return workflows.ProblemFeedUnknown, e.Error()
		}
		return workflows.ProblemSchoolUnknown, e.Error()
	}
	if e, ok := errors.AsType[*survey.NoRosterError](err); ok {
		if e.Problem != nil {
			return workflows.ProblemRosterUnread, e.Error()
		}
		return workflows.ProblemRosterMissing, e.Error()
	}
	if e, ok := errors.AsType[*oneroster.BadReadError](err); ok {
		return workflows.ProblemFeedUnreadable, e.Error()
	}
	if e, ok := errors.AsType[*accounts.BadReadError](err); ok {
		return workflows.ProblemLinksUnreadable, e.Error()
	}
	if errors.Is(err, secret.ErrNoKeyset) || errors.Is(err, secret.ErrDoesNotOpen) {
		return workflows.ProblemKeyset, err.Error()
	}
	if store.KeyRetired(err) {
		return workflows.ProblemKeyset, secret.ErrRetired.Error()
	}
	if errors.Is(err, proxy.ErrUnreadable) {
		return workflows.ProblemProxyTrouble, err.Error()
	}
	return "", ""
}

// transient describes what is tried again, without the driver's text: that may quote a row.
func transient(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return "the database refused a statement: SQLSTATE " + e.Code
	}
	if e, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Sprintf("the database cannot be reached at %s:%d", e.Config.Host, e.Config.Port)
	}
	return fmt.Sprintf("unexpected %T", root(err))
}

func root(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
