#!/bin/sh
# SPDX-License-Identifier: MIT
# The wire as witness: thousands of connections that end in every way, and each record beside the
# packets of both its legs.  In a network namespace of its own, whose loopback tcpdump hears.
#
#   WIRE_SEED         plays the same connections again (when each step happens is the kernel's choice)
#   WIRE_CONNECTIONS  how many; 2400 if unset.  One in ten is a probe, and each worker keeps 1024 of those
#   WIRE_KEEP         a directory where capture and records stay
. "${srcdir:-.}/tests/support/real.sh"
need python3 python3
need tcpdump tcpdump
need ip iproute2
need unshare util-linux
case $SOCKPROXY in *" "*) skip "a tool before the daemon would make it late" ;; esac
[ "$(id -u)" -eq 0 ] || skip "only root may capture packets"
unshare -n true 2>/dev/null || skip "no network namespace can be made here"

: "${WIRE_SEED:=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"
echo "WIRE_SEED=$WIRE_SEED"
export PYTHONDONTWRITEBYTECODE=1
for attempt in 1 2; do
	unshare -n sh -c 'ip link set lo up && exec "$@"' sh \
		python3 "$srcdir/tests/support/wire/play.py" "$SOCKPROXY" "${WIRE_KEEP:-$work}" "$WIRE_SEED" \
		"${WIRE_CONNECTIONS:-2400}" || fail "the play"
	# 75: the capture lacks packets, and a witness that slept is none.
	python3 "$srcdir/tests/support/wire/judge.py" "${WIRE_KEEP:-$work}"
	status=$?
	[ "$status" -eq 75 ] && [ "$attempt" -eq 1 ] || break
done
exit "$status"
