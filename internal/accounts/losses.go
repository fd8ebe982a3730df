package accounts

import (
	"fmt"
	"time"

	"github.com/samber/lo"
)

// The loss guard: from how many undone links on, of those that there were, a reading is refused. They are
// counted over a day, so that a Portal that loses them a few at a time is noticed as well.
const (
	lossCount   = 5
	lossPercent = 10
	lossesFor   = 24 * time.Hour
)

// Losses are the links that were undone since some moment, of those that there were then. A link made later is
// not among them, be it undone or not; one that was undone stays among them, be it made again or not.
type Losses struct {
	// Since is our time of the first reading with a loss, zero where there was none. A day later they are
	// counted anew.
	Since time.Time `json:"since,omitzero"`
	// Linked is how many links there were before it, Lost how many of them were undone.
	Linked int `json:"linked,omitempty"`
	Lost   int `json:"lost,omitempty"`
}

// checkLoss counts the links that a reading undoes, and refuses it where they are implausibly many, by
// themselves or together with those undone before. With a reading that is accepted all the same, counting
// begins anew. A link to another account is no loss.
func (l Links) checkLoss(unlinked []string, readAt time.Time, accepted int) (Losses, error) {
	lost := lo.Filter(unlinked, func(identity string, _ int) bool { return l.Known[identity].Account != 0 })
	if len(lost) == 0 {
		return l.Losses, nil
	}
	linked := lo.CountBy(lo.Values(l.Known), func(link Link) bool { return link.Account != 0 })
	next := l.Losses
	if next.Since.IsZero() || readAt.Sub(next.Since) >= lossesFor {
		next = Losses{Since: readAt, Linked: linked, Lost: len(lost)}
	} else {
		next.Lost += lo.CountBy(lost, func(identity string) bool { return l.Known[identity].ReadAt.Before(next.Since) })
	}
	problem := ""
	switch {
	case implausible(len(lost), linked):
		problem = fmt.Sprintf("%d of %d linked identities would be unlinked", len(lost), linked)
	case implausible(next.Lost, next.Linked):
		problem = fmt.Sprintf("%d of %d linked identities would be unlinked within a day, %d of them now", next.Lost, next.Linked, len(lost))
	default:
		return next, nil
	}
	if len(lost) <= accepted {
		return Losses{}, nil
	}
	if accepted > 0 {
		problem += fmt.Sprintf(", and %d were accepted", accepted)
	}
	return l.Losses, &BadReadError{Problem: problem, Advice: adviceDrop, Loss: len(lost)}
}

const adviceDrop = "nothing was changed; if this is right, say so: rollcall accounts read SCHOOL --accept-drop; " +
	"if not, have the Portal's answers looked into"

func implausible(lost, linked int) bool { return lost >= lossCount && lost*100 >= lossPercent*linked }
