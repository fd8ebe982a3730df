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
	a := newApp()
	stopTracing, err := a.startTracing(ctx)
	if err != nil {
		os.Exit(a.finish(ctx, err))
	}
	code := a.execute(ctx, os.Args[1:])
	stopTracing()
	stop()
	os.Exit(code)
}
