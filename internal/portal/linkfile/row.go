package linkfile

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/internal/oneroster/bulk"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// The columns, all of which the header has.
const (
	columnOrganisation = "organisation"
	columnIdentity     = "identity"
	columnAccount      = "account"
	columnLinkedAt     = "linkedAt"
)

var (
	columns     = []string{columnOrganisation, columnIdentity, columnAccount, columnLinkedAt}
	columnNames = strings.Join(columns, ", ")
)

// badCell tells what is wrong in a row, and what to do, without quoting it.
type badCell struct {
	column, problem string
}

// person is an identity within its organisation.
type person struct {
	organisation, identity string
}

// reading gathers the links by organisation, and checks the rows.
type reading struct {
	links map[string][]portal.Link
	// lines has where everybody stands.
	lines map[person]int
}

func (r *reading) add(row bulk.Row) *badCell {
	link, bad := linkOf(row)
	if bad != nil {
		return bad
	}
	who := person{organisation: strings.Clone(row.Get(columnOrganisation)), identity: link.Identity}
	if line, twice := r.lines[who]; twice {
		return &badCell{columnIdentity, fmt.Sprintf("the identity stands in row %d already: keep one of them", line)}
	}
	r.lines[who] = row.Line
	r.links[who.organisation] = append(r.links[who.organisation], link)
	return nil
}

func linkOf(row bulk.Row) (portal.Link, *badCell) {
	if row.Get(columnOrganisation) == "" {
		return portal.Link{}, &badCell{columnOrganisation, "the cell is empty: put the school's sourcedId there"}
	}
	link := portal.Link{Identity: strings.Clone(row.Get(columnIdentity))}
	if link.Identity == "" {
		return portal.Link{}, &badCell{columnIdentity, "the cell is empty: put the portal identity there, or leave the row out"}
	}
	account, err := strconv.ParseInt(row.Get(columnAccount), 10, 64)
	if err != nil || account <= 0 {
		return portal.Link{}, &badCell{columnAccount, "this is no account of a person: put its number there, or leave the row out"}
	}
	link.Account = school.AccountID(account)
	if text := row.Get(columnLinkedAt); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return portal.Link{}, &badCell{columnLinkedAt, "this is no time of RFC 3339, such as 2026-09-01T10:30:00+03:00: write it so, or leave the cell empty"}
		}
		link.At = at.UTC()
	}
	return link, nil
}
