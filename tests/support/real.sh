# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Sourced by integration/real_*.sh: a real program behind a real sockproxy.
# Every script runs in a directory of its own, stops what it started and nothing
# else, and is over within a minute.  A program that is missing skips it (77).

set -u
: "${SOCKPROXY:=./sockproxy}"
umask 022
work=$(mktemp -d /tmp/sockproxy-real.XXXXXX) || exit 99
pids=
proxy=

clean_up() {
	trap - EXIT INT TERM
	for pid in $pids; do
		kill "$pid" 2>/dev/null
	done
	for pid in $pids; do
		wait "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

skip() {
	echo "skipped: $1"
	exit 77
}

fail() {
	echo "failed: $1"
	for log in "$work"/*.log; do
		[ -s "$log" ] || continue
		echo "the end of ${log##*/}:"
		tail -n 20 "$log"
	done
	exit 1
}

# need PROGRAM PACKAGE: servers live in sbin, where not every PATH looks.
PATH=$PATH:/usr/sbin:/sbin
need() {
	command -v "$1" >/dev/null || skip "$1 is missing (Debian package $2)"
}

# check DESCRIPTION COMMAND…: what it says goes to a log, shown when it fails.
check() {
	description=$1
	shift
	timeout 60 "$@" >"$work/check.log" 2>&1 || fail "$description (status $?)"
	echo "ok: $description"
}

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
	rounds=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		rounds=$((rounds - 1))
		[ "$rounds" -gt 0 ] || return 1
		sleep 0.05
	done
}

# A port that nobody listens on, below those that the kernel gives to clients.
free_port() {
	while :; do
		port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 10000))
		[ -n "$(ss -Htan "sport = :$port")" ] || break
	done
	echo "$port"
}

listens() {
	[ -n "$(ss -Htln "sport = :$1")" ]
}

# start_server PORT COMMAND…: false when it ends before it listens (the port may be taken by now).
start_server() {
	server_port=$1
	shift
	"$@" >"$work/server.log" 2>&1 </dev/null &
	server=$!
	rounds=400
	while ! listens "$server_port"; do
		rounds=$((rounds - 1))
		if [ "$rounds" -eq 0 ] || ! kill -0 "$server" 2>/dev/null; then
			kill "$server" 2>/dev/null
			return 1
		fi
		sleep 0.05
	done
	pids="$pids $server"
}

# await_ready: of the daemon $proxy, whose log is proxy.log: where clients go, $address, and $admin.
await_ready() {
	pids="$pids $proxy"
	wait_for 20 grep -q '^ready: ' "$work/proxy.log" || fail "the daemon did not get ready"
	ready=$(grep '^ready: ' "$work/proxy.log")
	address=${ready#ready: }
	address=${address%% *}
	admin=${ready##*, admin }
}

# start_proxy ARGUMENTS: sets $address and $port, where clients go, and $admin.
start_proxy() {
	rm -f "$work/proxy.log" # or the line of the one before would do
	$SOCKPROXY -a 127.0.0.1:0 --datapath "${DATAPATH:-auto}" "$@" 2>"$work/proxy.log" </dev/null &
	proxy=$!
	await_ready
	port=${address##*:}
}

# fact NAME: a number of /stats.
fact() {
	curl -sS "$admin/stats" | tr -d ' \n' | grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d : -f 2
}

equal() {
	[ "$(fact "$1")" = "$2" ]
}

# only REASON…: nothing is live, and connections ended for these reasons only.
only() {
	wait_for 10 equal connections_active 0 || fail "connections stay behind: $(fact connections_active)"
	total=$(fact connections_closed)
	for reason; do
		total=$((total - $(fact "$reason")))
	done
	[ "$total" -eq 0 ] || fail "$total connections ended otherwise: $(curl -sS "$admin/stats" | tr -d ' \n')"
	[ "$(fact connections_accepted)" -gt 0 ] || fail "no connection came through"
	echo "ok: $(fact connections_accepted) connections, each ended by: $*"
}

stop_proxy() {
	kill -TERM "$proxy"
	wait "$proxy"
	status=$?
	pids=$(echo "$pids" | sed "s/ $proxy\$//; s/ $proxy / /")
	[ "$status" -eq 0 ] || fail "the daemon's exit status is $status"
	if grep -E 'Sanitizer|runtime error:|Assertion' "$work/proxy.log"; then
		fail "the daemon complains"
	fi
}
