#!/bin/sh
# SPDX-License-Identifier: MIT
# /openapi.json beside what is really answered, to every operation, rightly and wrongly called.
# OPENAPI_VALIDATOR, the validate-api of @seriousme/openapi-schema-validator, judges the document itself as well.
# shellcheck disable=SC2154 # real.sh sets work, port, address and the like
. "${srcdir:-.}/tests/support/real.sh"
python=/usr/bin/python3 # Debian's; the PATH may begin with some other
need "$python" python3
"$python" -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing"

target=$(free_port)
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target"
wrong_admin=$admin
(umask 077 && echo 0123456789abcdef >"$work/token")
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target" --admin-token-file "$work/token"
token_admin=$admin
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target" --admin-rate 1
rate_admin=$admin
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target" --admin-write
"$python" "$srcdir/tests/support/contract.py" "${admin#http://}" "$port" "$target" \
	"${wrong_admin#http://}" "${token_admin#http://}" "${rate_admin#http://}" ||
	fail "the document and the answers disagree"
if [ -n "${OPENAPI_VALIDATOR:-}" ]; then
	curl -s "$admin/openapi.json" >"$work/openapi.json" || fail "curl"
	"$OPENAPI_VALIDATOR" "$work/openapi.json" >"$work/validator.log" || fail "$OPENAPI_VALIDATOR"
	grep -q '"valid": true' "$work/validator.log" || fail "the document is no OpenAPI" # its status tells nothing
	echo "ok: $OPENAPI_VALIDATOR takes the document"
fi
