package proxy

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLogin bounds a username and a password, in bytes.
const maxLogin = 255

// Settings are how a school's proxy is reached. They can be compared. Printed, logged or made JSON of, they show
// the address and no login; only Encode gives all of them.
type Settings struct {
	// Server is a host name or an IP address, without scheme and port.
	Server string
	Port   int
	// Auth tells that the proxy wants the login; without it the login is not used.
	Auth               bool
	Username, Password string
}

// Address is the proxy's host:port, which is all of the settings that may be shown.
func (s Settings) Address() string { return net.JoinHostPort(s.Server, strconv.Itoa(s.Port)) }

// Format prints the address alone, whatever the verb.
func (s Settings) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.Address()) }

// MarshalText gives the address alone, to whatever writes settings down by accident.
func (s Settings) MarshalText() ([]byte, error) { return []byte(s.Address()), nil }

// all is Settings without the methods that hide the login.
type all struct {
	Server   string `json:"server"`
	Port     int    `json:"port"`
	Auth     bool   `json:"auth"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// Encode gives the settings with the login, to be sealed.
func (s Settings) Encode() ([]byte, error) {
	return json.Marshal(all(s))
}

// ErrUnreadable says that stored settings are not what Encode gives.
var ErrUnreadable = errors.New("the stored proxy settings cannot be read: set them again with: rollcall school set-proxy")

// Decode reads what Encode gave. What it refuses it does not quote.
func Decode(raw []byte) (Settings, error) {
	var a all
	if json.Unmarshal(raw, &a) != nil {
		return Settings{}, ErrUnreadable
	}
	return Settings(a), nil
}

// hostName is a host name whose labels may have underscores, as those of Windows have.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$`)

// maxHostName is DNS's own bound, in bytes.
const maxHostName = 253

// Validate says what is wrong with settings, without quoting a login.
func (s Settings) Validate() error {
	switch {
	case s.Server == "":
		return errors.New("the proxy's server is missing: give its host name or IP address")
	case net.ParseIP(s.Server) == nil && (len(s.Server) > maxHostName || !hostName.MatchString(s.Server)):
		return errors.New("the proxy's server must be a host name or an IP address alone, without http:// and without a port")
	case s.Port < 1 || s.Port > 65535:
		return errors.New("the proxy's port must be a number from 1 to 65535, e.g. 3128")
	case s.Auth && s.Username == "":
		return errors.New("a proxy that wants a login needs a username")
	case s.Auth && s.Password == "":
		return errors.New("a proxy that wants a login needs a password")
	case unfit(s.Username) || strings.Contains(s.Username, ":"):
		return fmt.Errorf("the proxy's username must have no colon and no control characters, and %d bytes at the most", maxLogin)
	case unfit(s.Password):
		return fmt.Errorf("the proxy's password must have no control characters, and %d bytes at the most", maxLogin)
	}
	return nil
}

func unfit(s string) bool {
	return len(s) > maxLogin || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
}

// login is the value of Proxy-Authorization, "" where the proxy wants none.
func (s Settings) login() string {
	if !s.Auth {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(s.Username+":"+s.Password))
}
