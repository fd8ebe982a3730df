package stack

import (
	"io"
	"path/filepath"

	"github.com/rollcall-edu/rollcall/devstack/temporalserver"
	"github.com/rollcall-edu/rollcall/devstack/temporalui"
)

// DefaultSandboxPort is where the sandbox is unless told.
const DefaultSandboxPort = 8234

// Options say where the stack keeps its data and listens.
type Options struct {
	// Dir holds all the data and logs; it is created when missing.
	Dir string
	// Ports to listen on; the zero value takes free ones.
	Ports Ports
	// NoUI leaves Temporal's web page out.
	NoUI bool
	// Throwaway is for data that nobody will miss: nothing is flushed to disk, and the databases go away
	// with this process even when it is killed. What else is in Dir stays.
	Throwaway bool
	// SuggestContinueAsNew is as in temporalserver.Options.
	SuggestContinueAsNew int
	// Log receives notes for people, and Progress the name of each step as it begins. Both may be nil.
	Log      io.Writer
	Progress func(step string)
}

// Ports are the ports of the servers; 0 takes a free one.
type Ports struct {
	PostgreSQL, Temporal, UI, Sandbox int
}

// DefaultPorts are the same at each start, so that bookmarks and settings keep working. PostgreSQL's is
// free to change: only programs use it, and they are told.
func DefaultPorts() Ports {
	return Ports{
		Temporal: temporalserver.DefaultPort,
		UI:       temporalui.DefaultPort,
		Sandbox:  DefaultSandboxPort,
	}
}

// Names inside Options.Dir.
const (
	postgresDir = "postgres"
	sandboxDir  = "sandbox"
	temporalLog = "temporal.log"
	sandboxLog  = "sandbox.log"
	keysetFile  = "keyset.json"
	// portalKeyFile holds the key that signs what the sandbox's Portal is asked.
	portalKeyFile = "portal.key"
	rollcallName  = "rollcall" // the database
)

func (o Options) path(name string) string { return filepath.Join(o.Dir, name) }
