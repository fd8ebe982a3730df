// Package temporal is the way to the Temporal server: connecting by the standard profiles and
// environment variables, the namespace's search attributes, and asking lanes and feeds by
// signal or update.
package temporal
