package main

import (
	"context"
	"strings"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// completionTimeout is how long the shell may be kept waiting for the registry.
const completionTimeout = time.Second

// completer lists what an argument may be, each with a description behind a tab.
type completer func(context.Context, *store.Store) ([]string, error)

// completions are what can be completed, by the argument's name in a command's usage.
var completions = map[string]completer{"SCHOOL": schoolIDs, "DISTRICT": districtIDs, "FEED": feedIDs}

// asID says what a command's ID is the id of, where its usage does not.
var asID = map[string]string{
	"school set-token": "SCHOOL", "school show": "SCHOOL", "district set": "DISTRICT", "feed read": "FEED", "feed check": "FEED",
}

// completeArguments lets the shell complete ids of what is registered, in the arguments and flags of all commands.
func completeArguments(a *app, root *cobra.Command) {
	for _, cmd := range root.Commands() {
		completeArguments(a, cmd)
	}
	if argument := firstArgument(root); completions[argument] != nil {
		otherwise := lo.Ternary(strings.Contains(root.Use, "PATH"), cobra.ShellCompDirectiveDefault, cobra.ShellCompDirectiveNoFileComp)
		root.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.registered(cmd.Context(), completions[argument]), otherwise
		}
	}
	for flag, argument := range map[string]string{"school": "SCHOOL", "district": "DISTRICT", "feed": "FEED"} {
		if root.LocalNonPersistentFlags().Lookup(flag) == nil {
			continue
		}
		must(root.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return a.registered(cmd.Context(), completions[argument]), cobra.ShellCompDirectiveNoFileComp
		}))
	}
	if root.PersistentFlags().Lookup("output") != nil {
		formats := []string{string(formatTable), string(formatJSON)}
		must(root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
	}
}

func must(err error) {
	if err != nil {
		panic("rollcall: " + err.Error()) // the flag was looked up above
	}
}

// firstArgument is what a command's first argument is, by its usage.
func firstArgument(cmd *cobra.Command) string {
	words := strings.Fields(cmd.Use)
	if len(words) < 2 || !cmd.HasParent() {
		return ""
	}
	if argument, known := asID[cmd.Parent().Name()+" "+cmd.Name()]; known {
		return argument
	}
	return strings.Trim(words[1], "[]")
}

// registered asks the registry, for a moment only. Somebody is typing: whatever goes wrong, there is
// nothing to offer.
func (a *app) registered(ctx context.Context, list completer) []string {
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	st, err := a.open(ctx)
	if err != nil {
		return nil
	}
	defer st.Close()
	found, err := list(ctx, st)
	if err != nil {
		return nil
	}
	return found
}

// described is an id with a name behind it, which shells show.
func described(id, name string) string { return id + "\t" + clean(name) }

func schoolIDs(ctx context.Context, st *store.Store) ([]string, error) {
	rows, err := st.Schools(ctx, "")
	return lo.Map(rows, func(s store.SchoolRow, _ int) string { return described(string(s.ID), s.Name) }), err
}

func districtIDs(ctx context.Context, st *store.Store) ([]string, error) {
	rows, err := st.Districts(ctx)
	return lo.Map(rows, func(d school.District, _ int) string { return described(string(d.ID), d.Name) }), err
}

func feedIDs(ctx context.Context, st *store.Store) ([]string, error) {
	rows, err := st.Feeds(ctx)
	return lo.Map(rows, func(f store.FeedRow, _ int) string { return described(string(f.ID), f.Location) }), err
}
