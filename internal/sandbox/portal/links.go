package portal

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"
)

const (
	maxLimit     = 1000
	defaultLimit = 500
	// maxReadings is how many readings are remembered.
	maxReadings = 256
)

// wireLink is a link, or that there is none any longer.
type wireLink struct {
	Identity   string    `json:"identity"`
	Account    int64     `json:"account,omitempty"`
	LinkedAt   time.Time `json:"linkedAt,omitzero"`
	UnlinkedAt time.Time `json:"unlinkedAt,omitzero"`
}

type wirePage struct {
	Links []wireLink `json:"links"`
	Next  string     `json:"next,omitempty"`
	Total int        `json:"total"`
	AsOf  time.Time  `json:"asOf"`
}

// reading is the links of an organisation as they were at a moment.
type reading struct {
	organisation string
	asOf         time.Time
	links        []wireLink // by identity
}

// readings are the latest that may be gone on with.
type readings struct {
	byID  map[string]reading
	order []string
}

func (r *readings) add(one reading) (id string) {
	if r.byID == nil {
		r.byID = map[string]reading{}
	}
	id = rand.Text()
	r.byID[id] = one
	r.order = append(r.order, id)
	if len(r.order) > maxReadings {
		delete(r.byID, r.order[0])
		r.order = r.order[1:]
	}
	return id
}

// links gives a page of a reading that goes on, or begins one.
func (x *exchange) links() (any, error) {
	query := x.request.URL.Query()
	x.params = lo.PickBy(map[string]string{
		"since": query.Get("since"), "cursor": query.Get("cursor"), "limit": query.Get("limit"),
	}, func(_, value string) bool { return value != "" })
	limit, err := parseLimit(query.Get("limit"))
	if err != nil {
		return nil, err
	}
	since, err := parseSince(query.Get("since"))
	if err != nil {
		return nil, err
	}
	x.world.mu.Lock()
	defer x.world.mu.Unlock()
	o, err := x.world.organisation(x.entry.Organisation)
	if err != nil {
		return nil, err
	}
	if cursor := query.Get("cursor"); cursor != "" {
		return x.world.resume(o, cursor, limit)
	}
	return x.world.page("", x.world.read(o, since), 0, limit), nil
}

func parseLimit(text string) (int, error) {
	if text == "" {
		return defaultLimit, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > maxLimit {
		return 0, refuse(codeBadRequest, "give limit as a number from 1 to 1000")
	}
	return limit, nil
}

func parseSince(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	since, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, refuse(codeBadRequest, "give since as a time of RFC 3339, escaped")
	}
	return since, nil
}

// read begins a reading: all that is linked, or with since all that changed after it.
func (w *World) read(o *organisation, since time.Time) reading {
	return reading{organisation: o.ID, asOf: w.moment(), links: lo.FilterMap(sorted(o.links), func(l link, _ int) (wireLink, bool) {
		if l.Account == 0 {
			return wireLink{Identity: l.Identity, UnlinkedAt: l.At}, !since.IsZero() && l.At.After(since)
		}
		return wireLink{Identity: l.Identity, Account: l.Account, LinkedAt: l.At}, l.At.After(since)
	})}
}

// resume goes on with a reading.
func (w *World) resume(o *organisation, cursor string, limit int) (wirePage, error) {
	id, from, ok := openCursor(cursor)
	r, known := w.readings.byID[id]
	if !ok || !known || r.organisation != o.ID || from > len(r.links) {
		return wirePage{}, refuse(codeExpired, "begin the reading anew")
	}
	return w.page(id, r, from, limit), nil
}

// page gives what is in a reading from a position on; a reading without an id that goes on gets one.
func (w *World) page(id string, r reading, from, limit int) wirePage {
	to := min(from+limit, len(r.links))
	page := wirePage{Links: append([]wireLink{}, r.links[from:to]...), Total: len(r.links), AsOf: r.asOf}
	if to == len(r.links) {
		return page
	}
	if id == "" {
		id = w.readings.add(r)
	}
	page.Next = sealCursor(id, to)
	return page
}

// A cursor names a reading and a position in it.
func sealCursor(id string, from int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(id + "." + strconv.Itoa(from)))
}

func openCursor(cursor string) (id string, from int, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", 0, false
	}
	id, position, _ := strings.Cut(string(text), ".")
	from, err = strconv.Atoi(position)
	return id, from, err == nil && from >= 0
}
