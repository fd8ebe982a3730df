package proxy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The keys of the manual's form.
const (
	keyServer   = "proxy_server"
	keyPort     = "proxy_port"
	keyUsername = "proxy_username"
	keyPassword = "proxy_password"
	keyAuth     = "proxy_auth"
)

var keys = []string{keyServer, keyPort, keyUsername, keyPassword, keyAuth}

// Parse reads settings in the form of the administrator's manual: lines of key=value, in any order, with
// proxy_server, proxy_port and proxy_auth (0 or 1), and with proxy_username and proxy_password where
// proxy_auth is 1. Blanks around a key and at the ends of a line do not count, empty lines neither. The settings
// that it gives are valid. What it refuses it does not quote: any line may hold a password.
func Parse(text string) (Settings, error) {
	values := map[string]string{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		_, twice := values[key]
		switch {
		case !found:
			return Settings{}, fmt.Errorf("line %d is not of the form key=value", number)
		case !slices.Contains(keys, key):
			return Settings{}, fmt.Errorf("line %d has an unknown key: the keys are %s", number, strings.Join(keys, ", "))
		case twice:
			return Settings{}, fmt.Errorf("line %d gives %s a second time: leave one", number, key)
		}
		values[key] = strings.TrimSpace(value)
	}
	return fromValues(values)
}

func fromValues(values map[string]string) (Settings, error) {
	for _, key := range []string{keyServer, keyPort, keyAuth} {
		if values[key] == "" {
			return Settings{}, fmt.Errorf("%s is missing: give it on a line of its own, %s=…", key, key)
		}
	}
	s := Settings{Server: values[keyServer], Username: values[keyUsername], Password: values[keyPassword], Auth: values[keyAuth] == "1"}
	if !s.Auth && values[keyAuth] != "0" {
		return Settings{}, errors.New(keyAuth + " must be 0, or 1 where the proxy wants a login")
	}
	s.Port, _ = strconv.Atoi(values[keyPort]) // what is no number is 0, which is no port
	if err := s.Validate(); err != nil {
		return Settings{}, err
	}
	return s, nil
}
