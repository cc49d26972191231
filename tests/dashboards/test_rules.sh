#!/bin/sh
# SPDX-License-Identifier: MIT
# promtool takes the rules and the example of a scrape, and the rules say what rules.test.yml promises.
# shellcheck disable=SC2154 # real.sh sets work
. "${srcdir:-.}/tests/support/real.sh"
need promtool prometheus

prometheus=$srcdir/dashboards/prometheus
sed "s|/etc/prometheus/|$work/|" "$prometheus/prometheus.yml" >"$work/prometheus.yml"
cp "$prometheus"/*.rules.yml "$srcdir/tests/dashboards/rules.test.yml" "$work" || fail "cp"
echo 0123456789abcdef >"$work/sockproxy.token"
echo >"$work/sockproxy-ca.pem"
cd "$work" || fail "cd"
check "promtool check rules" promtool check rules --lint=all --lint-fatal recording.rules.yml alerting.rules.yml
check "promtool check config" promtool check config prometheus.yml
check "promtool test rules" promtool test rules rules.test.yml
# Each alert has been seen to fire.
sed -n 's/^ *- alert: //p' alerting.rules.yml | sort >alerts
sed -n 's/.*{alertname="\([A-Za-z]*\)"}.*, value: 1}$/\1/p' rules.test.yml | sort -u >tested
diff alerts tested || fail "alerts that rules.test.yml does not raise, or that are none"
# A test of rules that nothing can break would be none.
sed -i 's/sockproxy_draining == 1/sockproxy_draning == 1/' alerting.rules.yml
promtool test rules rules.test.yml >broken.log 2>&1 && fail "a mistyped metric in a rule goes unnoticed"
echo "ok: each alert was raised, and a mistyped metric is noticed"
