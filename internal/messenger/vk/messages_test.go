package vk

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

func say(chat int64, text string, random int32) messenger.Call {
	return messenger.Call{Kind: messenger.CallSendMessage, Chat: ChatRef(chat), Text: text, RandomID: random}
}

func unsay(chat, message int64) messenger.Call {
	return messenger.Call{Kind: messenger.CallDeleteMessage, Chat: ChatRef(chat), Message: messenger.MessageRef(strconv.FormatInt(message, 10))}
}

func TestAnswersToMessages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		call messenger.Call
		body string
		want messenger.Code
	}{
		"sent":                   {say(7, "x", 1), `[{"peer_id":2000000007,"message_id":0,"conversation_message_id":5}]`, ok},
		"sent, no error":         {say(7, "x", 1), `[{"conversation_message_id":5,"error":null}]`, ok},
		"sent, error in words":   {say(7, "x", 1), `[{"peer_id":2000000007,"error":"no access, SECRET"}]`, bad},
		"sent, error without id": {say(7, "x", 1), `[{"conversation_message_id":5,"error":{}}]`, bad},
		"sent to nobody":         {say(7, "x", 1), `[]`, away},
		"sent to two":            {say(7, "x", 1), `[{"conversation_message_id":5},{"conversation_message_id":6}]`, away},
		"sent, no id":            {say(7, "x", 1), `[{"peer_id":2000000007,"message_id":5}]`, away},
		"sent, plain id":         {say(7, "x", 1), `5`, away},
		"deleted":                {unsay(7, 5), `[{"conversation_message_id":5,"response":1}]`, ok},
		"deleted, not there":     {unsay(7, 5), `[{"conversation_message_id":5,"response":0}]`, ok},
		"deleted, not told of":   {unsay(7, 5), `[]`, ok},
		"deleted, too old":       {unsay(7, 5), `[{"response":0,"error":{"code":924,"description":"SECRET"}}]`, mayNot},
		"deleted, in words":      {unsay(7, 5), `[{"error":"no access, SECRET"}]`, bad},
		"deleted, another shape": {unsay(7, 5), `1`, away},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientOf(t, text200(`{"response":[`+tt.body+`]}`))
			replies, err := do(t, client, tt.call)
			require.Equal(t, tt.want == away, err != nil)
			require.Equal(t, tt.want, messenger.CodeOf(replies[0].Err))
			require.Equal(t, messenger.ChatRef("7"), replies[0].Chat)
			if tt.want != ok {
				requireHidden(t, replies[0].Err)
				require.Zero(t, replies[0].Message)
			}
		})
	}
}

func TestMessagesShareRequestsWithOtherCalls(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, town())
	long := strings.Repeat("ы", messenger.MaxText)
	calls := []messenger.Call{remove(1, 5), say(7, long, 1), unsay(7, 1), create("x"), say(7, long, 2), say(7, long, 3), say(7, long, 4)}
	for id := int32(5); id < 10; id++ {
		calls = append(calls, say(7, long, id))
	}
	replies, err := do(t, client, calls...)
	require.NoError(t, err)
	require.Len(t, replies, len(calls))
	require.Equal(t, []int{11, 2}, sizes(fake), "as many as fit a script")
	require.Equal(t, long, fake.seen()[1][0].args["message"])
}
