#!/bin/sh
# SPDX-License-Identifier: MIT
# The dashboards in the tree are what make.py makes, keep the rules of dashboard-linter, and ask what Prometheus can parse.
# shellcheck disable=SC2154 # real.sh sets work
. "${srcdir:-.}/tests/support/real.sh"
python=/usr/bin/python3 # Debian's; the PATH may begin with some other
need "$python" python3
need promtool prometheus
"$python" -c 'import yaml' 2>/dev/null || skip "python3-yaml is missing"
export PYTHONDONTWRITEBYTECODE=1

grafana=$srcdir/dashboards/grafana
"$python" "$grafana/make.py" "$work" || fail "make.py"
for made in "$work"/*.json; do
	cmp "$made" "$grafana/${made##*/}" || fail "${made##*/} is not what make.py makes: run it"
done
set -- "$grafana"/*.json
[ "$#" -eq 4 ] || fail "$# dashboards instead of 4"
echo "ok: they are what make.py makes"
"$python" "$srcdir/tests/dashboards/lint.py" "$grafana" promtool || fail "lint.py"
