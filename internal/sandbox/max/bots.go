package max

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/samber/lo"
)

// Adding says what becomes of a bot's call that adds people to a chat.
type Adding string

// The kinds.
const (
	AddingRemoved    Adding = "removed"    // the call is refused: HTTP 403 access.denied
	AddingRestricted Adding = "restricted" // each person fails with add.participant.privacy
	AddingFull       Adding = "full"       // people are added, as the vendor's schema has it
)

// Registration makes a bot, or gives one another token and name.
type Registration struct {
	ID    int64  `json:"id"`
	Token string `json:"token"`
	Name  string `json:"name"`
}

// Switches say how MAX treats a bot.
type Switches struct {
	Adding Adding `json:"adding"`
	// Soft is how many of its next acts, of those that may, fail softly: HTTP 200, and not done.
	Soft int `json:"soft,omitempty"`
	// Duplicate has its webhooks sent twice each, Late has them held until it is off again.
	Duplicate bool `json:"duplicate,omitempty"`
	Late      bool `json:"late,omitempty"`
}

// Switching changes switches; nil leaves one as it is.
type Switching struct {
	Bot       int64   `json:"bot"`
	Adding    *Adding `json:"adding,omitempty"`
	Soft      *int    `json:"soft,omitempty"`
	Duplicate *bool   `json:"duplicate,omitempty"`
	Late      *bool   `json:"late,omitempty"`
}

// Bot is a bot as it is now.
type Bot struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Switches
	Webhooks []string `json:"webhooks"`
	// Waiting is how many events still have to be sent to some webhook.
	Waiting int `json:"waiting"`
}

// PersonAdding says how somebody takes being added by a bot.
type PersonAdding string

// The kinds of people.
const (
	PersonAllows  PersonAdding = "allowed"
	PersonRefuses PersonAdding = "refused" // their settings forbid it
	PersonMissing PersonAdding = "missing" // there is no such account
)

// Person is somebody. People need not be made: each positive id is one who may be added and is called "User n".
type Person struct {
	User   int64        `json:"user"`
	Name   string       `json:"name,omitempty"`
	Adding PersonAdding `json:"adding,omitempty"`
}

func (p Person) name(id int64) string { return cmp.Or(p.Name, fmt.Sprintf("User %d", id)) }

func (b *bot) username() string { return fmt.Sprintf("id%d_bot", b.ID) }

// RegisterBot makes a bot. If it is there already, it gets this token and name, the former token stops being good, and all
// else stays.
func (w *World) RegisterBot(r Registration) (Bot, error) {
	if r.ID <= 0 || r.Token == "" || r.Name == "" {
		return Bot{}, fmt.Errorf("%w: give a positive id, a token and a name", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	row := bot{ID: r.ID, Switches: Switches{Adding: AddingRemoved}}
	if before, ok := w.state.bots[r.ID]; ok {
		row = *before
	}
	row.Name, row.Token = r.Name, fingerprint(r.Token)
	if by, taken := w.state.tokens[row.Token]; taken && by != r.ID {
		return Bot{}, fmt.Errorf("%w: bot %d has this token, give another", ErrConflict, by)
	}
	return w.putBot(row)
}

// SetSwitches changes how MAX treats a bot.
func (w *World) SetSwitches(s Switching) (Bot, error) {
	if s.Adding != nil && !slices.Contains([]Adding{AddingRemoved, AddingRestricted, AddingFull}, *s.Adding) || lo.FromPtr(s.Soft) < 0 {
		return Bot{}, fmt.Errorf("%w: give adding as removed, restricted or full, and soft as a count", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	b, err := w.bot(s.Bot)
	if err != nil {
		return Bot{}, err
	}
	row := *b
	row.Switches = Switches{
		Adding: lo.FromPtrOr(s.Adding, b.Adding), Soft: lo.FromPtrOr(s.Soft, b.Soft),
		Duplicate: lo.FromPtrOr(s.Duplicate, b.Duplicate), Late: lo.FromPtrOr(s.Late, b.Late),
	}
	return w.putBot(row)
}

func (w *World) putBot(row bot) (Bot, error) {
	if err := w.commit(change{Bot: &row}); err != nil {
		return Bot{}, err
	}
	return w.state.bots[row.ID].view(), nil
}

// SetPerson gives somebody a name, and says how they take being added. It keeps nobody from joining by a link.
func (w *World) SetPerson(p Person) (Person, error) {
	p.Adding = cmp.Or(p.Adding, PersonAllows)
	if p.User <= 0 || !slices.Contains([]PersonAdding{PersonAllows, PersonRefuses, PersonMissing}, p.Adding) {
		return Person{}, fmt.Errorf("%w: give a positive user, and adding as allowed, refused or missing", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, isBot := w.state.bots[p.User]; isBot {
		return Person{}, fmt.Errorf("%w: %d is a bot", ErrConflict, p.User)
	}
	return p, w.commit(change{Person: &p})
}

func (b *bot) view() Bot {
	view := Bot{ID: b.ID, Name: b.Name, Switches: b.Switches, Webhooks: []string{}}
	for _, s := range b.Subscriptions {
		view.Webhooks = append(view.Webhooks, s.URL)
		view.Waiting = max(view.Waiting, len(b.stream.after(s.Delivered)))
	}
	return view
}
