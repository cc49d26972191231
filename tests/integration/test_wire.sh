#!/bin/sh
# SPDX-License-Identifier: MIT
# The wire as witness: thousands of connections that end in every way, and each record beside the
# packets of both its legs.  In a network namespace of its own, whose loopback tcpdump hears.
#
#   WIRE_SEED         plays the same connections again (when each step happens is the kernel's choice)
#   WIRE_CONNECTIONS  how many; 3000 if unset.  One in ten is a probe, and each worker keeps 1024 of those
#   WIRE_KEEP         a directory where capture and records stay
#
# The records must agree in whatever state the machine is; times are judged only while it has time for
# us, and otherwise it is all played again, more slowly.  If it never has, that is a failure.
. "${srcdir:-.}/tests/support/real.sh"
python=/usr/bin/python3 # Debian's; the PATH may begin with some other
need "$python" python3
need tcpdump tcpdump
need ip iproute2
need unshare util-linux
case $SOCKPROXY in *" "*) skip "a tool before the daemon would make it late" ;; esac
[ "$(id -u)" -eq 0 ] || skip "only root may capture packets"
unshare -n true 2>/dev/null || skip "no network namespace can be made here"

: "${WIRE_SEED:=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"
: "${WIRE_KEEP:=$work}"
echo "WIRE_SEED=$WIRE_SEED"
mkdir -p "$WIRE_KEEP" || exit 99
export PYTHONDONTWRITEBYTECODE=1

# play PACE
play() {
	timeout 300 unshare -n sh -c 'ip link set lo up && ip address add fd77::77/128 dev lo && exec "$@"' sh \
		"$python" "$srcdir/tests/support/wire/play.py" "$SOCKPROXY" "$WIRE_KEEP" "$WIRE_SEED" \
		"${WIRE_CONNECTIONS:-3000}" "$1"
}

for pace in 1 2 3; do
	play "$pace" || fail "the play"
	"$python" "$srcdir/tests/support/wire/judge.py" "$WIRE_KEEP"
	status=$?
	[ "$status" -eq 75 ] || exit "$status"
done
fail "the machine was never quiet enough to judge times and shares"
