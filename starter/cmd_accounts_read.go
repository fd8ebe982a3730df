package main

import (
	"context"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type accountsReadOptions struct{ complete, acceptDrop bool }

func newAccountsRead(a *app) *cobra.Command {
	var o accountsReadOptions
	cmd := &cobra.Command{
		Use:   "read SCHOOL",
		Short: "Read a school's account links now, and follow what changed",
		Long: `Reads the account links from the Portal, through the school's proxy if it has one,
takes them over and prints what changed, in numbers. A pass is asked for, for those
whose link changed. It reads what has changed since the last reading, or all links
where that has not been done for a day; --complete has all of them read.

Passes read the links by themselves, and for continuous schools they are looked at
every few seconds: this is for when somebody does not want to wait.

A reading that cannot be relied on (pages missing, one identity with two accounts,
implausibly many links gone) changes nothing, and the command fails with what is
wrong. Links that are gone are counted over a day. If so many people have really
unlinked, say so with --accept-drop: it holds for this reading alone, and for as many
links as it was said of when a reading was refused; where more are gone by now, it is
refused again with their number, and may be said again. Removals that follow from it
are still held where they are too many.`,
		Example: `  rollcall accounts read school-17
  rollcall accounts read school-17 --complete
  rollcall accounts read school-17 --accept-drop`,
		Args: names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runAccountsRead(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().BoolVar(&o.complete, "complete", false, "read all links, and not only what has changed")
	cmd.Flags().BoolVar(&o.acceptDrop, "accept-drop", false, "take the reading for what it is, although as many links are gone as were refused")
	return cmd
}

func runAccountsRead(ctx context.Context, a *app, id school.ID, o accountsReadOptions) error {
	settings, err := a.settings()
	if err != nil {
		return &usageError{err}
	}
	if linksSourceOf(settings) == linksNowhere {
		return usagef("there is nowhere to read account links from: %s", howToConfigure)
	}
	way, err := connect.New(settings)
	if err != nil {
		return &usageError{err}
	}
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := schoolItself(ctx, st, id, "read them")
	if err != nil {
		return err
	}
	accepted, err := acceptedLoss(ctx, st, id, o)
	if err != nil {
		return err
	}
	reader := linking.Reader{Store: st, Portal: way, Proxies: &proxy.Clients{}, Now: a.now}
	result, err := reader.Read(ctx, id, linking.Options{Complete: o.complete, AcceptLoss: accepted, Shown: true, Ask: true})
	if err != nil {
		return err
	}
	return a.show(viewLinksTaken(row, result))
}

// acceptedLoss is how many undone links are accepted: as many as a reading was refused for, and somebody
// has seen.
func acceptedLoss(ctx context.Context, st *store.Store, id school.ID, o accountsReadOptions) (int, error) {
	if !o.acceptDrop {
		return 0, nil
	}
	state, err := st.LinksState(ctx, id)
	if err == nil && state.RefusedLoss == 0 {
		err = usagef("no reading of school %s was refused because links are gone: there is nothing to accept; read it without --accept-drop", id)
	}
	return state.RefusedLoss, err
}

// linksTaken is what came of a reading.
type linksTaken struct {
	School school.ID `json:"school"`
	// Complete tells that all links were read; Read counts what was.
	Complete bool `json:"complete"`
	Read     int  `json:"read"`
	// Overtaken tells that another reading was taken meanwhile, and this one was not.
	Overtaken bool `json:"overtaken"`
	// Linked counts identities that have an account and had none, Moved those that have another
	// one, Unlinked those that have none any more, and Forgotten those unlinked long ago whom the roster
	// no longer has.
	Linked    int `json:"linked"`
	Moved     int `json:"moved"`
	Unlinked  int `json:"unlinked"`
	Forgotten int `json:"forgotten"`
	// People counts whom it concerns in the roster; Pass tells that a pass was asked for.
	People int  `json:"people"`
	Pass   bool `json:"pass"`
	first  bool
}

func viewLinksTaken(row store.SchoolRow, r linking.Result) linksTaken {
	return linksTaken{
		School: row.ID, Complete: r.Complete, Read: r.Links, Overtaken: r.Overtaken,
		Linked: len(r.Change.Linked), Moved: len(r.Change.Moved), Unlinked: len(r.Change.Unlinked), Forgotten: len(r.Change.Forgotten),
		People: len(r.People), Pass: row.TokenSet && row.Snapshot != "" && (r.Change.First || len(r.People) > 0), first: r.Change.First,
	}
}

func (v linksTaken) text(p *page) {
	if v.Overtaken {
		p.line("school %s: another reading was taken meanwhile, and this one was not; nothing is lost: see: rollcall accounts show %s", v.School, v.School)
		return
	}
	p.line("school %s: read %d %s", v.School, v.Read, lo.Ternary(v.Complete, "account links, which are all", "changes of account links"))
	changes := tally(lo.PickBy(map[string]int{
		"linked": v.Linked, "moved to another account": v.Moved, "unlinked": v.Unlinked, "unlinked long ago, and not in the roster": v.Forgotten,
	}, func(_ string, n int) bool { return n > 0 }))
	p.line("identities: %s; people of the roster: %d", lo.CoalesceOrEmpty(changes, "none has changed"), v.People)
	switch {
	case v.Pass && v.first:
		p.line("these are the first: a pass over the whole school is asked for; see: rollcall status %s", v.School)
	case v.Pass:
		p.line("a pass for them is asked for; see: rollcall status %s", v.School)
	}
}
