// Package vkscript runs the scripts that VK's method execute takes.
//
// A script is ECMAScript to look at, but a small part of it: variables, if, while, return, arithmetic,
// comparisons, a dozen methods of arrays and strings, and calls to API. Whatever VK would not
// compile is not compiled here either, so that nobody comes to depend on more. Two
// things differ from ECMAScript: a member that is not there, also one of false or null, is null;
// and a failed API call gives false.
//
// Not understood, though VK does: the projection "@." and the sum of two arrays.
//
// The package knows nothing of VK's methods: its caller makes the calls.
package vkscript
