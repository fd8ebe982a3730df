#!/bin/sh
# Makes the databases, and for each program a user that owns its own and can enter no other. PostgreSQL's image runs it
# once, when its data directory is empty; run it by hand, with PGHOST, PGUSER and so on, for a server of your own.
set -eu
SECRETS=${SECRETS:-/run/secrets}
export SECRETS

# psql reads the passwords itself: they stand in no command line.
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-postgres}" <<'SQL'
\set temporal_password `cat "$SECRETS/temporal-password"`
\set rollcall_password `cat "$SECRETS/rollcall-password"`
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE rollcall LOGIN PASSWORD :'rollcall_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE rollcall OWNER rollcall;
REVOKE ALL ON DATABASE temporal, temporal_visibility, rollcall FROM PUBLIC;
SQL
