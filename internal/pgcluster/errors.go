package pgcluster

import (
	"fmt"
	"strings"
)

// MissingError says that this machine has no PostgreSQL that can be used, and what to install.
type MissingError struct {
	// Want is the major version asked for by data that exists already, or 0 for any of MinMajor or newer.
	Want int
	// Found lists the major versions that are installed but do not fit.
	Found []int
}

func (e *MissingError) Error() string {
	var b strings.Builder
	if e.Want > 0 {
		fmt.Fprintf(&b, "the data was made by PostgreSQL %d, which is not installed", e.Want)
	} else {
		fmt.Fprintf(&b, "PostgreSQL %d or newer is not installed", MinMajor)
	}
	if len(e.Found) > 0 {
		fmt.Fprintf(&b, " (found: %s)", strings.Trim(fmt.Sprint(e.Found), "[]"))
	}
	if e.Want > 0 {
		fmt.Fprintf(&b, ": install the package postgresql-%d, or remove the data folder to start anew", e.Want)
	} else {
		b.WriteString(": on Debian or Ubuntu run `apt-get install postgresql`; elsewhere put initdb and postgres in PATH")
	}
	return b.String()
}

// PortTakenError says that another program listens on the port the server was given.
type PortTakenError struct {
	Port int
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d on 127.0.0.1, meant for PostgreSQL, is taken: stop the program that listens there, "+
		"or choose another PostgreSQL port (0 takes any free one)", e.Port)
}

// InUseError says that another run holds the data folder.
type InUseError struct {
	Dir string
	// PID is the process that holds the folder, 0 when it could not be told.
	PID int
}

func (e *InUseError) Error() string {
	holder := "another run"
	if e.PID > 0 {
		holder = fmt.Sprintf("another run (process %d)", e.PID)
	}
	return fmt.Sprintf("the PostgreSQL folder %s is in use by %s: stop that run, or choose another folder", e.Dir, holder)
}
