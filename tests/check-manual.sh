#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual must read well in both mandoc and man; what stands in it is checked by unit/test_manual.
command -v mandoc >/dev/null || { echo "skipped: there is no mandoc here"; exit 77; }
for page in "${srcdir:-.}/man/sockproxy.1" "${srcdir:-.}/man/sockproxy.8" man/sockproxy-api.7; do
	mandoc -Tlint -W warning "$page" || exit 1
	command -v man >/dev/null || continue
	complaints=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)
	[ -z "$complaints" ] || { echo "$complaints"; exit 1; }
	width=$(LC_ALL=C.UTF-8 MANWIDTH=80 man -E UTF-8 -l "$page" 2>/dev/null | LC_ALL=C.UTF-8 wc -L)
	[ "$width" -le 80 ] || { echo "$page is $width columns wide in a terminal of 80"; exit 1; }
done
