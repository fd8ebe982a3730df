// Package temporalui serves Temporal's web page from inside this process, on the loopback interface and
// without a login.
package temporalui
