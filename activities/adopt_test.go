package activities_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

const (
	bot      = 900
	maxToken = "a-bot-token"
	stranger = 666
)

// maxBench is a school on MAX.
type maxBench struct {
	*bench
	stream connect.Stream
	seen   map[string]bool
}

func setupMAX(t *testing.T) *maxBench {
	t.Helper()
	b := setup(t)
	require.NoError(t, b.store.SetMessenger(t.Context(), "s", messenger.MAX))
	require.NoError(t, b.store.SetToken(t.Context(), "s", bot, maxToken))
	return b.onMAX()
}

// onMAX registers the school's bot, and begins to listen.
func (b *bench) onMAX() *maxBench {
	t, ctx := b.t, b.t.Context()
	t.Helper()
	_, err := b.sandbox.Max.RegisterBot(max.Registration{ID: bot, Token: maxToken, Name: "School"})
	require.NoError(t, err)
	stream, err := b.acts.Messengers.Listen(connect.Access{
		Protocol: messenger.MAX, Community: bot, Token: maxToken, Gate: b.store.Pacer(b.id),
	})
	require.NoError(t, err)
	_, gap, err := stream.Next(ctx)
	require.NoError(t, err)
	require.True(t, gap, "what was before is not known")
	return &maxBench{bench: b, stream: stream, seen: map[string]bool{}}
}

// hear takes in the events of one word of the messenger's, and gives the scopes of what is asked for because of them.
func (b *maxBench) hear() []reconcile.Scope {
	b.t.Helper()
	events, gap, err := b.stream.Next(b.t.Context())
	require.NoError(b.t, err)
	require.False(b.t, gap)
	for _, e := range events {
		_, err := b.store.TakeEvent(b.t.Context(), b.id, e)
		require.NoError(b.t, err)
	}
	return b.outbox()
}

// follow hears what has happened, and makes the pass that is asked for.
func (b *maxBench) follow(want workflows.Outcome) workflows.PassReport {
	b.t.Helper()
	scopes := b.hear()
	require.NotEmpty(b.t, scopes)
	report, err := b.run(lo.Map(scopes, func(s reconcile.Scope, _ int) workflows.Request {
		return workflows.Request{Trigger: workflows.TriggerEvent, Scope: s, Verify: true}
	})...)
	require.NoError(b.t, err)
	require.Equal(b.t, want, report.Outcome, "%+v", report)
	return report
}

// code is that of a chat that is asked for.
func (b *maxBench) code(key chats.Key) string {
	b.t.Helper()
	c := b.mirrored(key)
	require.Equal(b.t, reconcile.ChatAwaited, c.State)
	return c.Code
}

func (b *maxBench) mirrored(key chats.Key) store.MirrorChat {
	b.t.Helper()
	mirror, err := b.store.Mirror(b.t.Context(), b.id)
	require.NoError(b.t, err)
	require.Contains(b.t, mirror.ByKey(), key)
	return *mirror.ByKey()[key]
}

// make has somebody make a chat and let the bot in, with these permissions, nil for all of them.
func (b *maxBench) make(owner school.AccountID, title string, permissions ...max.Permission) max.Chat {
	b.t.Helper()
	made, err := b.sandbox.Max.MakeChat(max.Making{Owner: int64(owner), Title: title})
	require.NoError(b.t, err)
	let, err := b.sandbox.Max.AddBot(max.BotRights{Chat: made.ChatID, Bot: bot, Permissions: permissions})
	require.NoError(b.t, err)
	return let
}

func (b *maxBench) chat(id int64) max.Chat {
	b.t.Helper()
	c, ok := b.sandbox.Max.State().Chat(id)
	require.True(b.t, ok)
	return c
}

func (b *maxBench) problems() []adoption.Problem {
	b.t.Helper()
	all, err := b.store.Standings(b.t.Context(), b.id)
	require.NoError(b.t, err)
	return lo.Map(all, func(s store.Standing, _ int) adoption.Problem { return s.Problem })
}

func account(r school.Roster, id school.PersonID) school.AccountID {
	p, _ := lo.Find(r.People, func(p school.Person) bool { return p.ID == id })
	return p.Account
}

// parents is the parents' chat of the first class of big.
const parents = chats.Key("parents:y:c00")

// TestAChatThatAPersonMadeBecomesTheSchools: asked for, made, let in, adopted, renamed, filled by invitation, and its
// admins promoted as they join; a stranger is turned out for good.
func TestAChatThatAPersonMadeBecomesTheSchools(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	report := b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, map[string]int{string(reconcile.Ask): 3}, report.Operations)
	b.mustPass(true, workflows.OutcomeInStep)
	require.Empty(t, b.sandbox.Max.State().Chats, "a bot makes no chat")

	mother, teacher := account(r, "g00-00-0"), account(r, "t00")
	made := b.make(teacher, "Наш класс "+b.code(parents))
	report = b.follow(workflows.OutcomeChanged)
	require.Equal(t, map[string]int{string(reconcile.Rename): 1, string(reconcile.Invite): 6}, report.Operations)
	adopted := b.chat(made.ChatID)
	require.Equal(t, "00А · Родители", adopted.Title)
	require.Equal(t, []int64{int64(teacher)}, adopted.Members, "nobody is put in: they come by the link")
	mirror := b.mirrored(parents)
	require.True(t, mirror.HasLink)
	link, err := b.store.Link(t.Context(), mirror.ID)
	require.NoError(t, err)
	require.Equal(t, made.Link, link)
	require.Empty(t, b.problems())

	for _, user := range []int64{int64(mother), stranger} {
		_, err = b.sandbox.Max.Join(max.Joining{Link: link, User: user})
		require.NoError(t, err)
	}
	b.follow(workflows.OutcomeChanged)
	require.Equal(t, []int64{int64(teacher), int64(mother)}, b.chat(made.ChatID).Members)
	require.Equal(t, []int64{stranger}, b.chat(made.ChatID).Blocked, "the link is in their hands")
	b.mustPass(true, workflows.OutcomeInStep)
}

// TestWhoJoinsIsPromotedIfDue, whoever made the chat.
func TestWhoJoinsIsPromotedIfDue(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	mother, teacher := account(r, "g00-00-0"), account(r, "t00")
	made := b.make(mother, b.code(parents))
	b.follow(workflows.OutcomeChanged)

	_, err := b.sandbox.Max.Join(max.Joining{Chat: made.ChatID, User: int64(teacher)})
	require.NoError(t, err)
	report := b.follow(workflows.OutcomeChanged)
	require.Equal(t, map[string]int{string(reconcile.Promote): 1}, report.Operations)
	c := b.chat(made.ChatID)
	require.Equal(t, []int64{int64(mother), int64(teacher)}, c.Admins, "who made it stays its admin: nobody can take that")
	require.NotContains(t, c.Permissions[int64(teacher)], max.AddRemoveMembers, "who comes and goes is the roster's matter")
	b.mustPass(true, workflows.OutcomeInStep)
}

// TestAStrangersChatIsNotAdopted although it bears a code: nobody can turn an owner out. Of an owner who leaves the school later it is
// said; an operator can let them be.
func TestAStrangersChatIsNotAdopted(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	b.make(stranger, b.code(parents))
	b.follow(workflows.OutcomeInStep)
	require.Equal(t, []adoption.Problem{adoption.ProblemOwner}, b.problems())

	b.make(account(r, "g00-00-0"), b.code(parents))
	b.follow(workflows.OutcomeChanged)
	gone := big(1, 3)
	i := slices.IndexFunc(gone.People, func(p school.Person) bool { return p.ID == "g00-00-0" })
	gone.People[i].Enabled = false
	b.roster(gone)
	b.mustPass(false, workflows.OutcomeHeld)
	holds, err := b.store.Holds(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, holds, 1)
	require.Equal(t, reconcile.HoldOwner, holds[0].Kind)
	digest, err := b.store.HoldsDigest(t.Context(), "s")
	require.NoError(t, err)
	decision := workflows.Decision{Holds: []int64{holds[0].ID}, Digest: digest, Approve: true, DecidedBy: "i"}
	require.ErrorContains(t, b.decide(decision), "hand the chat on")
	decision.Approve = false
	require.NoError(t, b.decide(decision))
	b.mustPass(true, workflows.OutcomeInStep)
}

// TestWhatIsNotAdopted: every chat that is none of the school's, and why.
func TestWhatIsNotAdopted(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	code := b.code(parents)
	b.make(5, "00А · Родители")
	b.make(5, "000-000-000-000")
	lacking := b.make(account(r, "t00"), code, max.ReadAllMessages, max.Write)
	b.follow(workflows.OutcomeInStep)
	require.Equal(t, []adoption.Problem{adoption.ProblemNoCode, adoption.ProblemForeign, adoption.ProblemRights}, b.problems())
	all, err := b.store.Standings(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, []messenger.Right{messenger.RightAdmins, messenger.RightMembers, messenger.RightTitle}, all[2].Lacks)
	require.Equal(t, reconcile.ChatAwaited, b.mirrored(parents).State)

	_, err = b.sandbox.Max.SetBotPermissions(max.BotRights{Chat: lacking.ChatID, Bot: bot})
	require.NoError(t, err)
	b.follow(workflows.OutcomeChanged)
	require.Equal(t, reconcile.ChatLive, b.mirrored(parents).State, "with its rights it is taken")

	second := b.make(account(r, "t00"), "Ещё один "+code)
	b.follow(workflows.OutcomeInStep)
	require.Equal(t, []adoption.Problem{adoption.ProblemNoCode, adoption.ProblemForeign, adoption.ProblemUsed}, b.problems())
	_, err = b.sandbox.Max.RemoveBot(max.BotRights{Chat: second.ChatID, Bot: bot})
	require.NoError(t, err)
	b.follow(workflows.OutcomeInStep)
	require.Len(t, b.problems(), 2, "it is no more")
}

// TestLostRightsAndChatsAreSaid, and what is given back is taken up again.
func TestLostRightsAndChatsAreSaid(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	made := b.make(account(r, "t00"), b.code(parents))
	b.follow(workflows.OutcomeChanged)

	_, err := b.sandbox.Max.SetBotPermissions(max.BotRights{Chat: made.ChatID, Bot: bot, Permissions: []max.Permission{max.ReadAllMessages, max.Write}})
	require.NoError(t, err)
	_, err = b.sandbox.Max.Join(max.Joining{Chat: made.ChatID, User: stranger})
	require.NoError(t, err)
	report := b.follow(workflows.OutcomePartial)
	require.Equal(t, map[string]int{string(messenger.CodeChatRights): 1}, report.Failed)
	require.Equal(t, []messenger.Right{messenger.RightAdmins, messenger.RightMembers, messenger.RightTitle}, b.mirrored(parents).Lacks)

	_, err = b.sandbox.Max.RemoveBot(max.BotRights{Chat: made.ChatID, Bot: bot})
	require.NoError(t, err)
	b.follow(workflows.OutcomePartial)
	lost := b.mirrored(parents)
	require.Equal(t, []any{reconcile.ChatGone, messenger.CodeChatDenied}, []any{lost.State, lost.Problem})

	_, err = b.sandbox.Max.AddBot(max.BotRights{Chat: made.ChatID, Bot: bot})
	require.NoError(t, err)
	b.follow(workflows.OutcomeChanged)
	back := b.mirrored(parents)
	require.Equal(t, []any{reconcile.ChatLive, messenger.Code("")}, []any{back.State, back.Problem})
	require.Empty(t, back.Lacks)
	require.Equal(t, []int64{stranger}, b.chat(made.ChatID).Blocked, "what was left undone is done")
}

// TestAChatThatItsOwnerEndedIsAskedForAnew once an operator says so, under another code.
func TestAChatThatItsOwnerEndedIsAskedForAnew(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	first := b.code(parents)
	made := b.make(account(r, "t00"), first)
	b.follow(workflows.OutcomeChanged)
	_, err := b.sandbox.Max.CloseChat(max.ChatRef{Chat: made.ChatID})
	require.NoError(t, err)
	b.follow(workflows.OutcomePartial)
	holds, err := b.store.Holds(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, holds, 1)
	digest, err := b.store.HoldsDigest(t.Context(), "s")
	require.NoError(t, err)
	require.NoError(t, b.decide(workflows.Decision{Holds: []int64{holds[0].ID}, Digest: digest, Approve: true, DecidedBy: "i"}))
	require.NotEqual(t, first, b.code(parents), "the decision's own pass has asked")
	again := b.make(account(r, "t00"), b.code(parents))
	b.follow(workflows.OutcomeChanged)
	require.EqualValues(t, strconv.FormatInt(again.ChatID, 10), b.mirrored(parents).Ref)
	require.Len(t, b.mirrored(parents).Members, 7, "everybody is invited again")
}

// TestWhoLeavesIsOnlyInvitedAgain.
func TestWhoLeavesIsOnlyInvitedAgain(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	r := big(1, 3)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	made := b.make(account(r, "t00"), b.code(parents))
	b.follow(workflows.OutcomeChanged)
	mother := int64(account(r, "g00-00-0"))
	_, err := b.sandbox.Max.Join(max.Joining{Chat: made.ChatID, User: mother})
	require.NoError(t, err)
	b.follow(workflows.OutcomeInStep)
	_, err = b.sandbox.Max.Leave(max.Seat{Chat: made.ChatID, User: mother})
	require.NoError(t, err)
	report := b.follow(workflows.OutcomeChanged)
	require.Equal(t, map[string]int{string(reconcile.Invite): 1}, report.Operations)
	require.NotContains(t, b.chat(made.ChatID).Members, mother)
	b.mustPass(true, workflows.OutcomeInStep)
}

// TestWhereMAXLetsBotsAddPeopleTheyAreAdded, and who refuses is invited.
func TestWhereMAXLetsBotsAddPeopleTheyAreAdded(t *testing.T) {
	t.Parallel()
	b := setupMAX(t)
	b.acts.Messengers.MAXAdding = true
	full := max.AddingFull
	_, err := b.sandbox.Max.SetSwitches(max.Switching{Bot: bot, Adding: &full})
	require.NoError(t, err)
	r := big(1, 3)
	shy := account(r, "g00-01-1")
	_, err = b.sandbox.Max.SetPerson(max.Person{User: int64(shy), Adding: max.PersonRefuses})
	require.NoError(t, err)
	b.roster(r)
	b.mustPass(false, workflows.OutcomeChanged)
	made := b.make(account(r, "t00"), b.code(parents))
	report := b.follow(workflows.OutcomePartial)
	require.Equal(t, map[string]int{string(messenger.CodeMemberRefused): 1}, report.Failed)
	require.Len(t, b.chat(made.ChatID).Members, 6)
	require.NotContains(t, b.chat(made.ChatID).Members, int64(shy))
}
