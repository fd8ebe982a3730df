package main

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func newSchoolCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check SCHOOL",
		Short: "Try a school's proxy, tokens, rights, clock and the way to the Portal",
		Long: `Tries, from this machine, what the school's passes rely on, and says in one line
each what is wrong and what to do:

  proxy      lets the school's requests through to the messenger
  messenger  answers
  token      is accepted, and of the school's community
  rights     the token may manage the community's messages; on MAX rights are each
             chat's own, see "chats"
  events     where MAX sends them by callback: it still has the address
  clock      this machine, the messenger and the Portal agree on the time, to a
             minute
  portal     takes the key, and knows the school: by its source id, or by --portal-id of
             "school add"
  user-token makes the rooms of video calls: whether it was refused last. There is
             nothing harmless to try it with.

It makes three requests to the messenger at the most, in the pace of the school's
token, and one to the Portal, all through the school's proxy, and changes nothing.
Exit code 1 tells that something is wrong or could not be tried; a warning is not
wrong, nor is a Portal or a user token that has not been set.`,
		Example: "  rollcall school check school-17",
		Args:    names("SCHOOL"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runSchoolCheck(ctx, a, school.ID(args[0])) }),
	}
}

func runSchoolCheck(ctx context.Context, a *app, id school.ID) error {
	settings, err := a.settings()
	if err != nil {
		return &usageError{err}
	}
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	t, err := newTrial(ctx, st, id, settings, a.now)
	if err != nil {
		return err
	}
	v := checkView{School: id, Checks: t.run(ctx)}
	if err := ctx.Err(); err != nil {
		return err
	}
	v.OK = lo.NoneBy(v.Checks, func(c check) bool { return c.State == checkFailed || c.State == checkUntried })
	if err := a.show(v); err != nil || v.OK {
		return err
	}
	return fmt.Errorf("school %s does not pass: the output says what is wrong", id)
}

// checkState is how one check went.
type checkState string

const (
	checkOK      checkState = "ok"
	checkWarning checkState = "warning"
	checkFailed  checkState = "failed"
	checkUntried checkState = "untried" // because of one before it
	checkUnset   checkState = "unset"   // there is none, and none is needed
)

var checkWords = map[checkState]string{
	checkOK: "ok", checkWarning: "warning", checkFailed: "wrong", checkUntried: "not tried", checkUnset: "not set",
}

// check is one thing that was tried.
type check struct {
	Name  string     `json:"name"`
	State checkState `json:"state"`
	// Message says how it is or, where it is wrong, what to do.
	Message string `json:"message"`
}

// checkView is how a school does, in the order in which one thing relies on another.
type checkView struct {
	School school.ID `json:"school"`
	OK     bool      `json:"ok"`
	Checks []check   `json:"checks"`
}

func (v checkView) text(p *page) {
	p.pairs(lo.Map(v.Checks, func(c check, _ int) [2]string { return [2]string{c.Name, checkWords[c.State] + ": " + c.Message} }))
}
