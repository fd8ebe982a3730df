#!/usr/bin/env bash
# Makes sure that the programs named are there: postgresql, and tinyproxy (which only the tests need).
# On Debian, as root, it installs what is missing; elsewhere it says what to install.
set -euo pipefail

found() {
	case $1 in
	postgresql) command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing=()
for program in "$@"; do
	found "$program" || missing+=("$program")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "missing here, and installed from Debian: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# PostgreSQL's package would start a server of its own, which nobody here needs.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	apt-get install -y -qq "${missing[@]}" >/dev/null
fi
for program in "${missing[@]}"; do
	found "$program" || {
		echo "$program is missing (PostgreSQL has to be 15 or newer): on Debian or Ubuntu install it with: sudo apt-get install $program" >&2
		exit 1
	}
done
