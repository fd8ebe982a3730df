package pgcluster

import (
	"os"
	"strconv"
	"syscall"
)

// endWithParent asks the kernel for a fast shutdown of the child when the thread that started it ends.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// servesData reports whether the process is a server on that data folder. A process id left in a file may
// belong to any program by now; a server's working directory is its data folder.
func servesData(pid int, data string) bool {
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && cwd == data
}
