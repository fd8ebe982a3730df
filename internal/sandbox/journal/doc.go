// Package journal keeps a state on disk as the list of its changes, one JSON value a line.
//
// A change is handed to the operating system before Append returns, so it survives the death of the
// process, SIGKILL included; a power cut may take the last of them. A line cut short by such an
// end is dropped at the next Open.
package journal
