#!/bin/sh
# SPDX-License-Identifier: MIT
# PostgreSQL behind sockproxy: psql asks, pgbench works, a COPY goes both ways.
. "${srcdir:-.}/tests/support/real.sh"
PATH=$PATH:$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
need initdb postgresql
need psql postgresql-client
need pgbench postgresql
need curl curl
need ss iproute2

# PostgreSQL does not run as root.
data=$work/data
mkdir "$data"
as=
if [ "$(id -u)" -eq 0 ]; then
	need setpriv util-linux
	user=nobody
	! id postgres >/dev/null 2>&1 || user=postgres
	as="setpriv --reuid $user --regid $(id -g "$user") --clear-groups"
	chmod 755 "$work"
	chown "$user" "$data"
fi

# shellcheck disable=SC2086
check "initdb" $as initdb -D "$data" -A trust -U tester --no-sync --no-instructions

start_postgres() {
	target=$(free_port)
	# shellcheck disable=SC2086
	start_server "$target" $as postgres -D "$data" -p "$target" -h 127.0.0.1 -k "$data" -F
}

start_postgres || start_postgres || fail "postgres does not start"
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target"
export PGHOST=127.0.0.1 PGPORT="$port" PGUSER=tester PGDATABASE=postgres PGSSLMODE=prefer
wait_for 20 psql -qAtc 'select 1' || fail "no answer from PostgreSQL"

[ "$(psql -qAtc "select md5(string_agg(n::text, ',')) from generate_series(1, 200000) n")" = \
	"$(seq -s , 200000 | tr -d '\n' | md5sum | cut -d ' ' -f 1)" ] || fail "psql gets another answer"
echo "ok: psql asks"
seq 500000 >"$work/numbers"
psql -qc 'create table numbers (n int)' || fail "create table"
psql -qc '\copy numbers from stdin' <"$work/numbers" || fail "copy in"
psql -qAtc '\copy numbers to stdout' | cmp - "$work/numbers" || fail "copy out differs"
echo "ok: a COPY goes in and comes out"
check "pgbench fills its tables" pgbench -i -q -s 1
check "pgbench, 8 clients" pgbench -n -c 8 -j 2 -t 100
check "pgbench, a connection for each transaction" pgbench -n -C -S -c 4 -t 50
wait_for 10 equal connections_active 0 || fail "connections stay behind"
stop_proxy
