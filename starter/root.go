package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

const rootLong = `Rollcall keeps the school chats of a district in step with the roster of its schools.

This command registers districts, feeds and schools, asks for passes, and shows
what chats there are, who is in them and why. The work itself is done by the
workers, which must be running for "resync" and "feed read".

A new district takes these steps:

  rollcall keys new > keyset.json        once; keep it safe
  rollcall migrate                       once, and after every upgrade
  rollcall district add nevsky --name 'Невский район'
  rollcall feed add nevsky --district nevsky --location /srv/roster
  rollcall feed check nevsky             what is in the files, and what is wrong
  rollcall school add school-17 --district nevsky --feed nevsky \
      --source-id org-17 --name 'Школа № 17'
  rollcall school set-token school-17 --community-id 1001 < token.txt
  rollcall feed read nevsky              from now on changes are followed by themselves
  rollcall status

Environment:
  %-24s  PostgreSQL, postgres://user:password@host:port/database
  %-24s  file with the keyset that tokens, rosters and links are sealed with
  %-24s  the keyset itself, in place of the file
  %-24s  the Portal, if there is one; set it as for the workers
  %-24s  file with the key that signs what the Portal is asked
  %-24s  file with account links, in place of the Portal's
  %-24s  debug, info (default), warn or error
  %-24s  text (default) or json
  %-24s  Temporal server, 127.0.0.1:7233 if not set; further TEMPORAL_*
  %-24s  variables and profiles as in Temporal's own tools

All settings, with their values in force and where those come from, are shown by
"rollcall config", and everything they lead to is tried by "rollcall doctor". The
shell completes commands and ids of what is registered after, for example:

  source <(rollcall completion bash)     also zsh, fish and powershell

Exit codes:
    0  done
    1  failed: the message on standard error says why and what to do
    2  done as far as possible: something failed for single chats or people, is
       held for a human's word, or could not be taken over; the output says what
    3  wrong usage or configuration, or something that is not registered
  130  interrupted`

// newRoot makes the command with all its subcommands.
func newRoot(a *app) *cobra.Command {
	root := group("rollcall", "Keep school chats in step with the roster",
		newMigrate(a),
		group("keys", "Keysets for what is sealed", newKeysNew(a), newKeysList(a), newKeysRotate(a), newKeysAdd(a), newKeysPromote(a),
			newKeysReseal(a), newKeysRetire(a), newKeysForget(a)),
		group("district", "Districts", newDistrictAdd(a), newDistrictSet(a), newDistrictList(a),
			newDistrictResync(a), newDistrictReport(a), newDistrictPause(a), newDistrictResume(a), newDistrictCancel(a)),
		group("feed", "Feeds: the files that rosters are read from", newFeedAdd(a), newFeedList(a), newFeedCheck(a), newFeedRead(a), newFeedSetPush(a)),
		group("school", "Schools and their community tokens", newSchoolAdd(a), newSchoolList(a), newSchoolShow(a),
			newSchoolSetMessenger(a), newSchoolMove(a), newSchoolSetToken(a), newSchoolSetEvents(a), newSchoolSetProxy(a), newSchoolSetUserToken(a), newSchoolSetCallsPush(a), newSchoolCheck(a)),
		group("accounts", "Account links: who has which messenger account, by the Portal", newAccountsShow(a), newAccountsRead(a)),
		group("holds", "What is held, and deciding on it", newHoldsList(a), newHoldsShow(a), newHoldsApprove(a), newHoldsReject(a)),
		group("workers", "Builds of the workers", newWorkersShow(a), newWorkersPromote(a)),
		group("schedule", "When the schools are gone through by themselves",
			newScheduleSet(a), newSchedulePause(a), newScheduleResume(a), newScheduleApply(a), newScheduleList(a)),
		newStatus(a), newTrace(a), newPlan(a), newResync(a), newChats(a), newLinks(a), newCalls(a), newMembers(a), newStaff(a), newFaults(a),
		newConfig(a), newDoctor(a),
	)
	root.Long = fmt.Sprintf(rootLong, config.EnvDatabaseURL, secret.EnvKeysetFile, secret.EnvKeyset,
		config.EnvPortalURL, config.EnvPortalKeyFile, config.EnvLinksFile, config.EnvLogLevel, config.EnvLogFormat, "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE, …")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentFlags().VarP(&a.format, "output", "o", "table or json; JSON goes to standard output alone")
	completeArguments(a, root)
	return root
}

// group makes a command that only holds others. By itself it shows its help.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use:   name,
		Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			advice := "see: " + cmd.CommandPath() + " --help"
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				advice = "did you mean " + strings.Join(near, " or ") + "?"
			}
			return fmt.Errorf("%s has no command %q: %s", cmd.CommandPath(), args[0], advice)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	g.SuggestionsMinimumDistance = 2
	g.AddCommand(commands...)
	return g
}

// names checks the positional arguments and says by their names which are missing.
func names(wanted ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(wanted) {
			return fmt.Errorf("%s is missing: see: %s --help", wanted[len(args)], cmd.CommandPath())
		}
		if len(args) > len(wanted) {
			return fmt.Errorf("%q is one argument too many: see: %s --help", args[len(wanted)], cmd.CommandPath())
		}
		return nil
	}
}

// requireFlags marks flags that must be given.
func requireFlags(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic("rollcall: " + err.Error()) // the flag was not defined above
		}
	}
}
