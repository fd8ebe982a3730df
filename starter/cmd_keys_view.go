package main

import (
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/store"
)

// keysView is what was done about keys. No key is in it, only ids.
type keysView struct {
	Added    uint32 `json:"added,omitempty"`
	Promoted uint32 `json:"promoted,omitempty"`
	// Resumed tells that a rotation was finished which had been begun before.
	Resumed  bool           `json:"resumed"`
	Primary  uint32         `json:"primary"`
	Resealed int            `json:"resealed"`
	Retired  []uint32       `json:"retired"`
	Kept     []keptKey      `json:"kept"`
	Unopened []unopenedView `json:"unopened"`
	Next     string         `json:"next,omitempty"`
}

// keptKey is an old key that something uses.
type keptKey struct {
	Key    uint32 `json:"key"`
	Values int    `json:"values"`
}

// unopenedView are values of a kind that do not open. Rows are the first few.
type unopenedView struct {
	Kind   string   `json:"kind"`
	Key    uint32   `json:"key"`
	Values int      `json:"values"`
	Rows   []string `json:"rows"`
}

// took takes in what was sealed anew. What did not open the last time is what does not open.
func (v *keysView) took(r store.Resealed) {
	v.Resealed += r.Values
	v.Unopened = lo.Map(r.Unopened, func(u store.Unopened, _ int) unopenedView {
		return unopenedView{Kind: u.Kind, Key: u.Key, Values: u.Values, Rows: u.Rows}
	})
}

// showKeys shows what was done, and tells by the exit code whether something does not open or is kept.
func (a *app) showKeys(v keysView) error {
	v.Retired, v.Kept, v.Unopened = orNone(v.Retired), orNone(v.Kept), orNone(v.Unopened)
	if err := a.show(v); err != nil {
		return err
	}
	if len(v.Kept)+len(v.Unopened) > 0 {
		return errIncomplete
	}
	return nil
}

func (v keysView) text(p *page) {
	if v.Resumed {
		p.line("a rotation that had been begun was finished; for another key ask again")
	}
	if v.Added != 0 {
		p.line("key %d: made", v.Added)
	}
	if v.Promoted != 0 {
		p.line("key %d: seals from now on", v.Promoted)
	}
	if v.Resealed > 0 {
		p.line("%s sealed anew with key %d", valueCount(v.Resealed), v.Primary)
	}
	for _, id := range v.Retired {
		p.line("key %d: taken away, nothing uses it", id)
	}
	for _, k := range v.Kept {
		p.line("key %d: kept, it is in use by %s", k.Key, valueCount(k.Values))
	}
	if p.b.Len() == 0 {
		p.line("key %d seals everything: there is nothing to do", v.Primary)
	}
	for _, u := range v.Unopened {
		more := lo.Ternary(u.Values > len(u.Rows), ", …", "")
		p.line("does not open: %s of kind %s, key %d: %s%s", valueCount(u.Values), u.Kind, u.Key, strings.Join(u.Rows, ", "), more)
	}
	if len(v.Unopened) > 0 {
		p.line("what to do about it is in docs/keys.md")
	}
	if v.Next != "" {
		p.line("next: %s", v.Next)
	}
}

func valueCount(n int) string {
	return fmt.Sprintf("%d %s", n, lo.Ternary(n == 1, "value", "values"))
}

func orNone[T any](s []T) []T { return append([]T{}, s...) }
