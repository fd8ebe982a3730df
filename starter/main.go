package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends at once whatever does not listen to the first.
	context.AfterFunc(ctx, stop)
	code := newApp().execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
