package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Result is one school's line of the table, counted from the mirror of what the messenger has.
type Result struct {
	School   school.ID         `json:"school"`
	SourceID string            `json:"sourceId"`
	Name     string            `json:"name"`
	Chats    int               `json:"chats"`
	Members  int               `json:"members"`
	Admins   int               `json:"admins"`
	Invited  int               `json:"invited"`
	Missing  map[chats.Why]int `json:"missing"`
	// NotYet counts chats that are not made yet, by the first reason.
	NotYet  map[chats.NotYet]int `json:"notYet"`
	Faults  int                  `json:"faults"`
	Outcome workflows.Outcome    `json:"outcome"`
	InStep  bool                 `json:"inStep"`
}

func (d *demo) results(ctx context.Context) ([]Result, error) {
	schools, err := d.store.Schools(ctx, districtID)
	if err != nil {
		return nil, err
	}
	results := make([]Result, 0, len(schools))
	for _, s := range schools {
		taken, err := survey.Take(ctx, d.store, s.ID, time.Now(), survey.Options{})
		if err != nil {
			return nil, err
		}
		results = append(results, resultOf(taken, d.outcomes[s.ID].Outcome))
	}
	return results, nil
}

func resultOf(s survey.Survey, outcome workflows.Outcome) Result {
	r := Result{
		School: s.School.ID, SourceID: s.School.SourceID, Name: s.School.Name,
		Missing: map[chats.Why]int{}, NotYet: map[chats.NotYet]int{}, Faults: len(s.Roster.Faults),
		Outcome: outcome, InStep: outcome == workflows.OutcomeInStep && len(s.Plan.Operations) == 0,
	}
	live := lo.Filter(s.Mirror, func(c store.MirrorChat, _ int) bool { return c.State == reconcile.ChatLive })
	r.Chats = len(live)
	for _, c := range live {
		for _, m := range c.Members {
			switch m.State {
			case reconcile.MemberPresent:
				r.Members++
				r.Admins += lo.Ternary(m.Admin, 1, 0)
			case reconcile.MemberInvited:
				r.Invited++
			}
		}
	}
	made := s.Mirror.ByKey()
	for _, c := range s.Desired {
		for _, m := range c.Missing {
			r.Missing[m.Why]++
		}
		if made[c.Key] == nil && len(c.NotYet) > 0 {
			r.NotYet[c.NotYet[0]]++
		}
	}
	return r
}

func printTable(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nSCHOOL\tCHATS\tMEMBERS\tADMINS\tINVITED\tMISSING\tNOT YET MADE\tSOURCE FAULTS\tSTATE")
	for _, r := range results {
		fmt.Fprintf(t, "%s (%s)\t%d\t%d\t%d\t%d\t%s\t%s\t%d\t%s\n", r.Name, r.School, r.Chats, r.Members, r.Admins, r.Invited,
			tally(r.Missing), tally(r.NotYet), r.Faults, r.Outcome)
	}
	return t.Flush()
}

// tally writes counts by their reason, most first.
func tally[K ~string](counts map[K]int) string {
	if len(counts) == 0 {
		return "–"
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return strings.Join(lo.Map(keys, func(k K, _ int) string { return fmt.Sprintf("%d %s", counts[k], k) }), ", ")
}
