#!/bin/sh
# SPDX-License-Identifier: MIT
# bash, zsh and fish complete what is typed: the shells themselves, on a pseudo-terminal where they need one.
# shellcheck disable=SC2154 # real.sh sets work, admin and the like
. "${srcdir:-.}/tests/support/real.sh"

completions=$(cd "${srcdir:-.}/completions" && pwd) || exit 99
# A tool may stand before the program; here the program alone is wanted.
program=${SOCKPROXY##* }
[ -x "$program" ] || fail "there is no $program"
mkdir "$work/bin" "$work/zsh"
ln -s "$(cd "$(dirname "$program")" && pwd)/$(basename "$program")" "$work/bin/sockproxy"
PATH=$work/bin:$PATH
export PATH
unset SOCKPROXY_URL SOCKPROXY_TOKEN_FILE SOCKPROXY_CACERT

start_proxy --demo -l 127.0.0.1:0
SOCKPROXY_URL=$admin
export SOCKPROXY_URL
id_of_one() {
	id=$(curl -sS "$admin/conns?limit=1" | grep -o '"id":"[0-9a-z]*"' | head -n 1 | cut -d '"' -f 4)
	[ -n "$id" ]
}
wait_for 10 id_of_one || fail "the demonstration has no connection"

# has TEXT WORD…: each is a line of what was answered.
has() {
	answered=$1
	shift
	for word; do
		printf '%s\n' "$answered" | grep -qxF -- "$word" || fail "$shell does not offer $word, but: $answered"
	done
}

has_not() {
	! printf '%s\n' "$1" | grep -qxF -- "$2" || fail "$shell offers $2"
}

# The same for each shell: ask LINE answers the candidates, one a line.
check_shell() {
	has "$(ask 'sockproxy ')" conns show events top kill explain findings help
	has "$(ask 'sockproxy ex')" explain
	has "$(ask 'sockproxy --log-l')" --log-level
	has "$(ask 'sockproxy --log-level ')" error warning notice info debug
	has "$(ask 'sockproxy kill --')" --yes --how --reason --server
	has_not "$(ask 'sockproxy conns --')" --yes
	has "$(ask 'sockproxy top --')" --sort --interval --once --state
	has_not "$(ask 'sockproxy top --')" --output
	has "$(ask 'sockproxy top state == est')" established
	has "$(ask 'sockproxy conns -o ')" table wide json
	has "$(ask 'sockproxy conns --state est')" established
	has "$(ask 'sockproxy conns --sort -dura')" -duration_us
	has "$(ask 'sockproxy events --types open,cl')" open,close
	has "$(ask 'sockproxy conns sta')" state
	has "$(ask 'sockproxy conns limited_by ')" == != in
	has "$(ask 'sockproxy conns state == client_')" client_half_closed
	has "$(ask 'sockproxy conns state == established a')" and
	has "$(ask 'sockproxy conns state == established and lim')" limited_by
	has "$(ask "sockproxy --log-filter reas")" reason
	echo "ok: $shell completes commands, options, values and filters"
	# Connections come and go: take the id that is there both before and afterwards.
	wait_for 10 completes_ids || fail "$shell does not complete ids"
	echo "ok: $shell completes ids of live connections"
}

completes_ids() {
	id_of_one && printf '%s\n' "$(ask "sockproxy show $id")" | grep -qxF "$id"
}

if command -v bash >/dev/null; then
	shell=bash
	# What bash would put into COMP_WORDS: cut at blanks, and at = and : as COMP_WORDBREAKS says.
	cat >"$work/ask.bash" <<-'END'
		source "$1"
		compopt() { :; }
		read -ra COMP_WORDS <<<"${2//=/ = }"
		[[ $2 == *' == '* ]] && read -ra COMP_WORDS <<<"$2"
		[[ $2 != *' ' ]] || COMP_WORDS+=('')
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		COMP_LINE=$2 COMP_POINT=${#2}
		_sockproxy
		printf '%s\n' "${COMPREPLY[@]}"
	END
	ask() {
		bash --norc "$work/ask.bash" "$completions/sockproxy.bash" "$1"
	}
	check_shell
	has "$(ask 'sockproxy conns --state=cl')" closed
	has "$(ask 'sockproxy conns --state=')" active closed all
	touch "$work/token file"
	has "$(cd "$work" && ask 'sockproxy conns --token-file tok')" 'token file'
	has "$(ask 'sockproxy conns idle ')" '\>'
	echo "ok: bash completes words that it cuts, files, and what it must quote"
else
	echo "bash is missing"
fi

if command -v zsh >/dev/null; then
	shell=zsh
	cp "$completions/_sockproxy" "$work/zsh/_sockproxy"
	# A zsh on a terminal of zsh's own; what its completion offers is asked of compadd, and printed.
	cat >"$work/ask.zsh" <<-'END'
		zmodload zsh/zpty
		zpty shell "cd $1 && exec zsh -f -i"
		zpty -w shell "PS1= PROMPT= RPROMPT=; fpath=($1/zsh \$fpath); autoload -Uz compinit; compinit -u -d $1/zcompdump"
		zpty -w shell 'compadd() { local -a found; local each; [[ $1 != -O ]] || return 0
			builtin compadd -O found "$@"; for each in $found; do print -r -- "<$each>"; done; builtin compadd "$@" }'
		zpty -w shell 'ask() { zle complete-word; print -r -- "<"DONE }; zle -N ask; bindkey "^T" ask'
		zpty -w shell 'setopt noautomenu nolistbeep; print READ\Y'
		zpty -r -m shell line '*READY*' || exit 1
		zpty -w -n shell "$2"$'\C-t'
		zpty -r -m shell line '*<DONE*' || exit 1
		zpty -d shell
		print -r -- "$line" | tr -d '\r' | grep -o '<[^<>]*>' | tr -d '<>'
	END
	ask() {
		timeout 20 zsh -f "$work/ask.zsh" "$work" "$1"
	}
	check_shell
else
	echo "zsh is missing (Debian package zsh)"
fi

if command -v fish >/dev/null; then
	shell=fish
	mkdir "$work/home"
	ask() {
		HOME=$work/home XDG_CONFIG_HOME=$work/home XDG_DATA_HOME=$work/home \
			fish --no-config -c "source $completions/sockproxy.fish; complete -C '$1'" | cut -f 1
	}
	check_shell
	has "$(ask 'sockproxy conns idle ')" '>'
else
	echo "fish is missing (Debian package fish)"
fi

stop_proxy
