package school

import (
	"cmp"
	"fmt"
	"regexp"
)

type (
	// DistrictID names a district; chosen by whoever registers it.
	DistrictID string
	// ID names a school inside Rollcall. It is part of workflow ids, so it follows ValidID.
	ID string
	// FeedID names a feed, the place where the rosters of many schools are read.
	FeedID string
)

// District is a set of schools looked after by a district coordinator.
type District struct {
	ID     DistrictID
	Name   string
	Titles Titles
	// TimeZone is that of its cron expressions, an IANA name.
	TimeZone string
	// Nightly is the cron expression by which all its schools are gone through, "" for never.
	Nightly string
}

// Titles are a district's templates for chat titles. An empty one stands for its default.
// Placeholders: {school}, {class}, {subject}.
type Titles struct {
	Teachers string `json:"teachers,omitempty"`
	Parents  string `json:"parents,omitempty"`
	Students string `json:"students,omitempty"`
	Subject  string `json:"subject,omitempty"`
}

// School is one registered school.
type School struct {
	ID       ID
	District DistrictID
	Feed     FeedID
	// SourceID is the school's sourcedId in its feed.
	SourceID string
	// PortalID is what the Portal calls the school; "" is its SourceID. Feeds may give the same id
	// to different schools; the Portal must not.
	PortalID string
	Name     string
	// SubjectChats switches the chats per subject group on (the default) or off.
	SubjectChats bool
}

// Organisation is the school's name on the Portal.
func (s School) Organisation() string { return cmp.Or(s.PortalID, s.SourceID) }

var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// CheckID tells whether an id of a district, school or feed can be used: it becomes part of
// workflow ids and command lines, so it is short, lower case and without spaces.
func CheckID(kind, id string) error {
	if !validID.MatchString(id) {
		return fmt.Errorf("%s id %q: use 1 to 63 lower-case Latin letters, digits and dashes, starting with a letter or digit", kind, id)
	}
	return nil
}
