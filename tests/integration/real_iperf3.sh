#!/bin/sh
# SPDX-License-Identifier: MIT
# iperf3 through sockproxy: as much as goes, up, down, and both at once.
. "${srcdir:-.}/tests/support/real.sh"
need iperf3 iperf3
need curl curl
need ss iproute2

start_iperf3() {
	target=$(free_port)
	start_server "$target" iperf3 -s -B 127.0.0.1 -p "$target"
}

start_iperf3 || start_iperf3 || fail "iperf3 does not start"
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target"
# measure DESCRIPTION ARGUMENTS…: the server takes one client at a time, and needs a moment after the last.
measure() {
	description=$1
	shift
	until timeout 30 iperf3 -c 127.0.0.1 -p "$port" "$@" >"$work/check.log" 2>&1; do
		grep -q 'server is busy' "$work/check.log" || fail "$description"
		sleep 0.05
	done
	echo "ok: $description"
}

measure "up" -t 1
measure "down" -t 1 -R
measure "up, 256 MB" -n 256M
measure "both, 8 streams" -t 1 --bidir -P 8
[ "$(fact client_bytes_received)" -gt 268435456 ] || fail "the daemon has not seen these bytes"
wait_for 10 equal connections_active 0 || fail "connections stay behind"
stop_proxy
