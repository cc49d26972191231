# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# bash: what sockproxy and its commands take.  The program itself knows; here its words go to it and its
# candidates come back (src/client/complete.h).

_sockproxy() {
	local line word words=() drop=0 quoted=no typed=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]/#\~/$HOME}
	local IFS=$'\n'

	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
		case $word in # what the shell has not taken off yet
		\"* | \'*) word=${word:1} ;;
		*) word=${word//\\/} ;;
		esac
		words+=("$word")
	done
	[[ $typed != [\"\']* ]] || quoted=yes
	while IFS= read -r line; do
		case $line in
		:files)
			compopt -o filenames 2>/dev/null
			# shellcheck disable=SC2207 # one line each, as IFS says
			COMPREPLY+=($(compgen -f -- "$typed"))
			;;
		:nospace) compopt -o nospace 2>/dev/null ;;
		:drop\ *) drop=${line#:drop } ;;
		*)
			line=${line%%$'\t'*}
			line=${line:drop}
			[[ $quoted = yes || $line != *[!A-Za-z0-9_.,:/=@%+!-]* ]] || printf -v line %q "$line"
			COMPREPLY+=("$line")
			;;
		esac
	done < <("$program" complete -- "${words[@]}" 2>/dev/null)
}

complete -F _sockproxy sockproxy
