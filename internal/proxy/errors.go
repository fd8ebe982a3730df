package proxy

import (
	"fmt"
	"net/http"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Kind is what a proxy failed with.
type Kind string

// The kinds.
const (
	Unreachable Kind = "unreachable" // nobody answers at its address, or nobody who is a proxy
	Slow        Kind = "slow"        // reached, and it does not answer in time
	Login       Kind = "login"       // it wants a login, or refuses the one it got (407; tinyproxy says 401 to a bad one)
	Denied      Kind = "denied"      // it does not let us through to the target (403 and the like)
	Stuck       Kind = "stuck"       // it does not get through to the target itself (502 and the like)
	Intercepts  Kind = "intercepts"  // it answers in the target's place, with a certificate of its own
)

// Error is what is wrong with a school's proxy. Its text names the school, the proxy's host:port and what to
// do, and holds nothing of the login and nothing that the proxy said.
type Error struct {
	Kind   Kind
	School school.ID
	// Proxy is the proxy's host:port, Target that of the address asked for.
	Proxy, Target string
	// Status is the HTTP status that the proxy answered with, 0 if it did not.
	Status int
	// LoggedIn tells that a login was given.
	LoggedIn bool
	// NoBasic tells that the proxy takes logins of other kinds only, such as NTLM.
	NoBasic bool
}

func (e *Error) Error() string {
	return fmt.Sprintf("the proxy %s of school %s %s", e.Proxy, e.School, e.what())
}

func (e *Error) what() string {
	set := "rollcall school set-proxy " + string(e.School)
	switch e.Kind {
	case Slow:
		return fmt.Sprintf("does not answer within %d s: have the school look whether it is overloaded; nothing is sent around it", int(Patience.Seconds()))
	case Login:
		return e.login(set)
	case Denied:
		return fmt.Sprintf("refuses to connect to %s (HTTP %d): have the school allow CONNECT to it", e.Target, e.Status)
	case Stuck:
		return fmt.Sprintf("does not get through to %s (HTTP %d): have the school look whether the proxy itself is online", e.Target, e.Status)
	case Intercepts:
		return fmt.Sprintf("opens the encrypted connection to %s and answers with a certificate of its own: have the school let this address pass unopened", e.Target)
	default:
		return "cannot be reached, or is no HTTP proxy: check that it runs, and its address; nothing is sent around it; set it with: " + set
	}
}

func (e *Error) login(set string) string {
	switch {
	case e.NoBasic:
		return fmt.Sprintf("takes only logins other than Basic, which is all there is here (HTTP %d): have the school allow Basic, or let us through without a login", e.Status)
	case e.LoggedIn:
		return fmt.Sprintf("refuses the login (HTTP %d): ask the school for a valid one; set it with: %s", e.Status, set)
	default:
		return fmt.Sprintf("wants a login (HTTP %d): ask the school for one; set it with --username: %s", e.Status, set)
	}
}

// Lasting tells that trying again does not help: somebody has to change something first.
func (e *Error) Lasting() bool {
	switch e.Kind {
	case Login, Denied, Intercepts:
		return true
	default:
		return false
	}
}

// kindOf tells what the status of a refused CONNECT means.
func kindOf(status int) Kind {
	switch {
	case status == http.StatusProxyAuthRequired, status == http.StatusUnauthorized:
		return Login
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return Stuck
	default:
		return Denied
	}
}
