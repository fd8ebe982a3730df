package portal

import (
	"context"
	"slices"
	"time"

	"github.com/samber/lo"
)

// ChatCard is a chat as the Portal was last told to show it.
type ChatCard struct {
	Key      string   `json:"key"`
	Type     string   `json:"type"`
	Class    string   `json:"class,omitempty"`
	Title    string   `json:"title"`
	Link     string   `json:"link"`
	Audience []string `json:"audience,omitempty"`
}

// Chat is a chat that is shown.
type Chat struct {
	ChatCard
	// VisibleAt is since when; it starts anew where a chat is shown again.
	VisibleAt time.Time `json:"visible_at"`
	// Changes counts how many writes changed what is shown, the first included.
	Changes int `json:"changes"`
}

// CallCard is a call as the Portal was last told to show it.
type CallCard struct {
	Title    string    `json:"title"`
	Class    string    `json:"class,omitempty"`
	Teacher  string    `json:"teacher,omitempty"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Link     string    `json:"link"`
	Audience []string  `json:"audience,omitempty"`
}

// Call is a call that is shown.
type Call struct {
	ID string `json:"id"`
	CallCard
	// VisibleAt is since when; it starts anew where a call is shown again.
	VisibleAt time.Time `json:"visible_at"`
	// LinksShown counts the different links that the call ever showed, Changes how many writes
	// changed what is shown, the first included; both go on where a call is shown again.
	LinksShown int `json:"links_shown"`
	Changes    int `json:"changes"`
}

// Link is a link that is there.
type Link struct {
	Account
	LinkedAt time.Time `json:"linked_at"`
}

// State is an organisation with its links, and with what is shown.
type State struct {
	Organisation Organisation `json:"organisation"`
	Links        []Link       `json:"links"`
	Chats        []Chat       `json:"chats"`
	Calls        []Call       `json:"calls"`
}

// Seen is what one person sees; the audiences are left out, for nobody sees those. Account is 0
// where the person has linked none.
type Seen struct {
	Account
	Chats []Chat `json:"chats"`
	Calls []Call `json:"calls"`
}

// State gives an organisation as it is now, everything sorted by identity, key and id.
func (w *World) State(organisation string) (State, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	o, err := w.organisation(organisation)
	if err != nil {
		return State{}, err
	}
	return State{
		Organisation: Organisation{Organisation: o.ID, Name: o.Name},
		Links: lo.FilterMap(sorted(o.links), func(l link, _ int) (Link, bool) {
			return Link{Account: Account{Identity: l.Identity, Account: l.Account}, LinkedAt: l.At}, l.Account != 0
		}),
		Chats: o.shownChats(),
		Calls: o.shownCalls(),
	}, nil
}

// Seen gives what a person sees.
func (w *World) Seen(p Person) (Seen, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	o, err := w.organisation(p.Organisation)
	if err != nil {
		return Seen{}, err
	}
	return Seen{
		Account: Account{Identity: p.Identity, Account: o.links[p.Identity].Account},
		Chats: lo.FilterMap(o.shownChats(), func(c Chat, _ int) (Chat, bool) {
			sees := slices.Contains(c.Audience, p.Identity)
			c.Audience = nil
			return c, sees
		}),
		Calls: lo.FilterMap(o.shownCalls(), func(c Call, _ int) (Call, bool) {
			sees := slices.Contains(c.Audience, p.Identity)
			c.Audience = nil
			return c, sees
		}),
	}, nil
}

func (o *organisation) shownChats() []Chat {
	return lo.FilterMap(sorted(o.chats), func(c chat, _ int) (Chat, bool) { return c.Chat, c.Shown })
}

func (o *organisation) shownCalls() []Call {
	return lo.FilterMap(sorted(o.calls), func(c call, _ int) (Call, bool) { return c.Call, c.Shown })
}

// CallRef names a call.
type CallRef struct {
	Organisation string `json:"organisation"`
	Call         string `json:"call"`
}

// WaitForCall returns when a call is shown, or is not shown, as wanted; or with the context's error. The call
// is as it is then, nil where it is not shown.
func (w *World) WaitForCall(ctx context.Context, r CallRef, visible bool) (*Call, error) {
	for {
		shown, moved, err := w.call(r)
		if err != nil || (shown != nil) == visible {
			return shown, err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return shown, context.Cause(ctx)
		}
	}
}

// call gives a call if it is shown, and what is closed at the next change of anything.
func (w *World) call(r CallRef) (*Call, <-chan struct{}, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	o, err := w.organisation(r.Organisation)
	if err != nil {
		return nil, nil, err
	}
	if found := o.calls[r.Call]; found.Shown {
		return &found.Call, w.moved, nil
	}
	return nil, w.moved, nil
}
