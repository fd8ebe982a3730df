package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

func TestPublishedChats(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	type digests = map[chats.Key]string
	shown := func() digests {
		found, err := st.PublishedChats(ctx, "s")
		require.NoError(t, err)
		return found
	}
	require.Empty(t, shown())
	require.NoError(t, st.SetPublished(ctx, "s", nil))
	require.NoError(t, st.SetPublished(ctx, "s", digests{"teachers": "a", "parents:c": "b"}))
	require.Equal(t, digests{"teachers": "a", "parents:c": "b"}, shown())
	require.NoError(t, st.SetPublished(ctx, "s", digests{"teachers": "c", "students:c": "d", "subject:m": ""}))
	require.Equal(t, digests{"teachers": "c", "parents:c": "b", "students:c": "d"}, shown())
	require.NoError(t, st.SetPublished(ctx, "s", digests{"teachers": "", "parents:c": ""}))
	require.Equal(t, digests{"students:c": "d"}, shown())

	require.NoError(t, st.AddSchool(ctx, school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-2"}))
	require.NoError(t, st.SetPublished(ctx, "other", digests{"students:c": ""}))
	require.Equal(t, digests{"students:c": "d"}, shown(), "it is another school's")
}

func TestLinksOfChats(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	ctx := t.Context()
	chat, _ := newChat(t, st)
	links, err := st.Links(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, links, "it has none yet")
	e := st.NewEffects()
	e.ChatMade(chat.ID, "7")
	e.LinkRead(chat.ID, "https://vk.me/join/hush")
	require.NoError(t, e.Record(ctx))
	links, err = st.Links(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, map[chats.Key]string{"parents:c": "https://vk.me/join/hush"}, links)
	links, err = st.Links(ctx, "other")
	require.NoError(t, err)
	require.Empty(t, links)
	requireHidden(t, raw(t, url), "chats", "hush")
	_, err = open(t, url).Links(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)
}
