#!/usr/bin/env bash
# Makes sure that the programs named are there: postgresql, and tinyproxy and promtool (which only the tests need).
# On Debian, as root, it installs what is missing; elsewhere it says what to install.
set -euo pipefail

found() {
	case $1 in
	postgresql) command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# package names the package of Debian's that a program comes in.
package() {
	case $1 in
	promtool) echo prometheus ;;
	*) echo "$1" ;;
	esac
}

missing=()
packages=()
for program in "$@"; do
	found "$program" || {
		missing+=("$program")
		packages+=("$(package "$program")")
	}
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "missing here, and installed from Debian: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# Prometheus' package, which promtool comes in, would start its server, which nobody here needs: at
	# runlevel 1 none is started. PostgreSQL's would besides make a cluster.
	export RUNLEVEL=1
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	apt-get install -y -qq "${packages[@]}" >/dev/null
fi
for program in "${missing[@]}"; do
	found "$program" || {
		echo "$program is missing (PostgreSQL has to be 15 or newer): on Debian or Ubuntu install it with: sudo apt-get install $(package "$program")" >&2
		exit 1
	}
done
