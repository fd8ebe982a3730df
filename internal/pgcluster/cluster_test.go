package pgcluster

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// reachableDir is a temporary folder that the server's account can enter, unlike t.TempDir's under root.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgcluster-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func pidText(pid int) string { return strconv.Itoa(pid) + "\n" }

// start runs a cluster in the folder until the test ends.
func start(t *testing.T, opts Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop(context.WithoutCancel(t.Context()))) })
	return c
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func query[T any](t *testing.T, dsn, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var got T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&got))
	return got
}

func TestClusterKeepsItsDataOverARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(reachableDir(t), "a", "postgres")

	first := start(t, Options{Dir: dir})
	require.NoError(t, first.CreateDatabase(t.Context(), "school chats"))
	require.NoError(t, first.CreateDatabase(t.Context(), "school chats"), "a second time is no error")
	execute(t, first.DSN("school chats"), "CREATE TABLE kept AS SELECT 42 AS answer")
	require.Equal(t, "UTF8", query[string](t, first.DSN("postgres"), "SHOW server_encoding"))
	require.Equal(t, "off", query[string](t, first.DSN("postgres"), "SHOW synchronous_commit"))
	require.NoError(t, first.Stop(t.Context()))
	<-first.Done()
	require.NoError(t, first.Stop(t.Context()), "stopping twice is no error")

	second := start(t, Options{Dir: dir, Fsync: true, Settings: map[string]string{"work_mem": "5MB"}})
	require.Equal(t, 42, query[int](t, second.DSN("school chats"), "SELECT answer FROM kept"))
	require.Equal(t, "on", query[string](t, second.DSN("postgres"), "SHOW fsync"))
	require.Equal(t, "5MB", query[string](t, second.DSN("postgres"), "SHOW work_mem"))
}

func TestClusterIsPrivate(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: reachableDir(t) + "/postgres"})
	require.Equal(t, "127.0.0.1", query[string](t, c.DSN("postgres"), "SHOW listen_addresses"))
	require.Empty(t, query[string](t, c.DSN("postgres"), "SHOW unix_socket_directories"))

	_, err := pgx.Connect(t.Context(), strings.Replace(c.DSN("postgres"), c.password, "guess", 1))
	require.ErrorContains(t, err, "password authentication failed")

	for _, name := range []string{"password", "server.log", "lock"} {
		info, err := os.Stat(filepath.Join(c.Dir(), name))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s is for its owner only", name)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port

	_, err = Start(t.Context(), Options{Dir: reachableDir(t) + "/postgres", Port: port})
	taken, ok := errors.AsType[*PortTakenError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, port, taken.Port)
	require.ErrorContains(t, err, strconv.Itoa(port))
}

func TestSecondStartOnTheSameFolder(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t) + "/postgres"
	c := start(t, Options{Dir: dir})

	_, err := Start(t.Context(), Options{Dir: dir})
	inUse, ok := errors.AsType[*InUseError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, os.Getpid(), inUse.PID)
	require.Equal(t, 1, query[int](t, c.DSN("postgres"), "SELECT 1"), "the first is not disturbed")
}

func TestStartAfterACrash(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t) + "/postgres"
	c := start(t, Options{Dir: dir})
	require.NoError(t, c.CreateDatabase(t.Context(), "kept"))
	c.server.signal(syscall.SIGKILL)
	<-c.Done()
	require.NoError(t, c.Stop(t.Context()))
	pidFile := filepath.Join(c.home.data(), "postmaster.pid")
	require.FileExists(t, pidFile, "the crash left it")

	again := start(t, Options{Dir: dir})
	require.Equal(t, "kept", query[string](t, again.DSN("kept"), "SELECT current_database()"))
}

// TestStartWaitsForWhatACrashedServerLeft: a process of its own that ends late, as on a busy machine.
func TestStartWaitsForWhatACrashedServerLeft(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t) + "/postgres"
	c := start(t, Options{Dir: dir})
	conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	late := int(conn.PgConn().PID())
	require.NoError(t, syscall.Kill(late, syscall.SIGSTOP))
	c.server.signal(syscall.SIGKILL)
	<-c.Done()
	require.NoError(t, c.Stop(t.Context()))

	go func() {
		for !strings.Contains(lastLines(c.LogFile(), 5), inMemory) && t.Context().Err() == nil {
			runtime.Gosched()
		}
		_ = syscall.Kill(late, syscall.SIGCONT)
	}()
	again := start(t, Options{Dir: dir})
	require.Equal(t, 1, query[int](t, again.DSN("postgres"), "SELECT 1"))
}

func TestStartStopsTheServerThatACrashedRunLeft(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t) + "/postgres"
	orphan := start(t, Options{Dir: dir})
	require.NoError(t, orphan.home.release(), "as when the run that held the folder dies")
	orphan.stopOnce.Do(func() {})

	next := start(t, Options{Dir: dir})
	<-orphan.Done()
	require.Equal(t, 1, query[int](t, next.DSN("postgres"), "SELECT 1"))
}

func TestStopByHarderMeansWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	c, err := Start(t.Context(), Options{Dir: reachableDir(t) + "/postgres"})
	require.NoError(t, err)
	// A stopped process cannot obey; only SIGKILL ends it.
	c.server.signal(syscall.SIGSTOP)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, c.Stop(ctx), "did not shut down in time")
	<-c.Done()
}

// TestServerEndsWithItsParent runs this test binary again as the parent and kills it.
func TestServerEndsWithItsParent(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t) + "/postgres"
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentDirVariable+"="+dir)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	ready := make([]byte, len("ready"))
	_, err = out.Read(ready)
	require.NoError(t, err)
	require.Equal(t, "ready", string(ready))
	require.DirExists(t, dir)

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait(), "it was killed")
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	}, 20*time.Second, 20*time.Millisecond, "the server ends and its folder goes")
}

func TestRemove(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t) + "/postgres"
	require.NoError(t, Remove(dir), "there is none")

	c := start(t, Options{Dir: dir})
	_, inUse := errors.AsType[*InUseError](Remove(dir))
	require.True(t, inUse)
	require.NoError(t, c.Stop(t.Context()))
	require.NoError(t, Remove(dir))
	require.NoDirExists(t, dir)
}

func TestServerOutlivesTheClusterThatIsDropped(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t) + "/postgres"
	c, err := Start(t.Context(), Options{Dir: dir, Ephemeral: true})
	require.NoError(t, err)
	dsn, done, pid := c.DSN("postgres"), c.Done(), c.server.cmd.Process.Pid // c itself is not used again

	for range 5 {
		runtime.GC()
		require.Equal(t, 1, query[int](t, dsn, "SELECT 1"))
		_, err := Start(t.Context(), Options{Dir: dir})
		_, inUse := errors.AsType[*InUseError](err)
		require.True(t, inUse, "%v", err)
	}
	require.NoError(t, syscall.Kill(pid, syscall.SIGINT))
	<-done
	require.Eventually(t, func() bool {
		runtime.GC()
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	}, 20*time.Second, 20*time.Millisecond)
}
