package vk

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

const (
	// PollPath is where long polls go, with the community's id behind it.
	PollPath = "/longpoll/"
	// PollMethod is the name of a long poll in the request log and for faults. An error fault's code is
	// what has failed: 1, 2 or 3.
	PollMethod = "a_check"

	usualWait = 25
	maxWait   = 90
)

// What a long poll can fail with.
const (
	failedHistory = 1 // events were lost: go on from the ts that is given
	failedKey     = 2 // get another key
	failedAll     = 3 // get another key and ts
)

type longPollServer struct {
	Key    string `json:"key"`
	Server string `json:"server"`
	TS     string `json:"ts"`
}

func getLongPollServer(w *World, c *community, p *params) (any, error) {
	p.integer("group_id", 1, anyID)
	if p.err != nil {
		return nil, p.err
	}
	if c.stream.key == "" {
		row := c.stream.row(c.ID)
		row.Key = rand.Text()
		if err := w.commit(change{Stream: row}); err != nil {
			return nil, err
		}
	}
	return longPollServer{
		Key: c.stream.key, Server: p.origin + PollPath + strconv.FormatInt(c.ID, 10), TS: strconv.FormatInt(c.stream.last(), 10),
	}, nil
}

// polled is the answer to a long poll.
type polled struct {
	Failed  int      `json:"failed,omitempty"`
	TS      any      `json:"ts,omitempty"` // a number where the poll failed, else a string, as VK has it
	Updates []update `json:"updates,omitempty"`
}

func (p polled) MarshalJSON() ([]byte, error) {
	type plain polled // without this method
	if p.Failed != 0 {
		return json.Marshal(plain(p))
	}
	return json.Marshal(struct {
		TS      any      `json:"ts"`
		Updates []update `json:"updates"`
	}{p.TS, append([]update{}, p.Updates...)})
}

// servePoll answers a long poll. It has no part in the limit of requests.
func (w *World) servePoll(rw http.ResponseWriter, r *http.Request, p *params) {
	group, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, PollPath), 10, 64)
	if err != nil || p.values["act"] != PollMethod {
		http.Error(rw, "poll with act="+PollMethod, http.StatusBadRequest)
		return
	}
	x := &exchange{world: w, entry: traffic.Entry{At: w.now(), GroupID: group, Method: PollMethod, RemoteAddr: r.RemoteAddr}}
	answer, err := x.poll(r.Context(), group, p)
	err = x.settle(r.Context(), err)
	x.entry.Calls = []traffic.Call{{Method: PollMethod, Params: lo.OmitByKeys(p.logged(), []string{"key"}), Fault: x.entry.Fault}}
	w.log.Add(x.entry)
	var body []byte
	if err == nil {
		body, err = json.Marshal(answer)
	}
	x.reply(rw, p, body, err)
}

func (x *exchange) poll(ctx context.Context, group int64, p *params) (polled, error) {
	fault, struck := x.world.faults.Request(group, PollMethod)
	if struck {
		x.entry.Fault = fault.Mode
	}
	err := x.suffer(ctx, fault)
	if refusal, ok := errors.AsType[*apiError](err); ok {
		return x.world.failedPoll(group, refusal.code), nil
	}
	if err != nil {
		return polled{}, err
	}
	wait := p.integerOr("wait", usualWait, 0, anyID)
	if p.err != nil {
		wait = usualWait
	}
	timer := time.NewTimer(time.Duration(min(wait, maxWait)) * time.Second)
	defer timer.Stop()
	for over := false; ; {
		answer, moved := x.world.look(group, p.values["key"], p.values["ts"])
		if over || answer.Failed != 0 || len(answer.Updates) > 0 {
			return answer, nil
		}
		select {
		case <-moved:
		case <-timer.C:
			over = true
		case <-ctx.Done():
			return polled{}, errHangUp
		case <-x.world.life.Done():
			return polled{}, errHangUp
		}
	}
}

// look gives what there is to tell now, and a channel that is closed when that changes.
func (w *World) look(group int64, key, ts string) (polled, <-chan struct{}) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	c, ok := w.state.communities[group]
	if !ok || key == "" {
		return polled{Failed: failedKey}, nil
	}
	s := c.stream
	seen, err := strconv.ParseInt(ts, 10, 64)
	switch {
	case key == s.forgotten:
		return polled{Failed: failedAll}, nil
	case key != s.key:
		return polled{Failed: failedKey}, nil
	case err != nil, seen < s.before, seen > s.last():
		return polled{Failed: failedHistory, TS: s.last()}, nil
	}
	updates := lo.Map(s.after(seen), func(e event, _ int) update { return e.update("") })
	return polled{TS: strconv.FormatInt(s.last(), 10), Updates: updates}, s.moved
}

// failedPoll makes a poll fail although nothing is wrong.
func (w *World) failedPoll(group int64, failed int) polled {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if c, ok := w.state.communities[group]; ok && failed == failedHistory {
		return polled{Failed: failed, TS: c.stream.last()}
	}
	return polled{Failed: failed}
}
