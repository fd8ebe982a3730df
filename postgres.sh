#!/usr/bin/env bash
# Makes sure that PostgreSQL's programs are there, and says what to install where it cannot.
set -euo pipefail

found() {
	command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

found && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "PostgreSQL's programs are missing: installing Debian's package postgresql"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# The package would start a server of its own, which nobody here needs.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	apt-get install -y -qq postgresql >/dev/null
fi
found || {
	echo "PostgreSQL's programs (initdb, postgres) are missing: install PostgreSQL 15 or newer, on Debian or Ubuntu with: sudo apt-get install postgresql" >&2
	exit 1
}
