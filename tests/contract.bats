#!/usr/bin/env bats
# What holds for every subcommand, whichever there are. There are no exceptions: the lists come from the program.

bats_require_minimum_version 1.5.0

setup()
{
	load lib/common
	man=$PROCKIT_TESTS_SRCDIR/../man
	completions=$PROCKIT_TESTS_SRCDIR/../completions
	cd "$BATS_TEST_TMPDIR" || return
	mapfile -t subcommands < <(prockit __subcommands | cut -f1)
	[ "${#subcommands[@]}" -gt 0 ]
	: >faults
}

# fault TEXT: something that does not hold; no_faults ends a test with all of them.
fault()
{
	printf '%s\n' "$*" >>faults
}

no_faults()
{
	sed 's/^/  /' faults
	[ ! -s faults ]
}

# The options of a subcommand ('' for prockit itself), with \037 between the fields, for read.
options_of()
{
	# shellcheck disable=SC2086 # none, or one word
	prockit __options ${1:+"$1"} | tr '\t' '\037'
}

page_of()
{
	printf '%s\n' "$man/prockit${1:+-$1}.1"
}

# The options that a man page lists: every Fl of every ".It Fl" line, as one types them.
options_in_page()
{
	sed -n 's/^\.It Fl /Fl /p' "$1" | grep -o 'Fl [^ ]*' | sed 's/^Fl /-/' | sort
}

@test "contract: subcommands are sorted, and each has a name and a summary" {
	prockit __subcommands >list
	LC_ALL=C sort -c list
	run -1 grep -vE $'^[a-z][a-z-]*\t[a-z].*[^.]$' list
}

@test "contract: every subcommand has a man page, and its Nd is the summary" {
	local name summary page
	while IFS=$'\t' read -r name summary; do
		page=$(page_of "$name")
		if [[ ! -f $page ]]; then
			fault "$name has no man page"
			continue
		fi
		[[ $(sed -n 's/^\.Nm //p;s/^\.Nm$//p' "$page" | head -n1) == "prockit-$name" ]] ||
			fault "$page: the first Nm is not prockit-$name"
		[[ $(sed -n 's/^\.Nd //p' "$page") == "$summary" ]] ||
			fault "$page: Nd is not '$summary'"
	done < <(prockit __subcommands)
	no_faults
}

@test "contract: every man page is that of a subcommand" {
	local page name
	for page in "$man"/prockit-*.1; do
		name=${page##*/prockit-}
		prockit "${name%.1}" --help >/dev/null || fault "$page: there is no such subcommand"
	done
	no_faults
}

@test "contract: the options of a man page are those of the table, both ways" {
	local name page
	for name in '' "${subcommands[@]}"; do
		page=$(page_of "$name")
		[[ -f $page ]] || { fault "no $page"; continue; }
		prockit __options ${name:+"$name"} | cut -f1,2 | tr '\t' '\n' | sed '/^$/d' |
			sort >table
		options_in_page "$page" >listed
		diff -u table listed >difference || fault "$page: $(cat difference)"
	done
	no_faults
}

@test "contract: a man page shows an argument where the option has one, and no other" {
	local name page long short argument line
	for name in '' "${subcommands[@]}"; do
		page=$(page_of "$name")
		[[ -f $page ]] || { fault "no $page"; continue; }
		while IFS=$'\037' read -r long short _ argument _; do
			line=${long:-$short}
			line=$(grep -E -m1 -- "^\.It (.* )?Fl ${line#-}( |\$)" "$page")
			case $argument:$line in
			none:*' Ar '* | none:*' Cm '*) fault "$page: $long takes nothing: $line" ;;
			none:*) ;;
			*' Ar '* | *' Cm '*) ;;
			*) fault "$page: ${long:-$short} takes something: $line" ;;
			esac
		done < <(options_of "$name")
	done
	no_faults
}

@test "contract: prockit.1 names every subcommand's page" {
	local name
	for name in "${subcommands[@]}"; do
		grep -q "^\.\(It \)\?Xr prockit-$name 1" "$man/prockit.1" ||
			fault "prockit.1 does not name prockit-$name"
	done
	no_faults
}

@test "contract: every subcommand has a test file" {
	local name
	for name in "${subcommands[@]}"; do
		[[ -f $PROCKIT_TESTS_SRCDIR/$name.bats ]] || fault "no $name.bats"
	done
	no_faults
}

@test "contract: every subcommand has help, with every option and what its page is" {
	local name long
	for name in "${subcommands[@]}"; do
		prockit "$name" --help >help 2>errors || fault "$name --help: status $?"
		[[ ! -s errors ]] || fault "$name --help: $(cat errors)"
		[[ $(head -n1 help) == "Usage: prockit $name [OPTION...]"* ]] ||
			fault "$name --help: $(head -n1 help)"
		while IFS=$'\037' read -r long _; do
			grep -qE -- "^  (-., |    )$long([=[ ]|\$)" help ||
				fault "$name --help lacks $long"
		done < <(options_of "$name" | grep '^--')
	done
	no_faults
}

@test "contract: option names and letters are unique, and have one line of help" {
	local name twice
	for name in '' "${subcommands[@]}"; do
		twice=$(prockit __options ${name:+"$name"} | cut -f1,2 | tr '\t' '\n' | sed '/^$/d' |
			sort | uniq -d)
		[[ -z $twice ]] || fault "$name has twice: $twice"
		[[ $(prockit __options ${name:+"$name"} | grep -cvE \
			$'^(--[a-z][a-z0-9-]+)?\t(-[a-zA-Z0-9])?\t[^\t]*\t(none|required|optional)\t[^\t]+[^.\t]$') == 0 ]] ||
			fault "$name: the table is not well formed"
	done
	no_faults
}

@test "contract: metavars are of the vocabulary that completions and pages know" {
	local words='FILE DIR COMMAND SIGNAL PID DURATION SIZE NUMBER FD NAME NAME=VALUE'
	words+=' NAME=SOFT[:HARD] LIST WORD TEXT STRING MODE PREFIX N:LIST HANDLE COLUMN USER'
	words+=' CHAR REGEX NUMBER% +NUMBER -NUMBER NUMBER/s WHEN,WHY=NUMBER[%]'
	local name long metavar argument part
	local -a parts
	for name in '' "${subcommands[@]}"; do
		while IFS=$'\037' read -r long _ metavar argument _; do
			if [[ $argument == none ]]; then
				[[ -z $metavar ]] || fault "$name $long takes nothing, not $metavar"
				continue
			fi
			IFS='|' read -r -a parts <<<"$metavar"
			for part in "${parts[@]}"; do
				[[ " $words " == *" $part "* ]] && continue
				# A choice has at least two parts; words stand for themselves.
				[[ ${#parts[@]} -gt 1 && $part =~ ^[a-z][a-z0-9-]*$ ]] ||
					fault "$name $long: $metavar"
			done
			[[ -n $metavar ]] || fault "$name $long has no metavar"
		done < <(options_of "$name")
	done
	no_faults
}

# refused NAME OPTION WORD...: those words get one line on stderr that names the option, 125, and nothing is run.
refused()
{
	local name=$1 option=$2 status=0
	shift 2
	prockit "$name" "$@" >out 2>errors </dev/null || status=$?
	[[ $status == 125 ]] || fault "prockit $name $*: status $status"
	[[ ! -s out ]] || fault "prockit $name $*: wrote to standard output"
	[[ $(wc -l <errors) == 1 && $(cat errors) == "prockit $name: $option"* ]] ||
		fault "prockit $name $*: $(cat errors)"
	[[ ! -e ran ]] || fault "prockit $name $*: ran the command"
	rm -f ran
}

@test "contract: a flag with an argument, and an option without its own, are refused" {
	local name long short argument
	for name in "${subcommands[@]}"; do
		while IFS=$'\037' read -r long short _ argument _; do
			case $argument in
			none)
				[[ -z $long ]] || refused "$name" "$long takes no" "$long=x" touch ran
				;;
			required)
				[[ -z $long ]] || refused "$name" "$long needs " "$long"
				[[ -z $short ]] || refused "$name" "${long:-$short} needs " "$short"
				;;
			esac
		done < <(options_of "$name")
	done
	no_faults
}

# Something that is no value of a metavar; nothing where every word is one.
junk_for()
{
	case $1 in
	DURATION) echo 1x ;;
	SIZE) echo 1Q ;;
	NUMBER | NUMBER/s | FD | PID | HANDLE) echo 1-x ;;
	CHAR) echo xy ;;
	REGEX) echo '(' ;;
	WHEN,WHY=*) echo now,fail ;;
	'DURATION|NUMBER%' | 'NUMBER|NUMBER%|'*) echo 1x% ;;
	SIGNAL) echo NOSUCH ;;
	LIST | N:LIST) echo nosuch, ;;
	MODE) echo 9z ;;
	NAME=VALUE) echo '=x' ;;
	'NAME=SOFT[:HARD]') echo nosuch=1 ;;
	PREFIX) echo '1-x' ;;
	*[A-Z]*) ;;
	*'|'*) echo no-such-choice ;;
	esac
}

@test "contract: junk is refused by every option that does not take any word" {
	local name long short metavar argument junk
	for name in "${subcommands[@]}"; do
		while IFS=$'\037' read -r long short metavar argument _; do
			junk=$(junk_for "$metavar")
			[[ $argument != none && -n $junk ]] || continue
			# An argument that may be left out only counts behind =.
			[[ -z $long ]] ||
				refused "$name" "$long: '$junk' " "$long=$junk" touch ran
			[[ $argument == required ]] || continue
			refused "$name" "${long:-$short}: '$junk' " "${long:-$short}" "$junk" touch ran
			[[ -z $short ]] ||
				refused "$name" "${long:-$short}: '$junk' " "$short$junk" touch ran
			case $metavar in
			DURATION | SIZE | NUMBER | NUMBER/s | CHAR | FD | SIGNAL | WHEN,WHY=* | *'|'*)
				refused "$name" "${long:-$short}: '' " "${long:-$short}" '' touch ran
				;;
			esac
		done < <(options_of "$name")
	done
	no_faults
}

@test "contract: an unknown option is refused, and the nearest is suggested" {
	local name long
	for name in "${subcommands[@]}"; do
		refused "$name" '--frobnicate: unknown option' --frobnicate touch ran
		refused "$name" '--frobnicate: unknown option' --frobnicate=5 touch ran
		refused "$name" '-%: unknown option' -% touch ran
		while IFS=$'\037' read -r long _; do
			# Names are not abbreviated, and the one that was meant is not far.
			refused "$name" "${long}x: unknown option (did you mean $long?)" "${long}x" touch ran
		done < <(options_of "$name" | grep '^--')
		refused "$name" '--hel: unknown option (did you mean --help?)' --hel touch ran
	done
	no_faults
}

@test "contract: a subcommand that needs an operand says so" {
	local name operands
	for name in "${subcommands[@]}"; do
		operands=$(prockit __operands "$name")
		[[ $operands == [A-Z]* && $operands != COMMAND*:::* ]] || continue
		refused "$name" 'missing operand: '
		refused "$name" 'missing operand: ' --
	done
	no_faults
}

@test "contract: the completions of bash offer every option of every subcommand" {
	local name
	for name in "${subcommands[@]}"; do
		# shellcheck disable=SC2016 # the inner shell's
		bash --norc -c '
			source "$1"
			COMP_WORDS=(prockit "$2" --) COMP_CWORD=2
			_prockit
			printf "%s\n" "${COMPREPLY[@]%=}"
		' bash "$completions/prockit.bash" "$name" | sort >offered
		prockit __options "$name" | cut -f1 | sed '/^$/d' | sort >table
		diff -u table offered >difference || fault "$name: $(cat difference)"
	done
	no_faults
}
