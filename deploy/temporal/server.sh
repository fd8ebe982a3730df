#!/bin/sh
# Starts Temporal's server with its database's password from a file: the image takes it from the environment only.
set -eu
POSTGRES_PWD=$(cat "${SECRETS:-/run/secrets}/temporal-password")
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
