// Package proxy sends a school's outward traffic through the proxy that the school sits behind: its
// settings, reading them in the form of the administrator's manual, and HTTP clients that know no other way.
//
// Of ours it imports packages school and outbound, and knows neither the store nor the messenger.
package proxy
