package max

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// The vendor's bounds on a long poll; times in seconds.
const (
	updatesPerPoll, usualUpdates = 1000, 100
	longestPoll, usualPoll       = 90, 30
)

type updateList struct {
	Updates []json.RawMessage `json:"updates"`
	Marker  *int64            `json:"marker"`
}

// getUpdates answers a long poll. A marker is the number of the next event that is expected; without one, the poll gets the
// latest event at the most. A marker from before the kept events, or from the future, is taken for the nearest good
// one, *assumed*.
func getUpdates(x *exchange, _ *bot) (any, error) {
	limit, err := x.number("limit", usualUpdates, 1, updatesPerPoll)
	if err != nil {
		return nil, err
	}
	seconds, err := x.number("timeout", usualPoll, 0, longestPoll)
	if err != nil {
		return nil, err
	}
	marker, err := x.number("marker", 0, math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	var types []string
	if text := x.request.URL.Query().Get("types"); text != "" {
		types = strings.Split(text, ",")
	}
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	for over := false; ; {
		list, next, moved := x.look(marker, int(limit), types)
		if over || len(list.Updates) > 0 {
			return list, nil
		}
		marker = next
		select {
		case <-moved:
		case <-timer.C:
			over = true
		case <-x.request.Context().Done():
			return nil, errHangUp
		case <-x.life.Done():
			return nil, errHangUp
		}
	}
}

// look gives what there is to tell from a marker on, 0 for none, the next marker, and a channel that is closed when there
// may be more.
func (x *exchange) look(marker int64, limit int, types []string) (updateList, int64, <-chan struct{}) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.state.bots[x.bot].stream
	if marker == 0 {
		marker = s.last()
	}
	next := min(max(marker, s.before+1), s.last()+1)
	list := updateList{Updates: []json.RawMessage{}}
	for _, e := range s.after(next - 1) {
		if len(list.Updates) == limit {
			break
		}
		next = e.Seq + 1
		if len(types) == 0 || slices.Contains(types, string(e.Type)) {
			list.Updates = append(list.Updates, e.Update)
		}
	}
	list.Marker = &next
	return list, next, s.moved
}
