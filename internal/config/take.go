package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// shortestRound keeps a continuous lane, and the look at account links, from turning without rest.
const shortestRound = time.Second

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		return nil
	}
}

// oneOf takes one of some words.
func oneOf(field func(*Config) *string, words ...string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		if slices.Contains(words, value) {
			return nil
		}
		last := len(words) - 1
		return fmt.Errorf("must be %s or %s", strings.Join(words[:last], ", "), words[last])
	}
}

// period takes a duration of a second or more.
func period(field func(*Config) *time.Duration, example string) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := time.ParseDuration(value)
		*field(c) = d
		if err != nil || d < shortestRound {
			return fmt.Errorf("must be a duration of %s or more, such as %s", shortestRound, example)
		}
		return nil
	}
}

func httpURL(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		if u, err := url.Parse(value); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("is not an http(s) URL")
		}
		return nil
	}
}

func databaseURL(c *Config, value string) error {
	c.DatabaseURL = value
	if u, err := url.Parse(value); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("is not a PostgreSQL URL: want " + wantDatabase)
	}
	return nil
}

const wantDatabase = "postgres://user:password@host:port/database"

func databaseURLFile(c *Config, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("names a file that cannot be read (%w): it is to be the name of a file, and not what is in it", pathless(err))
	}
	if err := databaseURL(c, strings.TrimSpace(string(content))); err != nil {
		return errors.New("names a file whose content " + err.Error())
	}
	return nil
}

// pathless leaves out of an error the path, which may be what should be in the file.
func pathless(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func eventsAddress(c *Config, value string) error {
	c.EventsAddress = value
	if _, _, err := net.SplitHostPort(value); err != nil {
		return errors.New("must be host:port or :port, e.g. 127.0.0.1:8180")
	}
	return nil
}

func tracesKept(_ *Config, value string) error {
	if d, err := time.ParseDuration(value); err != nil || d != 0 && d < time.Minute {
		return errors.New("must be 0 or a duration of a minute or more, such as 24h")
	}
	return nil
}

// longestOperator is how long a login may be: it is read in tables and in Temporal's web page.
const longestOperator = 64

func operator(c *Config, value string) error {
	c.Operator = value
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.RuneCountInString(value) > longestOperator || strings.ContainsFunc(value, odd) || strings.TrimSpace(value) != value {
		return fmt.Errorf("must be a login, such as i.petrov: %d characters at the most, with no blank around them", longestOperator)
	}
	return nil
}

// allow is the value of a setting that is allowed, and forbid of one that is not.
const allow, forbid = "1", "0"

func allowed(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value == allow
		return allowance(c, value)
	}
}

func allowance(_ *Config, value string) error {
	if value != allow && value != forbid {
		return fmt.Errorf("must be %s or %s", allow, forbid)
	}
	return nil
}
