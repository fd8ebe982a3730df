package accounts

import (
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Links are what the Portal has said of one organisation's account links. The zero Links are those of a
// Portal that was never read.
type Links struct {
	// Known are by identity. An identity that is not here is one of which the Portal has said nothing.
	Known map[string]Link `json:"known,omitempty"`
	// Losses are what the loss guard has counted.
	Losses Losses `json:"losses,omitzero"`
	// AsOf is the Portal's time of the last reading, the Since of the next.
	AsOf time.Time `json:"asOf,omitzero"`
	// CompleteAt is our time of the last complete reading, zero before the first.
	CompleteAt time.Time `json:"completeAt,omitzero"`
}

// Link is the Portal's last word about an identity.
type Link struct {
	// Account is 0 where the link was undone.
	Account school.AccountID `json:"account,omitempty"`
	// At is when it was linked, or unlinked, by the Portal's time.
	At time.Time `json:"at"`
	// ReadAt is our time of the reading that brought the account, or that it was undone.
	ReadAt time.Time `json:"readAt"`
}

// undoneFor is how long it is remembered at the least that a link was undone, since it was read. While the
// roster has the identity it is remembered: else an account of the roster's own files would come back.
const undoneFor = 90 * 24 * time.Hour

// Reading is what one reading of the Portal gave, all its pages together.
type Reading struct {
	// Complete tells that it has all links that there are, else it has what has changed since Links.AsOf.
	Complete bool
	Links    []portal.Link
	// Total is how many links the Portal says the reading has.
	Total int
	// AsOf is the Portal's time at which the reading began, ReadAt is ours.
	AsOf, ReadAt time.Time
}

// Options refine how a reading is taken.
type Options struct {
	// AcceptLoss is how many links may be undone by the reading whatever the loss guard says: so many
	// somebody has looked at. 0 is none.
	AcceptLoss int
	// Needed are the identities that the roster in force has; what is known of them is not forgotten.
	// Nil forgets nothing.
	Needed map[string]bool
}

// Take gives the links after a reading, and what it changes. A complete reading replaces what was known:
// linked identities that are not in it are unlinked as of the reading. A reading of changes is applied, but
// a word older than the one known is not heard. A reading that cannot be relied on is a *BadReadError and
// changes nothing.
func (l Links) Take(r Reading, o Options) (Links, Change, error) {
	told, err := l.check(r)
	if err != nil {
		return l, Change{}, err
	}
	next := Links{Known: map[string]Link{}, Losses: l.Losses, AsOf: r.AsOf, CompleteAt: l.CompleteAt}
	maps.Copy(next.Known, l.Known)
	if r.Complete {
		next.CompleteAt = r.ReadAt
		next.undoAbsent(told, r)
	}
	for identity, link := range told {
		known, ok := next.Known[identity]
		if ok && !r.Complete && link.At.Before(known.At) {
			continue
		}
		read := lo.Ternary(ok && known.Account == link.Account, known.ReadAt, r.ReadAt)
		next.Known[identity] = Link{Account: link.Account, At: link.At, ReadAt: read}
	}
	change := changeOf(l, next)
	if next.Losses, err = l.checkLoss(change.Unlinked, r.ReadAt, o.AcceptLoss); err != nil {
		return l, Change{}, err
	}
	change.Forgotten = next.forget(r.ReadAt, o.Needed)
	change.First = r.Complete && l.CompleteAt.IsZero()
	return next, change, nil
}

// forget drops the links that were undone long ago, of whom nobody needs to know any more. It gives their
// identities, sorted.
func (l Links) forget(now time.Time, needed map[string]bool) []string {
	if needed == nil {
		return nil
	}
	old := lo.PickBy(l.Known, func(identity string, link Link) bool {
		return link.Account == 0 && now.Sub(link.ReadAt) > undoneFor && !needed[identity]
	})
	identities := slices.Sorted(maps.Keys(old))
	for _, identity := range identities {
		delete(l.Known, identity)
	}
	return identities
}

// undoAbsent unlinks the linked identities that a complete reading does not have.
func (l Links) undoAbsent(told map[string]portal.Link, r Reading) {
	for identity, known := range l.Known {
		if _, ok := told[identity]; !ok && known.Account != 0 {
			l.Known[identity] = Link{At: r.AsOf, ReadAt: r.ReadAt}
		}
	}
}

// Change is what a reading has changed: identities, sorted.
type Change struct {
	// Linked have an account and had none, Moved have another one, and of Unlinked the Portal says that
	// they have none.
	Linked, Moved, Unlinked []string
	// Forgotten were unlinked long ago, and the roster no longer has them.
	Forgotten []string
	// First tells that it was the first complete reading.
	First bool
}

// Identities are all that the change is about, sorted.
func (c Change) Identities() []string {
	return slices.Sorted(slices.Values(slices.Concat(c.Linked, c.Moved, c.Unlinked, c.Forgotten)))
}

func changeOf(before, after Links) Change {
	var c Change
	for _, identity := range slices.Sorted(maps.Keys(after.Known)) {
		was, known := before.Known[identity]
		switch is := after.Known[identity]; {
		case known && was.Account == is.Account:
		case is.Account == 0:
			c.Unlinked = append(c.Unlinked, identity)
		case was.Account == 0:
			c.Linked = append(c.Linked, identity)
		default:
			c.Moved = append(c.Moved, identity)
		}
	}
	return c
}
