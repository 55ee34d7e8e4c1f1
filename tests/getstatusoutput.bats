#!/usr/bin/env bats
# prockit getstatusoutput: the status of a shell string, then what it printed.
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

# printed STRING WANT: getstatusoutput STRING prints just what printf %b makes of WANT, and is 0.
printed()
{
	prockit getstatusoutput "$1" >out || return
	printf %b "$2" >want
	cmp want out
}

@test "getstatusoutput: the examples of Python's documentation" {
	export LC_ALL=C
	printed 'ls /bin/ls' '0\n/bin/ls'
	printed 'cat /bin/junk' '1\ncat: /bin/junk: No such file or directory'
	printed '/bin/kill $$' '-15\n'
	run -0 --separate-stderr prockit getstatusoutput /bin/junk
	[[ ${lines[0]} == 127 && $output == *'/bin/junk'*'not found'* ]]
	[[ -z $stderr ]]
}

@test "getstatusoutput: the issue's example runs as typed" {
	LC_ALL=C run -0 --separate-stderr prockit getstatusoutput 'ls /nonexistent'
	[[ ${lines[0]} == 2 ]]
	[[ ${lines[1]} == *"cannot access '/nonexistent'"* ]]
	[[ -z $stderr ]]
}

@test "getstatusoutput: takes exactly one final newline away" {
	printed 'echo a' '0\na'
	printed 'printf a' '0\na'
	printed 'printf "a\n\n"' '0\na\n'
	printed 'printf "\n"' '0\n'
	printed true '0\n'
}

@test "getstatusoutput: exits with 0 whatever the status" {
	printed 'exit 3' '3\n'
	printed 'exit 255' '255\n'
	printed 'exit 124' '124\n'
	printed 'kill -KILL $$' '-9\n'
	printed 'kill -35 $$' '-35\n'
}

@test "getstatusoutput: stderr is merged in the order it was written" {
	printed 'echo a; echo b >&2; echo c; echo d >&2; exit 5' '5\na\nb\nc\nd'
}

@test "getstatusoutput: all 256 byte values come through unchanged" {
	every_byte 0 255 >bytes
	prockit getstatusoutput 'cat bytes' >out
	{
		echo 0
		cat bytes
	} | cmp - out
}

@test "getstatusoutput: 20 MiB come through unchanged" {
	head -c 20M /dev/urandom >big
	prockit getstatusoutput 'cat big; echo' >out
	{
		echo 0
		cat big
	} | cmp - out
}

@test "getstatusoutput: --format=lines is the default form" {
	prockit getstatusoutput --format=lines 'echo a; exit 3' >out
	printf '3\na' | cmp - out
}

@test "getstatusoutput: --format=json" {
	prockit getstatusoutput --format=json 'echo a; echo b >&2; exit 3' >out
	[[ $(wc -l <out) == 1 ]]
	says out '.returncode == 3 and .output == "a\nb"'
	prockit getstatusoutput --format=json 'kill $$' >out
	says out '.returncode == -15 and .output == ""'
	prockit getstatusoutput --format=json 'printf "a\0b\\\\\"\001"' >out
	says out '.output == "a\u0000b\\\"\u0001" and .output_encoding == "utf-8"'
}

@test "getstatusoutput: --format=json writes what is not UTF-8 in base64, and says so" {
	every_byte 0 255 >bytes
	prockit getstatusoutput --format=json 'cat bytes' >out
	says out '.output_encoding == "base64" and has("status") == false'
	jq -r .output out | base64 -d | cmp - bytes
}

@test "getstatusoutput: --format=eval sets variables in every shell, whatever the bytes" {
	local shell locale
	every_byte 1 255 >bytes
	for shell in bash dash zsh 'busybox sh'; do
		for locale in C C.UTF-8; do
			rm -f out
			# shellcheck disable=SC2086 # "busybox sh" is two words
			LC_ALL=$locale run -0 $shell -c '
				eval "$(prockit getstatusoutput --format=eval "cat bytes; exit 7")"
				printf %s "$output" >out
				echo "$returncode"'
			[[ $output == 7 ]]
			cmp bytes out
		done
	done
}

@test "getstatusoutput: --format=eval takes one newline away, and no more" {
	eval "$(prockit getstatusoutput --format=eval 'printf "a\n\n"; kill $$')"
	# shellcheck disable=SC2154 # eval set it
	[[ $returncode == -15 ]]
	[[ $output == $'a\n' ]]
}

@test "getstatusoutput: --format=eval refuses a NUL with a message" {
	run -125 --separate-stderr prockit getstatusoutput --format=eval 'printf "a\0b"'
	[[ -z $output ]]
	one_message NUL
}

@test "getstatusoutput: --prefix names the variables" {
	eval "$(prockit getstatusoutput --format=eval --prefix=my_ 'echo a; exit 3')"
	# shellcheck disable=SC2154 # eval set them
	[[ $my_returncode == 3 && $my_output == a ]]
}

@test "getstatusoutput: a prefix that cannot begin a variable's name is refused" {
	local prefix
	for prefix in '1' 'a b' 'x;touch ran;' 'a-' '$(touch ran)'; do
		run -125 --separate-stderr prockit getstatusoutput --format=eval --prefix="$prefix" \
			'touch ran'
		[[ -z $output ]]
		one_message
		[[ ! -e ran ]]
	done
}

@test "getstatusoutput: an unknown format is refused before anything runs" {
	run -125 --separate-stderr prockit getstatusoutput --format=xml 'touch ran'
	one_message --format xml
	[[ ! -e ran ]]
}

@test "getstatusoutput: a limit is 124 and ends the tree" {
	run -124 prockit getstatusoutput -t 0.5 'setsid sleep 1000 & echo $! >sleep.pid; sleep 1000'
	is_gone "$(<sleep.pid)"
	run -124 prockit getstatusoutput --max-output=1K yes
	run -124 prockit getstatusoutput --idle-timeout=0.3 'echo a; sleep 1000'
}

@test "getstatusoutput: a shell that is not there is 127" {
	run -127 --separate-stderr prockit getstatusoutput --shell-path=/nonexistent/sh 'touch ran'
	one_message /nonexistent/sh
}

@test "getstatusoutput: its report is whole" {
	prockit getstatusoutput --report=r.json 'echo o; echo e >&2; exit 4' >out
	is_record r.json
	says r.json '.returncode == 4 and .stderr == null and .shell'
}

@test "getstatusoutput: write errors and closed outputs" {
	run -125 --separate-stderr sh -c 'prockit getstatusoutput "echo a" >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit getstatusoutput "touch ran" >&-'
	one_message
	[[ ! -e ran ]]
	run -0 --separate-stderr env --default-signal=PIPE bash -c \
		'prockit getstatusoutput "seq 1000000" | true; echo "${PIPESTATUS[0]}"'
	[[ $output == 141 ]]
	[[ -z $stderr ]]
}

@test "getstatusoutput: no string is a usage error" {
	run -125 --separate-stderr prockit getstatusoutput
	[[ $stderr == 'prockit getstatusoutput: '* ]]
}
