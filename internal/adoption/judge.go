package adoption

import (
	"errors"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
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
	ProblemOwner      Problem = "owner"      // its owner is nobody who belongs there, or to the staff
	ProblemRights     Problem = "rights"     // the community lacks rights
	ProblemUnreadable Problem = "unreadable" // it could not be read, for now
)

// Problems lists the problems.
func Problems() []Problem {
	return []Problem{
		ProblemClosed, ProblemNoCode, ProblemManyCodes, ProblemForeign, ProblemUsed, ProblemUnwanted, ProblemRights, ProblemOwner, ProblemUnreadable,
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
	// Owners are the accounts that may own it: nobody can turn an owner out.
	Owners map[school.AccountID]bool
}

// maxCodes is how many codes a title may seem to have: more is no title, but somebody who tries.
const maxCodes = 4

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
	if len(codes) > maxCodes {
		return Verdict{Problem: ProblemManyCodes}
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
	case !lo.SomeBy(state.Members, func(m messenger.Member) bool { return m.Owner && chat.Owners[m.Account] }):
		v.Problem = ProblemOwner
	default:
		v.Key = chat.Key
	}
	return v
}
