// Package linkfile takes account links from one CSV file, for places where the Portal has no interface but somebody
// who exports what it knows. docs/portal-api.md describes the file.
//
// A file that cannot be relied on is portal-incomplete and changes nothing: half a file is no answer.
package linkfile
