#!/usr/bin/env bats
# prockit getoutput: what a shell string printed, less one newline.
# shellcheck disable=SC2016 # the dollars are the command's

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

teardown()
{
	end_leftovers
}

# printed STRING WANT: getoutput STRING prints just the bytes that printf %b makes of WANT.
printed()
{
	prockit getoutput "$1" >out || return
	printf %b "$2" >want
	cmp want out
}

@test "getoutput: the example of Python's documentation" {
	printed 'ls /bin/ls' /bin/ls
}

@test "getoutput: the issue's example runs as typed" {
	LC_ALL=C run -0 prockit getoutput 'date -u | wc'
	# shellcheck disable=SC2086 # to the words
	set -- $output
	[[ $# == 3 && $1 == 1 ]]
}

@test "getoutput: takes exactly one final newline away" {
	printed 'echo a' a
	printed 'printf a' a
	printed 'printf "a\n\n"' 'a\n'
	printed 'printf "\n"' ''
	printed 'printf "\n\na\n"' '\n\na'
	printed 'printf "a\r\n"' 'a\r'
	printed true ''
}

@test "getoutput: stderr is merged in the order it was written" {
	run -0 --separate-stderr prockit getoutput \
		'for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done'
	[[ $output == $'o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5' ]]
	[[ -z $stderr ]]
}

@test "getoutput: all 256 byte values come through unchanged" {
	every_byte 0 255 >bytes
	prockit getoutput 'cat bytes' >out
	cmp bytes out
}

@test "getoutput: 20 MiB come through unchanged, less one newline" {
	head -c 20M /dev/urandom >big
	prockit getoutput 'cat big; echo' >out
	cmp big out
}

@test "getoutput: ends with the command's status, and prints all the same" {
	run -3 --separate-stderr prockit getoutput 'echo said; exit 3'
	[[ $output == said ]]
	[[ -z $stderr ]]
}

@test "getoutput: dies of the signal that the shell died of" {
	run -143 prockit getoutput 'echo said; kill -TERM $$'
	[[ $output == said ]]
	run -143 prockit getoutput --no-reraise 'kill -TERM $$'
}

@test "getoutput: what the shell cannot find is the shell's to tell" {
	run -127 --separate-stderr prockit getoutput /nonexistent/command
	[[ $output == *nonexistent* ]]
	[[ -z $stderr ]]
}

@test "getoutput: a syntax error is the shell's to tell" {
	run -2 --separate-stderr prockit getoutput 'if'
	[[ -n $output ]]
	[[ -z $stderr ]]
}

@test "getoutput: --shell-path picks the shell" {
	run -0 prockit getoutput --shell-path="$(type -P bash)" 'echo "${BASH_VERSION:+bash}"'
	[[ $output == bash ]]
	run -127 --separate-stderr prockit getoutput --shell-path=/nonexistent/sh 'touch ran'
	[[ -z $output ]]
	one_message /nonexistent/sh
}

@test "getoutput: a limit is 124 and ends the tree" {
	run -124 --separate-stderr prockit getoutput -t 0.5 \
		'setsid sleep 1000 & echo $! >sleep.pid; sleep 1000'
	is_gone "$(<sleep.pid)"
	run -124 prockit getoutput --max-output=1K yes
	run -124 prockit getoutput --idle-timeout=0.3 'echo a; sleep 1000'
}

@test "getoutput: --drain does not wait for a background process" {
	run -0 prockit getoutput --drain=100ms --report=r.json \
		'sleep 1000 & echo $! >sleep.pid; echo early'
	[[ $output == early ]]
	is_record r.json
	says r.json ".leaked and .holders[0].pid == $(<sleep.pid)"
}

@test "getoutput: --input and --stdin reach the command" {
	run -0 prockit getoutput --input=text 'tr a-z A-Z'
	[[ $output == TEXT ]]
	run -0 prockit getoutput --stdin=null cat <<<here
	[[ -z $output ]]
	run -0 prockit getoutput cat <<<here
	[[ $output == here ]]
}

@test "getoutput: its report has everything in stdout, nothing in stderr" {
	run -4 prockit getoutput --report=r.json 'echo o; echo e >&2; exit 4'
	is_record r.json
	says r.json '.shell and .returncode == 4 and .stderr == null'
	says r.json '.stdout == "o\ne\n" or .stdout == "o\ne"'
}

@test "getoutput: write errors and closed outputs" {
	run -125 --separate-stderr sh -c 'prockit getoutput "echo a" >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit getoutput "touch ran" >&-'
	one_message
	[[ ! -e ran ]]
	run -0 --separate-stderr env --default-signal=PIPE bash -c \
		'prockit getoutput "seq 1000000" | true; echo "${PIPESTATUS[0]}"'
	[[ $output == 141 ]]
	[[ -z $stderr ]]
}

@test "getoutput: bad usage is one line and 125, and nothing runs" {
	run -125 --separate-stderr prockit getoutput
	[[ $stderr == 'prockit getoutput: '* ]]
	run -125 --separate-stderr prockit getoutput --timeout=x 'touch ran'
	one_message --timeout x
	run -125 --separate-stderr prockit getoutput --nosuch 'touch ran'
	one_message --nosuch
	[[ ! -e ran ]]
}
