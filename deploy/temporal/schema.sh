#!/bin/sh
# Brings Temporal's two databases to the schema of these tools' version, from an empty one or any earlier one. SQL_HOST,
# SQL_PORT, SQL_USER and SQL_PLUGIN say where they are.
set -eu
SQL_PASSWORD=$(cat "${SECRETS:-/run/secrets}/temporal-password")
export SQL_PASSWORD

migrate() {
	# Version 0.0 is the empty schema: on a database that has one already, this changes nothing.
	temporal-sql-tool --database "$1" setup-schema --version 0.0
	temporal-sql-tool --database "$1" update-schema --schema-name "$2"
}

migrate temporal postgresql/v12/temporal
migrate temporal_visibility postgresql/v12/visibility
