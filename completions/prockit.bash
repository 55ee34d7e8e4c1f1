# bash completion for prockit. It asks the program what there is, and holds no option names.
# shellcheck shell=bash

# Complete a value by its metavar: $1; the word so far: $2. A choice (FILE|null) is all its parts.
_prockit_value()
{
	local part rest=$1
	while [[ -n $rest ]]; do
		part=${rest%%|*}
		[[ $rest == *'|'* ]] && rest=${rest#*|} || rest=
		case $part in
		FILE) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$2") ;;
		DIR) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$2") ;;
		COMMAND) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -c -- "$2") ;;
		NAME | NAME=VALUE)
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -e -- "$2")
			;;
		SIGNAL)
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
				# shellcheck disable=SC2046 # one word a signal
				compgen -W "$(printf '%s\n' $(kill -l) | sed -n 's/^SIG//p')" \
					-- "${2#SIG}"
			)
			;;
		PID)
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
				cd /proc && compgen -W "$(printf '%s ' [0-9]*)" -- "$2"
			)
			;;
		USER) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -u -- "$2") ;;
		TOPIC)
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
				compgen -W "$("$program" __topics "$subcommand" 2>/dev/null | cut -f1)" \
					-- "$2"
			)
			;;
		COLUMN)
			# The last of a list; a + or - before a name is no part of it.
			local last=${2##*,} before
			last=${last#[-+]}
			before=${2%"$last"}
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
				compgen -P "$before" -W "$("$program" __columns "$subcommand" 2>/dev/null |
					sort -u)" -- "$last"
			)
			;;
		SUBCOMMAND)
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
				compgen -W "$("$program" __subcommands 2>/dev/null | cut -f1)" -- "$2"
			)
			;;
		[a-z]*)
			[[ $part == "$2"* ]] && COMPREPLY+=("$part")
			;;
		esac
	done
}

# Complete the name of an option that begins with $1, from the table on stdin.
_prockit_names()
{
	local long short metavar argument
	while IFS=$'\037' read -r long short metavar argument _; do
		if [[ $long != "$1"* || -z $long ]]; then
			[[ $short == "$1"* && -n $short ]] && COMPREPLY+=("$short")
		elif [[ $argument == required ]]; then
			COMPREPLY+=("$long=")
		else
			COMPREPLY+=("$long")
		fi
	done
	# A name that ends in = is not finished.
	if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

# The metavar that option $1 (--word or -x) has in the table $2, in $metavar; 1: it takes nothing
# from the next word.
_prockit_takes_word()
{
	local long short argument
	while IFS=$'\037' read -r long short metavar argument _; do
		if [[ $1 == "$long" || $1 == "$short" ]]; then
			[[ $argument == required ]]
			return
		fi
	done <<<"$2"
	metavar=
	return 1
}

# The option whose value the next word is, after the word of options $1: $metavar, or 1.
_prockit_option_word()
{
	local letters
	case $1 in
	--*=*) return 1 ;;
	--*) _prockit_takes_word "$1" "$2" ;;
	-*)
		letters=${1#-}
		while [[ -n $letters ]]; do
			if _prockit_takes_word "-${letters:0:1}" "$2"; then
				[[ ${#letters} == 1 ]]
				return
			fi
			letters=${letters:1}
		done
		return 1
		;;
	esac
}

# Complete operands: the first one is word $1, they are $2 ("COMMAND [ARG...]").
_prockit_operands()
{
	local start=$1 i
	case $2 in
	COMMAND*)
		# Each stage of a pipeline is a command; items are mostly files.
		for ((i = start; i < cword; i++)); do
			if [[ $2 == *'::: COMMAND'* && ${words[i]} == ::: ]]; then
				start=$((i + 1))
			elif [[ $2 == *'::: ITEM'* && ${words[i]} == :::* ]]; then
				_prockit_value FILE "$cur"
				return
			fi
		done
		if declare -F _command_offset >/dev/null; then
			_command_offset "${origin[start]}"
		elif ((cword == start)); then
			_prockit_value COMMAND "$cur"
		else
			_prockit_value FILE "$cur"
		fi
		;;
	*)
		# TOPIC|PATH is both.
		local first=${2%%[. ]*}
		first=${first#[}
		first=${first%]}
		_prockit_value "${first/PATH/FILE}" "$cur"
		;;
	esac
}

_prockit()
{
	local program=${COMP_WORDS[0]} words=() origin=() cword=0 i
	program=${program/#\~/$HOME}
	COMPREPLY=()

	# bash takes --word=value for three words. Put them together again.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		local n=${#words[@]}
		if ((i > 1 && n > 0)) && [[ ${words[n - 1]} == --* ]] &&
			[[ ${COMP_WORDS[i]} == '='* || ${words[n - 1]} == --*= ]]; then
			words[n - 1]+=${COMP_WORDS[i]}
		else
			words+=("${COMP_WORDS[i]}")
			origin+=("$i")
		fi
	done
	cword=$((${#words[@]} - 1))

	local cur=${words[cword]} table metavar='' state=front ended='' subcommand='' first=1 operands=''
	table=$("$program" __options 2>/dev/null) || return
	table=${table//$'\t'/$'\037'}
	for ((i = 1; i < cword; i++)); do
		if [[ ${words[i]} == -- ]]; then
			ended=yes
		elif [[ -z $ended && ${words[i]} == -?* ]]; then
			_prockit_option_word "${words[i]}" "$table" && ((i++))
			if ((i == cword)); then
				_prockit_value "$metavar" "$cur"
				return
			fi
		elif [[ $state == front ]]; then
			state=subcommand ended=
			subcommand=${words[i]}
			table=$("$program" __options "$subcommand" 2>/dev/null) || return
			table=${table//$'\t'/$'\037'}
			operands=$("$program" __operands "$subcommand" 2>/dev/null)
		elif [[ $operands == *$'\n'permute ]]; then
			continue
		else
			first=$i
			state=operands
			break
		fi
		first=$((i + 1))
	done

	if [[ $state != operands && -z $ended && $cur == --*=* ]]; then
		# An argument that may be left out is completed behind = as well.
		_prockit_takes_word "${cur%%=*}" "$table"
		_prockit_value "$metavar" "${cur#*=}"
		[[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/${cur%%=*}=}")
	elif [[ $state != operands && -z $ended && $cur == -* ]]; then
		_prockit_names "$cur" <<<"$table"
	elif [[ $state == front ]]; then
		_prockit_value SUBCOMMAND "$cur"
	else
		_prockit_operands "$first" "${operands%$'\n'permute}"
	fi
}

complete -o filenames -o bashdefault -F _prockit prockit
