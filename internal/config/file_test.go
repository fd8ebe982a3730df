package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinesOfTheFile(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]struct{ name, value, problem string }{
		``:                              {},
		`   # A=1`:                      {},
		`A=1`:                           {"A", "1", ""},
		`  A=1   # why`:                 {"A", "1", ""},
		`A=`:                            {"A", "", ""},
		`A=''`:                          {"A", "", ""},
		`A=a#b`:                         {"A", "a#b", ""},
		`A=b=c`:                         {"A", "b=c", ""},
		`A=$HOME/x`:                     {"A", "$HOME/x", ""},
		`export A=1`:                    {"A", "1", ""},
		`export 'A=a b'`:                {"A", "a b", ""},
		`exported=1`:                    {"exported", "1", ""},
		`A='a "b" \n # c'`:              {"A", `a "b" \n # c`, ""},
		`A="a 'b' \"c\" \\ \$d \n" # e`: {"A", `a 'b' "c" \ $d \n`, ""},
		`A=a'b c'"d"\ e`:                {"A", "ab cd e", ""},
		"A=1\r\n":                       {"A", "1", ""},
		`A = 1`:                         {"", "", "blank"},
		`A=secret word`:                 {"", "", "quotes"},
		`A="secret`:                     {"", "", "not closed"},
		`A='secret`:                     {"", "", "not closed"},
		`A=secret\`:                     {"", "", "next line"},
		`secret`:                        {"", "", "NAME=value"},
		`A-B=secret`:                    {"", "", "NAME=value"},
		`=secret`:                       {"", "", "NAME=value"},
	} {
		name, value, err := parseLine(written)
		require.Equal(t, want.name, name, written)
		require.Equal(t, want.value, value, written)
		if want.problem == "" {
			require.NoError(t, err, written)
			continue
		}
		require.ErrorContains(t, err, want.problem, written)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestLinesAreCounted(t *testing.T) {
	t.Parallel()
	lines, problems := parseFile("\ufeff# one\nA=1\n\nB=2\nA=3\nnothing\nC='x")
	require.Equal(t, []line{{"A", "1", 2}, {"B", "2", 4}}, lines)
	require.Equal(t, []string{
		"line 5 sets A, as line 2 does: keep one", "line 6 is not NAME=value", "line 7 has a quote that is not closed on it",
	}, problems)
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for words, want := range map[[2]string]int{
		{"", ""}: 0, {"", "ab"}: 2, {"ab", ""}: 2, {"ab", "ab"}: 0, {"ab", "ba"}: 2, {"kitten", "sitting"}: 3, {"LOG_LEVL", "LOG_LEVEL"}: 1,
	} {
		require.Equal(t, want, distance(words[0], words[1]), words)
	}
}
