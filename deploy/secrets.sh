#!/bin/sh
# Makes what docker-compose.yml reads from ./secrets, and the folder for rosters, and lets the containers read their
# configuration. What is there already is kept, so it may be run again; after each update of the repository it should be.
#
#   deploy/secrets.sh                 the keyset is made by the image, which is built if need be
#   deploy/secrets.sh bin/rollcall    by a program on this machine
#
# The folder can be entered by you alone. The files in it can be read by whoever they are given to, because each container
# runs as another user and sees only those that are mounted into it.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
program=${1:-}
case $program in '' | /*) ;; *) program=$PWD/$program ;; esac
cd "$here"
umask 077

# The containers read these as users of their own, who could not if you cloned or pulled under a umask such as 077.
chmod -R a+rX deploy/grafana deploy/otel-collector deploy/postgres deploy/prometheus deploy/temporal

# The user in the image.
image_user=65532:65532

mkdir -p secrets/keyset
chmod 0700 secrets secrets/keyset
printf '*\n' >secrets/.gitignore

# once NAME COMMAND… puts what a command prints into a file that is not there yet.
once() {
	file=secrets/$1
	shift
	[ -e "$file" ] && return
	"$@" >"$file.new"
	[ -s "$file.new" ] || {
		echo "$file could not be made: nothing came of: $*" >&2
		exit 1
	}
	chmod 0444 "$file.new"
	mv "$file.new" "$file"
	echo "made $file"
}

# 192 bits, in letters that mean nothing anywhere.
password() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }

database_url() { printf 'postgres://rollcall:%s@postgres:5432/rollcall?sslmode=disable\n' "$(cat secrets/rollcall-password)"; }

nothing_yet() { printf '\n'; }

keyset() {
	if [ -n "$program" ]; then
		"$program" keys new
	else
		docker compose run --rm --no-deps -T -e OTEL_TRACES_EXPORTER=none rollcall keys new
	fi
}

once postgres-password password
once temporal-password password
once rollcall-password password
once grafana-password password
once database-url database_url
# The Portal's key, key_id=… and secret=…, goes in here; it is read only where ROLLCALL_PORTAL_URL is set.
once portal.key nothing_yet
# The root that MAX's certificates end in goes in here, as PEM; it is read only where ROLLCALL_MAX_CA_FILE is set.
once max-ca.pem nothing_yet

# Who changes the keyset, on rotation, must own it: as root it is given to the image's user, else the programs run as you.
if [ "$(id -u)" = 0 ]; then
	owner=$image_user
else
	owner=$(id -u):$(id -g)
	if ! grep -qs '^RUN_AS=' .env; then
		printf 'RUN_AS=%s\n' "$owner" >>.env
		echo "wrote RUN_AS=$owner into .env"
	fi
fi
# Before the keyset: compose would make it as root.
if [ ! -e roster ]; then
	mkdir roster
	chmod 0755 roster
	printf '*\n' >roster/.gitignore
	echo "made roster: have the export write there"
fi
once keyset/keyset.json keyset
chmod 0600 secrets/keyset/keyset.json
[ "$(id -u)" != 0 ] || chown -R "$owner" secrets/keyset
