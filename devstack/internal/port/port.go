// Package port chooses ports on the loopback interface for servers that, left to themselves, end the whole
// process when theirs is taken.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Host is where everything in devstack listens.
const Host = "127.0.0.1"

// Free ports are taken from below the range that the kernel gives to outgoing connections: one from within
// it could be a client's by the time its server gets round to listening.
const lowest, highest = 20000, 31999

// TakenError says that another program listens on a port that was asked for.
type TakenError struct {
	// Server is what the port was for, and Flag the setting that chooses another.
	Server, Flag string
	Port         int
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("port %d on %s, meant for %s, is taken: stop the program that listens there, "+
		"or choose another with %s (0 takes any free one)", e.Port, Host, e.Server, e.Flag)
}

// Use returns the wanted port, or a free one when it is 0. A *TakenError says that it is not to be had.
func Use(wanted int, server, flag string) (int, error) {
	if wanted == 0 {
		return Free()
	}
	if !listens(wanted) {
		return 0, &TakenError{Server: server, Flag: flag, Port: wanted}
	}
	return wanted, nil
}

// Free returns a port on which nobody listens at the moment.
func Free() (int, error) {
	for range 100 {
		if p := lowest + rand.IntN(highest-lowest+1); listens(p) {
			return p, nil
		}
	}
	return 0, errors.New("no free port found on " + Host + ": end some of the programs that listen there")
}

// Address returns host:port.
func Address(p int) string { return net.JoinHostPort(Host, strconv.Itoa(p)) }

func listens(p int) bool {
	l, err := net.Listen("tcp4", Address(p))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
