package main

import (
	"bytes"
	"errors"
	"os/user"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	account := func(name string, err error) func() (*user.User, error) {
		return func() (*user.User, error) {
			if err != nil {
				return nil, err
			}
			return &user.User{Username: name}, nil
		}
	}
	none := account("", errors.New("no such user"))
	for name, tc := range map[string]struct {
		set       string
		account   func() (*user.User, error)
		variables map[string]string
		want      string
	}{
		"what is set":                {"i.petrov", account("root", nil), map[string]string{"USER": "root"}, "i.petrov"},
		"the account":                {"", account("petrov", nil), map[string]string{"USER": "other"}, "petrov"},
		"an account without a name":  {"", account("", nil), map[string]string{"USER": "petrov"}, "petrov"},
		"a variable, for no account": {"", none, map[string]string{"USER": "petrov", "USERNAME": "other"}, "petrov"},
		"the other variable":         {"", none, map[string]string{"USERNAME": "petrov"}, "petrov"},
		"nobody":                     {"", none, nil, "unknown"},
	} {
		var said bytes.Buffer
		who := login(tc.set, tc.account, func(name string) string { return tc.variables[name] }, &said)
		require.Empty(t, said.String(), "nobody has asked")
		require.Equal(t, tc.want, who(), name)
		require.Equal(t, tc.want, who(), name)
		if tc.want != "unknown" {
			require.Empty(t, said.String(), name)
			continue
		}
		require.Equal(t, "rollcall: who you are is not known here, and is recorded as \"unknown\": say it with ROLLCALL_OPERATOR\n", said.String(), "once")
	}
}

func TestTheOperatorThatIsSetIsRecorded(t *testing.T) {
	t.Setenv(config.EnvDatabaseURL, "postgres://h/db")
	t.Setenv(config.EnvConfig, "")
	t.Setenv(config.EnvOperator, "i.petrov")
	require.Equal(t, "i.petrov", newApp().login())
}
