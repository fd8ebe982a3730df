package max

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// maxBody bounds what a request brings.
const maxBody = 1 << 20

// Methods in the request log and for faults are the vendor's names of the calls after this prefix, e.g.
// max.getMembers; AnyMethod as a fault's method stands for all of them.
const (
	MethodPrefix = "max."
	AnyMethod    = MethodPrefix + "*"

	methodUnknown = MethodPrefix + "unknown"
)

// Ends of an exchange that are no answers of MAX's.
var (
	errHangUp  = errors.New("the connection is to be closed")
	errHTTP500 = errors.New("the answer is to be HTTP 500")
)

// call is one of MAX's.
type call struct {
	name string
	// soft: its answer says whether it was done, and may say no.
	soft bool
	// waits: it looks after the lock itself. All others run under it.
	waits bool
	run   func(*exchange, *bot) (any, error)
}

func (w *World) routes() {
	for path, calls := range map[string]map[string]call{
		"/me": {"GET": {name: "getMyInfo", run: getMyInfo}},
		"/chats/{chat}": {
			"GET":   {name: "getChat", run: getChat},
			"PATCH": {name: "editChat", run: editChat},
		},
		"/chats/{chat}/members": {
			"GET":    {name: "getMembers", run: getMembers},
			"POST":   {name: "addMembers", run: addMembers, soft: true},
			"DELETE": {name: "removeMember", run: removeMember, soft: true},
		},
		"/chats/{chat}/members/me": {
			"GET":    {name: "getMembership", run: getMembership},
			"DELETE": {name: "leaveChat", run: leaveChat, soft: true},
		},
		"/chats/{chat}/members/admins": {
			"GET":  {name: "getAdmins", run: getAdmins},
			"POST": {name: "postAdmins", run: postAdmins, soft: true},
		},
		"/chats/{chat}/members/admins/{user}": {"DELETE": {name: "deleteAdmin", run: deleteAdmin, soft: true}},
		"/chats/{chat}/pin": {
			"GET":    {name: "getPinnedMessage", run: getPinnedMessage},
			"PUT":    {name: "pinMessage", run: pinMessage, soft: true},
			"DELETE": {name: "unpinMessage", run: unpinMessage, soft: true},
		},
		"/messages": {
			"GET":    {name: "getMessages", run: getMessages},
			"POST":   {name: "sendMessage", run: sendMessage},
			"DELETE": {name: "deleteMessage", run: deleteMessage, soft: true},
		},
		"/subscriptions": {
			"GET":    {name: "getSubscriptions", run: getSubscriptions},
			"POST":   {name: "subscribe", run: subscribe, soft: true},
			"DELETE": {name: "unsubscribe", run: unsubscribe, soft: true},
		},
		"/updates": {"GET": {name: "getUpdates", run: getUpdates, waits: true}},
	} {
		for verb, c := range calls {
			c.name = MethodPrefix + c.name
			w.on(verb+" "+path, c)
		}
		w.on(path, call{name: methodUnknown, run: func(*exchange, *bot) (any, error) {
			return nil, refuse(codeNotAllowed, "the path does not take this method")
		}})
	}
	w.on("/", call{name: methodUnknown, run: func(*exchange, *bot) (any, error) {
		return nil, refuse(codeNoPath, "there is no such path")
	}})
}

// ServeHTTP answers as MAX does. Where it is mounted below a prefix, strip that.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.mux.ServeHTTP(rw, r) }

// exchange is one request while it is being answered.
type exchange struct {
	*World
	request *http.Request
	body    []byte
	bot     int64
	entry   traffic.Entry
	params  map[string]string
	// loseReply: what is performed stays so, but nobody hears of it.
	loseReply bool
}

func (w *World) on(pattern string, c call) {
	w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
		x := &exchange{World: w, request: r, params: map[string]string{}, entry: traffic.Entry{
			At: w.now(), Method: c.name, RemoteAddr: r.RemoteAddr, Calls: []traffic.Call{},
		}}
		result, err := x.answer(rw, c)
		x.entry.ErrorCode = statusOf(err)
		w.log.Add(x.entry)
		x.reply(rw, result, err)
	})
}

// answer admits the request and performs it, unless its fault is against it.
func (x *exchange) answer(rw http.ResponseWriter, c call) (any, error) {
	if err := x.admit(rw); err != nil {
		return nil, err
	}
	fault, struck := x.faults.Request(x.bot, c.name)
	if !struck {
		fault, _ = x.faults.Call(x.bot, AnyMethod)
	}
	x.entry.Fault = fault.Mode
	x.note(c)
	err := x.suffer(fault)
	var result any
	if err == nil {
		result, err = x.perform(c)
		err = x.settle(err)
	}
	x.entry.Calls = append(x.entry.Calls, traffic.Call{Method: c.name, Params: x.params, ErrorCode: statusOf(err), Fault: fault.Mode})
	return result, err
}

// admit lets the request in: its size, its token, its rate. *Assumed*: the token is looked at before the path, refused
// requests do not count towards the rate, and long polls do.
func (x *exchange) admit(rw http.ResponseWriter) error {
	body, err := io.ReadAll(http.MaxBytesReader(rw, x.request.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refuse(codePayload, "the body is too large")
	}
	if err != nil {
		return errHangUp
	}
	x.body = body
	print := fingerprint(x.request.Header.Get("Authorization"))
	x.mu.RLock()
	id, good := x.state.tokens[print]
	x.mu.RUnlock()
	if !good {
		return refuse(codeToken, "Invalid access_token")
	}
	x.bot, x.entry.GroupID = id, id
	if !x.limiter.Allow(print) {
		return refuse(codeTooMany, "Too many requests")
	}
	return nil
}

// note keeps for the log what was asked. A subscription's body has a secret and is left out.
func (x *exchange) note(c call) {
	for name, values := range x.request.URL.Query() {
		x.params[name] = strings.Join(values, ",")
	}
	for _, name := range []string{"chat", "user"} {
		if value := x.request.PathValue(name); value != "" {
			x.params[name] = value
		}
	}
	if len(x.body) > 0 && c.name != MethodPrefix+"subscribe" {
		x.params["body"] = string(x.body)
	}
}

// suffer does what a fault does before the request is performed. The zero fault does nothing.
func (x *exchange) suffer(fault traffic.Fault) error {
	switch fault.Mode {
	case traffic.ModeError:
		return refuseAs(fault.ErrorCode)
	case traffic.ModeHTTP500:
		return errHTTP500
	case traffic.ModeDrop:
		return errHangUp
	case traffic.ModeLostReply:
		x.loseReply = true
	case traffic.ModeSlow:
		delay := time.NewTimer(fault.Delay())
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-x.request.Context().Done():
			return errHangUp
		}
	}
	return nil
}

// perform makes the call.
func (x *exchange) perform(c call) (any, error) {
	if c.waits {
		return c.run(x, nil)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.state.bots[x.bot]
	if c.soft && b.Soft > 0 {
		row := *b
		row.Soft--
		return softly("not now"), x.commit(change{Bot: &row})
	}
	return c.run(x, b)
}

// settle makes of every error a refusal or one of the ends: what else goes wrong is trouble of our own.
func (x *exchange) settle(err error) error {
	_, refusal := errors.AsType[*apiError](err)
	if err == nil || refusal || errors.Is(err, errHangUp) || errors.Is(err, errHTTP500) {
		return err
	}
	x.logger.Error("a request could not be served", "method", x.entry.Method, "error", err)
	return refuse(codeInternal, "Internal server error")
}

func (x *exchange) reply(rw http.ResponseWriter, result any, err error) {
	if x.loseReply || errors.Is(err, errHangUp) {
		panic(http.ErrAbortHandler) // the server's way to close a connection without an answer
	}
	if errors.Is(err, errHTTP500) {
		http.Error(rw, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	status := http.StatusOK
	if refusal, ok := errors.AsType[*apiError](err); ok {
		status, result = refusal.status, refusal
	}
	body, err := json.Marshal(result)
	if err != nil {
		// Unreachable: texts and numbers always encode.
		panic(err)
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // a client that is gone needs no answer
}

// decode reads the body.
func (x *exchange) decode(into any) error {
	if json.Unmarshal(x.body, into) != nil {
		return refuse(codePayload, "the body cannot be read")
	}
	return nil
}

// number reads a parameter of the query; without it, otherwise.
func (x *exchange) number(name string, otherwise, least, most int64) (int64, error) {
	text := x.request.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, refuse(codePayload, name+" is no number that is allowed")
	}
	return n, nil
}

// numbers reads a list in the query.
func (x *exchange) numbers(name string) ([]int64, error) {
	text := x.request.URL.Query().Get(name)
	if text == "" {
		return nil, nil
	}
	var list []int64
	for item := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(item, 10, 64)
		if err != nil {
			return nil, refuse(codePayload, name+" is no list of numbers")
		}
		list = append(list, n)
	}
	return list, nil
}
