package workflows

import "go.temporal.io/sdk/temporal"

// SweepSearchAttributes are the attributes that a sweep is started with: whom it is over, and
// what asked for it.
func SweepSearchAttributes(in SweepInput) temporal.SearchAttributes {
	trigger := triggerAttribute().ValueSet(string(in.Trigger))
	if in.School != "" {
		return temporal.NewSearchAttributes(schoolAttribute().ValueSet(string(in.School)), trigger)
	}
	return temporal.NewSearchAttributes(districtAttribute().ValueSet(string(in.District)), trigger)
}
