package vk

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/samber/lo"
)

const (
	peerBase  = 2_000_000_000
	maxChatID = 100_000_000
	anyID     = math.MaxInt64
	// loggedValue is how many bytes of a parameter the request log keeps.
	loggedValue = 4096
)

// params reads a call's parameters. The first that is missing or invalid is kept in err, and the
// method need not look before it has read all.
type params struct {
	values map[string]string
	// origin is the scheme and host under which the request came in.
	origin string
	// account is whose token it is, 0 for a community's own.
	account int64
	err     *apiError
}

func (p *params) fail(name, how string) {
	if p.err == nil {
		p.err = refuse(codeBadParam, name+" "+how)
	}
}

func (p *params) given(name string) bool { return p.values[name] != "" }

// integer reads a parameter that must be there, between two bounds.
func (p *params) integer(name string, least, most int64) int64 {
	if !p.given(name) {
		p.fail(name, "is undefined")
		return least
	}
	n, err := strconv.ParseInt(p.values[name], 10, 64)
	switch {
	case err != nil:
		p.fail(name, "not integer")
	case n < least:
		p.fail(name, fmt.Sprintf("should be greater or equal to %d", least))
	case n > most:
		p.fail(name, fmt.Sprintf("should be less or equal to %d", most))
	}
	return n
}

func (p *params) integerOr(name string, otherwise, least, most int64) int64 {
	if !p.given(name) {
		return otherwise
	}
	return p.integer(name, least, most)
}

// flag reads a boolean, as liberally as VK.
func (p *params) flag(name string) bool {
	switch p.values[name] {
	case "", "0", "false":
		return false
	default:
		return true
	}
}

// integers reads a list with commas; an absent one is empty.
func (p *params) integers(name string, least int64) []int64 {
	if !p.given(name) {
		return nil
	}
	parts := strings.Split(p.values[name], ",")
	return lo.Map(parts, func(part string, _ int) int64 {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil || n < least {
			p.fail(name, "is invalid")
		}
		return n
	})
}

// chatID reads the chat that one of the names gives, as a chat_id or a peer_id.
func (p *params) chatID() int64 { return p.integer("chat_id", 1, maxChatID) }

func (p *params) chatPeer() int64 {
	return p.integer("peer_id", peerBase+1, peerBase+maxChatID) - peerBase
}

// logged gives the parameters for the request log: no token, nothing endless.
func (p *params) logged() map[string]string {
	return lo.MapValues(lo.OmitByKeys(p.values, []string{"access_token"}), func(value, _ string) string {
		if len(value) > loggedValue {
			return strings.ToValidUTF8(value[:loggedValue], "") + "…"
		}
		return value
	})
}

// fromScript turns a script's arguments into parameters as if they had come over the wire.
func fromScript(args map[string]any) *params {
	values := make(map[string]string, len(args))
	for name, arg := range args {
		if arg != nil {
			values[name] = wireText(arg)
		}
	}
	return &params{values: values}
}

func wireText(arg any) string {
	switch arg := arg.(type) {
	case string:
		return arg
	case bool:
		return lo.Ternary(arg, "1", "0")
	case int64:
		return strconv.FormatInt(arg, 10)
	case float64:
		return strconv.FormatFloat(arg, 'f', -1, 64)
	case []any:
		return strings.Join(lo.Map(arg, func(item any, _ int) string { return wireText(item) }), ",")
	case nil:
		return ""
	default:
		encoded, err := json.Marshal(arg)
		if err != nil {
			return fmt.Sprint(arg)
		}
		return string(encoded)
	}
}
