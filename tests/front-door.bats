#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets stderr
# prockit before any subcommand has the word: finding it, helping, refusing, ending.

bats_require_minimum_version 1.5.0

setup()
{
	load lib/common
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p programs
	unset PROCKIT_EXEC_PATH
}

# program NAME TEXT: an executable in ./programs.
program()
{
	printf '%s\n' "$2" >"programs/$1"
	chmod +x "programs/$1"
}

@test "front door: --help shows the usage with every subcommand on stdout" {
	run -0 --separate-stderr prockit --help
	[[ ${lines[0]} == 'Usage: prockit SUBCOMMAND '* ]]
	[ "$stderr" = "" ]
	local name summary
	while IFS=$'\t' read -r name summary; do
		grep -qF -- "  $name " <<<"$output"
		[ -n "$summary" ]
	done < <(prockit __subcommands)
	local help=$output
	run -0 prockit -h
	[ "$output" = "$help" ]
}

@test "front door: no line of any help is wider than 80 columns" {
	local name
	{
		prockit --help
		while read -r name; do
			prockit "$name" --help
		done < <(prockit __subcommands | cut -f1)
	} >help
	[ "$(wc -l <help)" -gt 50 ]
	run -1 grep -nE '^.{81}' help
}

@test "front door: --version names the program and a version" {
	run -0 prockit --version
	[[ $output =~ ^prockit\ [0-9]+\.[0-9]+ ]]
	run -0 prockit -V
	[[ $output =~ ^prockit\ [0-9]+\.[0-9]+ ]]
}

@test "front door: prockit alone shows the usage on stderr and fails" {
	run -125 --separate-stderr prockit
	[ "$output" = "" ]
	[[ $stderr == 'Usage: prockit SUBCOMMAND '* ]]
	run -125 --separate-stderr prockit --
	[ "$output" = "" ]
}

@test "front door: an unknown subcommand is one line that suggests the nearest" {
	run -125 --separate-stderr prockit cal
	[ "$output" = "" ]
	[ "$stderr" = "prockit: 'cal': unknown subcommand (did you mean call?)" ]
	run -125 prockit check_output
	[ "$output" = "prockit: 'check_output': unknown subcommand (did you mean check-output?)" ]
	run -125 prockit getst
	[ "$output" = "prockit: 'getst': unknown subcommand (did you mean getstatusoutput?)" ]
	run -125 prockit xyzzy
	[ "$output" = "prockit: 'xyzzy': unknown subcommand (see 'prockit --help')" ]
	run -125 prockit ''
	[ "$output" = "prockit: '': unknown subcommand (see 'prockit --help')" ]
	run -125 prockit "$(printf 'a\nb')"
	[ "${#lines[@]}" = 1 ]
	run -125 prockit "$(printf '%0100000d' 0)"
	[ "${#lines[@]}" = 1 ]
}

@test "front door: an unknown option is one line that suggests the nearest" {
	run -125 prockit --verson
	[ "$output" = 'prockit: --verson: unknown option (did you mean --version?)' ]
	run -125 prockit -Z call
	[ "$output" = 'prockit: -Z: unknown option' ]
	run -125 prockit --help=please
	[ "$output" = 'prockit: --help takes no argument' ]
}

@test "front door: internal words are not subcommands, nor programs" {
	program prockit-__surprise $'#!/bin/sh\necho surprise'
	PATH=$PWD/programs:$PATH run -125 prockit __surprise
	[ "${#lines[@]}" = 1 ]
	run -125 prockit __options nosuch
	[ "${#lines[@]}" = 1 ]
}

@test "front door: -- may stand before the subcommand and before the operands" {
	run -0 prockit -- call -- printf %s -V
	[ "$output" = -V ]
	run -0 prockit call printf %s --help
	[ "$output" = --help ]
}

@test "front door: prockit-NAME runs from the libexec folder, then from PATH" {
	program prockit-hello $'#!/bin/sh\nprintf "<%s>" "$@"\nexit 7'
	PATH=$PWD/programs:$PATH run -7 prockit hello 'a b' '' --version
	[ "$output" = '<a b><><--version>' ]
	mkdir libexec
	printf '#!/bin/sh\necho from libexec\n' >libexec/prockit-hello
	chmod +x libexec/prockit-hello
	PROCKIT_EXEC_PATH=/nonexistent:$PWD/libexec PATH=$PWD/programs:$PATH run -0 prockit hello
	[ "$output" = 'from libexec' ]
}

@test "front door: prockit-NAME takes the process over" {
	# shellcheck disable=SC2016 # the inner shell's
	program prockit-pid $'#!/bin/sh\necho $$'
	PROCKIT_EXEC_PATH=$PWD/programs run -0 bash -c 'echo $$; exec prockit pid'
	[ "${lines[0]}" = "${lines[1]}" ]
}

@test "front door: prockit-NAME without #! is run by sh" {
	# shellcheck disable=SC2016 # the script's
	program prockit-plain 'echo "$0 $1"'
	PROCKIT_EXEC_PATH=$PWD/programs run -0 prockit plain word
	[ "$output" = "$PWD/programs/prockit-plain word" ]
}

@test "front door: prockit-NAME that cannot be run is 126, without its interpreter 127" {
	program prockit-binary $'\001\002\003\377'
	printf '\177ELF\000\000' >programs/prockit-binary
	PROCKIT_EXEC_PATH=$PWD/programs run -126 prockit binary
	[ "$output" = 'prockit: prockit-binary: cannot run: Exec format error' ]
	program prockit-orphan '#!/nonexistent/interpreter'
	PROCKIT_EXEC_PATH=$PWD/programs run -127 prockit orphan
	[ "$output" = 'prockit: prockit-orphan: interpreter not found: /nonexistent/interpreter' ]
	program prockit-closed '#!/bin/sh'
	chmod -x programs/prockit-closed
	PROCKIT_EXEC_PATH=$PWD/programs run -126 prockit closed
	[ "$output" = 'prockit: prockit-closed: cannot run: Permission denied' ]
}

@test "front door: a name with a slash, or that begins with -, is never a program" {
	mkdir -p programs/prockit-a
	program prockit-a/b $'#!/bin/sh\necho surprise'
	program prockit--x $'#!/bin/sh\necho surprise'
	PATH=$PWD/programs:$PATH run -125 prockit a/b
	[ "$output" = "prockit: 'a/b': unknown subcommand (see 'prockit --help')" ]
	PATH=$PWD/programs:$PATH run -125 prockit -- -x
	[ "$output" = "prockit: '-x': unknown subcommand (see 'prockit --help')" ]
}

@test "front door: a subcommand of ours comes before a program of the same name" {
	program prockit-call $'#!/bin/sh\necho surprise'
	PROCKIT_EXEC_PATH=$PWD/programs PATH=$PWD/programs:$PATH run -0 prockit call echo ours
	[ "$output" = ours ]
}

@test "front door: a program of prockit's own is looked for beside prockit too" {
	mkdir beside
	cp "$(type -P prockit)" beside
	program prockit-hello $'#!/bin/sh\necho from PATH'
	PATH=$PWD/programs:$PATH run -0 beside/prockit hello
	[ "$output" = 'from PATH' ]
	cp programs/prockit-hello beside
	sed -i 's/PATH/beside/' beside/prockit-hello
	PATH=$PWD/programs:$PATH run -0 beside/prockit hello
	[ "$output" = 'from beside' ]
}

@test "front door: a subcommand whose program is missing says which, and where it belongs" {
	mkdir alone
	cp "$(type -P prockit)" alone
	local name
	for name in sysinfo ps; do
		PROCKIT_EXEC_PATH=/nonexistent run -125 --separate-stderr alone/prockit "$name"
		[[ $stderr == "prockit: $name: the program prockit-$name is not in /nonexistent" ]]
		[[ -z $output ]]
	done
	# Its name and what it does are known without it.
	run -0 alone/prockit __subcommands
	[[ $output == *$'\nsysinfo\t'* ]]
}

@test "front door: options of sysinfo and ps may stand behind operands, until --" {
	run -0 prockit sysinfo load -J -o load1 memory
	[[ $output == '{"time":'*',"load":{"load1":'*'"memory":{'* ]]
	run -0 prockit ps $$ --raw -o pid $$ -n
	[[ $output == "$$" ]]
	run -125 --separate-stderr prockit sysinfo load -- --json
	[[ $stderr == *"'--json'"* && -z $output ]]
	# A command's own options are never ours.
	run -0 prockit call echo --json
	[[ $output == --json ]]
}

@test "front door: help that cannot be written is 125 and says why" {
	local words
	for words in --help --version 'call --help' __subcommands; do
		# shellcheck disable=SC2086 # several words
		run -125 bash -c 'prockit "$@" >/dev/full' bash $words
		[[ $output == *': cannot write to standard output: No space left on device' ]]
		[ "${#lines[@]}" = 1 ]
		# shellcheck disable=SC2086
		run -125 bash -c 'prockit "$@" >&-' bash $words
		[[ $output == *': cannot write to standard output: Bad file descriptor' ]]
		[ "${#lines[@]}" = 1 ]
	done
}

@test "front door: a reader that went away ends it quietly with SIGPIPE" {
	# The reader is gone before prockit starts: a FIFO whose reading end was closed.
	# shellcheck disable=SC2016
	run -0 bash -c '
		mkfifo fifo
		exec 3<>fifo 4>fifo 3>&-
		(exec prockit --help >&4)
		echo "status $?"
		(trap "" PIPE; exec prockit --help >&4)
		echo "status $?"
	'
	[ "${lines[0]}" = 'status 141' ]
	[ "${lines[1]}" = 'prockit: cannot write to standard output: Broken pipe' ]
	[ "${lines[2]}" = 'status 125' ]
	[ "${#lines[@]}" = 3 ]
}

@test "front door: it works with standard input, output and error closed" {
	run -125 bash -c 'prockit <&- >&- 2>&-'
	[ "$output" = "" ]
	run -0 bash -c 'prockit --version <&- 2>&-'
	[[ $output == prockit* ]]
}

@test "front door: messages and help do not depend on the locale" {
	run -125 env LC_ALL=C prockit --verson
	local plain=$output
	run -125 env LC_ALL=de_DE.UTF-8 LANGUAGE=de prockit --verson
	[ "$output" = "$plain" ]
}

@test "front door: it reads no configuration of the option library" {
	command -v strace >/dev/null || skip 'no strace'
	# Leaks cannot be looked for while another traces.
	ASAN_OPTIONS=detect_leaks=0 HOME=$PWD run -0 strace -f -o trace -e trace=file prockit call true
	run -1 grep -F popt.d trace
	run -1 grep -F .popt trace
	echo 'prockit alias --frobnicate --version' >.popt
	HOME=$PWD run -125 prockit --frobnicate
}

@test "front door: a missing operand is one line that names it" {
	run -125 --separate-stderr prockit call
	[ "$output" = "" ]
	[ "$stderr" = "prockit call: missing operand: COMMAND (see 'prockit call --help')" ]
	run -125 prockit terminate
	[[ $output == "prockit terminate: missing operand: PID"* ]]
}

@test "front door: options are read as getopt reads them, except that names are never cut short" {
	run -0 prockit call -qt5 true
	run -0 prockit call -qt 5 true
	run -0 prockit call --timeout 5 -t 6 --timeout=7 true
	run -125 prockit call --timeou 5 true
	[ "$output" = 'prockit call: --timeou: unknown option (did you mean --timeout?)' ]
	run -125 prockit call --quiet=yes true
	[ "$output" = 'prockit call: --quiet takes no argument' ]
	run -125 prockit call --timeout
	[ "$output" = 'prockit call: --timeout needs a DURATION' ]
	run -125 prockit call -t 1x true
	[[ $output == "prockit call: --timeout: '1x' is not a duration"* ]]
	run -125 prockit call -qZt5 true
	[ "$output" = 'prockit call: -Z: unknown option' ]
	run -125 prockit call -E =x true
	[[ $output == "prockit call: --env: '=x' "* ]]
	run -125 prockit call -E=x true
	[[ $output == "prockit call: --env: '=x' "* ]]
	run -125 prockit call --=x true
	[ "$output" = 'prockit call: --=x: unknown option' ]
}

@test "front door: an argument that may be left out is only taken from behind =" {
	run -0 prockit call --close-fds echo here
	[ "$output" = here ]
	run -0 prockit call --close-fds -- echo here
	[ "$output" = here ]
}

@test "front door: arguments arrive byte for byte" {
	# A sequence that the option library would replace by another word.
	run -0 prockit call --env 'WORD=a!#:+b' printenv WORD
	[ "$output" = 'a!#:+b' ]
	run -0 prockit call --env=WORD==x=y printenv WORD
	[ "$output" = '=x=y' ]
	run -0 prockit call -E 'WORD= -x' printenv WORD
	[ "$output" = ' -x' ]
}

@test "front door: a lone - and an empty word are operands" {
	run -127 prockit call - --version
	[[ $output == 'prockit call: -: '* ]]
	run -127 prockit call '' --version
	[ "${#lines[@]}" = 1 ]
}

@test "front door: a very long wrong argument is cut in the message, and its fault is not" {
	local long
	long=$(printf '%0100000d' 0)x
	run -125 prockit call --timeout="$long" true
	[ "${#lines[@]}" = 1 ]
	[[ $output == *'...'* && $output == *'is not a duration'* ]]
}
