//go:build unix && !linux

package pgcluster

import "syscall"

// endWithParent does nothing: only Linux can tie a child's life to its parent's. An orphan is stopped by
// the next start on the same folder, or by the reaper of an ephemeral cluster.
func endWithParent(*syscall.SysProcAttr) {}

// servesData trusts the process id in the server's own file: there is no portable way to ask a process for
// its working directory.
func servesData(int, string) bool { return true }
