package vk

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

const (
	ok      = messenger.Code("")
	rate    = messenger.CodeRateLimited
	away    = messenger.CodeUnavailable
	refused = messenger.CodeTokenRefused
	rights  = messenger.CodeTokenRights
	bad     = messenger.CodeBadRequest
	gone    = messenger.CodeChatGone
	denied  = messenger.CodeChatDenied
	mayNot  = messenger.CodeChatRights
	foreign = messenger.CodeTokenForeign
	noAdd   = messenger.CodeAddDenied
	member  = messenger.CodeMemberRefused
	absent  = messenger.CodeMemberAbsent
)

// callKinds are the port's calls, in the order of the columns below.
var callKinds = []messenger.Call{
	{Kind: messenger.CallCreateChat, Title: "x"},
	{Kind: messenger.CallSetTitle, Chat: "7", Title: "x"},
	{Kind: messenger.CallInviteLink, Chat: "7"},
	{Kind: messenger.CallResetLink, Chat: "7"},
	{Kind: messenger.CallAddMember, Chat: "7", Account: 4242},
	{Kind: messenger.CallRemoveMember, Chat: "7", Account: 4242},
	{Kind: messenger.CallPromote, Chat: "7", Account: 4242},
	{Kind: messenger.CallDemote, Chat: "7", Account: 4242},
	{Kind: messenger.CallSendMessage, Chat: "7", Text: "4242", RandomID: 4242},
	{Kind: messenger.CallDeleteMessage, Chat: "7", Message: "4242"},
}

// meanings says what each number means for each of callKinds.
var meanings = []struct {
	vendor int
	codes  [10]messenger.Code
}{
	{1, [10]messenger.Code{away, away, away, away, away, away, away, away, away, away}},
	{3, [10]messenger.Code{bad, bad, bad, bad, noAdd, bad, bad, bad, bad, bad}},
	{5, [10]messenger.Code{refused, refused, refused, refused, refused, refused, refused, refused, refused, refused}},
	{6, [10]messenger.Code{rate, rate, rate, rate, rate, rate, rate, rate, rate, rate}},
	{7, [10]messenger.Code{rights, rights, rights, rights, noAdd, rights, rights, rights, rights, rights}},
	{8, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad, bad}},
	{9, [10]messenger.Code{rate, rate, rate, rate, rate, rate, rate, rate, rate, rate}},
	{10, [10]messenger.Code{away, away, away, away, away, away, away, away, away, away}},
	{15, [10]messenger.Code{rights, mayNot, mayNot, mayNot, member, mayNot, mayNot, mayNot, mayNot, mayNot}},
	{18, [10]messenger.Code{bad, bad, bad, bad, member, bad, bad, bad, bad, bad}},
	{23, [10]messenger.Code{bad, bad, bad, bad, noAdd, bad, bad, bad, bad, bad}},
	{27, [10]messenger.Code{rights, rights, rights, rights, noAdd, rights, rights, rights, rights, rights}},
	{28, [10]messenger.Code{refused, refused, refused, refused, refused, refused, refused, refused, refused, refused}},
	{29, [10]messenger.Code{rate, rate, rate, rate, rate, rate, rate, rate, rate, rate}},
	{32, [10]messenger.Code{away, away, away, away, away, away, away, away, away, away}},
	{36, [10]messenger.Code{away, away, away, away, away, away, away, away, away, away}},
	{43, [10]messenger.Code{away, away, away, away, away, away, away, away, away, away}},
	{100, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad, bad}},
	{103, [10]messenger.Code{bad, bad, bad, bad, member, bad, bad, bad, bad, bad}},
	{104, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad, ok}},
	{900, [10]messenger.Code{bad, bad, bad, bad, member, bad, bad, bad, mayNot, bad}},
	{901, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, mayNot, bad}},
	{902, [10]messenger.Code{bad, bad, bad, bad, member, bad, bad, bad, mayNot, bad}},
	{912, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, mayNot, bad}},
	{914, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad, bad}},
	{917, [10]messenger.Code{denied, denied, denied, denied, denied, denied, denied, denied, denied, denied}},
	{919, [10]messenger.Code{mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot}},
	{922, [10]messenger.Code{denied, denied, denied, denied, denied, denied, denied, denied, denied, denied}},
	{924, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad, mayNot}},
	{925, [10]messenger.Code{mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot}},
	{927, [10]messenger.Code{gone, gone, gone, gone, gone, gone, gone, gone, gone, gone}},
	{931, [10]messenger.Code{mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot, mayNot}},
	{932, [10]messenger.Code{bad, bad, bad, bad, member, bad, bad, bad, mayNot, bad}},
	{935, [10]messenger.Code{bad, bad, bad, bad, bad, ok, absent, absent, bad, bad}},
	{936, [10]messenger.Code{member, bad, bad, bad, member, absent, absent, absent, bad, bad}},
	{939, [10]messenger.Code{bad, bad, bad, bad, member, bad, bad, bad, bad, bad}},
	{945, [10]messenger.Code{denied, denied, denied, denied, denied, denied, denied, denied, denied, denied}},
	{946, [10]messenger.Code{denied, denied, denied, denied, denied, denied, denied, denied, denied, denied}},
	{947, [10]messenger.Code{bad, bad, bad, bad, member, bad, bad, bad, bad, bad}},
	{985, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, mayNot, bad}},
	{1012, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, mayNot, bad}},
	{1117, [10]messenger.Code{refused, refused, refused, refused, refused, refused, refused, refused, refused, refused}},
	{31337, [10]messenger.Code{bad, bad, bad, bad, bad, bad, bad, bad, bad, bad}},
}

// TestEveryNumberOfEveryCall sends each number as the failure of each call, between two calls
// that go well.
func TestEveryNumberOfEveryCall(t *testing.T) {
	t.Parallel()
	const good = 1
	for column, call := range callKinds {
		t.Run(string(call.Kind), func(t *testing.T) {
			t.Parallel()
			var vendor vkError
			client, _ := setup(t, func(c madeCall) any {
				if c.args["chat_id"] == int64(good) {
					return 1
				}
				return vendor
			})
			neighbour := messenger.Call{Kind: messenger.CallRemoveMember, Chat: ChatRef(good), Account: 1}
			for _, meaning := range meanings {
				vendor = vkError(meaning.vendor)
				want := meaning.codes[column]
				replies, err := do(t, client, neighbour, call, neighbour)
				note := fmt.Sprintf("code %d", meaning.vendor)
				require.Len(t, replies, 3, note)
				require.NoError(t, replies[0].Err, note)
				require.NoError(t, replies[2].Err, note)
				if want == ok {
					require.NoError(t, replies[1].Err, note)
					require.NoError(t, err, note)
					continue
				}
				require.Equal(t, want, messenger.CodeOf(replies[1].Err), note)
				requireHidden(t, replies[1].Err, "4242")
				requireVendor(t, replies[1].Err, meaning.vendor)
				requireEnd(t, err, want, note)
			}
		})
	}
}

// TestEveryNumberOfAPart sends each number as the error of the one peer or message that a call is about.
func TestEveryNumberOfAPart(t *testing.T) {
	t.Parallel()
	for column, call := range callKinds {
		if call.Kind != messenger.CallSendMessage && call.Kind != messenger.CallDeleteMessage {
			continue
		}
		var vendor int
		client, _ := setup(t, func(madeCall) any {
			return []any{map[string]any{
				"peer_id": 2000000007, "error": map[string]any{"code": vendor, "description": "no: " + testToken + " 4242"},
			}}
		})
		for _, meaning := range meanings {
			vendor = meaning.vendor
			want := meaning.codes[column]
			replies, err := do(t, client, call)
			note := fmt.Sprintf("code %d", vendor)
			require.Len(t, replies, 1, note)
			require.Equal(t, want, messenger.CodeOf(replies[0].Err), note)
			requireEnd(t, err, want, note)
			if want != ok {
				requireHidden(t, replies[0].Err, "4242")
				requireVendor(t, replies[0].Err, vendor)
			}
		}
	}
}

func requireVendor(t *testing.T, err error, vendor int) {
	t.Helper()
	var e *messenger.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, vendor, e.Vendor)
	require.NotEmpty(t, e.Method)
	if e.Code == messenger.CodeRateLimited {
		require.Equal(t, time.Second, e.RetryAfter)
	}
}

// requireEnd checks that Do ends with trouble of the token or of the moment, and only with that.
func requireEnd(t *testing.T, err error, code messenger.Code, note string) {
	t.Helper()
	switch code {
	case rate, away, refused, rights:
		require.Equal(t, code, messenger.CodeOf(err), note)
	default:
		require.NoError(t, err, note)
	}
}

func TestAccessDeniedOnGroupsIsTheToken(t *testing.T) {
	t.Parallel()
	for vendor, want := range map[vkError]messenger.Code{
		5: refused, 15: refused, 7: rights, 27: rights, 6: rate, 10: away, 100: bad,
	} {
		client, _ := setup(t, func(madeCall) any { return vendor })
		_, err := client.Community(t.Context())
		require.Equal(t, want, messenger.CodeOf(err))
		requireHidden(t, err)
	}
}
