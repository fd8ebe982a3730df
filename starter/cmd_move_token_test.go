package main

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// TestAMoveIsNotBegunWithAWrongToken: MAX is asked first. Where it cannot be, the move begins, with a word about it.
func TestAMoveIsNotBegunWithAWrongToken(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	move := func(bot string) []string {
		return []string{"school", "move", "s", "--to", "max", "--community-id", bot}
	}
	m.in = "wrong-token"
	require.Contains(t, m.refused(exitUsage, move("700")...), "MAX refuses the token, and nothing has been begun")
	require.NotContains(t, m.err, "wrong-token")
	m.in = "max-token"
	require.Contains(t, m.refused(exitUsage, move("701")...), "the token is of another bot than 701, and nothing has been begun")
	require.Empty(t, audited(t, m.bench))
	require.Equal(t, string(moveNone), m.move().State.Code)

	p := proxytest.New(t, proxytest.Options{})
	require.NoError(t, m.st.SetProxy(t.Context(), "s", lo.ToPtr(p.Settings())))
	require.NoError(t, m.sandbox.AddFault(traffic.Fault{Mode: traffic.ModeHTTP500, Method: max.MethodPrefix + "getMyInfo", Times: traffic.Forever}))
	m.ok(move("700")...)
	require.Regexp(t, `^rollcall: the token could not be tried: the messenger does not answer as it should \(.*\): try again later; to try it: rollcall school check s\.max\n$`, m.err)
	require.NotEmpty(t, p.Asked(), "by the school's own proxy")
	require.Equal(t, string(moveUnderWay), m.move().State.Code)

	m.ok("school", "move", "s", "--back")
	p.Close()
	m.ok(move("700")...)
	require.Contains(t, m.err, "the token could not be tried: ")
	require.Contains(t, m.err, "cannot be reached")
	require.Equal(t, string(moveUnderWay), m.move().State.Code)
}

func TestAMoveToVKIsNotBegunWithoutTheRight(t *testing.T) {
	t.Parallel()
	m := setupMover(t)
	m.execute(`UPDATE communities SET messenger = 'max' WHERE school_id = 's'`)
	m.in = "another"
	require.Contains(t, m.refused(exitUsage, "school", "move", "s", "--to", "vk", "--community-id", "1001"), "VK refuses the token")
	require.NoError(t, m.sandbox.AddFault(traffic.Fault{Mode: traffic.ModeError, Method: "groups.getById", ErrorCode: 27, Times: traffic.Forever}))
	m.in = "vk-token"
	require.Contains(t, m.refused(exitUsage, "school", "move", "s", "--to", "vk", "--community-id", "1001"),
		"the token may not manage the community's messages, and nothing has been begun")
	require.Equal(t, string(moveNone), m.move().State.Code)
}
