package main

import (
	"strconv"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// accountsView is how the reading of a school's account links stands. It names nobody.
type accountsView struct {
	School school.ID `json:"school"`
	Name   string    `json:"name"`
	// Source is where links are read from.
	Source coded        `json:"source"`
	Links  linksReading `json:"links"`
	// People is null before the first roster.
	People *accountPeople `json:"people"`
	now    time.Time
	zone   *time.Location
}

// linksReading is how the last readings went. Nil is never.
type linksReading struct {
	// Linked counts the identities that have an account.
	Linked int `json:"linked"`
	// AsOf is the Portal's time of the last reading that was taken, ReadAt ours; CompleteAt is when
	// all links were read last.
	AsOf       *time.Time `json:"asOf"`
	ReadAt     *time.Time `json:"readAt"`
	CompleteAt *time.Time `json:"completeAt"`
	// Problem is why the last reading was not taken, null if it was; Advice is what to do about it.
	Problem *store.Problem `json:"problem"`
	Advice  string         `json:"advice"`
	// RefusedLoss is how many undone links --accept-drop accepts, 0 where no reading was refused for them.
	RefusedLoss int `json:"refusedLoss"`
}

// accountPeople counts the people of the roster in force, by whether they have an identity on the
// Portal, and by what says that they have an account.
type accountPeople struct {
	All             int `json:"all"`
	WithIdentity    int `json:"withIdentity"`
	WithoutIdentity int `json:"withoutIdentity"`
	// Portal and Roster count who is linked by the Portal's word, and by the roster's own files;
	// Unlinked who undid the link on the Portal; None who has no account and never had one that
	// we know of.
	Portal   int `json:"linkedByPortal"`
	Roster   int `json:"linkedByRoster"`
	Unlinked int `json:"unlinked"`
	None     int `json:"notLinked"`
}

func viewLinksReading(s store.LinksState) linksReading {
	v := linksReading{
		Linked: s.Linked, AsOf: utc(s.AsOf), ReadAt: utc(s.ReadAt), CompleteAt: utc(s.CompleteAt), Problem: s.Problem, RefusedLoss: s.RefusedLoss,
	}
	if s.Problem != nil {
		v.Advice = portalAdvice[portal.Code(s.Problem.Code)]
	}
	return v
}

// words say it on one line.
func (v linksReading) words(now time.Time) string {
	if v.CompleteAt == nil {
		return lo.Ternary(v.Problem == nil, "never read", "never read completely")
	}
	return strconv.Itoa(v.Linked) + " known, read " + ago(v.ReadAt, now)
}

// countAccounts counts a roster into which the Portal's links have been put.
func countAccounts(r school.Roster) accountPeople {
	v := accountPeople{All: len(r.People)}
	for _, p := range r.People {
		*lo.Ternary(p.Portal != "", &v.WithIdentity, &v.WithoutIdentity)++
		switch {
		case p.Account != 0 && p.AccountSource == school.AccountFromPortal:
			v.Portal++
		case p.Account != 0:
			v.Roster++
		case p.Unlinked:
			v.Unlinked++
		default:
			v.None++
		}
	}
	return v
}

func (v accountsView) text(p *page) {
	p.line("%s (%s)", v.Name, v.School)
	p.gap()
	l := v.Links
	p.pairs([][2]string{
		{"Read from", v.Source.Words},
		{"Links known", strconv.Itoa(l.Linked)},
		{"As of", stamp(l.AsOf, v.zone)},
		{"Read", lo.CoalesceOrEmpty(ago(l.ReadAt, v.now), "never")},
		{"All links read", lo.CoalesceOrEmpty(ago(l.CompleteAt, v.now), "never")},
		{"Problem", lo.CoalesceOrEmpty(lo.FromPtr(l.Problem).Message, "none")},
	})
	if l.Advice != "" {
		p.line("what to do: %s", l.Advice)
	}
	if l.RefusedLoss > 0 {
		p.line("--accept-drop accepts %d undone links at the most", l.RefusedLoss)
	}
	if l.CompleteAt == nil && v.Source.Code != string(linksNowhere) {
		p.line("no chat is made before all links have been read once: rollcall accounts read %s", v.School)
	}
	p.gap()
	if v.People == nil {
		p.line("the school has no roster yet")
		return
	}
	p.pairs([][2]string{
		{"People in the roster", strconv.Itoa(v.People.All)},
		{"with an identity on the Portal", strconv.Itoa(v.People.WithIdentity)},
		{"without one", strconv.Itoa(v.People.WithoutIdentity)},
		{"linked on the Portal", strconv.Itoa(v.People.Portal)},
		{"linked by the roster's own files", strconv.Itoa(v.People.Roster)},
		{"unlinked on the Portal", strconv.Itoa(v.People.Unlinked)},
		{"not linked", strconv.Itoa(v.People.None)},
	})
}

// stamp is a moment in a time zone, "" for none.
func stamp(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04")
}
