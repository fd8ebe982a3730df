package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/reconcile"
)

// constants finds the values of a package's string constants of one type.
func constants(t *testing.T, dir, typeName string) []string {
	t.Helper()
	return constantsThat(t, dir, func(spec *ast.ValueSpec) bool { return named(spec.Type, typeName) })
}

// constantsNamed finds the values of a package's string constants whose names begin in one way.
func constantsNamed(t *testing.T, dir, prefix string) []string {
	t.Helper()
	return constantsThat(t, dir, func(spec *ast.ValueSpec) bool { return strings.HasPrefix(spec.Names[0].Name, prefix) })
}

func constantsThat(t *testing.T, dir string, wanted func(*ast.ValueSpec) bool) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var values []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for node := range ast.Preorder(file) {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || !wanted(spec) {
				continue
			}
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				require.NoError(t, err)
				values = append(values, text)
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func named(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func worded[K ~string](words map[K]string) []string {
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(words)) {
		if words[code] != "" && code != "" {
			codes = append(codes, string(code))
		}
	}
	return codes
}

// TestEveryCodeHasItsWords reads the codes from the packages that define them: a new one
// without words, and words without a code, are found here.
func TestEveryCodeHasItsWords(t *testing.T) {
	t.Parallel()
	const chats, plans, schools = "../internal/chats", "../internal/reconcile", "../internal/school"
	require.Equal(t, constants(t, chats, "Type"), worded(chatTypeNames))
	require.Equal(t, constants(t, chats, "ReasonCode"), worded(reasonWords))
	require.Equal(t, constants(t, chats, "Why"), worded(whyWords))
	require.Equal(t, constants(t, chats, "NotYet"), worded(notYetWords))
	require.Equal(t, constants(t, plans, "Kind"), worded(kindWords))
	require.Equal(t, constants(t, plans, "Rule"), worded(ruleWords))
	require.Equal(t, constants(t, plans, "HoldKind"), worded(holdWords))
	require.Equal(t, constants(t, schools, "FaultCode"), worded(faultWords))
	require.Equal(t, constants(t, "../internal/adoption", "Problem"), worded(adoptionWords))
	require.Equal(t, constants(t, "../internal/messenger", "Right"), worded(rightWords))
	require.Equal(t, constants(t, ".", "moveState"), worded(moveStateWords))
	require.Equal(t, constants(t, ".", "chatState"), worded(chatStateWords))
	require.Equal(t, constants(t, ".", "memberState"), worded(memberStateWords))
	require.Equal(t, constants(t, ".", "checkState"), worded(checkWords))
	require.Equal(t, constants(t, ".", "callState"), worded(callStateWords))
	require.Equal(t, constants(t, ".", "room"), worded(roomWords))
	require.Equal(t, constants(t, ".", "unannounced"), worded(unannouncedWords))
	require.Equal(t, constants(t, ".", "linksSource"), worded(linksSourceWords))
	require.Equal(t, constants(t, schools, "AccountSource"), worded(accountSourceWords))
	require.Equal(t, constants(t, "../internal/portal", "Code"), worded(portalWords))
	require.Equal(t, constants(t, "../internal/portal", "Code"), worded(portalAdvice))
	require.Equal(t, constantsNamed(t, "../internal/messenger", "CodeToken"), worded(userTokenWords))
	require.Equal(t, constantsNamed(t, "../internal/calls", "Problem"), worded(callProblemWords))
	require.Equal(t, constantsNamed(t, "../workflows", "Served"), worded(servedWords))
}

// TestEveryMemberStateIsShown maps the reconciler's states to ours.
func TestEveryMemberStateIsShown(t *testing.T) {
	t.Parallel()
	states := constants(t, "../internal/reconcile", "MemberState")
	require.NotEmpty(t, states)
	for _, state := range states {
		require.NotEqual(t, memberToAdd, stateOf(reconcile.MemberState(state)), state)
	}
	require.Equal(t, memberToAdd, stateOf(""), "somebody who is not on record")
}
