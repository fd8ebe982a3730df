package main

import (
	"context"

	"github.com/spf13/cobra"
)

type keysForgetOptions struct{ lost bool }

func newKeysForget(a *app) *cobra.Command {
	var o keysForgetOptions
	cmd := &cobra.Command{
		Use:   "forget KEY --lost",
		Short: "Give up what a lost key has sealed",
		Long: `Deletes what a key has sealed that is in no keyset any more, so that it can be
had anew: values that do not open stand in the way of passes. First look for a
copy of the keyset, and at "rollcall keys list": if everything is sealed with a
key that is missing, the keyset is probably the wrong one.

Chats and their members stay known, and no chat is made again. Proxies are not
deleted: a school's traffic must not go another way; set each anew. What is to
be done for each kind of value is in docs/keys.md.`,
		Example: "  rollcall keys forget 2718281828 --lost",
		Args:    names("KEY"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runKeysForget(ctx, a, args[0], o) }),
	}
	cmd.Flags().BoolVar(&o.lost, "lost", false, "no copy of the key is left: what it sealed may be deleted")
	requireFlags(cmd, "lost")
	return cmd
}

func runKeysForget(ctx context.Context, a *app, arg string, o keysForgetOptions) error {
	id, err := readKeyID(arg)
	if err != nil {
		return err
	}
	if !o.lost {
		return usagef("what key %d has sealed is deleted for good: say --lost if no copy of the key is left", id)
	}
	w, err := a.openKeys(ctx, false)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.audit(ctx, actForgetKey, id); err != nil {
		return err
	}
	forgotten, err := w.st.Forget(ctx, id)
	if err != nil {
		return err
	}
	return a.show(forgottenView{Key: id, Values: forgotten})
}

// forgottenView tells what was given up.
type forgottenView struct {
	Key    uint32 `json:"key"`
	Values int64  `json:"values"`
}

func (v forgottenView) text(p *page) {
	p.line("key %d: %s given up; what to do now is in docs/keys.md", v.Key, valueCount(int(v.Values)))
}
