package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newKeysList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show the keys by their ids, and how many values each has sealed",
		Long: `Shows the keys of the keyset, in its order, and how many values each has sealed.
Keys themselves are never shown.

  primary   seals, and opens
  old       was primary before: opens what is not sealed anew yet
  waiting   opens, and has not been primary yet
  missing   has sealed values, and is not in the keyset: they do not open

Exits with 2 if a key is missing; see docs/keys.md for what to do about it.`,
		Example: "  rollcall keys list\n  rollcall keys list -o json",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runKeysList(ctx, a) }),
	}
}

func runKeysList(ctx context.Context, a *app) error {
	keys, err := a.keys()
	if err != nil {
		return &usageError{err}
	}
	if err := keys.Reload(); err != nil {
		return err
	}
	st, err := a.openWith(ctx, keys)
	if err != nil {
		return err
	}
	defer st.Close()
	counts, err := st.SealedBy(ctx)
	if err != nil {
		return err
	}
	v := viewKeys(keys, counts)
	if err := a.show(v); err != nil {
		return err
	}
	if lo.ContainsBy(v.Keys, func(k keyView) bool { return k.Role == roleMissing }) {
		return errIncomplete
	}
	return nil
}

// What a key is to a keyset.
const (
	rolePrimary = "primary"
	roleOld     = "old"
	roleWaiting = "waiting"
	roleMissing = "missing"
)

// keyListView is a keyset, as far as it may be shown.
type keyListView struct {
	// File is "" where the keyset is in the environment.
	File string    `json:"file,omitempty"`
	Keys []keyView `json:"keys"`
}

type keyView struct {
	// Key is 0 for values that no key of ours has sealed.
	Key    uint32     `json:"key"`
	Role   string     `json:"role"`
	Values int        `json:"values"`
	Kinds  []kindView `json:"kinds"`
}

type kindView struct {
	Kind   string `json:"kind"`
	Values int    `json:"values"`
}

func viewKeys(keys *secret.Keyring, counts []store.SealedCount) keyListView {
	v := keyListView{File: keys.File(), Keys: []keyView{}}
	ids, byKey := keys.KeyIDs(), lo.GroupBy(counts, func(c store.SealedCount) uint32 { return c.Key })
	missing := lo.Without(lo.Keys(byKey), ids...)
	slices.Sort(missing)
	for _, id := range slices.Concat(ids, missing) {
		k := keyView{Key: id, Role: roleMissing, Kinds: []kindView{}}
		switch {
		case id == keys.Primary():
			k.Role = rolePrimary
		case slices.Contains(keys.Old(), id):
			k.Role = roleOld
		case slices.Contains(keys.Waiting(), id):
			k.Role = roleWaiting
		}
		for _, c := range byKey[id] {
			k.Values += c.Values
			k.Kinds = append(k.Kinds, kindView{Kind: c.Kind, Values: c.Values})
		}
		v.Keys = append(v.Keys, k)
	}
	return v
}

func (v keyListView) text(p *page) {
	p.table([]string{"KEY", "ROLE", "VALUES", "OF WHICH"}, lo.Map(v.Keys, func(k keyView, _ int) []string {
		kinds := lo.Map(k.Kinds, func(c kindView, _ int) string { return fmt.Sprintf("%s %d", c.Kind, c.Values) })
		return []string{keyName(k.Key), k.Role, fmt.Sprint(k.Values), strings.Join(kinds, ", ")}
	}))
}
