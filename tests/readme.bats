#!/usr/bin/env bats
# README.md and HACKING.md: the examples do what they show, and what the texts name is there.
# shellcheck disable=SC2016 # the backquotes are the texts'

bats_require_minimum_version 1.5.0
load lib/common

setup()
{
	top=$PROCKIT_TESTS_SRCDIR/..
	readme=$top/README.md
	cd "$BATS_TEST_TMPDIR" || return
	: >faults
}

teardown()
{
	end_leftovers
}

# fault TEXT: something that does not hold; no_faults ends a test with all of them.
fault()
{
	printf '%s\n' "$*" >>faults
}

no_faults()
{
	sed 's/^/  /' faults
	[[ ! -s faults ]]
}

# section HEADING FILE: what stands between this heading and the next.
section()
{
	awk -v heading="## $1" '/^## / { inside = $0 == heading; next } inside' "$2"
}

# The README's sections of examples.
sections=(Examples map)

# Split the fenced blocks of these sections into N.sh, what is typed, and N.want, what is shown. A
# line typed begins with "$ " or, where it goes on, with "> "; in a block marked sh every line is typed.
split_examples()
{
	local name
	for name in "${@:-${sections[@]}}"; do
		section "$name" "$readme"
	done | awk '
		/^```/ && kind { kind = ""; next }
		/^```(sh|console)$/ {
			kind = substr($0, 4); n++
			printf "" >(n ".sh"); printf "" >(n ".want")
			next
		}
		/^```/ { print "a block of another kind: " $0; exit 1 }
		!kind { next }
		kind == "sh" { print >(n ".sh"); next }
		/^[$>] / { print substr($0, 3) >(n ".sh"); next }
		{ print >(n ".want") }
		END { if (kind) { print "a block without an end"; exit 1 } }'
}

# backquoted FILE: what stands between single backquotes, one a line.
backquoted()
{
	sed '/^```/,/^```/d; /^    /d' "$1" | grep -o '`[^`]*`' | tr -d '`' | sort -u
}

@test "readme: README is README.md" {
	cmp "$top/README" "$readme"
	# A release has a copy instead, because tar follows the link.
	[[ ! -e $top/.git || $(readlink "$top/README") == README.md ]]
}

@test "readme: the examples print what they show" {
	local script n number=$((100000 + BASHPID))
	split_examples
	for script in *.sh; do
		n=${script%.sh}
		mkdir "$n"
		# The time that its sleeping commands have is how an example knows them; ours are to be
		# no other run's.
		sed -i "s/54321/$number/g" "$script" "$n.want"
		(cd "$n" && exec 3>&- && LC_ALL=C timeout 60 bash "../$script") >"$n.got" 2>&1 </dev/null ||
			fault "example $n: status $?"
		# On a terminal the prompt would stand behind an output without a newline.
		[[ ! -s $n.got || -z $(tail -c 1 "$n.got") ]] || echo >>"$n.got"
		diff -u "$n.want" "$n.got" >"$n.diff" || fault "example $n: $(cat "$n.diff")"
	done
	no_faults
}

@test "readme: each section has five to twelve examples, and each runs prockit" {
	local script name
	for name in "${sections[@]}"; do
		rm -f -- *.sh
		split_examples "$name"
		set -- *.sh
		(($# >= 5 && $# <= 12)) || fault "$name: $# examples"
		for script; do
			grep -w prockit "$script" >/dev/null || fault "$name: no prockit in example ${script%.sh}"
		done
	done
	no_faults
}

@test "readme: the map names only what is there, and everything that matters" {
	local name map
	map=$(section 'The map of the source' "$readme" | sed -n 's/^|\([^|]*\)|.*/\1/p' |
		grep -o '`[^`]*`' | tr -d '`')
	(($(wc -l <<<"$map") > 10))
	while read -r name; do
		[[ -e $top/$name ]] || fault "$name is not there"
		[[ $name != */ || -d $top/$name ]] || fault "$name is no folder"
	done <<<"$map"
	for name in "$top"/src/*/ "$top"/{man,completions,tests,bench}/; do
		name=${name#"$top"/}
		[[ $'\n'$map$'\n' == *$'\n'"$name"$'\n'* ]] || fault "the map lacks $name"
	done
	no_faults
}

@test "readme: every subcommand stands in the table, and no other" {
	prockit __subcommands | cut -f1 >subcommands
	[[ -s subcommands ]]
	sed -n 's/^| `prockit \([a-z-]*\)` |.*/\1/p' "$readme" | sort >table
	diff -u subcommands table
}

@test "readme: options it speaks of are options of some subcommand" {
	local name option
	while read -r name; do
		prockit __options "$name" | cut -f1
	done < <(prockit __subcommands | cut -f1) | sort -u >options
	for option in $(backquoted "$readme" | grep -o '^--[a-z-]*' | sort -u); do
		grep -Fx -e "$option" options >/dev/null || fault "$option"
	done
	[[ -n $option ]]
	no_faults
}

@test "hacking: files, folders and functions that it names are there" {
	local name
	local -i count=0
	while read -r name; do
		case $name in
		*NAME* | *' '* | build*/ | /* | prockit-*) continue ;;
		*'()') [[ $name == *_*'()' ]] || continue
			name=${name%'()'}
			# A definition begins in the first column.
			grep -rhE "^([a-z].*[ *])?$name\(" "$top/src" >/dev/null ||
				fault "there is no $name()" ;;
		*.c | *.h | *.def) [[ -e $top/$name || -e $top/src/$name || -e $top/src/proc/$name ]] ||
			fault "$name is not there" ;;
		*/ | */* | *.md) [[ -e $top/$name || -e $top/src/$name ]] || fault "$name is not there" ;;
		*) continue ;;
		esac
		count+=1
	done < <(backquoted "$top/HACKING.md")
	((count > 30))
	no_faults
}
