package adoption_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	owners := map[school.AccountID]bool{7: true}
	asked := map[string]adoption.Asked{
		"111-111-111-111": {Key: "teachers", Wanted: true, Owners: owners},
		"222-222-222-222": {Key: "parents:2026:a", Wanted: true, Owners: owners},
		"333-333-333-333": {Key: "students:2026:a", Wanted: true, Adopted: true, Owners: owners},
		"444-444-444-444": {Key: "parents:2026:z", Owners: owners},
	}
	lacks := []messenger.Right{messenger.RightMembers}
	denied := &messenger.Error{Code: messenger.CodeChatDenied}
	for name, tc := range map[string]struct {
		state messenger.ChatState
		want  adoption.Verdict
	}{
		"the code tells which chat it is, whatever else the title says": {
			messenger.ChatState{Title: "Родительский чат 5А 111-111-111-111"}, adoption.Verdict{Key: "teachers", Code: "111-111-111-111"},
		},
		"a number of somebody else's beside it does no harm": {
			messenger.ChatState{Title: "тел. 999-888-777-666, 222-222-222-222"}, adoption.Verdict{Key: "parents:2026:a", Code: "222-222-222-222"},
		},
		"a number before it does no harm, however it may be read": {
			messenger.ChatState{Title: "Школа № 103 111-111-111-111"}, adoption.Verdict{Key: "teachers", Code: "111-111-111-111"},
		},
		"a stranger's": {
			messenger.ChatState{Title: "111-111-111-111", Members: []messenger.Member{{Account: 666, Owner: true, Admin: true}, {Account: 7, Admin: true}}},
			adoption.Verdict{Code: "111-111-111-111", Problem: adoption.ProblemOwner},
		},
		"one whose owner is not to be seen": {
			messenger.ChatState{Title: "111-111-111-111", Members: []messenger.Member{}},
			adoption.Verdict{Code: "111-111-111-111", Problem: adoption.ProblemOwner},
		},
		"a title full of digits is somebody who tries": {
			messenger.ChatState{Title: "111-111-111-111 222-222-222-222 111"}, adoption.Verdict{Problem: adoption.ProblemManyCodes},
		},
		"a title alone is no code":               {messenger.ChatState{Title: "Учительская"}, adoption.Verdict{Problem: adoption.ProblemNoCode}},
		"a code of another school, or of nobody": {messenger.ChatState{Title: "999-888-777-666"}, adoption.Verdict{Problem: adoption.ProblemForeign}},
		"two of this school's":                   {messenger.ChatState{Title: "111-111-111-111 222-222-222-222"}, adoption.Verdict{Problem: adoption.ProblemManyCodes}},
		"a used one":                             {messenger.ChatState{Title: "333-333-333-333"}, adoption.Verdict{Code: "333-333-333-333", Problem: adoption.ProblemUsed}},
		"that of a chat that is not wanted any more": {
			messenger.ChatState{Title: "444-444-444-444"}, adoption.Verdict{Code: "444-444-444-444", Problem: adoption.ProblemUnwanted},
		},
		"rights are missing": {
			messenger.ChatState{Title: "111-111-111-111", Lacks: lacks}, adoption.Verdict{Code: "111-111-111-111", Problem: adoption.ProblemRights},
		},
		"it is no admin at all, and so cannot read": {
			messenger.ChatState{Title: "111-111-111-111", Lacks: messenger.Rights(), Err: denied},
			adoption.Verdict{Code: "111-111-111-111", Problem: adoption.ProblemRights},
		},
		"no rights, and no code either": {
			messenger.ChatState{Title: "Соседи", Lacks: lacks}, adoption.Verdict{Problem: adoption.ProblemNoCode},
		},
		"it was turned out again":    {messenger.ChatState{Err: denied}, adoption.Verdict{Problem: adoption.ProblemClosed}},
		"the messenger does not say": {messenger.ChatState{Err: &messenger.Error{Code: messenger.CodeUnavailable}}, adoption.Verdict{Problem: adoption.ProblemUnreadable}},
		"what else may be":           {messenger.ChatState{Err: errors.New("x")}, adoption.Verdict{Problem: adoption.ProblemUnreadable}},
	} {
		if tc.state.Members == nil {
			tc.state.Members = []messenger.Member{{Account: 7, Owner: true, Admin: true}}
		}
		require.Equal(t, tc.want, adoption.Judge(tc.state, asked), name)
	}
}

func TestWhichProblemsPass(t *testing.T) {
	t.Parallel()
	for _, p := range adoption.Problems() {
		require.Equal(t, p != adoption.ProblemNoCode && p != adoption.ProblemClosed, p.Passing(), p)
	}
}
