#!/bin/sh
# SPDX-License-Identifier: MIT
# redis-server behind sockproxy: many small exchanges, pipelines and large values.
. "${srcdir:-.}/tests/support/real.sh"
need redis-server redis-server
need redis-benchmark redis-tools
need curl curl
need ss iproute2

start_redis() {
	target=$(free_port)
	start_server "$target" redis-server --port "$target" --bind 127.0.0.1 --unixsocket "$work/redis.sock" \
		--save '' --dir "$work" --daemonize no
}

start_redis || start_redis || fail "redis-server does not start"
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target"
check "50 clients, one request at a time" redis-benchmark -p "$port" -q -c 50 -n 20000 -t ping,set,get,lpush
check "50 clients, 16 requests at a time" redis-benchmark -p "$port" -q -c 50 -n 50000 -P 16 -t set,get
check "8 clients, values of 1 MB" redis-benchmark -p "$port" -q -c 8 -n 200 -d 1000000 -t set,get

value=$(head -c 3000 /dev/urandom | od -An -tx1 | tr -d ' \n')
[ "$(redis-cli -p "$port" set key "$value")" = OK ] || fail "SET"
[ "$(redis-cli -p "$port" get key)" = "$value" ] || fail "GET gives another value"
echo "ok: a value comes back as it was"
wait_for 10 equal connections_active 0 || fail "connections stay behind"
stop_proxy

start_proxy -l "127.0.0.1:0" -u "unix:$work/redis.sock"
[ "$(redis-cli -p "$port" get key)" = "$value" ] || fail "GET gives another value over a Unix socket"
check "the same over a Unix socket" redis-benchmark -p "$port" -q -c 50 -n 20000 -t set,get
stop_proxy
