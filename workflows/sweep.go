package workflows

import "github.com/rollcall-edu/rollcall/internal/school"

// SweepInput starts a sweep: over one school, which is what a school's schedule does, or over
// all schools of a district.
type SweepInput struct {
	// District or School is set.
	District    school.DistrictID `json:"district,omitempty"`
	School      school.ID         `json:"school,omitempty"`
	Trigger     Trigger           `json:"trigger"`
	RequestedBy string            `json:"requestedBy,omitempty"`
}
