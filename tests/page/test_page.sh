#!/bin/sh
# SPDX-License-Identifier: MIT
# The page in a real browser: see page.py.  Pictures of each view stay in ./page-pictures.
: "${srcdir:=.}"
python=/usr/bin/python3 # Debian's; the PATH may begin with some other

skip() {
	echo "skipped: $1"
	exit 77
}

[ -x /usr/bin/chromium ] || skip "chromium is missing (Debian package chromium)"
[ -x /usr/bin/chromedriver ] || skip "chromedriver is missing (Debian package chromium-driver)"
"$python" -c 'import selenium' 2>/dev/null || skip "selenium is missing (Debian package python3-selenium)"
mkdir -p page-pictures || exit 99
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$srcdir/tests/page/page.py" page-pictures "$srcdir/tests/page/vendor/axe.min.js" "$@"
