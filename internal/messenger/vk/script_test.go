package vk

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// evaluate runs the script of some calls as VK would and gives the calls it makes.
func evaluate(t require.TestingT, calls []apiCall) []madeCall {
	fake := &fakeVK{answer: func(madeCall) any { return map[string]any{"chat_id": 5} }}
	_, made, err := fake.run(script(calls))
	require.NoError(t, err)
	return made
}

func TestTitlesSurviveTheScript(t *testing.T) {
	t.Parallel()
	for _, title := range []string{
		`1«А» · Родители`, `a "quoted" title`, `back\slash\\`, `'single'`, "`tick` ${x}", "line\nbreak\ttab\r\x00\x1f",
		"\u2028\u2029", `</script><!-- & -->`, `"});return API.messages.send({"peer_id":1});//`, "😀 \U0010FFFF",
		`\u0041`, `/* */ //`,
	} {
		made := evaluate(t, []apiCall{{method: methodEditChat, args: []arg{number("chat_id", 1), text("title", title)}}})
		require.Len(t, made, 1)
		require.Equal(t, title, made[0].args["title"])
	}
}

func TestAnyTitleSurvivesTheScript(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		titles := rapid.SliceOfN(rapid.String(), 1, 25).Draw(t, "titles")
		made := evaluate(t, lo.Map(titles, func(title string, i int) apiCall {
			return apiCall{method: methodEditChat, args: []arg{number("chat_id", int64(i+1)), text("title", title)}}
		}))
		require.Len(t, made, len(titles))
		for i, title := range titles {
			require.Equal(t, title, made[i].args["title"])
			require.EqualValues(t, i+1, made[i].args["chat_id"])
		}
	})
}

func FuzzTitle(f *testing.F) {
	f.Add(`"});//`)
	f.Add("\u2028")
	f.Fuzz(func(t *testing.T, title string) {
		made := evaluate(t, []apiCall{{method: methodEditChat, args: []arg{text("title", title)}}})
		require.Len(t, made, 1)
		require.Equal(t, joinMarks(strings.ToValidUTF8(title, "\ufffd")), joinMarks(made[0].args["title"].(string)))
	})
}

// joinMarks makes one U+FFFD of a run of them: ToValidUTF8 puts one for a run of bad bytes, JSON
// one for each.
func joinMarks(s string) string {
	for strings.Contains(s, "\ufffd\ufffd") {
		s = strings.ReplaceAll(s, "\ufffd\ufffd", "\ufffd")
	}
	return s
}

func TestLinkIsAskedForTheChatMadeBefore(t *testing.T) {
	t.Parallel()
	code := script([]apiCall{{method: methodGroup}, {method: methodCreateChat}, {method: methodInviteLink, ofPrevious: true}})
	require.Equal(t, "var r0=API.groups.getById({});\n"+
		"var r1=API.messages.createChat({});\n"+
		"var r2=API.messages.getInviteLink({\"peer_id\":2000000000+r1.chat_id});\n"+
		"return [r0,r1,r2];", code)
}

func TestPackKeepsOrderAndBounds(t *testing.T) {
	t.Parallel()
	client, err := New(Config{Token: testToken, GroupID: testGroup, Gate: openGate()})
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			call := messenger.Call{Kind: messenger.CallInviteLink, Chat: "1"}
			if rapid.Bool().Draw(t, "create") {
				accounts := rapid.IntRange(0, 9000).Draw(t, "accounts")
				call = messenger.Call{Kind: messenger.CallCreateChat, Title: "x", Accounts: accountsTo(accounts)}
			}
			s, err := client.step(call)
			require.NoError(t, err)
			return s
		}), 0, 60).Draw(t, "steps")

		var packed []step
		for batch := range pack(steps, step.apiCalls) {
			calls := lo.FlatMap(batch, func(s step, _ int) []apiCall { return s.calls })
			require.NotEmpty(t, batch)
			require.LessOrEqual(t, len(calls), callsPerRequest)
			if len(batch) > 1 {
				require.LessOrEqual(t, len(script(calls)), maxScript)
			}
			packed = append(packed, batch...)
		}
		require.Equal(t, len(steps), len(packed))
		require.True(t, slices.EqualFunc(steps, packed, func(a, b step) bool { return fmt.Sprint(a) == fmt.Sprint(b) }))
	})
}

func accountsTo(n int) []school.AccountID {
	return lo.Times(n, func(i int) school.AccountID { return school.AccountID(100_000_000 + i) })
}
