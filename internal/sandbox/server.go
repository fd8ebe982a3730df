package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// Options are what a Server can be told.
type Options struct {
	// Dir is the data folder; without it everything is kept in memory and ends with the process.
	// A folder serves one Server at a time.
	Dir string
	// Now is the clock, by default the system's.
	Now func() time.Time
	// RequestsPerSecond is the limit for each token, by default VK's 20; negative is no limit.
	RequestsPerSecond int
	// PortalRequestsPerSecond is the limit for each of the Portal's keys, by default 50; negative
	// is no limit.
	PortalRequestsPerSecond int
	// MaxRequestsPerSecond is the limit for each token of MAX's bots, by default MAX's 30; negative is no limit,
	// of messages neither.
	MaxRequestsPerSecond int
	// CallbackPause is the pause before an event is sent again to an address that did not take
	// it, VK's or MAX's, by default a second.
	CallbackPause time.Duration
	// Logger is told of trouble of the sandbox's own, never of tokens.
	Logger *slog.Logger
}

// Server is the sandbox. What people and VK's staff do are methods of the World in it, what is done on
// the Portal those of Portal, and what is done on MAX those of Max.
type Server struct {
	*vk.World
	Portal *portal.World
	Max    *max.World

	log    *traffic.Log
	faults *traffic.Faults
	mux    *http.ServeMux
}

// Open gives a sandbox as its data folder has it. It serves until Close, also without a
// listener of its own: it is an http.Handler.
func Open(o Options) (*Server, error) {
	s := &Server{log: traffic.NewLog(), faults: &traffic.Faults{}, mux: http.NewServeMux()}
	options := vk.Options{
		Now: o.Now, RequestsPerSecond: o.RequestsPerSecond, CallbackPause: o.CallbackPause, Log: s.log, Faults: s.faults, Logger: o.Logger,
	}
	if o.Dir != "" {
		options.Journal = filepath.Join(o.Dir, "vk.jsonl")
	}
	world, err := vk.Open(options)
	if err != nil {
		return nil, err
	}
	s.World = world
	if s.Portal, err = s.openPortal(o); err != nil {
		return nil, errors.Join(err, world.Close())
	}
	if s.Max, err = s.openMax(o); err != nil {
		return nil, errors.Join(err, world.Close(), s.Portal.Close())
	}
	s.mux.Handle(vk.Path, world)
	s.mux.Handle(vk.PollPath, world)
	s.mux.Handle(portalPath+"/", http.StripPrefix(portalPath, s.Portal))
	s.mux.Handle(maxPath+"/", http.StripPrefix(maxPath, s.Max))
	s.routes()
	return s, nil
}

func (s *Server) openPortal(o Options) (*portal.World, error) {
	options := portal.Options{Now: o.Now, RequestsPerSecond: o.PortalRequestsPerSecond, Log: s.log, Faults: s.faults, Logger: o.Logger}
	if o.Dir != "" {
		options.Journal = filepath.Join(o.Dir, "portal.jsonl")
	}
	return portal.Open(options)
}

func (s *Server) openMax(o Options) (*max.World, error) {
	options := max.Options{
		Now: o.Now, RequestsPerSecond: o.MaxRequestsPerSecond, WebhookPause: o.CallbackPause, Log: s.log, Faults: s.faults, Logger: o.Logger,
	}
	if o.Dir != "" {
		options.Journal = filepath.Join(o.Dir, "max.jsonl")
	}
	return max.Open(options)
}

// Close ends long polls and the sending of events, and lets the data folder go. Nothing may be changed
// after it.
func (s *Server) Close() error { return errors.Join(s.World.Close(), s.Portal.Close(), s.Max.Close()) }

// ServeHTTP answers both the messengers' protocols and /_sandbox/.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(rw, r) }

// AddFault puts a fault in force, behind those that are.
func (s *Server) AddFault(f traffic.Fault) error { return s.faults.Add(f) }

// Faults gives the faults in force.
func (s *Server) Faults() []traffic.Fault { return s.faults.Armed() }

// ClearFaults ends all faults.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Requests gives the log's entries after seq since, of one community or, with 0, of all.
func (s *Server) Requests(since, group int64) []traffic.Entry { return s.log.Entries(since, group) }

// RequestCounts gives the log's counts.
func (s *Server) RequestCounts() traffic.Totals { return s.log.Totals() }

// ResetRequests empties the log and its counts.
func (s *Server) ResetRequests() { s.log.Reset() }

// LastRequest gives the seq of the last request, 0 if there was none.
func (s *Server) LastRequest() int64 { return s.log.Seq() }

// WaitForRequests returns when the log has reached seq, or with the context's error.
func (s *Server) WaitForRequests(ctx context.Context, seq int64) error { return s.log.Wait(ctx, seq) }
