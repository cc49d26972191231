#!/bin/sh
# SPDX-License-Identifier: MIT
# sockproxy top at a door that is locked: by a token, by a certificate, on a Unix socket; and when the lock is changed
# while it looks.
# shellcheck disable=SC2154 # terminal.sh sets work, admin and the like
. "${srcdir:-.}/tests/support/terminal.sh"
need openssl openssl

umask 077
for name in ours other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
		-keyout "$work/$name.key" -out "$work/$name.cert" 2>"$work/openssl.log" || fail "no certificate"
done
echo 0123456789abcdef >"$work/ours.token"
echo fedcba9876543210 >"$work/other.token"

# What is asked of /stats by others, through the same door; real.sh's is for an open one.
fact() {
	curl -sS --cacert "$work/ours.cert" -H 'Authorization: Bearer 0123456789abcdef' "$admin/stats" |
		tr -d ' \n' | grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d : -f 2
}

# locked ADDRESS CERT TOKEN OPTION…: a daemon whose door has this certificate and asks for this token.
locked() {
	locked_at=$1 locked_cert=$2 locked_token=$3
	shift 3
	start "$locked_at" --admin-cert "$work/$locked_cert.cert" --admin-key "$work/$locked_cert.key" \
		--admin-token-file "$work/$locked_token.token" "$@"
}

# status_of ARGUMENT…: of top, once; what it says is in out.log.
status_of() {
	# shellcheck disable=SC2086 # a tool may stand before the program
	$top --once --interval 100ms -s "$admin" "$@" >"$work/out.log" 2>&1 </dev/null
	echo $?
}

says() {
	grep -qF -- "$1" "$work/out.log" || fail "it does not say: $1"
}

# The ports of those who are connected to the interface now.
callers() {
	ss -Htn state established "dport = :$admin_port" | awk '{ print $3 }'
}

# Several glances, which the first line tells by the time that the daemon is up.
other_head() {
	[ "$(screen | sed -n 1p)" != "$head" ]
}

glance_on() {
	for _ in 1 2 3 4 5; do
		head=$(screen | sed -n 1p)
		wait_for 20 other_head || fail "it looks no more"
	done
}

# --- who has no key is told which
crowd 3
locked 127.0.0.1:0 ours ours --admin-write
admin_port=${admin##*:}
meet
wait_for 20 equal connections_active 3 || fail "not all are open"
[ "$(status_of --cacert "$work/ours.cert" --token-file "$work/ours.token")" -eq 0 ] || fail "the door stays shut"
says "$admin"
says '1-3 of 3 open'
[ "$(status_of --token-file "$work/ours.token")" -eq 4 ] || fail "a certificate of nobody's is trusted"
says '--cacert names the certificates to trust'
[ "$(status_of --cacert "$work/ours.cert")" -eq 1 ] || fail "it comes in without a token"
says '--token-file names the file'
[ "$(status_of --cacert "$work/ours.cert" --token-file "$work/other.token")" -eq 1 ] || fail "any token will do"
says 'It is another token.'
echo "ok: without certificate or token it says what is missing, before it takes the screen"

# --- HTTPS and a token
open_terminal 80 24
shell "clear; $top -s $admin --cacert $work/ours.cert --token-file $work/ours.token --interval 200ms; echo status \$?"
sees '1-3 of 3 open'
sees 'live, every 200ms'
before=$(callers)
[ "$(echo "$before" | wc -w)" -eq 1 ] || fail "it has another number of connections than one: $before"
glance_on # without a key: one that comes while an answer does gives that up, and its connection with it
[ "$(callers)" = "$before" ] || fail "it shook hands again: $before, then $(callers)"
press Enter
sees 'connection    '
sees 'CLIENT LEG'
press k
sees 'y  with a reset'
press y
sees '1 matched, 1 ordered to end'
press Escape
sees '2 of 2 open'
wait_for 20 equal admin_kill 1 || fail "none was ended"
echo "ok: through TLS and with a token it shows, tells and ends, on one connection"

# --- other locks, while it looks
leave
stop_proxy
sees 'NOT LIVE for '
start "127.0.0.1:$admin_port"
sees 'no answer: '
sees_no 'Connection refused'
sees 'NOT LIVE for '
stop_proxy
locked "127.0.0.1:$admin_port" other ours
sees 'certificate'
stop_proxy
locked "127.0.0.1:$admin_port" ours other
sees 'It is another token.'
sees 'NOT LIVE for '
stop_proxy
locked "127.0.0.1:$admin_port" ours ours
sees 'live, every 200ms'
sees '0 of '
press q
sees 'status 0'
stop_proxy
echo "ok: another certificate, another token and none at all are told, and the right ones open again"

# --- a Unix socket, and what the environment says
start "unix:$work/door" --admin-token-file "$work/ours.token"
[ "$(status_of)" -eq 1 ] || fail "it comes in without a token"
says '--token-file names the file'
shell "clear; SOCKPROXY_URL=unix:$work/door SOCKPROXY_TOKEN_FILE=$work/ours.token $top; echo unix \$?"
sees "unix:$work/door"
sees 'live, every 1s'
press q
sees 'unix 0'
stop_proxy
echo "ok: so does it on a Unix socket, with a token that the environment names"
