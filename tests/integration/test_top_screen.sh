#!/bin/sh
# SPDX-License-Identifier: MIT
# sockproxy top on a real terminal, which is tmux's: what people see, and what keys do.
# shellcheck disable=SC2154,SC3045 # terminal.sh sets work, admin and the like; ulimit -n is everywhere where this runs
. "${srcdir:-.}/tests/support/terminal.sh"

# The first row below the heading, on a screen that has the whole head.
moves_first() {
	screen | sed -n 7p | grep -q 'kB/s *$'
}

# The last row of a screen of 24 lines.
last_has_come() {
	screen | sed -n 23p | grep -q established
}

# Half of a terminal of 80 columns shows nothing that is cut or stands in two lines.
fits() {
	wide=$(screen | wc -L)
	[ "$wide" -le "$1" ] || fail "a line of $wide columns on a screen of $1"
	high=$(screen | wc -l)
	[ "$high" -eq "$2" ] || fail "$high lines on a screen of $2"
}

# --- without a terminal, and on one that is none
crowd 40
start 127.0.0.1:0 --admin-write
meet
wait_for 20 equal connections_active 40 || fail "not all are open"

status_of() {
	"$@" >"$work/out.log" 2>&1 </dev/null
	echo $?
}
# shellcheck disable=SC2086 # a tool may stand before the program
[ "$(status_of $top -s "$admin")" -eq 2 ] || fail "a pipe is taken for a terminal"
grep -q 'must be a terminal' "$work/out.log" || fail "what is missing is not said"
# shellcheck disable=SC2086
[ "$(status_of $top --once --interval 100ms -n 5 -s "$admin")" -eq 0 ] || fail "--once fails in a pipe"
[ "$(wc -l <"$work/out.log")" -eq 11 ] || fail "--once -n 5 is not five lines of head, a heading and five rows"
grep -q '^1-5 of 40 open' "$work/out.log" || fail "--once does not tell how many there are"
# shellcheck disable=SC2086
[ "$(status_of $top --once 'state == nonsense' -s "$admin")" -eq 2 ] || fail "a wrong filter is no wrong usage"
# shellcheck disable=SC2086
[ "$(status_of $top --once -s 127.0.0.1:1)" -eq 4 ] || fail "nobody there is not told by the status"
echo "ok: without a terminal it says so, and --once is text"

open_terminal 80 24
shell "TERM=no-such-thing $top -s $admin; echo status \$?"
sees 'no such kind of terminal'
sees 'status 2'
shell "TERM=dumb $top -s $admin; echo dumb \$?"
sees 'cannot be written to all over'
sees 'dumb 2'
echo "ok: a terminal of an unknown kind is refused with a reason"

# --- 80 by 24, and another size
shell "clear; stty -g >$work/before; $top --interval 200ms -s $admin; echo status \$?; stty -g >$work/after"
sees '1-17 of 40 open  by DOWN/s'
sees 'STATE        CLIENT           TARGET'
sees 'live, every 200ms'
sees 'states  established 40'
sees '? help  / filter'
sees_no 'down -'
fits 80 24
wait_for 20 moves_first || fail "what moves does not come first: $(screen | sed -n 7p)"
terminal resize-window -t top -x 200 -y 50
sees 'ID                     STATE        CLIENT'
sees '1-40 of 40 open'
sees 'LIMITED_BY'
fits 200 50
terminal resize-window -t top -x 30 -y 8
sees_no LISTENER
sees CLIENT
fits 30 8
terminal resize-window -t top -x 80 -y 24
sees '1-17 of 40 open'
echo "ok: it fits 80 by 24, 200 by 50 and 30 by 8, and follows when the size changes"

# --- colour
coloured() {
	terminal capture-pane -e -p -t top | grep -q "$(printf '\033')\[3[1-6]m"
}
wait_for 20 coloured || fail "there is no colour"
press q
sees 'status 0'
shell "clear; NO_COLOR=1 $top --interval 200ms -s $admin; echo status \$?; stty -g >$work/after"
sees '? help  / filter'
sees 'live, every 200ms'
! coloured || fail "there is colour in spite of NO_COLOR"
echo "ok: NO_COLOR is heeded"

# --- moving and sorting
press End
sees '24-40 of 40 open'
press Home
sees '1-17 of 40 open'
press '<'
sees 'by UP/s, the greatest first'
press '<'
sees 'IDLE↓'
press r
sees 'IDLE↑'
echo "ok: keys move, sort and turn the order round"

# --- a filter
press /
type_text 'state == establishd'
press Enter
sees 'did you mean established?'
sees '                 ^~~~~~~~~~'
press BSpace
type_text 'ed and idle > 0s'
press Enter
sees 'filter state == established and idle > 0s'
press /
press C-u
press Up
sees 'filter: state == established and idle > 0s'
press C-u
press Enter
sees_no 'filter state'
echo "ok: a wrong filter is pointed at in place, a right one is used and remembered"

# --- holding
press Space
sees paused
one_more
wait_for 20 equal connections_active 41 || fail "one more is not open"
has '40 of ' || fail "it is not held"
press Space
sees '41 of '
sees live,
echo "ok: Space holds what is shown"

# --- one connection
press Enter
sees 'connection    '
sees 'CLIENT LEG'
press End
sees 'connected to'
press Escape
sees 'by IDLE'
press '?'
sees 'end this connection'
press q
sees 'by IDLE'
echo "ok: Enter shows one connection with its story, and ? the help"

# --- ending: the first one is the one that moves
press Down
press k
sees 'y  with a reset'
press n
sees 'nothing was ordered'
wait_for 1 equal admin_kill 0 || fail "a no has ended one"
press k
press y
sees '1 matched, 1 ordered to end'
wait_for 20 equal admin_kill 1 || fail "none was ended"
sees '40 of '
press /
type_text 'legs.upstream.bytes_received == 0'
press Enter
sees 'filter legs'
sees '1-17 of '
press K
sees 'open connections that match: legs.upstream.bytes_received == 0'
press y
sees 'ordered to end'
wait_for 20 equal connections_active 1 || fail "K did not end those of the filter"
press c
sees admin_kill
press o
echo "ok: k ends one and K those of a filter, each after a yes"

# --- the way out
press q
sees 'status 0'
cmp -s "$work/before" "$work/after" || fail "the terminal is not as it was"
for signal in INT TERM HUP; do
	shell "clear; $top -s $admin; echo $signal \$?; stty -g >$work/after; echo said"
	sees 'live, every'
	if [ "$signal" = INT ]; then press C-c; else
		terminal list-panes -t top -F '#{pane_pid}' | while read -r pid; do
			pkill -"$signal" -P "$pid"
		done
	fi
	sees "$signal 0"
	sees 'said'
	cmp -s "$work/before" "$work/after" || fail "after $signal the terminal is not as it was"
done
shell "clear; $top -s $admin"
sees 'live, every'
press C-z
sees Stopped
sees 'ready>'
sees_no 'live, every'
shell 'fg; echo ended $?'
sees 'live, every'
# flow on|off: what is written to the terminal waits, and who writes with it.
flow() {
	/usr/bin/python3 - "$(terminal list-panes -t top -F '#{pane_tty}')" "$1" <<'EOF' || fail "the terminal does not obey"
import os, sys, termios
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
termios.tcflow(fd, termios.TCOON if sys.argv[2] == "on" else termios.TCOOFF)
EOF
}
top_writes() {
	! grep -q poll "/proc/$top_pid/wchan"
}
ignores_stop() {
	[ $((0x$(sed -n 's/^SigIgn:[^0-9a-f]*//p' "/proc/$top_pid/status") >> 19 & 1)) -eq 1 ]
}
top_pid=$(pgrep -P "$(terminal list-panes -t top -F '#{pane_pid}')")
flow off
wait_for 3 top_writes || fail "nothing is drawn anew"
! ignores_stop || fail "a ^Z that comes when it draws would be forgotten"
kill -TSTP "$top_pid"
flow on
sees_no 'live, every'
shell 'fg; echo ended $?'
sees 'live, every'
press q
sees 'ended 0'
echo "ok: the terminal is as it was after q, signals and ^Z, one in the middle of a line too"
leave
stop_proxy

# --- a daemon that goes, and comes again
crowd 3
start 127.0.0.1:0
meet
admin_port=${admin##*:}
shell "clear; $top -s $admin --interval 200ms; echo gone \$?"
sees '3 of '
press k
press y
sees '--admin-write'
echo "ok: what the daemon refuses is told"
kill -STOP "$proxy"
sees 'NOT LIVE for '
press '?'
sees 'end this connection'
press q
sees_no 'end this connection'
kill -CONT "$proxy"
sees 'live, every 200ms'
echo "ok: a daemon that does not answer holds up no key"
leave
stop_proxy
sees 'NOT LIVE for '
sees 'no answer: '
press '?'
sees 'end this connection'
press q
start "127.0.0.1:$admin_port"
sees 'live, every 200ms'
sees '0 of '
press q
sees 'gone 0'
stop_proxy
echo "ok: a daemon that is gone is told, no key waits for it, and it comes back by itself"

# --- many
many=5000
spare=1200 # what the daemon keeps for other things
limit=$(ulimit -H -n)
[ "$limit" = unlimited ] || [ "$limit" -ge $((2 * many + spare)) ] || many=$(((limit - spare) / 2))
ulimit -n $((2 * many + spare)) || fail "no descriptors"
crowd $many
start 127.0.0.1:0
meet
wait_for 20 equal connections_active $many || fail "not all are open"
terminal resize-window -t top -x 80 -y 24
shell "clear; $top -s $admin"
sees "1-17 of $many open"
sees "states  established $many"
fits 80 24
wait_for 20 moves_first || fail "the one of $many that moves does not come first: $(screen | sed -n 7p)"
press End
sees "$((many - 16))-$many of $many open"
wait_for 20 last_has_come || fail "the last row does not come"
press Home
sees "1-17 of $many open"
press q
leave
stop_proxy
echo "ok: with $many connections it shows those that are wanted"
