#!/usr/bin/env bats
# What the shells offer behind "prockit ...". Each shell is asked for real, none of its parts is imitated.

bats_require_minimum_version 1.5.0

setup()
{
	load lib/common
	completions=$PROCKIT_TESTS_SRCDIR/../completions
	cd "$BATS_TEST_TMPDIR" || return
	mkdir folder
	touch file
	# Some option with an argument and some without, whatever they are called.
	local long metavar argument
	while IFS=$'\037' read -r long _ metavar argument _; do
		case $argument in
		required) with=${long:-$with} ;;
		none) without=${long:-$without} ;;
		esac
		if [[ $metavar == DURATION ]]; then
			duration=$long
		elif [[ $metavar == SIGNAL ]]; then
			signal=$long
		elif [[ $metavar == DIR ]]; then
			dir=$long
		elif [[ $metavar == *'|'* ]]; then
			choice=$long
			choices=$metavar
		fi
	done < <(prockit __options call | tr '\t' '\037')
	[[ -n $with && -n $without && -n $duration && -n $signal && -n $dir && -n $choice ]]
	cut -f1 <<<"$(prockit __subcommands)" >subcommands
}

# in_bash WORD...: what bash offers for the last word.
in_bash()
{
	bash --norc -c '
		source "$1" || exit
		shift
		COMP_WORDS=() COMP_LINE=$*
		for word; do
			# As readline does it: = stands alone.
			if [[ $word == --*=* ]]; then
				COMP_WORDS+=("${word%%=*}" =)
				word=${word#*=}
				[[ -n $word ]] || continue
			fi
			COMP_WORDS+=("$word")
		done
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE}
		_prockit
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$completions/prockit.bash" prockit "$@"
}

# in_fish WORD...: what fish offers, without the descriptions.
in_fish()
{
	local line="prockit $*"
	# shellcheck disable=SC2016 # it is fish's to expand
	HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/.config \
		XDG_DATA_HOME=$BATS_TEST_TMPDIR/.data fish --no-config -c '
		source $argv[1]
		complete -C $argv[2]
	' "$completions/prockit.fish" "$line" 3>&- | cut -f1
}

# in_zsh WORD...: what zsh offers. The completion system only works in the line editor, so a shell on a
# terminal of its own runs it, and a compadd in front of the real one writes down the matches.
in_zsh()
{
	local line="prockit $*"
	cat >"$BATS_TEST_TMPDIR/inner.zsh" <<-'END'
		PS1=
		fpath=($COMPLETIONS $fpath)
		autoload -Uz compinit
		compinit -u -D
		zstyle ':completion:*' insert-tab false
		compadd() {
			if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
				builtin compadd "$@"
				return
			fi
			typeset -a matches
			builtin compadd -A matches "$@"
			(( $#matches )) && print -rl -- $matches >>found
			builtin compadd "$@"
		}
		ask() {
			zle complete-word
			print -r done >answered
			exit
		}
		zle -N ask
		bindkey '^X^A' ask
		zle-line-init() { print -r ready >ready }
		zle -N zle-line-init
	END
	: >found
	[[ -p ready ]] || mkfifo ready answered
	# shellcheck disable=SC2016 # it is zsh's to expand
	COMPLETIONS=$completions timeout 30 zsh -f -c '
		zmodload zsh/zpty
		zpty -b shell "TERM=dumb zsh -f -i"
		zpty -w shell "source ./inner.zsh"
		read line <ready
		zpty -w -n shell "$1"$'"'\\C-x\\C-a'"'
		read line <answered
		zpty -d shell
	' zsh "$line" 3>&-
	sort -u found
}

# Whether a line is among those on stdin.
has_line()
{
	local line found=1
	while IFS= read -r line; do
		[[ $line != "$1" ]] || found=0
	done
	return "$found"
}

@test "completions: bash offers every subcommand" {
	run -0 in_bash ''
	[ "$output" = "$(cat subcommands)" ]
	run -0 in_bash ca
	[ "$output" = call ]
}

@test "completions: bash offers the options of the program and of a subcommand" {
	run -0 in_bash --v
	[ "$output" = --version ]
	run -0 in_bash call --
	has_line "$with=" <<<"$output"
	has_line "$without" <<<"$output"
	has_line --help <<<"$output"
}

@test "completions: bash completes values by their metavar, behind = and as a word" {
	run -0 in_bash call "$signal=TER"
	[ "$output" = TERM ]
	run -0 in_bash call "$signal" TER
	[ "$output" = TERM ]
	run -0 in_bash call "$dir" fo
	[ "$output" = folder ]
	run -0 in_bash call "$dir" fil
	[ "$output" = "" ]
	run -0 in_bash call "$choice" ''
	has_line "${choices##*|}" <<<"$output"
}

@test "completions: bash offers nothing that the program would not take there" {
	run -0 in_bash call "$duration" ''
	[ "$output" = "" ]
	run -0 in_bash call true --
	run ! has_line "$without" <<<"$output"
	run -0 in_bash call -- --
	run ! has_line "$without" <<<"$output"
}

@test "completions: bash offers commands as operands, in every stage of a pipeline" {
	run -0 in_bash call "$duration" 5 hostnam
	has_line hostname <<<"$output"
	run -0 in_bash pipe true ::: hostnam
	has_line hostname <<<"$output"
	run -0 in_bash call "$without" cat fil
	[ "$output" = file ]
	run -0 in_bash help termin
	[ "$output" = terminate ]
	run -0 in_bash terminate "$$"
	has_line "$$" <<<"$output"
}

@test "completions: bash leaves the words of a command to its own completion" {
	cat >own <<-'END'
		_command_offset() { COMPREPLY=("offset $1"); }
	END
	BASH_ENV=own run -0 in_bash call "$duration=5" -- git checkou
	[ "$output" = "offset 6" ]
}

@test "completions: bash offers a command and then files to map, and the values of its options" {
	run -0 in_bash map hostnam
	has_line hostname <<<"$output"
	touch thing-that-is-no-command
	run -0 in_bash map -j 4 cat ::: thing-that
	[ "$output" = thing-that-is-no-command ]
	run -0 in_bash map cat ::: a :::: thing-that
	[ "$output" = thing-that-is-no-command ]
	run -0 in_bash map --arg-file fil
	[ "$output" = file ]
	# What is no choice is not offered as one.
	run -0 in_bash map --rate ''
	[ "$output" = "" ]
}

@test "completions: bash completes topics, columns, users and pids" {
	run -0 in_bash sysinfo mem
	[ "$output" = memory ]
	run -0 in_bash sysinfo cpu-times fil
	[ "$output" = file ]
	# Options may stand behind operands here.
	run -0 in_bash sysinfo memory --openm
	[ "$output" = --openmetrics ]
	run -0 in_bash ps -o ppi
	[ "$output" = ppid ]
	run -0 in_bash ps -o pid,ppi
	[ "$output" = pid,ppid ]
	run -0 in_bash ps --user roo
	[ "$output" = root ]
	run -0 in_bash ps "$$"
	has_line "$$" <<<"$output"
}

@test "completions: zsh offers every subcommand" {
	run -0 in_zsh ''
	[ "$output" = "$(cat subcommands)" ]
	run -0 in_zsh ca
	[ "$output" = call ]
}

@test "completions: zsh offers the options of the program and of a subcommand" {
	run -0 in_zsh --v
	[ "$output" = --version ]
	run -0 in_zsh call --
	has_line "$with" <<<"$output"
	has_line "$without" <<<"$output"
	has_line --help <<<"$output"
}

@test "completions: zsh completes values by their metavar, behind = and as a word" {
	run -0 in_zsh call "$signal=TER"
	[ "$output" = TERM ]
	run -0 in_zsh call "$signal" TER
	[ "$output" = TERM ]
	run -0 in_zsh call "$dir" fo
	[ "$output" = folder ]
	run -0 in_zsh call "$choice="
	has_line "${choices##*|}" <<<"$output"
}

@test "completions: zsh offers commands as operands, in every stage of a pipeline" {
	run -0 in_zsh call "$duration" 5 hostnam
	has_line hostname <<<"$output"
	run -0 in_zsh pipe true ::: hostnam
	has_line hostname <<<"$output"
	run -0 in_zsh call "$without" cat fil
	[ "$output" = file ]
	run -0 in_zsh help termin
	[ "$output" = terminate ]
}

@test "completions: zsh offers a command and then files to map, and the values of its options" {
	run -0 in_zsh map hostnam
	has_line hostname <<<"$output"
	touch thing-that-is-no-command
	run -0 in_zsh map -j 4 cat ::: thing-that
	[ "$output" = thing-that-is-no-command ]
	run -0 in_zsh map cat ::: a :::: thing-that
	[ "$output" = thing-that-is-no-command ]
	run -0 in_zsh map --arg-file fil
	[ "$output" = file ]
	# What is no choice is not offered as one.
	run -0 in_zsh map --rate ''
	[ "$output" = "" ]
}

@test "completions: zsh completes topics, columns, users and pids" {
	run -0 in_zsh sysinfo mem
	[ "$output" = memory ]
	run -0 in_zsh sysinfo cpu-times fil
	[ "$output" = file ]
	# Options may stand behind operands here.
	run -0 in_zsh sysinfo memory --openm
	[ "$output" = --openmetrics ]
	run -0 in_zsh ps -o ppi
	[ "$output" = ppid ]
	# What comes before the comma is no part of a match.
	run -0 in_zsh ps -o pid,ppi
	[ "$output" = ppid ]
	run -0 in_zsh ps --user roo
	[ "$output" = root ]
	run -0 in_zsh ps "$$"
	has_line "$$" <<<"$output"
}

@test "completions: fish offers every subcommand" {
	run -0 in_fish ''
	[ "$output" = "$(cat subcommands)" ]
	run -0 in_fish ca
	[ "$output" = call ]
}

@test "completions: fish offers the options of the program and of a subcommand" {
	run -0 in_fish --v
	[ "$output" = --version ]
	run -0 in_fish call --
	has_line "$with=" <<<"$output"
	has_line "$without" <<<"$output"
	has_line --help <<<"$output"
}

@test "completions: fish completes values by their metavar, behind = and as a word" {
	run -0 in_fish call "$signal=TER"
	[ "$output" = "$signal=TERM" ]
	run -0 in_fish call "$signal" TER
	[ "$output" = TERM ]
	run -0 in_fish call "$dir" fo
	[ "$output" = folder/ ]
	run -0 in_fish call "$choice="
	has_line "$choice=${choices##*|}" <<<"$output"
}

@test "completions: fish offers commands as operands, in every stage of a pipeline" {
	run -0 in_fish call "$duration" 5 hostnam
	has_line hostname <<<"$output"
	run -0 in_fish pipe true ::: hostnam
	has_line hostname <<<"$output"
	run -0 in_fish call "$without" cat fil
	[ "$output" = file ]
	run -0 in_fish help termin
	[ "$output" = terminate ]
}

@test "completions: fish offers a command and then files to map, and the values of its options" {
	run -0 in_fish map hostnam
	has_line hostname <<<"$output"
	touch thing-that-is-no-command
	run -0 in_fish map -j 4 cat ::: thing-that
	[ "$output" = thing-that-is-no-command ]
	run -0 in_fish map cat ::: a :::: thing-that
	[ "$output" = thing-that-is-no-command ]
	run -0 in_fish map --arg-file fil
	[ "$output" = file ]
	# What is no choice is not offered as one.
	run -0 in_fish map --rate ''
	[ "$output" = "" ]
}

@test "completions: fish completes topics, columns, users and pids" {
	run -0 in_fish sysinfo mem
	[ "$output" = memory ]
	run -0 in_fish sysinfo cpu-times fil
	[ "$output" = file ]
	# Options may stand behind operands here.
	run -0 in_fish sysinfo memory --openm
	[ "$output" = --openmetrics ]
	run -0 in_fish ps -o ppi
	[ "$output" = ppid ]
	run -0 in_fish ps -o pid,ppi
	[ "$output" = pid,ppid ]
	run -0 in_fish ps --user roo
	[ "$output" = root ]
	run -0 in_fish ps "$$"
	has_line "$$" <<<"$output"
}

@test "completions: they hold no option names of ours" {
	local name
	{
		prockit __options
		while read -r name; do
			prockit __options "$name"
		done <subcommands
	} | cut -f1 | sed '/^$/d' | sort -u >names
	[ -s names ]
	run -1 grep -Fn -f names "$completions"/{prockit.bash,_prockit,prockit.fish}
}
