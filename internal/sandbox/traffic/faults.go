package traffic

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Mode is what a fault does.
type Mode string

// The modes.
const (
	ModeError     Mode = "error"      // refused with ErrorCode, not performed
	ModeHTTP500   Mode = "http-500"   // answered with HTTP 500, not performed
	ModeSlow      Mode = "slow"       // performed after DelayMS
	ModeLostReply Mode = "lost-reply" // performed, then the connection is closed without an answer
	ModeDrop      Mode = "drop"       // the connection is closed, not performed
)

// AnyRequest as a fault's method stands for every request; the calls inside one do not count.
const AnyRequest = "*"

// Forever as a fault's Times keeps it until the faults are cleared.
const Forever = -1

// maxDelay bounds how long a request is held up.
const maxDelay = 10 * time.Minute

// Fault disturbs requests or calls.
type Fault struct {
	// GroupID narrows the fault to one community; 0 is all.
	GroupID int64 `json:"group_id,omitempty"`
	// Method is a method's name, sent by itself or within an execute; "execute" for those
	// requests as a whole; or AnyRequest.
	Method string `json:"method"`
	Mode   Mode   `json:"mode"`
	// ErrorCode is for ModeError.
	ErrorCode int `json:"error_code,omitempty"`
	// DelayMS is for ModeSlow, in milliseconds.
	DelayMS int64 `json:"delay_ms,omitempty"`
	// Times is how often the fault strikes; 0 is once.
	Times int `json:"times,omitempty"`
	// Skip is how many matches pass unharmed before the first strike.
	Skip int `json:"skip,omitempty"`
}

// Delay is DelayMS as a duration.
func (f Fault) Delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

func (f Fault) check() error {
	switch {
	case f.Method == "":
		return errors.New(`give the fault a method, "execute" or "*"`)
	case f.Times < Forever || f.Skip < 0:
		return errors.New("give times as a count (or -1 for ever) and skip as a count")
	case f.Mode == ModeError && f.ErrorCode <= 0:
		return errors.New("give an error fault its error_code")
	case f.Mode == ModeSlow && (f.DelayMS <= 0 || f.Delay() > maxDelay):
		return fmt.Errorf("give a slow fault its delay_ms, up to %d", maxDelay.Milliseconds())
	case !slices.Contains([]Mode{ModeError, ModeHTTP500, ModeSlow, ModeLostReply, ModeDrop}, f.Mode):
		return errors.New("give the fault one of the modes error, http-500, slow, lost-reply, drop")
	}
	return nil
}

// Faults are the faults in force.
type Faults struct {
	mu    sync.Mutex
	armed []Fault
}

// Add puts a fault in force, behind those that are.
func (f *Faults) Add(fault Fault) error {
	if err := fault.check(); err != nil {
		return err
	}
	if fault.Times == 0 {
		fault.Times = 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append(f.armed, fault)
	return nil
}

// Armed gives the faults in force, with what is left of their Times and Skip.
func (f *Faults) Armed() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.armed)
}

// Clear ends all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = nil
}

// Request gives the fault that strikes a request, if one does. With a plain method this covers
// its one call; Call is for the calls inside an execute.
func (f *Faults) Request(group int64, method string) (Fault, bool) {
	return f.strike(group, AnyRequest, method)
}

// Call gives the fault that strikes a call inside an execute, if one does.
func (f *Faults) Call(group int64, method string) (Fault, bool) {
	return f.strike(group, method)
}

// strike counts a match on every fault in turn, up to the first that strikes.
func (f *Faults) strike(group int64, names ...string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.armed {
		fault := &f.armed[i]
		if fault.GroupID != 0 && fault.GroupID != group || !slices.Contains(names, fault.Method) {
			continue
		}
		if fault.Skip > 0 {
			fault.Skip--
			continue
		}
		struck := *fault
		if fault.Times > 0 {
			fault.Times--
		}
		if fault.Times == 0 {
			f.armed = slices.Delete(f.armed, i, i+1)
		}
		return struck, true
	}
	return Fault{}, false
}
