package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// storeOptions are for activities that use PostgreSQL alone: well under a second as a rule, so
// that a worker killed in the middle of one is noticed soon, and tried again a few times, since
// what fails once there mostly comes back in seconds.
func storeOptions(s school.ID, t Trigger, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:           TaskQueue,
		Summary:             summary,
		StartToCloseTimeout: 20 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    500 * time.Millisecond,
			BackoffCoefficient: 2,
			MaximumInterval:    10 * time.Second,
			MaximumAttempts:    6,
		},
		Priority: priority(s, t),
	}
}

// messengerOptions are for activities that talk to the messenger. They beat every few seconds,
// so a killed worker is noticed in ten; each try resumes where the last one stopped, so the
// number of tries is generous, and the time as a whole is what is bounded: a messenger that
// is down longer than that is the next pass's business.
func messengerOptions(s school.ID, t Trigger, scope Scope, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              messengerQueue(t, scope),
		Summary:                summary,
		StartToCloseTimeout:    10 * time.Minute,
		ScheduleToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:       10 * time.Second,
		WaitForCancellation:    true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    time.Second,
			BackoffCoefficient: 2,
			MaximumInterval:    time.Minute,
			MaximumAttempts:    20,
		},
		Priority: priority(s, t),
	}
}

// portalOptions are for activities that publish on the Portal. They share the slots of those that talk
// to the messenger. A Portal that does not answer is not waited for long: the pass goes on without
// it, and the next one tries again.
func portalOptions(s school.ID, t Trigger, scope Scope, summary string) workflow.ActivityOptions {
	return impatient(messengerOptions(s, t, scope, summary), time.Minute, 3)
}

// linksOptions are for reading account links, for which the chats wait.
func linksOptions(s school.ID, t Trigger, scope Scope, summary string) workflow.ActivityOptions {
	return impatient(messengerOptions(s, t, scope, summary), 25*time.Second, 5)
}

// roomOptions are for making rooms: each try whose reply is lost leaves a room that nobody uses.
func roomOptions(s school.ID, t Trigger, scope Scope, summary string) workflow.ActivityOptions {
	return impatient(messengerOptions(s, t, scope, summary), time.Minute, 4)
}

// impatient bounds the time that all tries together may take, and their number.
func impatient(o workflow.ActivityOptions, limit time.Duration, tries int32) workflow.ActivityOptions {
	o.StartToCloseTimeout, o.ScheduleToCloseTimeout = limit, limit
	o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second, MaximumAttempts: tries}
	return o
}

// messengerQueue keeps slots for what people ask for, and for what is about a few chats or people.
func messengerQueue(t Trigger, scope Scope) string {
	if t == TriggerManual || scope.Small() {
		return UrgentTaskQueue
	}
	return MessengerTaskQueue
}

// feedOptions are for reading files: a whole district may take minutes.
func feedOptions(summary string) workflow.ActivityOptions {
	o := storeOptions("", TriggerEvent, summary)
	o.StartToCloseTimeout = 15 * time.Minute
	o.HeartbeatTimeout = 15 * time.Second
	o.RetryPolicy.MaximumAttempts = 3
	return o
}

// priority orders backlogs: urgent triggers first, and no school ahead of the others.
func priority(s school.ID, t Trigger) temporal.Priority {
	return temporal.Priority{PriorityKey: t.priority(), FairnessKey: string(s)}
}
