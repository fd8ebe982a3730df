// Package traffic looks after the requests that come to a stand-in: it counts and records them
// (Log), limits their rate (Limiter) and disturbs them on demand (Faults). It knows no protocol. All of
// it lives in memory and is empty after a restart.
package traffic
