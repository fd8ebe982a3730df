package vk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	membersPerCall = 1000
	peersPerCall   = 100
)

// Read gives the state of chats as the port says. Chats of up to 1000 members cost one API
// call each, and one more per 100 chats for the titles; all of them share requests. Members
// are sorted by account. Other communities in a chat are members with a negative account, and
// a chat's owner counts as its admin.
func (c *Client) Read(ctx context.Context, refs []messenger.ChatRef) ([]messenger.ChatState, error) {
	r := reading{
		group:    c.group,
		chats:    make([]chatReading, len(refs)),
		settings: map[int64]chatSettings{},
	}
	for i, ref := range refs {
		id, err := ParseRef(ref)
		if err != nil {
			return nil, fmt.Errorf("chat %d of %d: %w", i+1, len(refs), err)
		}
		r.chats[i] = chatReading{ref: ref, peer: peerBase + id}
	}
	if err := c.ask(ctx, r.questions()); err != nil {
		return nil, err
	}
	if err := c.ask(ctx, r.titlesAlone()); err != nil {
		return nil, err
	}
	return lo.Map(r.chats, func(chat chatReading, _ int) messenger.ChatState { return r.state(chat) }), nil
}

// question is an API call with what becomes of its result: notes, and further questions. The
// error that take gives is noted too, where it concerns one chat.
type question struct {
	call apiCall
	take func(result) ([]question, *messenger.Error)
}

func (q question) apiCalls() []apiCall { return []apiCall{q.call} }

// ask puts the questions, and those that follow from them, until there are none.
func (c *Client) ask(ctx context.Context, questions []question) error {
	for len(questions) > 0 {
		var further []question
		for batch := range pack(questions, question.apiCalls) {
			results, err := c.execute(ctx, lo.Map(batch, func(q question, _ int) apiCall { return q.call }))
			if err != nil {
				return err
			}
			for i, res := range results {
				more, failure := batch[i].take(res)
				if endsAll(failure) {
					return failure
				}
				further = append(further, more...)
			}
		}
		questions = further
	}
	return nil
}

// reading is what one Read has learnt so far.
type reading struct {
	group    int64
	chats    []chatReading
	settings map[int64]chatSettings // by peer
}

type chatReading struct {
	ref     messenger.ChatRef
	peer    int64
	members []messenger.Member
	err     *messenger.Error
}

type conversation struct {
	Peer struct {
		ID   int64  `json:"id"`
		Type string `json:"type"`
	} `json:"peer"`
	Settings *chatSettings `json:"chat_settings"`
}

type chatSettings struct {
	Title string `json:"title"`
	State string `json:"state"`
}

// inside tells whether the community is in the chat.
func (s chatSettings) inside() bool { return s.State == "" || s.State == "in" }

type membersPage struct {
	Count int `json:"count"`
	Items []struct {
		ID    school.AccountID `json:"member_id"`
		Admin bool             `json:"is_admin"`
		Owner bool             `json:"is_owner"`
	} `json:"items"`
}

func (r *reading) questions() []question {
	questions := make([]question, 0, len(r.chats)+len(r.chats)/peersPerCall+1)
	for i := range r.chats {
		questions = append(questions, r.membersFrom(i, 0))
	}
	peers := lo.Uniq(lo.Map(r.chats, func(c chatReading, _ int) int64 { return c.peer }))
	for chunk := range slices.Chunk(peers, peersPerCall) {
		questions = append(questions, r.titlesOf(chunk))
	}
	return questions
}

// titlesAlone asks once more, one by one, for chats whose members are known and whose titles
// are not: one chat that is closed to us may have spoilt the answer for the others.
func (r *reading) titlesAlone() []question {
	var questions []question
	for i := range r.chats {
		chat := &r.chats[i]
		if _, known := r.settings[chat.peer]; known || chat.err != nil {
			continue
		}
		q := r.titlesOf([]int64{chat.peer})
		note := q.take
		q.take = func(res result) ([]question, *messenger.Error) {
			_, chat.err = note(res)
			return nil, chat.err
		}
		questions = append(questions, q)
	}
	return questions
}

func (r *reading) membersFrom(index, offset int) question {
	chat := &r.chats[index]
	return question{
		call: apiCall{method: methodMembers, args: []arg{
			number("peer_id", chat.peer), number("offset", int64(offset)), number("count", membersPerCall),
			number("group_id", r.group),
		}},
		take: func(res result) ([]question, *messenger.Error) {
			var page membersPage
			if chat.err = cmp.Or(chat.err, res.decode(&page)); chat.err != nil {
				return nil, chat.err
			}
			for _, item := range page.Items {
				if item.ID != 0 && int64(item.ID) != -r.group {
					chat.members = append(chat.members, messenger.Member{Account: item.ID, Admin: item.Admin || item.Owner})
				}
			}
			if offset > 0 {
				return nil, nil
			}
			var rest []question
			for from := membersPerCall; from < page.Count; from += membersPerCall {
				rest = append(rest, r.membersFrom(index, from))
			}
			return rest, nil
		},
	}
}

func (r *reading) titlesOf(peers []int64) question {
	ids := lo.Map(peers, func(peer int64, _ int) string { return fmt.Sprint(peer) })
	return question{
		call: apiCall{method: methodConversationByID, args: []arg{
			text("peer_ids", strings.Join(ids, ",")), number("group_id", r.group),
		}},
		take: func(res result) ([]question, *messenger.Error) {
			var page struct {
				Items []conversation `json:"items"`
			}
			if failure := res.decode(&page); failure != nil {
				return nil, failure
			}
			for _, item := range page.Items {
				if item.Settings != nil {
					r.settings[item.Peer.ID] = *item.Settings
				}
			}
			return nil, nil
		},
	}
}

func (r *reading) state(chat chatReading) messenger.ChatState {
	settings, known := r.settings[chat.peer]
	failure := chat.err
	if failure == nil && (!known || !settings.inside()) {
		failure = &messenger.Error{Code: messenger.CodeChatDenied, Method: methodConversationByID}
	}
	if failure != nil {
		return messenger.ChatState{Ref: chat.ref, Err: failure}
	}
	// Pages overlap when somebody comes or goes between them.
	slices.SortFunc(chat.members, func(a, b messenger.Member) int { return cmp.Compare(a.Account, b.Account) })
	members := slices.CompactFunc(chat.members, func(a, b messenger.Member) bool { return a.Account == b.Account })
	return messenger.ChatState{Ref: chat.ref, Title: settings.Title, Members: members}
}
