#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets stderr
# prockit help: the manual page where there is one and a man to show it, else the usage.

bats_require_minimum_version 1.5.0

setup()
{
	load lib/common
	cd "$BATS_TEST_TMPDIR" || return
	mkdir pages bin
	echo 'the page of prockit' >pages/prockit.1
	echo 'the page of call' >pages/prockit-call.1
	export PROCKIT_MANPATH=$PWD/pages
	# A man that says what it was given, and is the process that was started.
	# shellcheck disable=SC2016
	printf '%s\n' '#!/bin/sh' 'echo "man $#"' 'cat "$@"' >bin/man
	chmod +x bin/man
	own=$(command -v prockit)
}

@test "help: opens the page of prockit and of a subcommand with man" {
	PATH=$PWD/bin:$PATH run -0 prockit help
	[ "$output" = $'man 1\nthe page of prockit' ]
	PATH=$PWD/bin:$PATH run -0 prockit help call
	[ "$output" = $'man 1\nthe page of call' ]
}

@test "help: the status is that of man" {
	printf '#!/bin/sh\nexit 16\n' >bin/man
	PATH=$PWD/bin:$PATH run -16 prockit help call
}

@test "help: opens the page of a program that is no subcommand of ours" {
	echo 'the page of hello' >pages/prockit-hello.1
	PATH=$PWD/bin:$PATH run -0 prockit help hello
	[ "$output" = $'man 1\nthe page of hello' ]
}

@test "help: shows the usage where there is no man" {
	mkdir empty
	PATH=$PWD/empty run -0 "$own" help call
	[[ $output == 'Usage: prockit call '* ]]
	PATH=$PWD/empty run -0 "$own" help
	[[ $output == 'Usage: prockit SUBCOMMAND '* ]]
}

@test "help: shows the usage where man is no program" {
	printf '#!/nonexistent/interpreter\n' >bin/man
	PATH=$PWD/bin run -0 "$own" help call
	[[ $output == 'Usage: prockit call '* ]]
}

@test "help: an unknown name is one line that suggests the nearest" {
	PATH=$PWD/bin:$PATH run -125 --separate-stderr prockit help cal
	[ "$output" = "" ]
	[ "$stderr" = "prockit help: 'cal': unknown subcommand (did you mean call?)" ]
	PATH=$PWD/bin:$PATH run -125 prockit help ''
	[ "${#lines[@]}" = 1 ]
	PATH=$PWD/bin:$PATH run -125 prockit help x/../../pages/prockit
	[ "${#lines[@]}" = 1 ]
}

@test "help: takes one name" {
	run -125 prockit help call run
	[ "$output" = "prockit help: extra operand: 'run'" ]
}

@test "help: the usage that cannot be written is 125" {
	mkdir empty
	# shellcheck disable=SC2016 # the inner shell's
	run -125 env PATH="$PWD/empty" /bin/sh -c '"$1" help call >/dev/full' sh "$own"
	[ "$output" = 'prockit help: cannot write to standard output: No space left on device' ]
}

@test "help: the pages of the source open with the man of this system" {
	export PROCKIT_MANPATH=$PROCKIT_TESTS_SRCDIR/../man
	command -v man >/dev/null || skip 'no man'
	MANPAGER=cat PAGER=cat run -0 prockit help call
	[[ $output == *check-output* ]]
}
