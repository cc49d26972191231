#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs `make check` and shows the closing line of each test program, which
# automake leaves in the program's log.
#
#   tests/run.sh BUILD [ARGUMENTS OF MAKE] check|check-unit|…
#
# All that make says is in BUILD/check.log.  The exit status is make's.
set -u
build=$1
shift
passed=0 failed=0 skipped=0 checks=0

rm -f "$build/check.status"
{
	make -C "$build" -k "$@" </dev/null 2>&1
	echo $? >"$build/check.status"
} | tee "$build/check.log" | {
	while read -r result name rest; do
		log=$build/$name.log
		case $result in
		PASS:)
			passed=$((passed + 1))
			echo "$result $name"
			closing=$(grep '^[0-9]*%: Checks: ' "$log") || continue
			echo "$closing"
			count=${closing#*Checks: }
			checks=$((checks + ${count%%,*}))
			;;
		SKIP:)
			skipped=$((skipped + 1))
			echo "$result $name"
			tail -n 1 "$log"
			;;
		FAIL: | XPASS: | ERROR:)
			failed=$((failed + 1))
			echo "$result $name; the end of $log:"
			tail -n 40 "$log"
			;;
		*)
			case "$result $name $rest" in
			*': error: '* | *': fatal error: '* | *'undefined reference'*) echo "$result $name $rest" ;;
			esac
			;;
		esac
	done
	printf '\n%d checks; programs and scripts:\n%d passed, %d failed, %d skipped\n' \
		$checks $passed $failed $skipped
}
exit "$(cat "$build/check.status")"
