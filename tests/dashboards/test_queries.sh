#!/bin/sh
# SPDX-License-Identifier: MIT
# A real Prometheus, set up as the example says, scrapes two daemons, one of them by TLS and with a token, under connections of
# every kind; and every query of every dashboard and rule returns what expected.yml says.
# shellcheck disable=SC2154 # real.sh sets work, port, address and the like
. "${srcdir:-.}/tests/support/real.sh"
python=/usr/bin/python3 # Debian's; the PATH may begin with some other
need "$python" python3
need prometheus prometheus
need openssl openssl
"$python" -c 'import yaml' 2>/dev/null || skip "python3-yaml is missing"
export PYTHONDONTWRITEBYTECODE=1
dashboards=$srcdir/tests/dashboards

"$python" "$dashboards/traffic.py" upstream >"$work/upstream" 2>"$work/upstream.log" &
pids="$pids $!"
wait_for 10 grep -q . "$work/upstream" || fail "no upstream"
target=$(cat "$work/upstream")
nobody=$(free_port)

umask 077
echo 0123456789abcdef >"$work/sockproxy.token"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sockproxy \
	-addext 'subjectAltName=IP:127.0.0.1' -keyout "$work/key.pem" -out "$work/sockproxy-ca.pem" 2>"$work/openssl.log" || fail "openssl"
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target" --admin-token-file "$work/sockproxy.token" \
	--admin-cert "$work/sockproxy-ca.pem" --admin-key "$work/key.pem"
tls_admin=$admin
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target" -l 127.0.0.1:0 -u "127.0.0.1:$nobody,127.0.0.1:$target" \
	-l 127.0.0.1:0 -u "127.0.0.1:$nobody" --deny 127.0.0.9/32 --half-close-timeout 1s --workers 2
# ready: HOST:PORT -> UPSTREAM, HOST:PORT -> UPSTREAM, …
ports=$(echo "$ready" | grep -o '127\.0\.0\.1:[0-9]* ->' | sed 's/ ->//; s/.*://' | tr '\n' ' ')
curl -sN "$admin/events" >"$work/events" 2>/dev/null &
pids="$pids $!"
# shellcheck disable=SC2086 # three ports
"$python" "$dashboards/traffic.py" clients 100 $ports >"$work/clients.log" 2>&1 &
pids="$pids $!"

# The example, asked for more often, of these daemons.
sed -e 's/_interval: 15s/_interval: 1s/' -e "s|/etc/prometheus/|$work/|" -e "s/127\.0\.0\.1:9100/${admin#http://}/" \
	-e "s/'proxy1.*9100'/'${tls_admin#https://}'/" "$srcdir/dashboards/prometheus/prometheus.yml" >"$work/prometheus.yml"
cp "$srcdir"/dashboards/prometheus/*.rules.yml "$work" || fail "cp"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:0 \
	>"$work/prometheus.log" 2>&1 </dev/null &
pids="$pids $!"
wait_for 20 grep -q 'msg="Listening on"' "$work/prometheus.log" || fail "Prometheus does not listen"
prometheus=http://$(sed -n 's/.*msg="Listening on" address=//p' "$work/prometheus.log")
"$python" "$dashboards/queries.py" "$prometheus" "$admin" "$srcdir/dashboards/grafana" "$srcdir/dashboards/prometheus" \
	"$dashboards/expected.yml" 50 || fail "what Prometheus answers is not what the dashboards and rules need"
stop_proxy
