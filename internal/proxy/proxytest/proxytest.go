// Package proxytest gives tests an HTTP proxy that knows CONNECT alone, and that remembers what it did.
package proxytest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy"
)

// Options are how a proxy behaves.
type Options struct {
	// Login is the value of Proxy-Authorization that it wants, "" for none.
	Login string
	// Challenge is its Proxy-Authenticate; "" is Basic.
	Challenge string
	// Status is what it refuses everything with, 0 for nothing.
	Status int
	// Silent has it take connections and never answer.
	Silent bool
	// Garbage has it answer with what is no HTTP.
	Garbage bool
	// Target is where it connects to whatever it is asked for, "" for what it is asked for.
	Target string
}

// Proxy is a proxy that runs.
type Proxy struct {
	options  Options
	listener net.Listener
	group    sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	open     map[net.Conn]struct{}
	asked    []*http.Request
	outgoing []string
}

// New starts a proxy that ends with the test.
func New(t testing.TB, o Options) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Proxy{options: o, listener: listener, open: map[net.Conn]struct{}{}}
	p.group.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Settings are those of the proxy, without a login.
func (p *Proxy) Settings() proxy.Settings {
	address, _ := p.listener.Addr().(*net.TCPAddr)
	return proxy.Settings{Server: address.IP.String(), Port: address.Port}
}

// Close ends the proxy and everything that goes through it. Nobody answers at its address any more.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	_ = p.listener.Close()
	for conn := range p.open {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.group.Wait()
}

// Asked gives the requests that it got, oldest first.
func (p *Proxy) Asked() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Made tells whether a connection from this address, host:port, was made by the proxy.
func (p *Proxy) Made(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.outgoing, address)
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.keep(conn) {
			p.group.Go(func() { p.serve(conn) })
		}
	}
}

// keep has a connection closed with the proxy.
func (p *Proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close()
		return false
	}
	p.open[conn] = struct{}{}
	return true
}

func (p *Proxy) drop(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	_ = conn.Close()
}

func (p *Proxy) serve(conn net.Conn) {
	defer p.drop(conn)
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, request)
	p.mu.Unlock()
	switch {
	case p.options.Silent:
		_, _ = io.Copy(io.Discard, conn)
	case p.options.Garbage:
		_, _ = io.WriteString(conn, "220 mail ready\r\n")
	default:
		p.answer(conn, reader, request)
	}
}

func (p *Proxy) answer(conn net.Conn, reader io.Reader, request *http.Request) {
	header := http.Header{}
	status := p.options.Status
	switch {
	case request.Method != http.MethodConnect:
		status = http.StatusMethodNotAllowed
	case p.options.Login != "" && request.Header.Get("Proxy-Authorization") != p.options.Login:
		status = http.StatusProxyAuthRequired
	}
	if status == http.StatusProxyAuthRequired {
		header.Set("Proxy-Authenticate", `Basic realm="school"`)
		if p.options.Challenge != "" {
			header.Set("Proxy-Authenticate", p.options.Challenge)
		}
	}
	if status != 0 {
		_ = (&http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header}).Write(conn)
		return
	}
	target := request.Host
	if p.options.Target != "" {
		target = p.options.Target
	}
	p.connect(conn, reader, target)
}

func (p *Proxy) connect(conn net.Conn, reader io.Reader, target string) {
	out, err := net.Dial("tcp", target)
	if err != nil {
		_ = (&http.Response{StatusCode: http.StatusBadGateway, ProtoMajor: 1, ProtoMinor: 1}).Write(conn)
		return
	}
	if !p.keep(out) {
		return
	}
	defer p.drop(out)
	p.mu.Lock()
	p.outgoing = append(p.outgoing, out.LocalAddr().String())
	p.mu.Unlock()
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	p.group.Go(func() {
		_, _ = io.Copy(out, reader)
		_ = out.Close()
	})
	_, _ = io.Copy(conn, out)
}
