// Package survey lays a school out for looking at and for planning: the roster in force, the
// chats that follow from it, the mirror of the messenger, and the plan between the two. What
// the operator is shown and what the activities do come from the same survey.
package survey
