#!/usr/bin/env bash
# Builds all programs into bin/, and shows that it is going on: the first build compiles a whole
# Temporal server, which takes minutes.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p bin

./programs.sh postgresql

began=$SECONDS
quietly() {
	local what=$1
	shift
	"$@" &
	local build=$! from=$SECONDS
	while kill -0 "$build" 2>/dev/null; do
		sleep 1
		if (((SECONDS - from) % 15 == 14)); then
			echo "  … still building $what ($((SECONDS - began)) s; the first time takes 5 to 10 minutes)"
		fi
	done
	wait "$build"
}

go=${GO:-go}
quietly "worker and rollcall" "$go" build -o bin/worker ./worker
quietly "worker and rollcall" "$go" build -o bin/rollcall ./starter
quietly "the stack with its Temporal server" "$go" -C devstack build -o ../bin/devstack .
