package reconcile

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestStrangers(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"somebody nobody knows": {
			func(b *bench) { b.come(studentsA, Member{Account: 900}) },
			[]act{removed(studentsA, "", RuleStranger)},
		},
		"also as admin": {
			func(b *bench) { b.come(studentsA, Member{Account: 900, Admin: true}) },
			[]act{removed(studentsA, "", RuleStranger)},
		},
		"a person of the school who has no place there": {
			func(b *bench) { b.come(studentsA, Member{Account: b.person("b2").Account}) },
			[]act{removed(studentsA, "", RuleStranger)},
		},
		"the account of somebody a fault names": {
			func(b *bench) {
				b.come(studentsA, Member{Account: b.person("b2").Account})
				b.fault(school.FaultTwoAccounts, "b2")
			},
			[]act{
				held(HoldFrozen, studentsA, "", RuleStranger),
				// and, disputed, b2 may not be taken out of where they belong
				held(HoldFrozen, studentsB, "b2", ""), held(HoldFrozen, mathB, "b2", ""), held(HoldFrozen, "subject:2026:english-b", "b2", ""),
			},
		},
		"an account that two claim": {
			func(b *bench) { b.person("a2").Account = b.person("a3").Account },
			[]act{
				held(HoldFrozen, studentsA, "a3", ""), held(HoldFrozen, mathA, "a3", ""), held(HoldFrozen, englishA, "a3", ""), held(HoldFrozen, artA, "a3", ""),
				held(HoldFrozen, studentsA, "a2", RuleAccountReplaced), held(HoldFrozen, mathA, "a2", RuleAccountReplaced),
				held(HoldFrozen, englishA, "a2", RuleAccountReplaced), held(HoldFrozen, artA, "a2", RuleAccountReplaced),
			},
		},
		"a record of somebody who is not there turns nobody out": {
			func(b *bench) {
				b.come(studentsA, Member{Account: 900})
				b.world.member(studentsA, 900).State = MemberMissing
			},
			nil,
		},
	})
}

func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	in := func(state MemberState) func(*bench) {
		return func(b *bench) { b.member(studentsA, "a2").State = state }
	}
	with := func(adding Adding, change func(*bench)) func(*bench) {
		return func(b *bench) { b.input.Adding = adding; change(b) }
	}
	unknown := func(b *bench) {
		c := b.chat(studentsA)
		c.Members = c.Members[:0]
		b.come(studentsA, Member{Account: 4, Person: "teacher-a", Reasons: []chats.Reason{{Code: chats.ReasonClassTeacher}}, Admin: true})
		for _, id := range []school.PersonID{"a1", "a3", "a4", "a5", "a6"} {
			b.come(studentsA, Member{Account: b.person(id).Account, Person: id, Reasons: []chats.Reason{{Code: chats.ReasonStudent}}})
		}
	}
	a2 := func(kind Kind, rule Rule) []act {
		return []act{{Kind: kind, Chat: studentsA, Person: "a2", Rule: rule}}
	}
	run(t, map[string]situation{
		"never there: added":                         {unknown, a2(Add, RuleEntitled)},
		"never there, adding granted":                {with(AddingGranted, unknown), a2(Add, RuleEntitled)},
		"never there, adding denied: invited":        {with(AddingDenied, unknown), a2(Invite, RuleAddDenied)},
		"went: put back":                             {in(MemberMissing), a2(Add, RulePutBack)},
		"went, adding denied: invited":               {with(AddingDenied, in(MemberMissing)), a2(Invite, RuleAddDenied)},
		"invited, adding denied: waits":              {with(AddingDenied, in(MemberInvited)), nil},
		"invited, adding unknown: added":             {in(MemberInvited), a2(Add, RuleEntitled)},
		"invited, adding granted by now: added":      {with(AddingGranted, in(MemberInvited)), a2(Add, RuleEntitled)},
		"refused: waits":                             {with(AddingGranted, in(MemberRefused)), nil},
		"left: waits, whatever is granted":           {with(AddingGranted, in(MemberLeft)), nil},
		"went again after being put back: left":      {func(b *bench) { in(MemberMissing)(b); b.member(studentsA, "a2").PutBack = true }, a2(Invite, RuleLeft)},
		"there again by the link: nothing to say":    {func(b *bench) { b.member(studentsA, "a2").PutBack = true }, nil},
		"in by their own doing before we added them": {func(b *bench) { unknown(b); b.come(studentsA, Member{Account: b.person("a2").Account}) }, nil},
	})
}

func TestPutBackOnceThenLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.member(studentsA, "a2").State = MemberMissing
	b.sync()
	require.Equal(t, MemberPresent, b.member(studentsA, "a2").State)
	require.True(t, b.member(studentsA, "a2").PutBack)

	b.member(studentsA, "a2").State = MemberMissing
	b.sync()

	require.Equal(t, MemberLeft, b.member(studentsA, "a2").State)
	require.False(t, b.plan().Work(""), "no tug of war")
}

func TestAdminRights(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"given by hand: withdrawn": {
			func(b *bench) { b.member(parentsA, "of-a2").Admin = true },
			[]act{{Kind: Demote, Chat: parentsA, Person: "of-a2", Rule: RuleNotAdmin}},
		},
		"given by hand to somebody a fault names: held": {
			func(b *bench) { b.member(parentsA, "of-a2").Admin = true; b.fault(school.FaultNoStudents, "of-a2") },
			[]act{{Hold: HoldFrozen, Kind: Demote, Chat: parentsA, Person: "of-a2", Rule: RuleNotAdmin}},
		},
		"taken by hand: given back": {
			func(b *bench) { b.member(parentsA, "teacher-a").Admin = false },
			[]act{{Kind: Promote, Chat: parentsA, Person: "teacher-a", Rule: RuleAdmin}},
		},
		"an admin who went is put back and promoted": {
			func(b *bench) { m := b.member(parentsA, "teacher-a"); m.State, m.Admin = MemberMissing, false },
			[]act{
				{Kind: Add, Chat: parentsA, Person: "teacher-a", Rule: RulePutBack}, {Kind: Promote, Chat: parentsA, Person: "teacher-a", Rule: RuleAdmin},
			},
		},
		"an admin who is only invited is not promoted": {
			func(b *bench) {
				b.input.Adding = AddingDenied
				m := b.member(parentsA, "teacher-a")
				m.State, m.Admin = MemberMissing, false
			},
			[]act{{Kind: Invite, Chat: parentsA, Person: "teacher-a", Rule: RuleAddDenied}},
		},
	})
}

// Notes keep who somebody is and on what grounds they are here, the grounds included that
// vanished without a reason.
func TestNotes(t *testing.T) {
	t.Parallel()
	reasons := func(codes ...chats.ReasonCode) []chats.Reason {
		var list []chats.Reason
		for _, c := range codes {
			list = append(list, chats.Reason{Code: c})
		}
		return list
	}
	ofA2 := chats.Reason{Code: chats.ReasonGuardian, Of: "a2"}
	for name, tc := range map[string]struct {
		change func(*bench)
		want   []Note
	}{
		"nothing new": {func(*bench) {}, nil},
		"somebody known by now": {
			func(b *bench) { m := b.member(studentsA, "a2"); m.Person, m.Reasons = "", nil },
			[]Note{{Chat: studentsA, Type: chats.Students, Account: 102, Person: "a2", Reasons: reasons(chats.ReasonStudent)}},
		},
		"a ground more": {
			func(b *bench) { b.person("teacher-a").Guardian = &school.Guardian{Students: []school.PersonID{"a2"}} },
			[]Note{{Chat: parentsA, Type: chats.Parents, Account: 4, Person: "teacher-a", Reasons: append(reasons(chats.ReasonClassTeacher), ofA2)}},
		},
		"a ground less, with evidence": {
			func(b *bench) {
				b.person("of-a1").Guardian.Students = []school.PersonID{"a1", "a2"}
				b.sync()
				b.person("a2").Enabled = false
			},
			[]Note{{Chat: parentsA, Type: chats.Parents, Account: 151, Person: "of-a1", Reasons: []chats.Reason{{Code: chats.ReasonGuardian, Of: "a1"}}}},
		},
		"a ground less, without evidence, stays on record": {
			func(b *bench) {
				b.person("acting").Employee.Positions = append(b.person("acting").Employee.Positions, pedagogue)
				b.sync()
				b.person("acting").Employee.Positions = b.person("acting").Employee.Positions[:1]
			},
			nil,
		},
		"the account is somebody else's by now: grounds are not inherited": {
			func(b *bench) {
				b.person("of-a3").Account, b.person("of-a2").Account = b.person("of-a2").Account, 0
			},
			[]Note{{Chat: parentsA, Type: chats.Parents, Account: 152, Person: "of-a3", Reasons: []chats.Reason{{Code: chats.ReasonGuardian, Of: "a3"}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			tc.change(b)

			require.ElementsMatch(t, tc.want, b.plan().Notes)
		})
	}
}
