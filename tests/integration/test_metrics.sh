#!/bin/sh
# SPDX-License-Identifier: MIT
# /metrics as Prometheus' own tool sees it: well formed, and named by its rules.
# shellcheck disable=SC2154 # real.sh sets work, port, address and the like
. "${srcdir:-.}/tests/support/real.sh"
need promtool prometheus
need curl curl

judge() {
	curl -sS "$@" "$admin/metrics" >"$work/metrics" || fail "curl"
	promtool check metrics <"$work/metrics" >"$work/promtool.log" 2>&1 || fail "promtool has complaints"
	[ ! -s "$work/promtool.log" ] || fail "promtool has remarks"
}

start_proxy --demo -l 127.0.0.1:0
judge
wait_for 20 sh -c "curl -sS '$admin/metrics' | grep -q '^sockproxy_turn_duration_seconds_count.* [1-9]'" ||
	fail "the demo's clients have no turns"
judge
echo "ok: promtool takes what a demo tells"
stop_proxy

# A name that has all that has to be escaped, on both sides of a proxy, and a pair that comes twice.
start_proxy -l "unix:$work/a\"b\\c" -u "unix:$work/\"" -l 127.0.0.1:0 -u 127.0.0.1:1 -l 127.0.0.1:0 -u 127.0.0.1:1
judge
grep -q 'a\\"b\\\\c",upstream=' "$work/metrics" || fail "the name is not escaped"
echo "ok: promtool takes names that are made to break it"
stop_proxy

(umask 077 && echo 0123456789abcdef >"$work/token")
start_proxy -l 127.0.0.1:0 -u 127.0.0.1:1 --admin-token-file "$work/token"
[ "$(curl -s -o "$work/refused" -w '%{http_code}' "$admin/metrics")" = 401 ] || fail "no token was asked for"
judge -H "Authorization: Bearer 0123456789abcdef"
echo "ok: with a token it answers who has it"
stop_proxy

# What is told as wrong is noticed: else the above would say nothing.
echo 'sockproxy_wrong_total{a="b} 1' | promtool check metrics >"$work/promtool.log" 2>&1 &&
	fail "promtool takes anything"
exit 0
