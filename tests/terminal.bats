#!/usr/bin/env bats
# prockit call on a terminal: Ctrl-C, Ctrl-Z and fg, reading, hanging up; with a limit and without.
# shellcheck disable=SC2016,SC2086,SC2317 # the dollars are the command's; $call is several words; try is called
# shellcheck disable=SC2030,SC2031 # each test is a process of its own

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

ctrl_c=$'\003'
ctrl_z=$'\032'
ctrl_backslash=$'\034'

# Commands: one that waits, one that reads a line of the terminal, one that needs a while.
setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	pty=$(helper pty-run)
	log_signals=$(helper log-signals)
	script waiter 'echo $$ >child.pid; exec sleep 1000'
	script reader 'echo $$ >child.pid; read -r line; echo "got <$line>"'
	# The worker starts nothing: Ctrl-Z between a shell's vfork and the exec stops only the new
	# process, and the shell waits for it, not stopped.
	mkfifo never
	script worker 'echo $$ >child.pid' \
		'exec bash -c "for i in 1 2 3 4 5; do read -rt 0.1 _ <>never; done; echo worked"'
}

teardown()
{
	end_leftovers
}

script()
{
	printf '#!/bin/sh\n' >"$1"
	printf '%s\n' "${@:2}" >>"$1"
	chmod +x "$1"
}

# both_ways COMMAND [ARG...]: with $call as "prockit call", and again with a limit.
both_ways()
{
	local call
	for call in 'prockit call' 'prockit call -t 100'; do
		echo "-- $call"
		rm -f child.pid prockit.pid log before after
		"$@"
	done
}

# shell_on_pty STEP...: the steps (pty-run) in front of a shell that does job control; it prompts
# with "ready> ".
shell_on_pty()
{
	"$pty" --expect='ready> ' "$@" -- \
		env PS1='ready> ' HISTFILE= bash --norc --noprofile --noediting -i
}

@test "terminal: Ctrl-C ends the command, and the script that called it" {
	try()
	{
		run -130 "$pty" --file=child.pid --send="$ctrl_c" -- \
			bash -c "$call ./waiter; echo after"
		[[ $output != *after* ]]
		gone child.pid
	}
	both_ways try
}

@test "terminal: Ctrl-C ends the command where prockit leads the session" {
	try()
	{
		run -130 "$pty" --file=child.pid --send="$ctrl_c" -- $call ./waiter
		gone child.pid
	}
	both_ways try
}

@test "terminal: Ctrl-\\ ends the command" {
	ulimit -c 0
	try()
	{
		run -131 "$pty" --file=child.pid --send="$ctrl_backslash" -- $call ./waiter
		gone child.pid
	}
	both_ways try
}

@test "terminal: Ctrl-C comes to the command once, from the terminal" {
	try()
	{
		# TERM goes to prockit: by then, an INT that it passed on would have come.
		script once 'echo $$ >prockit.pid' "exec $call '$log_signals' /dev/tty INT TERM"
		run -0 "$pty" --expect=ready --send="$ctrl_c" --expect='SIGINT kernel' \
			--kill=TERM:prockit.pid --expect='SIGTERM user' -- bash -c './once; exit $?'
		[[ $output != *'SIGINT user'* && $output != *SIGINT*SIGINT* ]]
	}
	both_ways try
	call='prockit call --report=r'
	try
}

@test "terminal: a command in a group of its own gets Ctrl-C once too, passed on" {
	try()
	{
		script once 'echo $$ >prockit.pid' \
			"exec $call --new-group '$log_signals' /dev/tty INT TERM"
		run -0 "$pty" --expect=ready --send="$ctrl_c" --expect='SIGINT user' \
			--kill=TERM:prockit.pid --expect='SIGTERM user' -- bash -c './once; exit $?'
		[[ $output != *SIGINT*SIGINT* ]]
	}
	both_ways try
}

@test "terminal: a script goes on when its command handles Ctrl-C and ends well" {
	try()
	{
		run -0 "$pty" --file=log --send="$ctrl_c" -- \
			bash -c "$call '$log_signals' log INT; echo after \$?"
		[[ $output == *'after 0'* ]]
	}
	both_ways try
}

@test "terminal: prockit waits for a command that ignores Ctrl-C" {
	ulimit -c 0
	try()
	{
		run -131 "$pty" --expect=ready --send="$ctrl_c" --send="$ctrl_backslash" -- \
			$call "$(helper ignore-signal)" INT
	}
	both_ways try
}

@test "terminal: after Ctrl-C the report says interrupted" {
	run -130 "$pty" --file=child.pid --send="$ctrl_c" -- \
		bash -c 'prockit call --report=r ./waiter; exit $?'
	is_record r
	says r '.outcome == "interrupted" and .signal == "SIGINT"'
}

@test "terminal: the command can read from it" {
	try()
	{
		run -0 "$pty" --file=child.pid --send=$'hello\n' --expect='got <hello>' -- \
			$call ./reader
		rm child.pid
		run -0 "$pty" --file=child.pid --send=$'hello\n' --expect='got <hello>' -- \
			bash -c "$call ./reader; exit \$?"
	}
	both_ways try
}

@test "terminal: Ctrl-Z stops the command, fg continues it" {
	try()
	{
		run -0 shell_on_pty --send="$call ./waiter"$'\n' --file=child.pid --state=S:child.pid \
			--send="$ctrl_z" --expect=Stopped --state=T:child.pid --expect='ready> ' \
			--send=$'fg\n' --state=S:child.pid --send="$ctrl_c" --expect='ready> ' \
			--send=$'echo status $?\n' --expect='status 130' --send=$'exit\n'
		gone child.pid
	}
	both_ways try
}

@test "terminal: Ctrl-Z and fg, many times over, do not hang" {
	local steps=()
	for _ in {1..8}; do
		steps+=(--send="$ctrl_z" --expect=Stopped --state=T:child.pid --expect='ready> '
			--send=$'fg\n' --state=S:child.pid)
	done
	try()
	{
		run -0 shell_on_pty --send="$call ./waiter"$'\n' --file=child.pid --state=S:child.pid \
			"${steps[@]}" --send="$ctrl_c" --expect='ready> ' --send=$'exit 0\n'
		gone child.pid
	}
	both_ways try
}

@test "terminal: Ctrl-Z stops a command in a group of its own too" {
	run -0 shell_on_pty --send=$'prockit call --new-group ./waiter\n' --file=child.pid \
		--state=S:child.pid --send="$ctrl_z" --expect=Stopped --state=T:child.pid \
		--expect='ready> ' --send=$'fg\n' --state=S:child.pid --send="$ctrl_c" \
		--expect='ready> ' --send=$'echo status $?\n' --expect='status 130' --send=$'exit\n'
	gone child.pid
}

@test "terminal: bg continues a stopped command in the background" {
	try()
	{
		run -0 shell_on_pty --send="$call ./waiter"$'\n' --file=child.pid --state=S:child.pid \
			--send="$ctrl_z" --expect=Stopped --state=T:child.pid --expect='ready> ' \
			--send=$'bg\n' --state=S:child.pid --send=$'kill %1; wait %1; echo status $?\n' \
			--expect='status 143' --send=$'exit\n'
		gone child.pid
	}
	both_ways try
}

@test "terminal: while the command is stopped, the clock stands still" {
	# Half a second of work, within 3 s that would be over by the time it goes on.
	run -0 shell_on_pty --send=$'prockit call -t 3 ./worker\n' --file=child.pid \
		--send="$ctrl_z" --expect=Stopped --state=T:child.pid --expect='ready> ' \
		--send=$'sleep 3.5; fg\n' --expect=worked --expect='ready> ' \
		--send=$'echo status $?\n' --expect='status 0' --send=$'exit\n'
}

@test "terminal: once it goes on, the limit strikes in the end" {
	run -0 shell_on_pty --send=$'prockit call -t 1 ./waiter\n' --file=child.pid \
		--send="$ctrl_z" --expect=Stopped --state=T:child.pid --expect='ready> ' \
		--send=$'fg\n' --expect='ready> ' \
		--send=$'echo status $?\n' --expect='status 124' --send=$'exit\n'
	gone child.pid
}

@test "terminal: a background job that reads it stops, and reads after fg" {
	try()
	{
		run -0 shell_on_pty --send="$call ./reader &"$'\n' --file=child.pid \
			--state=T:child.pid --send=$'jobs\n' --expect=Stopped \
			--send=$'fg\n' --state=S:child.pid --send=$'hello\n' --expect='got <hello>' \
			--send=$'exit 0\n'
	}
	both_ways try
}

@test "terminal: a background job that does not read it runs and ends" {
	try()
	{
		run -0 shell_on_pty --send="$call ./worker & wait; echo status \$?"$'\n' \
			--expect=worked --expect='status 0' --send=$'exit\n'
	}
	both_ways try
}

@test "terminal: its modes are put back after a program in raw mode was ended by a limit" {
	script raw 'stty raw -echo; echo $$ >child.pid; exec sleep 1000'
	script stubborn 'trap "" TERM; stty raw -echo; exec sleep 1000'
	run -0 "$pty" -- bash -c 'stty -g >before
		prockit call -t 1 ./raw; echo $? >status; stty -g >after'
	[[ $(<status) == 124 && -s child.pid ]]
	cmp before after
	run -0 "$pty" -- bash -c 'stty -g >before
		prockit call -t 1 -k 0.1 ./stubborn; echo $? >status; stty -g >after'
	[[ $(<status) == 137 ]]
	cmp before after
}

@test "terminal: modes that a command set and left are its own affair" {
	try()
	{
		run -0 "$pty" -- bash -c "stty -g >before; $call stty -echo; stty -a >after"
		grep -c -e ' -echo ' after
	}
	both_ways try
}

@test "terminal: when it is closed the command ends, and so does prockit" {
	try()
	{
		run -129 "$pty" --file=child.pid --hangup -- bash -c "$call ./waiter; echo after"
		wait_until 10 gone child.pid
	}
	both_ways try
}

@test "terminal: when it is closed the command ends, where prockit leads the session" {
	try()
	{
		run -129 "$pty" --file=child.pid --hangup -- $call ./waiter
		wait_until 10 gone child.pid
	}
	both_ways try
	call='prockit call --report=r'
	rm child.pid
	try
	is_record r
	says r '.signal == "SIGHUP"'
}

@test "terminal: when it is closed a job under an interactive shell ends too" {
	try()
	{
		run shell_on_pty --send="$call ./waiter"$'\n' --file=child.pid --hangup
		wait_until 10 gone child.pid
	}
	both_ways try
}

@test "terminal: what was started with nohup outlives it" {
	run "$pty" --file=child.pid --state=S:child.pid --hangup -- \
		bash -c 'nohup prockit call -t 100 --report=r ./waiter; echo after'
	alive "$(<child.pid)"
	kill "$(<child.pid)"
	wait_until 10 test -s r
	says r '.signal == "SIGTERM" and .signals_sent == []'
}

@test "terminal: a command in a session of its own has none" {
	run -0 "$pty" -- prockit call --new-session -- sh -c '(: </dev/tty) 2>&1 || echo none'
	[[ $output == *none* ]]
}
