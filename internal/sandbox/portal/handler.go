package portal

import (
	"crypto/hmac"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

const (
	maxBody = 1 << 20
	maxSkew = 5 * time.Minute
)

// The requests' names, in the log and for faults.
const (
	methodLinks      = "portal.links"
	methodPutChats   = "portal.putChats"
	methodRemoveChat = "portal.removeChat"
	methodPutCall    = "portal.putCall"
	methodRemoveCall = "portal.removeCall"
	methodCheck      = "portal.check"
	methodUnknown    = "portal.unknown"
	// anyMethod as a fault's method stands for all of them.
	anyMethod = "portal.*"
)

// Ends of an exchange that are no answers of the Portal's.
var (
	errHangUp  = errors.New("the connection is to be closed")
	errHTTP500 = errors.New("the answer is to be HTTP 500")
)

// exchange is one request while it is being answered.
type exchange struct {
	world   *World
	request *http.Request
	body    []byte
	key     string
	entry   traffic.Entry
	params  map[string]string
	// loseReply: what is performed stays so, but nobody hears of it.
	loseReply bool
}

func (w *World) routes() {
	const of = "/v1/organisations/{organisation}"
	on := func(pattern, method string, perform func(*exchange) (any, error)) {
		w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) { w.serve(rw, r, method, perform) })
	}
	on("GET "+of, methodCheck, (*exchange).check)
	on("GET "+of+"/account-links", methodLinks, (*exchange).links)
	on("PUT "+of+"/chats", methodPutChats, (*exchange).putChats)
	on("DELETE "+of+"/chats/{key}", methodRemoveChat, (*exchange).removeChat)
	on("PUT "+of+"/calls/{id}", methodPutCall, (*exchange).putCall)
	on("DELETE "+of+"/calls/{id}", methodRemoveCall, (*exchange).removeCall)
	on("/", methodUnknown, func(*exchange) (any, error) {
		return nil, refuse(codeBadRequest, "there is no such address, or not with this method")
	})
}

// ServeHTTP answers as the Portal does. Where it is mounted below a prefix, the prefix is to be stripped from
// the address, as http.StripPrefix does: signatures are of the request line as it was sent.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.mux.ServeHTTP(rw, r) }

func (w *World) serve(rw http.ResponseWriter, r *http.Request, method string, perform func(*exchange) (any, error)) {
	x := &exchange{world: w, request: r, params: map[string]string{}, entry: traffic.Entry{
		At: w.now(), Method: method, Organisation: r.PathValue("organisation"), RemoteAddr: r.RemoteAddr, Calls: []traffic.Call{},
	}}
	result, err := x.answer(rw, perform)
	x.entry.ErrorCode = statusOf(err)
	w.log.Add(x.entry)
	x.reply(rw, result, err)
}

// answer admits the request and performs it, unless its fault is against it.
func (x *exchange) answer(rw http.ResponseWriter, perform func(*exchange) (any, error)) (any, error) {
	if err := x.admit(rw); err != nil {
		return nil, err
	}
	fault, struck := x.world.faults.Request(0, x.entry.Method)
	if !struck {
		fault, _ = x.world.faults.Call(0, anyMethod)
	}
	x.entry.Fault = fault.Mode
	err := x.suffer(fault)
	var result any
	if err == nil {
		result, err = perform(x)
		err = x.settle(err)
	}
	x.entry.Calls = append(x.entry.Calls, traffic.Call{
		Method: x.entry.Method, Params: x.params, ErrorCode: statusOf(err), Fault: fault.Mode,
	})
	return result, err
}

// admit lets the request in: its size, its key and signature, its clock, its rate.
func (x *exchange) admit(rw http.ResponseWriter) error {
	body, err := io.ReadAll(http.MaxBytesReader(rw, x.request.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refuse(codeTooLarge, "send at most 1 MiB")
	}
	if err != nil {
		return errHangUp
	}
	x.body = body
	header := x.request.Header
	x.key = header.Get(rest.HeaderKey)
	secret, known := x.world.secret(x.key)
	timestamp := header.Get(rest.HeaderTimestamp)
	due := rest.Sign(secret, timestamp, x.request.Method, x.request.RequestURI, body)
	if !known || !hmac.Equal([]byte(due), []byte(header.Get(rest.HeaderSignature))) {
		return refuse(codeBadSignature, "sign with a key that is registered")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return refuse(codeBadRequest, "give X-Portal-Timestamp in Unix seconds")
	}
	if x.entry.At.Sub(time.Unix(seconds, 0)).Abs() > maxSkew {
		return refuse(codeClockSkew, "set the clock: the Portal takes 5 minutes")
	}
	if !x.world.limiter.Allow(x.key) {
		return refuse(codeTooMany, "")
	}
	return nil
}

func (w *World) secret(key string) (string, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	secret, ok := w.state.keys[key]
	return secret, ok
}

// suffer does what a fault does before the request is performed. The zero fault does nothing.
func (x *exchange) suffer(fault traffic.Fault) error {
	switch fault.Mode {
	case traffic.ModeError:
		return refuseWith(fault.ErrorCode, "a fault")
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

// settle makes of every error a refusal or one of the ends: what else goes wrong is trouble of our own.
func (x *exchange) settle(err error) error {
	_, refusal := errors.AsType[*problem](err)
	switch {
	case err == nil, refusal, errors.Is(err, errHangUp), errors.Is(err, errHTTP500):
		return err
	case errors.Is(err, ErrUnknown):
		return refuse(codeUnknown, "register the organisation, or mend its id")
	}
	x.world.logger.Error("a request could not be served", "method", x.entry.Method, "error", err)
	return refuse(codeInternal, "")
}

func (x *exchange) reply(rw http.ResponseWriter, result any, err error) {
	if x.loseReply || errors.Is(err, errHangUp) {
		panic(http.ErrAbortHandler) // the server's way to close a connection without an answer
	}
	if errors.Is(err, errHTTP500) {
		http.Error(rw, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	if refusal, ok := errors.AsType[*problem](err); ok {
		refusal.reply(rw)
		return
	}
	if result == nil {
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := json.Marshal(result)
	if err != nil {
		// Unreachable: texts, numbers and times of this age always encode.
		panic(err)
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(body) // a client that is gone needs no answer
}

// checked is the answer to whether all is well with a key and an organisation.
type checked struct {
	Organisation string    `json:"organisation"`
	Name         string    `json:"name"`
	Time         time.Time `json:"time"`
}

func (x *exchange) check() (any, error) {
	x.world.mu.RLock()
	defer x.world.mu.RUnlock()
	o, err := x.world.organisation(x.entry.Organisation)
	if err != nil {
		return nil, err
	}
	return checked{Organisation: o.ID, Name: o.Name, Time: x.entry.At.UTC()}, nil
}
