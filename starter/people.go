package main

import (
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// people are those of a roster, to be looked up by id or by messenger account.
type people struct {
	byID   map[school.PersonID]school.Person
	owners map[school.AccountID]school.PersonID
}

func peopleOf(r school.Roster) people {
	linked := lo.Filter(r.People, func(p school.Person, _ int) bool { return p.Account > 0 })
	return people{
		byID:   lo.KeyBy(r.People, func(p school.Person) school.PersonID { return p.ID }),
		owners: lo.SliceToMap(linked, func(p school.Person) (school.AccountID, school.PersonID) { return p.Account, p.ID }),
	}
}

// personView is a person. The name is "" where the roster does not describe the person (any more).
type personView struct {
	ID   school.PersonID `json:"id"`
	Name string          `json:"name"`
}

func (who people) view(id school.PersonID) personView {
	return personView{ID: id, Name: who.byID[id].Name.String()}
}

// find names the person on record, else whoever the account is linked to; nil is nobody we know.
func (who people) find(id school.PersonID, account school.AccountID) *personView {
	if id = lo.CoalesceOrEmpty(id, who.owners[account]); id == "" {
		return nil
	}
	return lo.ToPtr(who.view(id))
}

// String is the name with the id, or whichever there is.
func (v personView) String() string {
	switch {
	case v.Name == "":
		return string(v.ID)
	case v.ID == "":
		return v.Name
	default:
		return fmt.Sprintf("%s (%s)", v.Name, v.ID)
	}
}

func joinPeople(all []personView) string {
	return strings.Join(lo.Map(all, func(v personView, _ int) string { return v.String() }), ", ")
}

// reasonView is a ground for being in a chat.
type reasonView struct {
	coded
	// Of is the student that a guardian stands for, null for other grounds.
	Of *personView `json:"of"`
}

func (who people) reasons(reasons []chats.Reason) []reasonView {
	return lo.Map(reasons, func(r chats.Reason, _ int) reasonView {
		v := reasonView{coded: say(reasonWords, r.Code)}
		if r.Of != "" {
			v.Of = lo.ToPtr(who.view(r.Of))
		}
		return v
	})
}

func (v reasonView) String() string {
	if v.Of == nil {
		return v.Words
	}
	return v.Words + " of " + v.Of.String()
}

func joinReasons(reasons []reasonView) string {
	return strings.Join(lo.Map(reasons, func(v reasonView, _ int) string { return v.String() }), "; ")
}

func joinWords(all []coded) string {
	return strings.Join(lo.Map(all, func(c coded, _ int) string { return c.Words }), "; ")
}
