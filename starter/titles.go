package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// titleRule says which placeholders a template for titles may have, and which it must.
type titleRule struct {
	kind    chats.Type
	of      func(*school.Titles) *string
	allowed []string
	needed  string
}

func titleRules() []titleRule {
	const inSchool, inClass, inSubject = "{school}", "{class}", "{subject}"
	return []titleRule{
		{chats.Teachers, func(t *school.Titles) *string { return &t.Teachers }, []string{inSchool}, ""},
		{chats.Parents, func(t *school.Titles) *string { return &t.Parents }, []string{inSchool, inClass}, inClass},
		{chats.Students, func(t *school.Titles) *string { return &t.Students }, []string{inSchool, inClass}, inClass},
		{chats.Subject, func(t *school.Titles) *string { return &t.Subject }, []string{inSchool, inClass, inSubject}, inClass},
	}
}

func (r titleRule) flag() string { return "title-" + string(r.kind) }

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// check refuses a template that could not tell one chat from another, or that has a
// placeholder nothing fills. An empty one stands for the default.
func (r titleRule) check(template string) error {
	for _, found := range placeholder.FindAllString(template, -1) {
		if !slices.Contains(r.allowed, found) {
			return fmt.Errorf("--%s has the placeholder %s, which nothing fills: use %s", r.flag(), found, strings.Join(r.allowed, ", "))
		}
	}
	if template != "" && !strings.Contains(template, r.needed) {
		return fmt.Errorf("--%s must contain %s, or all classes' chats would have one title", r.flag(), r.needed)
	}
	return nil
}

// addTitleFlags defines a flag per template.
func addTitleFlags(cmd *cobra.Command, t *school.Titles) {
	for _, r := range titleRules() {
		usage := fmt.Sprintf("template for the title of a %s chat: %s; '' is the default", r.kind, strings.Join(r.allowed, ", "))
		cmd.Flags().StringVar(r.of(t), r.flag(), "", usage)
	}
}

// checkTitles refuses templates that cannot be used.
func checkTitles(given school.Titles) error {
	for _, r := range titleRules() {
		if err := r.check(*r.of(&given)); err != nil {
			return &usageError{err}
		}
	}
	return nil
}

// mergeTitles lays the templates that were given over those in force.
func mergeTitles(cmd *cobra.Command, given, inForce school.Titles) school.Titles {
	for _, r := range titleRules() {
		if cmd.Flags().Changed(r.flag()) {
			*r.of(&inForce) = strings.TrimSpace(*r.of(&given))
		}
	}
	return inForce
}

// plainName refuses a name that is empty or would not fit on one line.
func plainName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || name != clean(name) {
		return "", usagef("--name must be a name on one line: give the one that people know")
	}
	return name, nil
}
