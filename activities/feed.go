package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// LookAtFeed gives the fingerprint of a feed's files.
func (a *Activities) LookAtFeed(ctx context.Context, id school.FeedID) (string, error) {
	feed, err := a.Store.Feed(ctx, id)
	if err != nil {
		return "", err
	}
	fingerprint, err := oneroster.Fingerprint(feed.Location)
	if err != nil {
		return "", a.badReading(ctx, id, oneroster.UnreadableFingerprint, err)
	}
	return fingerprint, nil
}

// ReadFeed reads a feed and stores a snapshot per registered school. A bad reading changes
// nothing but the feed's own record, and is the activity's error.
func (a *Activities) ReadFeed(ctx context.Context, in workflows.ReadFeedInput) (workflows.FeedReport, error) {
	beat := startBeating(ctx)
	defer beat.stop()
	out := workflows.FeedReport{Feed: in.Feed}
	row, err := a.Store.Feed(ctx, in.Feed)
	if err != nil {
		return out, err
	}
	last, err := receiptOf(row)
	if err != nil {
		return out, err
	}
	feed, err := oneroster.Read(ctx, row.Location, oneroster.Options{Last: last, AcceptDrop: in.AcceptDrop})
	if now, looked := oneroster.Fingerprint(row.Location); looked == nil && now != in.Fingerprint {
		out.Moved = true
		return out, nil
	}
	if err != nil {
		return out, a.badReading(ctx, in.Feed, in.Fingerprint, err)
	}
	return a.takeReading(ctx, in, feed, out)
}

func receiptOf(row store.FeedRow) (*oneroster.Receipt, error) {
	if row.Receipt == nil {
		return nil, nil
	}
	var receipt oneroster.Receipt
	if err := json.Unmarshal(row.Receipt, &receipt); err != nil {
		return nil, fmt.Errorf("the receipt of feed %s: %w", row.ID, err)
	}
	return &receipt, nil
}

// badReading records why a reading was not accepted, and gives the error back.
func (a *Activities) badReading(ctx context.Context, id school.FeedID, fingerprint string, err error) error {
	bad, ok := errors.AsType[*oneroster.BadReadError](err)
	if !ok {
		return err
	}
	problem := &store.Problem{Code: workflows.ProblemFeedUnreadable, Message: bad.Error()}
	if _, stored := a.Store.SaveReading(ctx, store.Reading{Feed: id, Fingerprint: fingerprint, Problem: problem}); stored != nil {
		return stored
	}
	return err
}

// takeReading splits a reading into the registered schools' rosters and stores them as one act.
func (a *Activities) takeReading(
	ctx context.Context, in workflows.ReadFeedInput, feed *oneroster.Feed, out workflows.FeedReport,
) (workflows.FeedReport, error) {
	receipt, err := json.Marshal(feed.Receipt())
	if err != nil {
		return out, err
	}
	schools, err := a.Store.SchoolsOfFeed(ctx, in.Feed)
	if err != nil {
		return out, err
	}
	reading := store.Reading{Feed: in.Feed, Fingerprint: in.Fingerprint, Receipt: receipt}
	out.Rows, out.Schools, out.Faults = feed.Counts(), len(schools), map[string]int{}
	for _, s := range schools {
		part, err := a.rosterOf(ctx, feed, s, in.AcceptDrop)
		if err != nil {
			return out, err
		}
		if part.Problem != nil {
			out.Problems = append(out.Problems, workflows.SchoolProblem{
				School: s.ID, Problem: workflows.Problem{Code: part.Problem.Code, Message: part.Problem.Message},
			})
		} else {
			for _, f := range part.Roster.Faults {
				out.Faults[string(f.Code)]++
			}
		}
		reading.Schools = append(reading.Schools, part)
	}
	out.Changed, err = a.Store.SaveReading(ctx, reading)
	return out, err
}

// rosterOf takes one school's part of a reading, on the background of its roster in force.
func (a *Activities) rosterOf(ctx context.Context, feed *oneroster.Feed, s store.SchoolRow, acceptDrop bool) (store.SchoolReading, error) {
	part := store.SchoolReading{School: s.ID}
	var previous *school.Roster
	if s.Snapshot != "" {
		roster, err := a.Store.Roster(ctx, s.ID, s.Snapshot)
		if err != nil {
			return part, err
		}
		previous = &roster
	}
	roster, err := feed.Roster(s.SourceID, previous, oneroster.RosterOptions{Today: school.DateOf(a.Now()), AcceptDrop: acceptDrop})
	if err != nil {
		message, ok := schoolTrouble(err)
		if !ok {
			return part, err
		}
		part.Problem = &store.Problem{Code: workflows.ProblemRosterUnread, Message: message}
		return part, nil
	}
	part.Roster, part.Digest = &roster, oneroster.Digest(roster)
	return part, nil
}

func schoolTrouble(err error) (message string, ok bool) {
	if bad, isBad := errors.AsType[*oneroster.BadReadError](err); isBad {
		return bad.Error(), true
	}
	if unknown, isUnknown := errors.AsType[*oneroster.UnknownSchoolError](err); isUnknown {
		return unknown.Error(), true
	}
	return "", false
}
