// Package school holds the domain: a district's schools and what one reading of
// their roster says about people, classes and subject groups.
//
// It is understood without Temporal, SQL or HTTP, does no I/O and imports nothing
// of ours. Everything here may be read by workflows, activities and the mains.
package school
