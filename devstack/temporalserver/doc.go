// Package temporalserver runs a whole Temporal server, all four services, inside this process, with its data
// in a PostgreSQL server.
//
// It is for one machine: everything listens on 127.0.0.1, nothing asks for a login, and the services find
// each other by fixed addresses. A second process on the same data would corrupt nothing but stop both from
// working; the caller sees to it that there is one.
package temporalserver
