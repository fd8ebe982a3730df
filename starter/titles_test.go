package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTitleTemplates(t *testing.T) {
	t.Parallel()
	rules := titleRules()
	teachers, parents, subject := rules[0], rules[1], rules[3]
	require.NoError(t, teachers.check("Педсовет"))
	require.NoError(t, teachers.check("{school}: учителя"))
	require.NoError(t, parents.check(""), "the default")
	require.NoError(t, parents.check("{class}, {school}"))
	require.NoError(t, subject.check("{class}: {subject}"))
	require.ErrorContains(t, teachers.check("{class}"), "{class}, which nothing fills")
	require.ErrorContains(t, parents.check("{class} {Class}"), "{Class}")
	require.ErrorContains(t, parents.check("Родители"), "must contain {class}")
	require.ErrorContains(t, subject.check("{subject}"), "must contain {class}")
}
