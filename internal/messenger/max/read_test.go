package max

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	ok      = messenger.Code("")
	rate    = messenger.CodeRateLimited
	away    = messenger.CodeUnavailable
	refused = messenger.CodeTokenRefused
	tokenNo = messenger.CodeTokenRights
	bad     = messenger.CodeBadRequest
	gone    = messenger.CodeChatGone
	denied  = messenger.CodeChatDenied
	mayNot  = messenger.CodeChatRights
	foreign = messenger.CodeTokenForeign
	noAdd   = messenger.CodeAddDenied
	member  = messenger.CodeMemberRefused
	absent  = messenger.CodeMemberAbsent
)

var everyRight = []messenger.Right{
	messenger.RightAdmins, messenger.RightMembers, messenger.RightRead, messenger.RightTitle, messenger.RightWrite,
}

func TestReadingChats(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, table(map[string]any{
		"GET /chats/-7":                             group(-7, "7А", nil),
		"GET /chats/-7/members?count=100":           page(5, person(9, nil), own(allRights...), person(5, object{"is_owner": true})),
		"GET /chats/-7/members?count=100&marker=5":  page(-6, person(7, object{"is_admin": true, "permissions": allRights}), person(9, nil)),
		"GET /chats/-7/members?count=100&marker=-6": page(nil),
		"GET /chats/8":                              group(8, "", nil),
		"GET /chats/8/members?count=100":            page(nil, own(allRights...)),
	}))
	states, err := client.Read(t.Context(), []messenger.ChatRef{"-7", "8", "9"})
	require.NoError(t, err)
	require.Equal(t, []messenger.ChatState{
		{Ref: "-7", Title: "7А", Members: []messenger.Member{{Account: 5, Admin: true, Owner: true}, {Account: 7, Admin: true}, {Account: 9}}},
		{Ref: "8"},
		{Ref: "9", Err: &messenger.Error{Code: denied, Vendor: 404, Method: methodChat}},
	}, states)
	require.Len(t, fake.lines(), 7)
}

func TestWhatTheBotLacks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		own  object
		want []messenger.Right
	}{
		"nothing":      {own(allRights...), nil},
		"an old name":  {own("read_all_messages", "add_remove_members", "add_admins", "change_chat_info", "post_edit_delete_message"), nil},
		"two":          {own("read_all_messages", "add_admins", "write"), []messenger.Right{messenger.RightMembers, messenger.RightTitle}},
		"all":          {own(), everyRight},
		"not told":     {person(testBot, object{"is_admin": true}), everyRight},
		"no admin":     {person(testBot, object{"permissions": allRights}), everyRight},
		"as the owner": {person(testBot, object{"is_owner": true}), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t, table(map[string]any{
				"GET /chats/-7": group(-7, "7А", nil), "GET /chats/-7/members?count=100": page(nil, tt.own, person(5, nil)),
			}))
			states, err := client.Read(t.Context(), []messenger.ChatRef{"-7"})
			require.NoError(t, err)
			require.NoError(t, states[0].Err)
			require.Equal(t, tt.want, states[0].Lacks)
			require.Equal(t, []messenger.Member{{Account: 5}}, states[0].Members)
		})
	}
}

func TestAChatWhereTheBotIsNoAdmin(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		members, own any
		want         messenger.ChatState
	}{
		"no admin": {refuse{403, "chat.denied"}, person(testBot, nil), messenger.ChatState{
			Title: "7А", Lacks: everyRight, Err: &messenger.Error{Code: denied, Vendor: 403, Method: methodMembers},
		}},
		"an admin all the same": {refuse{403, "access.denied"}, own("write"), messenger.ChatState{
			Title: "7А", Lacks: everyRight[:4], Err: &messenger.Error{Code: denied, Vendor: 403, Method: methodMembers},
		}},
		"not there": {refuse{403, "chat.denied"}, refuse{403, "chat.denied"}, messenger.ChatState{
			Title: "7А", Err: &messenger.Error{Code: denied, Vendor: 403, Method: methodOwn},
		}},
		"gone since": {refuse{404, "chat.not.found"}, nil, messenger.ChatState{
			Err: &messenger.Error{Code: gone, Vendor: 404, Method: methodMembers},
		}},
		"not in the list": {page(nil, person(5, nil)), person(testBot, nil), messenger.ChatState{
			Title: "7А", Lacks: everyRight, Members: []messenger.Member{{Account: 5}},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t, table(map[string]any{
				"GET /chats/-7": group(-7, "7А", nil), "GET /chats/-7/members?count=100": tt.members, "GET /chats/-7/members/me": tt.own,
			}))
			states, err := client.Read(t.Context(), []messenger.ChatRef{"-7"})
			require.NoError(t, err)
			tt.want.Ref = "-7"
			require.Equal(t, []messenger.ChatState{tt.want}, states)
			if tt.want.Err != nil {
				requireHidden(t, states[0].Err)
			}
		})
	}
}

func TestChatsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer any
		want   messenger.Code
	}{
		"closed":    {group(-7, "7А", object{"status": "closed"}), gone},
		"removed":   {group(-7, "7А", object{"status": "removed"}), denied},
		"left":      {group(-7, "7А", object{"status": "left"}), denied},
		"channel":   {group(-7, "7А", object{"type": "channel"}), denied},
		"not found": {refuse{404, "chat.not.found"}, gone},
		"denied":    {refuse{403, "chat.denied"}, denied},
		"bad":       {refuse{400, "proto.payload"}, bad},
		"soft":      {nil, denied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]any{
				"GET /chats/-7": tt.answer, "GET /chats/8": group(8, "8Б", nil), "GET /chats/8/members?count=100": page(nil, own(allRights...)),
			}
			make := setup
			if name == "soft" {
				answers["GET /chats/-7"], make = softly, wrong
			}
			client, _ := make(t, table(answers))
			states, err := client.Read(t.Context(), []messenger.ChatRef{"-7", "8"})
			require.NoError(t, err)
			require.Equal(t, tt.want, messenger.CodeOf(states[0].Err))
			requireHidden(t, states[0].Err)
			require.Empty(t, states[0].Title)
			require.Equal(t, messenger.ChatState{Ref: "8", Title: "8Б"}, states[1], "the others are read")
		})
	}
}

func TestAReadingEndsWithTrouble(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers map[string]any
		want    messenger.Code
	}{
		"chat":        {map[string]any{"GET /chats/-7": refuse{503, "x"}}, away},
		"token":       {map[string]any{"GET /chats/-7": refuse{401, "verify.token"}}, refused},
		"limit":       {map[string]any{"GET /chats/-7": refuse{429, "too.many.requests"}}, rate},
		"cut":         {map[string]any{"GET /chats/-7": cut{}}, away},
		"other chat":  {map[string]any{"GET /chats/-7": group(8, "x", nil)}, away},
		"no status":   {map[string]any{"GET /chats/-7": object{"chat_id": -7}}, away},
		"members":     {map[string]any{"GET /chats/-7/members?count=100": refuse{500, "x"}}, away},
		"no members":  {map[string]any{"GET /chats/-7/members?count=100": object{}}, away},
		"round again": {map[string]any{"GET /chats/-7/members?count=100": page(5), "GET /chats/-7/members?count=100&marker=5": page(5)}, away},
		"own": {map[string]any{
			"GET /chats/-7/members?count=100": refuse{403, "chat.denied"}, "GET /chats/-7/members/me": refuse{429, "x"},
		}, rate},
		"somebody else's": {map[string]any{
			"GET /chats/-7/members?count=100": refuse{403, "chat.denied"}, "GET /chats/-7/members/me": person(5, nil),
		}, away},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.answers["GET /chats/-7"] == nil {
				tt.answers["GET /chats/-7"] = group(-7, "7А", nil)
			}
			client, _ := wrong(t, table(tt.answers))
			states, err := client.Read(t.Context(), []messenger.ChatRef{"-7", "8"})
			require.Equal(t, tt.want, messenger.CodeOf(err))
			requireHidden(t, err)
			require.Nil(t, states)
		})
	}
}

func TestRefs(t *testing.T) {
	t.Parallel()
	for _, id := range []int64{1, -7, -75_000_000_000_000, 1 << 62} {
		parsed, err := ParseRef(ChatRef(id))
		require.NoError(t, err)
		require.Equal(t, id, parsed)
	}
	client, fake := setup(t, table(nil))
	for _, ref := range []messenger.ChatRef{"", "0", "-0", "+1", "01", " 1", "1 ", "x", "1/members", "9223372036854775808"} {
		_, err := ParseRef(ref)
		require.Equal(t, bad, messenger.CodeOf(err), ref)
		_, err = client.Read(t.Context(), []messenger.ChatRef{"1", ref})
		require.Equal(t, bad, messenger.CodeOf(err), ref)
	}
	require.Empty(t, fake.lines())
}

func TestManyMembers(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, func(a asked) any {
		if a.call == "GET /chats/-7" {
			return group(-7, "7А", nil)
		}
		from := 1
		_, _ = fmt.Sscan(a.params.Get("marker"), &from)
		members := []object{own(allRights...)}
		for id := from; id < from+99; id++ {
			members = append(members, person(int64(id), nil))
		}
		if from > 900 {
			return page(nil, members...)
		}
		return page(from+98, members...) // the last one comes again
	})
	states, err := client.Read(t.Context(), []messenger.ChatRef{"-7"})
	require.NoError(t, err)
	require.Len(t, fake.lines(), 12)
	require.Len(t, states[0].Members, 1079-1, "all but the bot")
	for i, m := range states[0].Members {
		if m.Account >= testBot {
			break
		}
		require.Equal(t, school.AccountID(i+1), m.Account)
	}
}

func TestFindingByTitleFindsNothing(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, table(nil))
	found, err := client.FindByTitle(t.Context(), []string{"nonce"})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, fake.lines())
}

func TestCommunity(t *testing.T) {
	t.Parallel()
	named := user(testBot)
	named["name"] = "Школа 5"
	for name, tt := range map[string]struct {
		answer any
		want   messenger.Code
	}{
		"ours":      {named, ok},
		"foreign":   {object{"user_id": 778, "is_bot": true, "first_name": "x"}, foreign},
		"no bot":    {object{"user_id": testBot, "is_bot": false, "first_name": "x"}, foreign},
		"nobody":    {object{}, away},
		"a list":    {[]int{1}, away},
		"token":     {refuse{401, "verify.token"}, refused},
		"forbidden": {refuse{403, "access.denied"}, tokenNo},
		"not found": {refuse{404, "not.found"}, bad},
	} {
		make := wrong
		if name == "ours" {
			make = setup
		}
		client, fake := make(t, table(map[string]any{"GET /me": tt.answer}))
		community, err := client.Community(t.Context())
		require.Equal(t, tt.want, messenger.CodeOf(err), name)
		if tt.want == ok {
			require.Equal(t, messenger.Community{ID: testBot, Name: "Школа 5"}, community)
		} else {
			requireHidden(t, err)
			require.Zero(t, community)
		}
		require.Equal(t, []string{"GET /me"}, fake.lines())
	}
}
