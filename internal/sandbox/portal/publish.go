package portal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/portal/rest"
)

const (
	maxChats = 100
	// maxWrites is how many idempotency keys are remembered.
	maxWrites = 10_000
)

var goodKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// chatsBody and callBody are what writes say.
type chatsBody struct {
	Chats []ChatCard `json:"chats"`
}

type callBody struct {
	Title    string    `json:"title"`
	Class    string    `json:"class"`
	Teacher  string    `json:"teacher"`
	StartsAt time.Time `json:"startsAt"`
	EndsAt   time.Time `json:"endsAt"`
	Link     string    `json:"link"`
	Audience []string  `json:"audience"`
}

func (x *exchange) putChats() (any, error) {
	var body chatsBody
	if err := x.decode(&body); err != nil {
		return nil, err
	}
	x.params["chats"] = strconv.Itoa(len(body.Chats))
	return nil, x.write(func(o *organisation) ([]change, error) {
		if err := body.check(); err != nil {
			return nil, err
		}
		at := x.world.moment()
		return lo.FilterMap(body.Chats, func(card ChatCard, _ int) (change, bool) { return o.showChat(card, at) }), nil
	})
}

func (x *exchange) removeChat() (any, error) {
	key := x.request.PathValue("key")
	x.params["key"] = key
	return nil, x.write(func(o *organisation) ([]change, error) {
		row, shown := o.chats[key]
		if !shown || !row.Shown {
			return nil, nil
		}
		row.Shown = false
		return []change{{Chat: &row}}, nil
	})
}

func (x *exchange) putCall() (any, error) {
	var body callBody
	id := x.request.PathValue("id")
	x.params["id"] = id
	if err := x.decode(&body); err != nil {
		return nil, err
	}
	return nil, x.write(func(o *organisation) ([]change, error) {
		if err := body.check(); err != nil {
			return nil, err
		}
		ch, changed := o.showCall(id, CallCard(body), x.world.moment())
		return lo.Ternary(changed, []change{ch}, nil), nil
	})
}

func (x *exchange) removeCall() (any, error) {
	id := x.request.PathValue("id")
	x.params["id"] = id
	return nil, x.write(func(o *organisation) ([]change, error) {
		row := o.calls[id]
		if !row.Shown {
			return nil, nil
		}
		row.Shown = false
		return []change{{Call: &row}}, nil
	})
}

// write makes the changes that a request asks for, all or none.
func (x *exchange) write(ask func(*organisation) ([]change, error)) error {
	key := x.request.Header.Get(rest.HeaderIdempotency)
	if !goodKey.MatchString(key) {
		return refuse(codeBadRequest, "give an Idempotency-Key of 1 to 128 letters, digits, - and _")
	}
	w := x.world
	w.mu.Lock()
	defer w.mu.Unlock()
	o, err := w.organisation(x.entry.Organisation)
	if err != nil {
		return err
	}
	scoped, print := x.key+"\n"+key, x.fingerprint()
	if w.writes.conflicts(scoped, print) {
		return refuse(codeConflict, "give every write a key of its own")
	}
	changes, err := ask(o)
	if err != nil {
		return err
	}
	if err := w.commit(changes...); err != nil {
		return err
	}
	w.writes.note(scoped, print)
	return nil
}

type fingerprint [sha256.Size]byte

// fingerprint stands for what a write is.
func (x *exchange) fingerprint() fingerprint {
	return sha256.Sum256(append([]byte(x.request.Method+" "+x.request.RequestURI+"\n"), x.body...))
}

// writes are the latest that were done, by their idempotency keys.
type writes struct {
	byKey map[string]fingerprint
	order []string
}

func (w *writes) conflicts(key string, print fingerprint) bool {
	before, ok := w.byKey[key]
	return ok && before != print
}

func (w *writes) note(key string, print fingerprint) {
	if w.byKey == nil {
		w.byKey = map[string]fingerprint{}
	}
	if _, ok := w.byKey[key]; !ok {
		w.order = append(w.order, key)
	}
	w.byKey[key] = print
	if len(w.order) > maxWrites {
		delete(w.byKey, w.order[0])
		w.order = w.order[1:]
	}
}

// showChat gives the change that shows a chat so, if it is not shown so already.
func (o *organisation) showChat(card ChatCard, at time.Time) (change, bool) {
	card.Audience = inOrder(card.Audience)
	row := o.chats[card.Key]
	if row.Shown && reflect.DeepEqual(row.ChatCard, card) {
		return change{}, false
	}
	if !row.Shown {
		row.VisibleAt = at
	}
	row.Organisation, row.ChatCard, row.Shown = o.ID, card, true
	row.Changes++
	return change{Chat: &row}, true
}

// showCall gives the change that shows a call so, if it is not shown so already.
func (o *organisation) showCall(id string, card CallCard, at time.Time) (change, bool) {
	card.Audience = inOrder(card.Audience)
	card.StartsAt, card.EndsAt = card.StartsAt.UTC(), card.EndsAt.UTC()
	row := o.calls[id]
	if row.Shown && reflect.DeepEqual(row.CallCard, card) {
		return change{}, false
	}
	if !row.Shown {
		row.VisibleAt = at
	}
	row.Organisation, row.ID, row.CallCard, row.Shown = o.ID, id, card, true
	row.Links = lo.Uniq(append(slices.Clone(row.Links), card.Link))
	row.LinksShown = len(row.Links)
	row.Changes++
	return change{Call: &row}, true
}

// inOrder gives an audience sorted, everybody once; nil if it is empty.
func inOrder(audience []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(audience)))
}

// decode reads the body into what it must be.
func (x *exchange) decode(into any) error {
	if kind, _, err := mime.ParseMediaType(x.request.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(codeBadRequest, "send application/json")
	}
	decoder := json.NewDecoder(bytes.NewReader(x.body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if _, end := decoder.Token(); err == nil && !errors.Is(end, io.EOF) {
		err = errors.New("there is more than one value")
	}
	if err != nil {
		return refuse(codeBadRequest, "send one JSON object as it is described: "+err.Error())
	}
	return nil
}

func (b chatsBody) check() error {
	if len(b.Chats) == 0 || len(b.Chats) > maxChats {
		return refuse(codeInvalid, fmt.Sprintf("give from 1 to %d chats", maxChats))
	}
	if len(lo.FindDuplicatesBy(b.Chats, func(c ChatCard) string { return c.Key })) > 0 {
		return refuse(codeInvalid, "give each chat once")
	}
	for _, c := range b.Chats {
		if c.Key == "" || c.Type == "" {
			return refuse(codeInvalid, "give every chat a key and a type")
		}
		if err := checkShown(c.Title, c.Link, c.Audience); err != nil {
			return err
		}
	}
	return nil
}

func (b callBody) check() error {
	if b.StartsAt.IsZero() || !b.EndsAt.After(b.StartsAt) {
		return refuse(codeInvalid, "give startsAt, and endsAt after it")
	}
	return checkShown(b.Title, b.Link, b.Audience)
}

// checkShown checks what chats and calls have in common.
func checkShown(title, link string, audience []string) error {
	address, err := url.Parse(link)
	switch {
	case title == "":
		return refuse(codeInvalid, "give a title")
	case err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "":
		return refuse(codeInvalid, "give the link as an absolute http or https address")
	case audience == nil || slices.Contains(audience, ""):
		return refuse(codeInvalid, "give the audience as a list of identities; it may be empty")
	}
	return nil
}
