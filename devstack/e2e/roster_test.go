package e2e

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
)

// What the tests look up in a site's own files.

// classNamed gives the homeroom class with that title.
func (s *site) classNamed(title string) string {
	s.t.Helper()
	for _, row := range s.files.Classes().Find("title", title) {
		if row.Get("classType") == "homeroom" {
			return row.ID()
		}
	}
	require.FailNow(s.t, "no class "+title)
	return ""
}

// enrolled gives the people of a class or group with that role.
func (s *site) enrolled(class, role string) []string {
	var people []string
	for _, e := range s.files.Enrollments().Find("classSourcedId", class) {
		if e.Get("role") == role {
			people = append(people, e.Get("userSourcedId"))
		}
	}
	return people
}

// groupChats gives the titles of the subject chats of everybody's groups, sorted.
func (s *site) groupChats(person string) []string {
	var titles []string
	for _, e := range s.files.Enrollments().Find("userSourcedId", person) {
		class, ok := s.files.Classes().ByID(e.Get("classSourcedId"))
		if ok && class.Get("classType") == "scheduled" {
			course, _ := s.files.Courses().ByID(class.Get("courseSourcedId"))
			titles = append(titles, class.Get("title")+" · "+course.Get("title"))
		}
	}
	slices.Sort(titles)
	return titles
}

// account gives a person's messenger account as the calls name it.
func (s *site) account(person string) string {
	s.t.Helper()
	for _, p := range s.files.UserProfiles().Find("userSourcedId", person) {
		if p.Get("applicationId") == "sferum" {
			return p.Get("username")
		}
	}
	user, ok := s.files.Users().ByID(person)
	require.True(s.t, ok)
	m := sferumID.FindStringSubmatch(user.Get("userIds"))
	require.NotNil(s.t, m, "%s has no account", person)
	return m[1]
}

// guardians gives those who stand for a student by either side's row.
func (s *site) guardians(student string) []string {
	c := takeCensus(s.t, s.dir)
	var found []string
	for g := range c.guardians[student] {
		found = append(found, g)
	}
	slices.Sort(found)
	return found
}

// chatsOf gives the titles of the chats that hold the account now, sorted.
func (s *site) chatsOf(account string) []string {
	var titles []string
	for title, c := range s.chats() {
		if slices.ContainsFunc(c.Members, func(m int64) bool { return fmt.Sprint(m) == account }) {
			titles = append(titles, title)
		}
	}
	slices.Sort(titles)
	return titles
}

// each makes the same call in several chats.
func each(account string, chats []string) []call {
	made := make([]call, 0, len(chats))
	for _, chat := range chats {
		made = append(made, call{Chat: chat, Account: account})
	}
	return made
}

// sorted orders calls as site.calls does.
func sorted(lists ...[]call) []call {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b call) int {
		if a.Chat+a.Account < b.Chat+b.Account {
			return -1
		}
		return 1
	})
	return all
}
