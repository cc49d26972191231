#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual must read well in both mandoc and man; what stands in it is checked by unit/test_manual.
page=${srcdir:-.}/man/sockproxy.8
command -v mandoc >/dev/null || { echo "skipped: there is no mandoc here"; exit 77; }
mandoc -Tlint -W warning "$page" || exit 1
command -v man >/dev/null || exit 0
complaints=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)
[ -z "$complaints" ] || { echo "$complaints"; exit 1; }
