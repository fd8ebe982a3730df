package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestPublishedChats(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	at := func(organisation string, key chats.Key) store.Shown {
		return store.Shown{Organisation: organisation, Key: key}
	}
	type digests = map[store.Shown]string
	shown := func() digests {
		found, err := st.PublishedChats(ctx, "s")
		require.NoError(t, err)
		return found
	}
	require.Empty(t, shown())
	require.NoError(t, st.SetPublished(ctx, "s", nil))
	require.NoError(t, st.SetPublished(ctx, "s", digests{at("o", "teachers"): "a", at("o", "parents:c"): "b", at("p", "parents:c"): "x"}))
	require.Equal(t, digests{at("o", "teachers"): "a", at("o", "parents:c"): "b", at("p", "parents:c"): "x"}, shown())
	require.NoError(t, st.SetPublished(ctx, "s", digests{at("o", "teachers"): "c", at("o", "students:c"): "d", at("o", "subject:m"): ""}))
	require.NoError(t, st.SetPublished(ctx, "s", digests{at("o", "teachers"): "", at("p", "parents:c"): ""}))
	require.Equal(t, digests{at("o", "parents:c"): "b", at("o", "students:c"): "d"}, shown())

	require.NoError(t, st.AddSchool(ctx, school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-2"}))
	require.NoError(t, st.SetPublished(ctx, "other", digests{at("o", "students:c"): ""}))
	require.Equal(t, digests{at("o", "parents:c"): "b", at("o", "students:c"): "d"}, shown(), "it is another school's")
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
