package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

type migrateOptions struct{ skipTemporal bool }

func newMigrate(a *app) *cobra.Command {
	var o migrateOptions
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database schema and the search attributes up to date",
		Long: `Creates or upgrades the tables in the database, and registers the search
attributes by which runs are found in the Temporal UI.

Run it once before the first worker starts, and after every upgrade. It may be
run again, and by several machines at once: what is there already is left alone.`,
		Example: "  rollcall migrate\n  rollcall migrate --skip-temporal",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runMigrate(ctx, a, o) }),
	}
	cmd.Flags().BoolVar(&o.skipTemporal, "skip-temporal", false, "the schema only: the namespace is looked after elsewhere")
	return cmd
}

func runMigrate(ctx context.Context, a *app, o migrateOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	v := migrateView{TemporalSkipped: o.skipTemporal, SearchAttributes: []string{}}
	if v.Migrations, err = st.Migrate(ctx); err != nil {
		return err
	}
	if !o.skipTemporal {
		if v.SearchAttributes, err = registerSearchAttributes(ctx, a); err != nil {
			return fmt.Errorf("the schema is up to date, the search attributes are not: %w", err)
		}
	}
	return a.show(v)
}

func registerSearchAttributes(ctx context.Context, a *app) ([]string, error) {
	namespace, err := temporal.Namespace()
	if err != nil {
		return nil, &usageError{err}
	}
	c, err := a.temporal(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	added, err := temporal.EnsureSearchAttributes(ctx, c, namespace, workflows.SearchAttributes())
	slices.Sort(added)
	return lo.Ternary(added == nil, []string{}, added), err
}

// migrateView is what was missing and is there now.
type migrateView struct {
	Migrations       []int64  `json:"migrations"`
	SearchAttributes []string `json:"searchAttributes"`
	TemporalSkipped  bool     `json:"temporalSkipped"`
}

func (v migrateView) text(p *page) {
	if len(v.Migrations) == 0 {
		p.line("schema: up to date")
	} else {
		p.line("schema: applied %v", v.Migrations)
	}
	switch {
	case v.TemporalSkipped:
		p.line("search attributes: skipped")
	case len(v.SearchAttributes) == 0:
		p.line("search attributes: up to date")
	default:
		p.line("search attributes: registered %s", strings.Join(v.SearchAttributes, ", "))
	}
}
