package vk

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// UserToken is the token of a person who manages a community.
type UserToken struct {
	GroupID int64  `json:"group_id"`
	Token   string `json:"token"`
	Account int64  `json:"account"`
}

// UserRef names a person who manages a community.
type UserRef struct {
	GroupID int64 `json:"group_id"`
	Account int64 `json:"account"`
}

// Manager is a person who manages a community, as it is now.
type Manager struct {
	GroupID   int64 `json:"group_id"`
	Account   int64 `json:"account"`
	TokenGood bool  `json:"token_good"`
}

// Room is a video call that was started in a community's name.
type Room struct {
	CallID    string    `json:"call_id"`
	JoinLink  string    `json:"join_link"`
	StartedAt time.Time `json:"started_at"`
	// StartedBy is the account whose token was used.
	StartedBy int64 `json:"started_by"`
	Finished  bool  `json:"finished"`
}

// manager is a Manager's row in the journal.
type manager struct {
	Group   int64 `json:"group"`
	Account int64 `json:"account"`
	// Token is the token's fingerprint, "" once it is revoked.
	Token string `json:"token,omitempty"`
}

// room is a Room's row in the journal.
type room struct {
	Group    int64  `json:"group"`
	ID       string `json:"id"`
	Link     string `json:"link"`
	Started  int64  `json:"started"` // Unix time
	By       int64  `json:"by"`
	Finished bool   `json:"finished,omitempty"`
}

// RegisterUserToken makes a person a manager of a community, or gives one another token. A token is
// good for one community.
func (w *World) RegisterUserToken(t UserToken) (Manager, error) {
	if t.Token == "" || t.Account <= 0 {
		return Manager{}, fmt.Errorf("%w: give a token and a positive account", ErrInvalid)
	}
	row := manager{Group: t.GroupID, Account: t.Account, Token: fingerprint(t.Token)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.community(t.GroupID); err != nil {
		return Manager{}, err
	}
	if err := w.state.free(row.Token, holder{group: row.Group, account: row.Account}); err != nil {
		return Manager{}, err
	}
	return w.putManager(row)
}

// RevokeUserToken makes a manager's token bad.
func (w *World) RevokeUserToken(r UserRef) (Manager, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.community(r.GroupID)
	if err != nil {
		return Manager{}, err
	}
	row, ok := c.managers[r.Account]
	if !ok {
		return Manager{}, fmt.Errorf("this manager of community %d is %w", r.GroupID, ErrUnknown)
	}
	row.Token = ""
	return w.putManager(row)
}

func (w *World) putManager(row manager) (Manager, error) {
	if err := w.commit(change{Manager: &row}); err != nil {
		return Manager{}, err
	}
	return row.view(), nil
}

func (m manager) view() Manager {
	return Manager{GroupID: m.Group, Account: m.Account, TokenGood: m.Token != ""}
}

func (r room) view() Room {
	return Room{
		CallID: r.ID, JoinLink: r.Link, StartedAt: time.Unix(r.Started, 0).UTC(), StartedBy: r.By, Finished: r.Finished,
	}
}

// calling gives the changes that lead to the community's managers and rooms.
func (c *community) calling() []change {
	managers := lo.Map(c.orderedManagers(), func(m manager, _ int) change { return change{Manager: &m} })
	return append(managers, lo.Map(c.rooms, func(r room, _ int) change { return change{Room: &r} })...)
}

func (c *community) orderedManagers() []manager {
	return slices.SortedFunc(maps.Values(c.managers), func(a, b manager) int { return cmp.Compare(a.Account, b.Account) })
}

// applyCalling makes the changes of managers and rooms.
func (s *state) applyCalling(ch change) error {
	if ch.Manager != nil {
		return s.of(ch.Manager.Group, func(c *community) error {
			delete(s.tokens, c.managers[ch.Manager.Account].Token)
			if ch.Manager.Token != "" {
				s.tokens[ch.Manager.Token] = holder{group: c.ID, account: ch.Manager.Account}
			}
			c.managers[ch.Manager.Account] = *ch.Manager
			return nil
		})
	}
	return s.of(ch.Room.Group, func(c *community) error {
		if i := c.room(ch.Room.ID); i >= 0 {
			c.rooms[i] = *ch.Room
		} else {
			c.rooms = append(c.rooms, *ch.Room)
		}
		return nil
	})
}

func (c *community) room(id string) int {
	return slices.IndexFunc(c.rooms, func(r room) bool { return r.ID == id })
}

type startedCall struct {
	CallID     string `json:"call_id"`
	JoinLink   string `json:"join_link"`
	OKJoinLink string `json:"ok_join_link"`
}

func startCall(w *World, c *community, p *params) (any, error) {
	p.integer("group_id", 1, anyID)
	if p.err != nil {
		return nil, p.err
	}
	code := rand.Text()
	row := &room{
		Group: c.ID, ID: newCallID(), Link: "https://vk.com/call/join/" + code, Started: w.now().Unix(), By: p.account,
	}
	if err := w.commit(change{Room: row}); err != nil {
		return nil, err
	}
	return startedCall{CallID: row.ID, JoinLink: row.Link, OKJoinLink: "https://ok.ru/videocall/" + code}, nil
}

// callIDLength is that of a UUID.
const callIDLength = 36

func newCallID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	text := hex.EncodeToString(id)
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

func finishCall(w *World, c *community, p *params) (any, error) {
	if len(p.values["call_id"]) != callIDLength {
		p.fail("call_id", "is invalid")
	}
	if p.err != nil {
		return nil, p.err
	}
	i := c.room(p.values["call_id"])
	if i < 0 || c.rooms[i].Finished {
		return nil, refuse(codeNotFound, "")
	}
	row := c.rooms[i]
	row.Finished = true
	return done, w.commit(change{Room: &row})
}
