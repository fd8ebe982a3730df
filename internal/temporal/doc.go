// Package temporal is the way to the Temporal server: connecting by the standard profiles and
// environment variables, the namespace's search attributes, asking lanes and feeds by signal or
// update, the schedules, sweeps, and the builds of the workers.
package temporal
