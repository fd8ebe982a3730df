package main

import (
	"fmt"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// faultView is something wrong in the source, placed.
type faultView struct {
	coded
	File   string `json:"file"`
	Row    int    `json:"row"`
	Column string `json:"column"`
	// People are whom the fault names, and so protects from removal.
	People  []personView     `json:"people"`
	Classes []school.ClassID `json:"classes"`
	Advice  string           `json:"advice"`
}

func viewFaults(faults []school.Fault, who people) []faultView {
	return lo.Map(faults, func(f school.Fault, _ int) faultView {
		return faultView{
			coded: say(faultWords, f.Code), File: f.File, Row: f.Row, Column: f.Column,
			People:  lo.Map(f.People, func(id school.PersonID, _ int) personView { return who.view(id) }),
			Classes: append([]school.ClassID{}, f.Classes...), Advice: f.Advice,
		}
	})
}

// where is file:row column; a fault of a whole file has no row.
func (f faultView) where() string {
	where := f.File
	if f.Row > 0 {
		where += fmt.Sprintf(":%d", f.Row)
	}
	if f.Column != "" {
		where += " " + f.Column
	}
	return where
}

func faultTable(p *page, faults []faultView) {
	p.table([]string{"WHERE", "FAULT", "WHO", "WHAT TO DO"}, lo.Map(faults, func(f faultView, _ int) []string {
		return []string{f.where(), f.Code, joinPeople(f.People), f.Advice}
	}))
}
