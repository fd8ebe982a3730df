package portal

import (
	"errors"
	"fmt"

	"github.com/samber/lo"
)

// What acts refuse, as errors to test for.
var (
	// ErrUnknown: there is no such organisation or link.
	ErrUnknown = errors.New("not found")
	// ErrInvalid: the act makes no sense as it was told.
	ErrInvalid = errors.New("invalid")
)

// Key is a key that may sign requests, for all organisations.
type Key struct {
	ID string `json:"id"`
	// Secret is never told back.
	Secret string `json:"secret,omitempty"`
}

// Organisation is a school, by its sourcedId in the roster.
type Organisation struct {
	Organisation string `json:"organisation"`
	Name         string `json:"name"`
}

// Account is the messenger account of an identity.
type Account struct {
	Identity string `json:"identity"`
	Account  int64  `json:"account"`
}

// Linking links identities to accounts: one, or many at once.
type Linking struct {
	Organisation string    `json:"organisation"`
	Identity     string    `json:"identity,omitempty"`
	Account      int64     `json:"account,omitempty"`
	Links        []Account `json:"links,omitempty"`
}

// Linked says how many links an act changed: those that were so already do not count.
type Linked struct {
	Changed int `json:"changed"`
}

// Person is an identity in an organisation.
type Person struct {
	Organisation string `json:"organisation"`
	Identity     string `json:"identity"`
}

// RegisterKey makes a key, or gives one another secret.
func (w *World) RegisterKey(k Key) (Key, error) {
	if k.ID == "" || k.Secret == "" {
		return Key{}, fmt.Errorf("%w: give the key an id and a secret", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return Key{ID: k.ID}, w.commit(change{Key: &keyRow{ID: k.ID, Secret: k.Secret}})
}

// RegisterOrganisation makes an organisation. If it is there already, it gets this name, and all
// else stays.
func (w *World) RegisterOrganisation(o Organisation) (Organisation, error) {
	if o.Organisation == "" || o.Name == "" {
		return Organisation{}, fmt.Errorf("%w: give the organisation an id (organisation) and a name", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return o, w.commit(change{Organisation: &organisation{ID: o.Organisation, Name: o.Name}})
}

// LinkAccounts links identities to accounts, in place of those that they had; all or none.
func (w *World) LinkAccounts(l Linking) (Linked, error) {
	wanted := l.Links
	if l.Identity != "" || l.Account != 0 {
		wanted = append([]Account{{Identity: l.Identity, Account: l.Account}}, wanted...)
	}
	twice := lo.FindDuplicatesBy(wanted, func(a Account) string { return a.Identity })
	wrong := lo.ContainsBy(wanted, func(a Account) bool { return a.Identity == "" || a.Account <= 0 })
	if len(wanted) == 0 || len(twice) > 0 || wrong {
		return Linked{}, fmt.Errorf("%w: give an identity and a positive account, or links of them, each identity once", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	o, err := w.organisation(l.Organisation)
	if err != nil {
		return Linked{}, err
	}
	at := w.moment()
	changes := lo.FilterMap(wanted, func(a Account, _ int) (change, bool) {
		now := &link{Organisation: o.ID, Identity: a.Identity, Account: a.Account, At: at}
		return change{Link: now}, o.links[a.Identity].Account != a.Account
	})
	if err := w.commit(changes...); err != nil {
		return Linked{}, err
	}
	return Linked{Changed: len(changes)}, nil
}

// UnlinkAccount undoes somebody's link.
func (w *World) UnlinkAccount(p Person) (Linked, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, err := w.organisation(p.Organisation)
	if err != nil {
		return Linked{}, err
	}
	if o.links[p.Identity].Account == 0 {
		return Linked{}, fmt.Errorf("this identity's link is %w: link it first", ErrUnknown)
	}
	undone := &link{Organisation: o.ID, Identity: p.Identity, At: w.moment()}
	if err := w.commit(change{Link: undone}); err != nil {
		return Linked{}, err
	}
	return Linked{Changed: 1}, nil
}
