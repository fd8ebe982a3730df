package vk

import (
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

func chatItem(id int64, title string) map[string]any {
	return map[string]any{"conversation": map[string]any{
		"peer":          map[string]any{"id": peerBase + id, "type": "chat", "local_id": id},
		"chat_settings": map[string]any{"title": title, "state": "in"},
	}, "last_message": map[string]any{"text": title}}
}

func dialogItem(id int64) map[string]any {
	return map[string]any{"conversation": map[string]any{"peer": map[string]any{"id": id, "type": "user"}}}
}

// listing answers getConversations.
func listing(items []map[string]any) func(madeCall) any {
	return func(c madeCall) any {
		from := min(int(c.args["offset"].(int64)), len(items))
		to := min(from+int(c.args["count"].(int64)), len(items))
		return map[string]any{"count": len(items), "items": items[from:to]}
	}
}

func TestFindByTitle(t *testing.T) {
	t.Parallel()
	dialogs := func(n int) []map[string]any {
		return lo.Times(n, func(i int) map[string]any { return dialogItem(int64(i + 1)) })
	}
	// A dialog with a title, a chat without one, and nothing at all.
	odd := []map[string]any{dialogItem(1), chatItem(1, "n"), {}}
	odd[0]["conversation"].(map[string]any)["chat_settings"] = map[string]any{"title": "n"}
	delete(odd[1]["conversation"].(map[string]any), "chat_settings")

	type refs = map[string]messenger.ChatRef
	tests := map[string]struct {
		items    []map[string]any
		titles   string
		want     refs
		requests int
	}{
		"nothing wanted": {nil, " ", refs{}, 0},
		"empty list":     {nil, "n", refs{}, 1},
		"found": {
			append(dialogs(3), chatItem(9, "n"), chatItem(8, "m"), chatItem(7, "o")), "n m x n", refs{"n": "9", "m": "8"}, 1,
		},
		"exactly":               {[]map[string]any{chatItem(1, "N"), chatItem(2, "n "), chatItem(3, "nn")}, "n", refs{}, 1},
		"chats only":            {odd, "n", refs{}, 1},
		"the first of two":      {[]map[string]any{chatItem(9, "n"), chatItem(4, "n"), chatItem(6, "n")}, "n", refs{"n": "4"}, 1},
		"on the third page":     {append(dialogs(450), chatItem(9, "n")), "n", refs{"n": "9"}, 3},
		"stops when all found":  {append([]map[string]any{chatItem(9, "n")}, dialogs(800)...), "n", refs{"n": "9"}, 1},
		"reads on for the rest": {append([]map[string]any{chatItem(9, "n")}, dialogs(399)...), "n m", refs{"n": "9"}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake := setup(t, listing(tt.items))
			found, err := client.FindByTitle(t.Context(), strings.Split(tt.titles, " "))
			require.NoError(t, err)
			require.Equal(t, tt.want, found)
			require.Len(t, fake.seen(), tt.requests)
		})
	}
}

func TestFindByTitleOutlivesAListThatShrinks(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, func(madeCall) any { return map[string]any{"count": 1000, "items": []any{}} })
	found, err := client.FindByTitle(t.Context(), []string{"n"})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Len(t, fake.seen(), 1)
}

func TestFindByTitleNeverTakesTroubleForAbsence(t *testing.T) {
	t.Parallel()
	for _, trouble := range []any{vkError(10), vkError(917), vkError(100), vkError(15), "sorry"} {
		client, _ := setup(t, func(madeCall) any { return trouble })
		found, err := client.FindByTitle(t.Context(), []string{"n"})
		require.NotEmpty(t, messenger.CodeOf(err))
		require.Nil(t, found)
	}
}

func communityFake(id int64, permissions any) func(madeCall) any {
	return func(c madeCall) any {
		if c.method == methodGroup {
			return map[string]any{"groups": []any{map[string]any{"id": id, "name": "Школа 1"}}, "profiles": []any{}}
		}
		return permissions
	}
}

func TestCommunity(t *testing.T) {
	t.Parallel()
	named := map[string]any{"mask": 0, "permissions": []any{
		map[string]any{"name": "manage", "setting": 1}, map[string]any{"name": "messages", "setting": 4096},
	}}
	masked := map[string]any{"mask": 4096 | 1, "permissions": []any{}}
	for _, permissions := range []any{named, masked} {
		client, fake := setup(t, communityFake(testGroup, permissions))
		community, err := client.Community(t.Context())
		require.NoError(t, err)
		require.Equal(t, messenger.Community{ID: testGroup, Name: "Школа 1"}, community)
		require.Equal(t, []int{2}, sizes(fake), "one request")
	}
}

func TestCommunityRefusesATokenThatWillNotDo(t *testing.T) {
	t.Parallel()
	photos := map[string]any{"mask": 1, "permissions": []any{map[string]any{"name": "photos"}}}
	enough := map[string]any{"mask": 4096}
	tests := map[string]struct {
		answer func(madeCall) any
		want   messenger.Code
	}{
		"another community's": {communityFake(testGroup+1, enough), foreign},
		"without messages":    {communityFake(testGroup, photos), rights},
		"nobody's":            {func(c madeCall) any { return map[string]any{"groups": []any{}, "mask": 4096} }, foreign},
		"unreadable":          {func(madeCall) any { return "sorry" }, away},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t, tt.answer)
			_, err := client.Community(t.Context())
			require.Equal(t, tt.want, messenger.CodeOf(err))
			requireHidden(t, err, "777", "778", "Школа")
		})
	}
}
