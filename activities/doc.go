// Package activities holds the side effects of Rollcall, each thin: load, call a domain
// package, call an adapter, record. The workflows know them by workflows.Activities.
//
// Errors leave through one place (Interceptor), which turns domain errors into Temporal's and
// keeps every vendor's or driver's text out of histories.
package activities
