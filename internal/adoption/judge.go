package adoption

import (
	"errors"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// Problem says why a chat is not adopted.
type Problem string

// The problems, in the order in which they are looked for.
const (
	ProblemClosed     Problem = "closed"     // the community has no access to it
	ProblemNoCode     Problem = "no-code"    // its title bears no code
	ProblemManyCodes  Problem = "many-codes" // its title bears several codes of this school
	ProblemForeign    Problem = "foreign"    // its code is none of this school's
	ProblemUsed       Problem = "used"       // its code belongs to a chat that is adopted already
	ProblemUnwanted   Problem = "unwanted"   // the roster has no such chat any more
	ProblemRights     Problem = "rights"     // the community lacks rights
	ProblemUnreadable Problem = "unreadable" // it could not be read, for now
)

// Problems lists the problems.
func Problems() []Problem {
	return []Problem{
		ProblemClosed, ProblemNoCode, ProblemManyCodes, ProblemForeign, ProblemUsed, ProblemUnwanted, ProblemRights, ProblemUnreadable,
	}
}

// Passing tells whether such a chat is read again at each whole pass. That of one without a code is left to the messenger's word:
// it may be one of many that have nothing to do with the school.
func (p Problem) Passing() bool { return p != ProblemNoCode && p != ProblemClosed }

// Asked is a chat that was asked for with a code.
type Asked struct {
	Key chats.Key
	// Adopted: the code has been used.
	Adopted bool
	// Wanted: the roster still has the chat.
	Wanted bool
}

// Verdict is what becomes of a chat: it is adopted as Key, with the Code by which it is known, or there is a Problem.
type Verdict struct {
	Key     chats.Key
	Code    string
	Problem Problem
}

// Judge decides about a chat that the community was let into, among the chats asked for, by code.
func Judge(state messenger.ChatState, asked map[string]Asked) Verdict {
	failure, _ := errors.AsType[*messenger.Error](state.Err)
	if state.Err != nil && len(state.Lacks) == 0 {
		if failure != nil && failure.Scope() == messenger.ScopeChat {
			return Verdict{Problem: ProblemClosed}
		}
		return Verdict{Problem: ProblemUnreadable}
	}
	codes := CodesIn(state.Title)
	if len(codes) == 0 {
		return Verdict{Problem: ProblemNoCode}
	}
	var v Verdict
	for _, code := range codes {
		if _, ours := asked[code]; !ours {
			continue
		}
		if v.Code != "" {
			return Verdict{Problem: ProblemManyCodes}
		}
		v.Code = code
	}
	chat, ours := asked[v.Code]
	switch {
	case !ours:
		v.Problem = ProblemForeign
	case chat.Adopted:
		v.Problem = ProblemUsed
	case !chat.Wanted:
		v.Problem = ProblemUnwanted
	case len(state.Lacks) > 0 || state.Err != nil:
		v.Problem = ProblemRights
	default:
		v.Key = chat.Key
	}
	return v
}
