package pgcluster

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// parentDirVariable makes this test binary play the process that starts a server in the folder it names,
// and is then killed.
const parentDirVariable = "PGCLUSTER_TEST_PARENT_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(parentDirVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	if _, err := Start(context.Background(), Options{Dir: dir, Ephemeral: true}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Print("ready")
	select {}
}
