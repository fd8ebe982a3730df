package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// statusTime is the moment that ages are counted from.
type statusTime time.Time

func (t statusTime) ago(moment *time.Time) string { return ago(moment, time.Time(t)) }

// statusLine is how one school stands.
type statusLine struct {
	School   school.ID         `json:"school"`
	Name     string            `json:"name"`
	District school.DistrictID `json:"district"`
	LastPass *passView         `json:"lastPass"`
	Holds    int               `json:"holds"`
	Faults   int               `json:"faults"`
	Roster   rosterView        `json:"roster"`
	Token    tokenView         `json:"token"`
	// Successor is what the school moves to, "" where it does not move; SuccessorOf the school of which this is one.
	Successor   school.ID `json:"successor"`
	SuccessorOf school.ID `json:"successorOf"`
	note        string
}

// troubles are what keeps the whole school from being in step, each said once.
func (s statusLine) troubles() []string {
	var all []string
	if s.Roster.Problem != nil {
		all = append(all, s.Roster.Problem.Message)
	}
	if s.LastPass != nil && s.LastPass.Problem != nil {
		all = append(all, s.LastPass.Problem.Message)
	}
	if s.LastPass != nil && s.LastPass.Portal != nil {
		all = append(all, portalTrouble(*s.LastPass.Portal))
	}
	return lo.Uniq(all)
}

// rosterView is a school's roster in force.
type rosterView struct {
	// Digest is "" before the first reading.
	Digest      string     `json:"digest"`
	ConfirmedAt *time.Time `json:"confirmedAt"`
	People      int        `json:"people"`
	Classes     int        `json:"classes"`
	// Problem is why the last reading, of the feed or of the school in it, was not taken over;
	// null if it was.
	Problem *store.Problem `json:"problem"`
}

func (r rosterView) text(now statusTime) string {
	if r.Digest == "" {
		return "never read"
	}
	return fmt.Sprintf("%d people, %d classes, confirmed %s", r.People, r.Classes, now.ago(r.ConfirmedAt))
}

func (r rosterView) short(now statusTime) string {
	age := lo.Ternary(r.Digest == "", "never read", now.ago(r.ConfirmedAt))
	return age + lo.Ternary(r.Problem == nil, "", ", problem")
}

// passView is a recorded pass.
type passView struct {
	Epoch       int64             `json:"epoch"`
	Trigger     workflows.Trigger `json:"trigger"`
	RequestedBy string            `json:"requestedBy"`
	Verify      bool              `json:"verify"`
	Requests    int               `json:"requests"`
	StartedAt   time.Time         `json:"startedAt"`
	FinishedAt  *time.Time        `json:"finishedAt"`
	// Outcome is "unfinished" while the pass is running, or where it was cut off.
	Outcome    workflows.Outcome `json:"outcome"`
	Progress   *progressView     `json:"progress"`
	Operations map[string]int    `json:"operations"`
	Failed     map[string]int    `json:"failed"`
	Holds      int               `json:"holds"`
	// Awaited counts the chats that waited for a person to make them when it ended.
	Awaited int                `json:"awaited"`
	Problem *workflows.Problem `json:"problem"`
	// Portal is what was wrong with the Portal, where everything else went its way; null if nothing was.
	Portal *workflows.Problem `json:"portal"`
}

// progressView is how far an unfinished pass has come.
type progressView struct {
	Ended int `json:"ended"`
	Total int `json:"total"`
}

const outcomeUnfinished workflows.Outcome = "unfinished"

func viewPass(p store.PassRow) (*passView, error) {
	v := &passView{
		Epoch: p.Epoch, Trigger: workflows.Trigger(p.Trigger), RequestedBy: p.RequestedBy, Verify: p.Verify, Requests: p.Requests,
		StartedAt: p.StartedAt.UTC(), FinishedAt: utc(p.FinishedAt), Outcome: outcomeUnfinished,
	}
	var report workflows.PassReport
	if p.FinishedAt != nil {
		if err := json.Unmarshal(p.Report, &report); err != nil {
			return nil, fmt.Errorf("the report of pass %d of school %s does not parse: was it written by a newer version? %w", p.Epoch, p.School, err)
		}
		v.Outcome = report.Outcome
	}
	v.Operations, v.Failed, v.Holds, v.Problem = notNil(report.Operations), notNil(report.Failed), report.Holds, report.Problem
	v.Awaited, v.Portal = report.Awaited, report.Portal
	return v, nil
}

func notNil(m map[string]int) map[string]int { return lo.Ternary(m == nil, map[string]int{}, m) }

// ended is when the pass ended, or began if it has not ended; nil where there was none.
func (p passView) ended() *time.Time {
	if p.Epoch == 0 {
		return nil
	}
	return lo.CoalesceOrEmpty(p.FinishedAt, &p.StartedAt)
}

// outcome is the outcome, and how far an unfinished pass has come.
func (p passView) outcome() string {
	if p.Progress == nil || p.Progress.Total == 0 {
		return string(p.Outcome)
	}
	return fmt.Sprintf("%s (%d of %d)", p.Outcome, p.Progress.Ended, p.Progress.Total)
}

func (p *passView) text(now statusTime) string {
	if p == nil {
		return "never"
	}
	line := fmt.Sprintf("%s, %s: %s", now.ago(p.ended()), p.Trigger, p.outcome())
	if p.RequestedBy != "" {
		line = fmt.Sprintf("%s, %s by %s: %s", now.ago(p.ended()), p.Trigger, p.RequestedBy, p.outcome())
	}
	for _, part := range []struct{ what, counts string }{{"done", tallyDone(p.Operations)}, {"failed", tally(p.Failed)}} {
		if part.counts != "" {
			line += fmt.Sprintf("; %s: %s", part.what, part.counts)
		}
	}
	return line
}

// tallyDone writes what a pass has done. What it did beside the plans has words of its own.
func tallyDone(operations map[string]int) string {
	return tally(lo.MapKeys(operations, func(_ int, kind string) string { return say(servedWords, kind).Words }))
}

// portalTrouble says what was wrong with the Portal.
func portalTrouble(p workflows.Problem) string { return "Portal: " + portalMessage(p) }

func portalMessage(p workflows.Problem) string { return strings.TrimPrefix(p.Message, "the Portal: ") }

// tally writes counts in the order of their names, "" for none.
func tally(counts map[string]int) string {
	return strings.Join(lo.Map(slices.Sorted(maps.Keys(counts)), func(name string, _ int) string {
		return fmt.Sprintf("%d %s", counts[name], name)
	}), ", ")
}

// statusOf gathers how schools stand, with a query per kind of thing and not per school.
func statusOf(ctx context.Context, a *app, st *store.Store, rows []store.SchoolRow) (statusView, error) {
	v := statusView{Schools: []statusLine{}, now: statusTime(a.now())}
	passes, err := st.LastPasses(ctx)
	if err != nil {
		return v, err
	}
	holds, err := st.HoldCounts(ctx)
	if err != nil {
		return v, err
	}
	snapshots, err := st.Snapshots(ctx)
	if err != nil {
		return v, err
	}
	feeds, err := st.Feeds(ctx)
	if err != nil {
		return v, err
	}
	problems := lo.SliceToMap(feeds, func(f store.FeedRow) (school.FeedID, *store.Problem) { return f.ID, f.Problem })
	for _, row := range withSuccessors(rows) {
		row.Problem = lo.CoalesceOrEmpty(row.Problem, problems[row.Feed])
		line := statusLine{
			School: row.ID, Name: row.Name, District: row.District, Holds: holds[row.ID], Faults: snapshots[row.ID].Faults,
			Roster: viewRoster(row, snapshots[row.ID]), Token: viewToken(row),
			Successor: row.Successor, SuccessorOf: row.SuccessorOf, note: moveNote(row),
		}
		if pass, found := passes[row.ID]; found {
			if line.LastPass, err = passOf(ctx, st, pass); err != nil {
				return v, err
			}
		}
		v.Schools = append(v.Schools, line)
	}
	return v, nil
}

func passOf(ctx context.Context, st *store.Store, row store.PassRow) (*passView, error) {
	pass, err := viewPass(row)
	if err != nil || pass.FinishedAt != nil {
		return pass, err
	}
	ended, total, err := st.Progress(ctx, row.School)
	pass.Progress = &progressView{Ended: ended, Total: total}
	return pass, err
}

func viewRoster(row store.SchoolRow, snapshot store.SnapshotRow) rosterView {
	v := rosterView{Digest: snapshot.Digest, People: snapshot.People, Classes: snapshot.Classes, Problem: row.Problem}
	if v.Digest != "" {
		v.ConfirmedAt = lo.ToPtr(snapshot.ConfirmedAt.UTC())
	}
	return v
}
