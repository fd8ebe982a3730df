package rest

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// pageLimit is how many links are asked for at once.
const pageLimit = 500

// pageBody and linkBody are as on the wire; what may be missing is a pointer.
type pageBody struct {
	Links []linkBody `json:"links"`
	Next  string     `json:"next"`
	Total *int       `json:"total"`
	AsOf  *time.Time `json:"asOf"`
}

type linkBody struct {
	Identity   string           `json:"identity"`
	Account    school.AccountID `json:"account"`
	LinkedAt   time.Time        `json:"linkedAt"`
	UnlinkedAt *time.Time       `json:"unlinkedAt"`
}

// Page gives a page of account links, 500 at the most. One that contradicts itself is portal-incomplete;
// whether the pages of a reading fit together is for the caller to see.
func (c *Client) Page(ctx context.Context, organisation string, q portal.Query) (portal.Page, error) {
	query := url.Values{"limit": {strconv.Itoa(pageLimit)}}
	if !q.Since.IsZero() {
		query.Set("since", timeText(q.Since))
	}
	if q.Cursor != "" {
		query.Set("cursor", q.Cursor)
	}
	var body pageBody
	err := c.get(ctx, request{act: actLinks, path: []string{organisation, "account-links"}, query: query}, &body)
	if err != nil {
		return portal.Page{}, err
	}
	return body.page(q)
}

func (b pageBody) page(q portal.Query) (portal.Page, error) {
	switch {
	case b.Total == nil || *b.Total < 0:
		return portal.Page{}, incomplete(actLinks, "a page of links does not say how many there are in all")
	case b.AsOf == nil || b.AsOf.Unix() <= 0:
		return portal.Page{}, incomplete(actLinks, "a page of links does not say of what time it is")
	case b.Links == nil:
		return portal.Page{}, incomplete(actLinks, "a page of links has no list of them, not even an empty one")
	case len(b.Links) > *b.Total:
		return portal.Page{}, incomplete(actLinks, "a page has more links than there are in all")
	case b.Next != "" && b.Next == q.Cursor:
		return portal.Page{}, incomplete(actLinks, "a page of links is followed by itself")
	}
	page := portal.Page{Next: b.Next, Total: *b.Total, AsOf: b.AsOf.UTC(), Links: make([]portal.Link, len(b.Links))}
	for i, l := range b.Links {
		link, err := l.link(!q.Since.IsZero())
		if err != nil {
			return portal.Page{}, err
		}
		page.Links[i] = link
	}
	return page, nil
}

// link checks a link; only a reading of changes has what was unlinked.
func (b linkBody) link(changes bool) (portal.Link, error) {
	unlinked := b.UnlinkedAt != nil
	switch {
	case b.Identity == "":
		return portal.Link{}, incomplete(actLinks, "a link is nobody's")
	case unlinked && b.Account != 0:
		return portal.Link{}, incomplete(actLinks, "something is linked and unlinked")
	case unlinked && !changes:
		return portal.Link{}, incomplete(actLinks, "something is unlinked in a reading of all links that there are")
	case unlinked:
		return portal.Link{Identity: b.Identity, At: b.UnlinkedAt.UTC()}, nil
	case b.Account <= 0:
		return portal.Link{}, incomplete(actLinks, "a link has no account of a person, and is not unlinked")
	}
	return portal.Link{Identity: b.Identity, Account: b.Account, At: b.LinkedAt.UTC()}, nil
}

// timeText writes a time as the wire has it.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
