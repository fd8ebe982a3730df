package vk

import (
	"context"
	"iter"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

const conversationsPerCall = 200

// FindByTitle looks through the community's conversations, the latest first, until all titles
// are found or the list ends. It costs one request per 200 conversations.
//
// Two chats can only bear one nonce if a person copied the title by hand. Of those it has
// seen it gives the one with the lowest chat_id: VK counts up, so the chat that was
// made with the nonce comes before its copy.
func (c *Client) FindByTitle(ctx context.Context, titles []string) (map[string]messenger.ChatRef, error) {
	wanted := lo.Keyify(lo.Compact(titles))
	found := map[string]int64{}
	for offset := 0; len(found) < len(wanted); {
		page, err := c.conversations(ctx, offset)
		if err != nil {
			return nil, err
		}
		for title, id := range page.chats() {
			if _, ok := wanted[title]; !ok {
				continue
			}
			if earlier, ok := found[title]; !ok || id < earlier {
				found[title] = id
			}
		}
		offset += len(page.Items)
		if len(page.Items) == 0 || offset >= page.Count {
			break
		}
	}
	return lo.MapValues(found, func(id int64, _ string) messenger.ChatRef { return ChatRef(id) }), nil
}

type conversationsPage struct {
	Count int `json:"count"`
	Items []struct {
		Conversation conversation `json:"conversation"`
	} `json:"items"`
}

// chats gives the title and chat_id of each chat on the page.
func (p conversationsPage) chats() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for _, item := range p.Items {
			chat := item.Conversation
			id := chat.Peer.ID - peerBase
			if chat.Peer.Type != "chat" || chat.Settings == nil || id <= 0 {
				continue
			}
			if !yield(chat.Settings.Title, id) {
				return
			}
		}
	}
}

func (c *Client) conversations(ctx context.Context, offset int) (conversationsPage, error) {
	results, err := c.execute(ctx, []apiCall{{method: methodConversations, args: []arg{
		number("offset", int64(offset)), number("count", conversationsPerCall), number("group_id", c.group),
	}}})
	if err != nil {
		return conversationsPage{}, err
	}
	var page conversationsPage
	if failure := results[0].decode(&page); failure != nil {
		return conversationsPage{}, failure
	}
	return page, nil
}
