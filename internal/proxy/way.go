package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// maxAnswer bounds what is read of a proxy's answer to CONNECT, in bytes.
const maxAnswer = 64 << 10

// way is how a school gets out.
type way struct {
	school   school.ID
	settings Settings
	// patience is for reaching the proxy and its answer together.
	patience time.Duration
}

// open gives a connection to the target, host:port, that the proxy has opened. Its error is an *Error, or
// the context's.
func (w way) open(ctx context.Context, target string) (net.Conn, error) {
	within, cancel := context.WithTimeout(ctx, w.patience)
	defer cancel()
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(within, "tcp", w.settings.Address())
	if err == nil {
		if err = w.ask(within, conn, target); err == nil {
			return conn, nil
		}
		_ = conn.Close()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // the caller gave up: that says nothing about the proxy
	}
	if trouble, ok := errors.AsType[*Error](err); ok {
		return nil, trouble
	}
	if conn != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, w.trouble(Slow, target)
	}
	return nil, w.trouble(Unreachable, target)
}

// ask asks the proxy for the way to the target.
func (w way) ask(ctx context.Context, conn net.Conn, target string) error {
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	request := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{"User-Agent": {"rollcall"}},
	}
	if login := w.settings.login(); login != "" {
		request.Header.Set("Proxy-Authorization", login)
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	// Nothing is lost in the buffer: a target does not speak before it is spoken to.
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxAnswer)), request)
	if err != nil {
		return err
	}
	if answer.StatusCode < http.StatusOK || answer.StatusCode >= http.StatusMultipleChoices {
		return w.refused(target, answer)
	}
	if !stop() {
		return os.ErrDeadlineExceeded
	}
	return conn.SetDeadline(time.Time{})
}

func (w way) refused(target string, answer *http.Response) *Error {
	e := w.trouble(kindOf(answer.StatusCode), target)
	e.Status = answer.StatusCode
	if ways := answer.Header.Values("Proxy-Authenticate"); e.Kind == Login && len(ways) > 0 {
		e.NoBasic = !slices.ContainsFunc(ways, func(way string) bool { return strings.Contains(strings.ToLower(way), "basic") })
	}
	return e
}

func (w way) trouble(kind Kind, target string) *Error {
	return &Error{Kind: kind, School: w.school, Proxy: w.settings.Address(), Target: target, LoggedIn: w.settings.Auth}
}
