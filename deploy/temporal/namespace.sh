#!/bin/sh
# Makes the namespace TEMPORAL_NAMESPACE on the server at TEMPORAL_ADDRESS, and ends when it can be used. Closed runs are
# kept for 7 days. One that is there is left as it is.
set -eu

# within tries a command once a second, for a minute.
within() {
	tries=60
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		if [ "$tries" -le 0 ]; then
			"$@" # and now say why
			return
		fi
		sleep 1
	done
}

within temporal operator cluster health --address "$TEMPORAL_ADDRESS"
if ! temporal operator namespace describe --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
	temporal operator namespace create --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE" --retention 168h --description Rollcall
fi
# The server's parts learn of a namespace by looking every few seconds.
within temporal workflow count --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE"
