package max

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func rename(title string) messenger.Call {
	return messenger.Call{Kind: messenger.CallSetTitle, Chat: "-7", Title: title}
}

func invite() messenger.Call { return messenger.Call{Kind: messenger.CallInviteLink, Chat: "-7"} }

func of(kind messenger.CallKind, chat int64, account school.AccountID) messenger.Call {
	return messenger.Call{Kind: kind, Chat: ChatRef(chat), Account: account}
}

func add(account school.AccountID) messenger.Call { return of(messenger.CallAddMember, -7, account) }

func remove(account school.AccountID) messenger.Call {
	return of(messenger.CallRemoveMember, -7, account)
}

func promote(account school.AccountID) messenger.Call { return of(messenger.CallPromote, -7, account) }

func demote(account school.AccountID) messenger.Call { return of(messenger.CallDemote, -7, account) }

func say(text string) messenger.Call {
	return messenger.Call{Kind: messenger.CallSendMessage, Chat: "-7", Text: text, RandomID: 1}
}

func unsay(id messenger.MessageRef) messenger.Call {
	return messenger.Call{Kind: messenger.CallDeleteMessage, Chat: "-7", Message: id}
}

const (
	sent     = "POST /messages?chat_id=-7"
	latest   = "GET /messages?chat_id=-7&count=100"
	removing = "DELETE /chats/-7/members?user_id=4242"
	demoting = "DELETE /chats/-7/members/admins/4242"
	looking  = "GET /chats/-7/members?user_ids=4242"
)

func TestWhatEachCallDoes(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, table(map[string]any{
		"PATCH /chats/-7":                   group(-7, "7Б", nil),
		"GET /chats/-7":                     group(-7, "7Б", object{"link": "https://max.ru/join/abc"}),
		"POST /chats/-7/members":            success,
		removing:                            success,
		removing + "&block=true":            success,
		"POST /chats/-7/members/admins":     success,
		demoting:                            success,
		latest:                              nobody,
		sent:                                object{"message": said("mid.1", testBot, 1, "Урок")},
		"DELETE /messages?message_id=mid.1": success,
	}))
	block := remove(4242)
	block.Block = true
	replies, err := do(t, client, rename("7Б"), invite(), add(4242), remove(4242), block, promote(4242), demote(4242), say("Урок"), unsay("mid.1"))
	require.NoError(t, err)
	want := make([]messenger.Reply, 9)
	for i := range want {
		want[i].Chat = "-7"
	}
	want[1].Link, want[7].Message = "https://max.ru/join/abc", "mid.1"
	require.Equal(t, want, replies)
	// The query is sorted.
	require.Equal(t, []string{
		"PATCH /chats/-7", "GET /chats/-7", "POST /chats/-7/members", removing, "DELETE /chats/-7/members?block=true&user_id=4242",
		"POST /chats/-7/members/admins", demoting, latest, sent, "DELETE /messages?message_id=mid.1",
	}, fake.lines())
	require.Equal(t, object{"title": "7Б"}, fake.body(0))
	require.Equal(t, object{"user_ids": []any{4242.0}}, fake.body(2))
	require.Equal(t, object{"admins": []any{object{
		"user_id": 4242.0, "permissions": []any{"read_all_messages", "write", "pin_message", "can_call"},
	}}}, fake.body(5))
	require.Equal(t, object{"text": "Урок", "attachments": nil, "link": nil}, fake.body(8))
}

// refusals says what each answer means for each call, by the request that it answers.
func TestWhatRefusalsMean(t *testing.T) {
	t.Parallel()
	calls := []struct {
		call messenger.Call
		line string
	}{
		{rename("x"), "PATCH /chats/-7"}, {invite(), "GET /chats/-7"}, {add(4242), "POST /chats/-7/members"}, {remove(4242), removing},
		{promote(4242), "POST /chats/-7/members/admins"}, {demote(4242), demoting}, {say("x"), latest}, {say("x"), sent},
		{unsay("m"), "DELETE /messages?message_id=m"},
	}
	tests := []struct {
		answer refuse
		want   [9]messenger.Code
	}{
		{refuse{400, "proto.payload"}, [9]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad}},
		{refuse{401, "verify.token"}, [9]messenger.Code{refused, refused, refused, refused, refused, refused, refused, refused, refused}},
		{refuse{403, "chat.denied"}, [9]messenger.Code{mayNot, denied, noAdd, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot}},
		{refuse{403, "access.denied"}, [9]messenger.Code{mayNot, denied, noAdd, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot}},
		{refuse{404, "chat.not.found"}, [9]messenger.Code{gone, gone, gone, gone, gone, gone, gone, gone, gone}},
		{refuse{404, "not.found"}, [9]messenger.Code{bad, denied, member, ok, absent, ok, mayNot, bad, ok}},
		{refuse{405, "x"}, [9]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad}},
		{refuse{429, "too.many.requests"}, [9]messenger.Code{rate, rate, rate, rate, rate, rate, rate, rate, rate}},
		{refuse{500, "x"}, [9]messenger.Code{away, away, away, away, away, away, away, away, away}},
		{refuse{503, "service.unavailable"}, [9]messenger.Code{away, away, away, away, away, away, away, away, away}},
	}
	for _, tt := range tests {
		for i, c := range calls {
			answers := map[string]any{c.line: tt.answer}
			if c.line == sent {
				answers[latest] = nobody
			}
			client, _ := wrong(t, table(answers))
			replies, err := do(t, client, c.call)
			ends := tt.want[i] == refused || tt.want[i] == rate || tt.want[i] == away
			require.Equal(t, ends, err != nil, "%v: %s", tt.answer, c.line)
			if ends {
				require.Equal(t, tt.want[i], messenger.CodeOf(err))
				require.Empty(t, replies, "nobody knows what was done")
				requireHidden(t, err)
				continue
			}
			require.Equal(t, tt.want[i], messenger.CodeOf(replies[0].Err), "%v: %s", tt.answer, c.line)
			require.Equal(t, messenger.ChatRef("-7"), replies[0].Chat)
			if tt.want[i] != ok {
				requireHidden(t, replies[0].Err)
			}
		}
	}
}

func TestSoftFailures(t *testing.T) {
	t.Parallel()
	there, admin := page(nil, person(4242, nil)), page(nil, person(4242, object{"is_admin": true, "permissions": []string{"write"}}))
	message := object{"messages": []any{said("m", testBot, 1, "x")}}
	const deleting, finding = "DELETE /messages?message_id=m", "GET /messages?message_ids=m"
	tests := map[string]struct {
		call    messenger.Call
		answers map[string]any
		want    messenger.Code
	}{
		"title":                       {rename("x"), map[string]any{"PATCH /chats/-7": softly}, mayNot},
		"link":                        {invite(), map[string]any{"GET /chats/-7": softly}, denied},
		"add":                         {add(4242), map[string]any{"POST /chats/-7/members": softly}, member},
		"remove who is there":         {remove(4242), map[string]any{removing: softly, looking: there}, mayNot},
		"remove who is not":           {remove(4242), map[string]any{removing: softly, looking: absentee}, ok},
		"remove, may not look":        {remove(4242), map[string]any{removing: softly, looking: refuse{403, "chat.denied"}}, mayNot},
		"remove, cannot look":         {remove(4242), map[string]any{removing: softly, looking: refuse{503, "x"}}, away},
		"remove, looks at nothing":    {remove(4242), map[string]any{removing: softly, looking: object{}}, away},
		"promote who is there":        {promote(4242), map[string]any{"POST /chats/-7/members/admins": softly, looking: there}, mayNot},
		"promote who is not":          {promote(4242), map[string]any{"POST /chats/-7/members/admins": softly, looking: absentee}, absent},
		"demote an admin":             {demote(4242), map[string]any{demoting: softly, looking: admin}, mayNot},
		"demote who is none":          {demote(4242), map[string]any{demoting: softly, looking: there}, ok},
		"demote who is not there":     {demote(4242), map[string]any{demoting: softly, looking: absentee}, ok},
		"send":                        {say("x"), map[string]any{latest: nobody, sent: softly}, mayNot},
		"delete what is there":        {unsay("m"), map[string]any{deleting: softly, finding: message}, mayNot},
		"delete what is not":          {unsay("m"), map[string]any{deleting: softly, finding: nobody}, ok},
		"delete what nobody looks at": {unsay("m"), map[string]any{deleting: softly, finding: refuse{403, "chat.denied"}}, mayNot},
		"delete, cannot look":         {unsay("m"), map[string]any{deleting: softly, finding: cut{}}, away},
		"no word of success":          {remove(4242), map[string]any{removing: object{}}, away},
		"add, no word of success":     {add(4242), map[string]any{"POST /chats/-7/members": object{}}, away},
		"another chat":                {rename("x"), map[string]any{"PATCH /chats/-7": group(8, "x", nil)}, away},
		"no link":                     {invite(), map[string]any{"GET /chats/-7": group(-7, "x", nil)}, mayNot},
		"no message":                  {say("x"), map[string]any{latest: nobody, sent: object{}}, away},
		"no messages":                 {say("x"), map[string]any{latest: object{}}, away},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := wrong(t, table(tt.answers))
			replies, err := do(t, client, tt.call)
			if tt.want == away {
				require.Equal(t, away, messenger.CodeOf(err))
				requireHidden(t, err)
				require.Empty(t, replies)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []messenger.Code{tt.want}, codesOf(replies))
			if tt.want != ok {
				requireHidden(t, replies[0].Err)
			}
		})
	}
}

func TestCallsThatCannotBeRight(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, table(nil))
	for name, call := range map[string]messenger.Call{
		"no call at all":      {},
		"unknown":             {Kind: "x", Chat: "-7"},
		"create":              {Kind: messenger.CallCreateChat, Title: "x"},
		"reset":               {Kind: messenger.CallResetLink, Chat: "-7"},
		"no chat":             {Kind: messenger.CallInviteLink},
		"a path":              {Kind: messenger.CallInviteLink, Chat: "-7/members"},
		"no title":            rename(" "),
		"a title without end": rename(strings.Repeat("ы", 201)),
		"nobody":              add(0),
		"below nobody":        add(-1),
		"the bot comes":       add(testBot),
		"the bot goes":        remove(testBot),
		"nobody goes":         remove(0),
		"the bot promotes":    promote(testBot),
		"the bot demotes":     demote(testBot),
		"no text":             say(" \n"),
		"a text without end":  say(strings.Repeat("ы", 4001)),
		"no random id":        {Kind: messenger.CallSendMessage, Chat: "-7", Text: "x"},
		"no message":          unsay(""),
		"a strange message":   unsay("a b"),
		"a message too long":  unsay(messenger.MessageRef(strings.Repeat("m", 129))),
	} {
		replies, err := do(t, client, add(5), call)
		require.Equal(t, bad, messenger.CodeOf(err), name)
		require.ErrorContains(t, err, "call 2 of 2", name)
		require.Empty(t, replies, name)
	}
	require.Empty(t, fake.lines(), "nothing at all is done")
}

func TestPeopleShareARequest(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, func(asked) any { return success })
	var calls []messenger.Call
	for id := range 105 {
		calls = append(calls, add(school.AccountID(id+1)))
	}
	calls = append(calls, add(105), of(messenger.CallAddMember, 8, 5), remove(5), of(messenger.CallAddMember, 8, 6))
	for id := range 51 {
		calls = append(calls, promote(school.AccountID(id+1)))
	}
	calls = append(calls, demote(5), demote(6))
	replies, err := do(t, client, calls...)
	require.NoError(t, err)
	require.Len(t, replies, len(calls))
	require.Equal(t, []string{
		"POST /chats/-7/members", "POST /chats/-7/members", "POST /chats/-7/members", "POST /chats/8/members",
		"DELETE /chats/-7/members?user_id=5", "POST /chats/8/members", "POST /chats/-7/members/admins", "POST /chats/-7/members/admins",
		"DELETE /chats/-7/members/admins/5", "DELETE /chats/-7/members/admins/6",
	}, fake.lines())
	for i, size := range []int{100, 5, 1} {
		require.Len(t, fake.body(i)["user_ids"], size)
	}
	require.Len(t, fake.body(6)["admins"], 50)
	require.Len(t, fake.body(7)["admins"], 1)
}

func TestWhoCannotBeAdded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer any
		want   []messenger.Code
	}{
		"all came":    {success, []messenger.Code{ok, ok, ok}},
		"ids":         {object{"success": false, "failed_user_ids": []int{2}}, []messenger.Code{ok, member, ok}},
		"in spite of": {object{"success": true, "failed_user_ids": []int{2}}, []messenger.Code{ok, member, ok}},
		"details": {object{"success": false, "failed_user_ids": []int{1}, "failed_user_details": []object{
			{"error_code": "add.participant.privacy", "user_ids": []int{1}}, {"error_code": "add.participant.not.found", "user_ids": []int{3}},
		}}, []messenger.Code{member, ok, member}},
		"nothing listed": {object{"success": true, "failed_user_ids": nil, "failed_user_details": nil}, []messenger.Code{ok, ok, ok}},
		"all may not":    {refuse{403, "access.denied"}, []messenger.Code{noAdd, noAdd, noAdd}},
		"no chat":        {refuse{404, "chat.not.found"}, []messenger.Code{gone, gone, gone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake := setup(t, func(asked) any { return tt.answer })
			replies, err := do(t, client, add(1), add(2), add(3))
			require.NoError(t, err)
			require.Equal(t, tt.want, codesOf(replies))
			require.Len(t, fake.lines(), 1)
		})
	}
}

func TestABotThatMayNotAddDoesNotTry(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, table(map[string]any{removing: success}))
	client.adding = false
	require.False(t, client.Features().AddMember)
	replies, err := do(t, client, add(1), add(2), remove(4242))
	require.NoError(t, err)
	require.Equal(t, []messenger.Code{noAdd, noAdd, ok}, codesOf(replies))
	require.Equal(t, []string{removing}, fake.lines())
}

func TestOneDoesNotSpoilItForTheOthers(t *testing.T) {
	t.Parallel()
	for _, answer := range []any{softly, refuse{400, "proto.payload"}, refuse{403, "access.denied"}, refuse{404, "user.not.found"}} {
		client, fake := setup(t, func(a asked) any {
			admins, _ := a.body["admins"].([]any)
			switch {
			case a.call == "GET /chats/-7/members":
				return page(nil, person(2, nil))
			case len(admins) == 1 && admins[0].(object)["user_id"] != 2.0:
				return success
			default:
				return answer
			}
		})
		replies, err := do(t, client, promote(1), promote(2), promote(3))
		require.NoError(t, err)
		require.Equal(t, []bool{true, false, true}, []bool{replies[0].Err == nil, replies[1].Err == nil, replies[2].Err == nil})
		require.GreaterOrEqual(t, len(fake.lines()), 4)
	}
}

func TestTroubleEndsDo(t *testing.T) {
	t.Parallel()
	for _, trouble := range []any{cut{}, refuse{429, "x"}, refuse{503, "x"}, refuse{401, "verify.token"}, "<html>"} {
		client, fake := wrong(t, func(a asked) any {
			if a.params.Get("user_id") == "2" {
				return trouble
			}
			return success
		})
		replies, err := do(t, client, remove(1), remove(2), remove(3))
		require.Error(t, err)
		requireHidden(t, err)
		require.Len(t, replies, 1, "what was done before is recorded")
		require.LessOrEqual(t, len(fake.lines()), 3, "what comes after is not tried")
		require.NotContains(t, fake.lines(), "DELETE /chats/-7/members?user_id=3")
	}
}

func TestWhoCannotRecordDoesNoMore(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, func(asked) any { return success })
	full := errors.New("disk full")
	err := client.Do(t.Context(), []messenger.Call{remove(1), remove(2)}, func(int, []messenger.Reply) error { return full })
	require.ErrorIs(t, err, full)
	require.Len(t, fake.lines(), 1)
}
