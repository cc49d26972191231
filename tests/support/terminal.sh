# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # what it sets is used by whoever sources it; real.sh sets work and the like
#
# Sourced by integration/test_top_*.sh: sockproxy top on a real terminal, which is tmux's, and a daemon in front of a crowd.
. "${srcdir:-.}/tests/support/real.sh"

need tmux tmux
need /usr/bin/python3 python3
crowd_py=$(cd "${srcdir:-.}/tests/support" && pwd)/crowd.py || exit 99
LC_ALL=C.UTF-8
TERM=xterm-256color
export LC_ALL TERM
unset SOCKPROXY_URL SOCKPROXY_TOKEN_FILE SOCKPROXY_CACERT NO_COLOR TMUX

# What stays must not keep the crowd's orders open.
terminal() {
	tmux -u -S "$work/tmux" -f /dev/null "$@" 8>&- 9<&-
}
trap 'terminal kill-server 2>/dev/null; clean_up' EXIT

# The program by its whole path: the terminal's shell is somewhere else.
case $SOCKPROXY in
*' '*) top="$SOCKPROXY top" ;;
*) top="$(cd "$(dirname "$SOCKPROXY")" && pwd)/$(basename "$SOCKPROXY") top" ;;
esac

screen() {
	terminal capture-pane -p -t top
}

# The same text again and again until it is there, or not any more.
has() {
	screen | grep -qF -- "$1"
}

has_not() {
	! has "$1"
}

sees() {
	wait_for 20 has "$1" || {
		screen
		fail "the screen does not show: $1"
	}
}

sees_no() {
	wait_for 20 has_not "$1" || {
		screen
		fail "the screen still shows: $1"
	}
}

press() {
	terminal send-keys -t top "$@"
}

type_text() {
	terminal send-keys -t top -l -- "$1"
}

# open_terminal COLUMNS ROWS: a shell that waits for a line.
open_terminal() {
	terminal kill-server 2>/dev/null
	terminal new-session -d -s top -x "$1" -y "$2" 'PS1="ready> " ENV= sh -i' || fail "tmux does not start"
	sees 'ready>'
}

# shell LINE: in that shell.
shell() {
	type_text "$1"
	press Enter
}

# start ADDRESS OPTION…: a daemon in front of the crowd, whose interface is there.
start() {
	rm -f "$work/proxy.log"
	admin_at=$1
	shift
	$SOCKPROXY -a "$admin_at" -l 127.0.0.1:0 -u "127.0.0.1:$upstream" --log-conns off "$@" \
		2>"$work/proxy.log" </dev/null 8>&- 9<&- &
	proxy=$!
	await_ready
}

# crowd COUNT: $upstream is its port; meet then connects them through the daemon.
crowd() {
	mkfifo "$work/orders.$1" "$work/answers.$1"
	/usr/bin/python3 "$crowd_py" "$1" <"$work/orders.$1" >"$work/answers.$1" 2>"$work/crowd.log" &
	crowd=$!
	pids="$pids $crowd"
	exec 8>"$work/orders.$1" 9<"$work/answers.$1"
	read -r upstream <&9 || fail "nobody listens"
}

meet() {
	echo "$address" >&8
	read -r said <&9
	[ "$said" = connected ] || fail "the crowd does not come through"
}

one_more() {
	echo more >&8
	read -r said <&9
	[ "$said" = 'one more' ] || fail "one more does not come through"
}

leave() {
	exec 8>&- 9<&-
	wait "$crowd"
	pids=$(echo "$pids" | sed "s/ $crowd\$//; s/ $crowd / /")
}
