package accounts

import (
	"fmt"
	"maps"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/portal"
)

// BadReadError says why a reading is not taken. It holds counts, and no identity or account.
type BadReadError struct {
	// Problem says what is wrong, Advice what to do.
	Problem, Advice string
	// Loss is how many links the reading would undo, where that is what is wrong; 0 else.
	Loss int
}

func (e *BadReadError) Error() string {
	return fmt.Sprintf("account links: %s: %s", e.Problem, e.Advice)
}

const (
	adviceAgain  = "nothing was changed; read again, and if it stays so, have the Portal's answers looked into"
	adviceRepair = "nothing was changed; have the links corrected on the Portal, and read again"
)

// check refuses a reading that contradicts itself or what is known. It gives the reading's links by
// identity, the latest word of each. An unlink in a complete reading says no more than that the identity is
// not there.
func (l Links) check(r Reading) (map[string]portal.Link, error) {
	bad := func(advice, format string, a ...any) (map[string]portal.Link, error) {
		return nil, &BadReadError{Problem: fmt.Sprintf(format, a...), Advice: advice}
	}
	if len(r.Links) != r.Total {
		return bad(adviceAgain, "%d links were read, and the Portal says that there are %d", len(r.Links), r.Total)
	}
	if r.AsOf.IsZero() || r.AsOf.Before(l.AsOf) {
		return bad(adviceAgain, "the reading is older than the last one, or does not say of when it is")
	}
	if n := lo.CountBy(r.Links, func(x portal.Link) bool { return x.Identity == "" || x.Account < 0 }); n > 0 {
		return bad(adviceRepair, "%d of %d links have no identity, or an account that cannot be a person's", n, r.Total)
	}
	told, torn := map[string]portal.Link{}, map[string]bool{}
	for _, link := range r.Links {
		other, twice := told[link.Identity]
		if twice && other.Account != link.Account {
			torn[link.Identity] = true
		}
		if !twice || link.At.After(other.At) {
			told[link.Identity] = link
		}
	}
	if len(torn) > 0 {
		return bad(adviceRepair, "%d of %d identities have several accounts", len(torn), len(told))
	}
	if r.Complete {
		maps.DeleteFunc(told, func(_ string, link portal.Link) bool { return link.Account == 0 })
	}
	return told, nil
}
