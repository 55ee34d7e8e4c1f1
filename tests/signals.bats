#!/usr/bin/env bats
# Signals that somebody sends to prockit: passed on to the command once, and then it ends as the
# command does. What the terminal sends is in terminal.bats.
# shellcheck disable=SC2016 # the dollars are the command's

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	log_signals=$(helper log-signals)
}

teardown()
{
	end_leftovers
}

# start WORD...: "prockit call WORD..." in the background, with all signals at their default, which
# the shell's own background jobs do not have. $prockit is its number.
start()
{
	start_from -- "$@"
}

# start_from OPTION... -- WORD...: the same, in the state that closed-fds-run makes.
start_from()
{
	local state=()
	while [[ $1 != -- ]]; do
		state+=("$1")
		shift
	done
	shift
	"$(helper closed-fds-run)" "${state[@]}" -- prockit call "$@" 3>&- &
	prockit=$!
}

# start_logging SIGNAL... -- [OPTION...]: the command logs these signals, and ends at the last one.
start_logging()
{
	local names=()
	while [[ $1 != -- ]]; do
		names+=("$1")
		shift
	done
	shift
	rm -f log
	start --report=r "$@" -- "$log_signals" log "${names[@]}"
	wait_until 10 grep -cx ready log
}

# start_sleeping [OPTION...]: the command waits to be killed, its number in sleep.pid.
start_sleeping()
{
	rm -f sleep.pid
	start --report=r "$@" -- sh -c 'echo $$ >sleep.pid; exec sleep 1000'
	wait_until 10 test -s sleep.pid
}

# interrupted_by NAME [OPTION...]: a command that does nothing about the signal dies of it, and so
# does prockit.
interrupted_by()
{
	local name=$1
	shift
	start_sleeping "$@"
	kill "-$name" "$prockit"
	ends_with $((128 + $(kill -l "$name"))) "$prockit"
	is_gone "$(<sleep.pid)"
	is_record r
	says r ".signal_number == $(kill -l "$name") and .timed_out == false"
}

@test "signals: each signal to prockit reaches the command, once" {
	local name last way
	for way in '' '-t 100'; do
		for name in HUP INT QUIT USR1 USR2 ALRM TERM VTALRM PROF IO PWR STKFLT PIPE \
			RTMIN RTMIN+1 RTMAX; do
			# By the time that the last signal comes, one sent twice would have come.
			last=USR2
			[[ $name != USR2 ]] || last=USR1
			# shellcheck disable=SC2086 # two words or none
			start_logging "$name" "$last" -- $way
			kill "-$name" "$prockit"
			wait_until 10 grep -c 'SIG.* user' log
			kill "-$last" "$prockit"
			ends_with 0 "$prockit"
			if [[ $(<log) != $'ready\n'SIG*' user'$'\n'"SIG$last user" ]]; then
				echo "$name, ${way:-no limit}: $(<log)"
				return 1
			fi
		done
	done
}

@test "signals: the report lists what was passed on" {
	start_logging HUP USR1 --
	kill -HUP "$prockit"
	wait_until 10 grep -c SIGHUP log
	kill -USR1 "$prockit"
	ends_with 0 "$prockit"
	is_record r
	says r '[.signals_sent[].signal] == ["SIGHUP", "SIGUSR1"]'
	says r '.outcome == "exited" and .timed_out == false and .exit_code == 0'
}

@test "signals: prockit dies of the signal that the command died of" {
	local name
	for name in TERM INT HUP USR1 PIPE QUIT ALRM RTMIN; do
		interrupted_by "$name"
		interrupted_by "$name" -t 100
	done
}

@test "signals: a command that was asked to end was interrupted, the report says" {
	local name
	for name in TERM INT QUIT; do
		interrupted_by "$name"
		says r '.outcome == "interrupted"'
		interrupted_by "$name" -t 100
		says r '.outcome == "interrupted"'
	done
}

@test "signals: a command that handles the signal decides on the status" {
	start_logging TERM --
	kill -TERM "$prockit"
	ends_with 0 "$prockit"
	says r '.exit_code == 0 and .exit_status == 0'
	start -t 100 -- bash -c 'trap "exit 7" INT; echo ready >b.log; sleep 1000 & wait'
	wait_until 10 test -s b.log
	kill -INT "$prockit"
	ends_with 7 "$prockit"
}

@test "signals: a command that ignores the signal goes on, and prockit waits" {
	start -t 100 --ignore-signal=HUP,TERM -- "$log_signals" log USR2 USR1
	wait_until 10 grep -cx ready log
	kill -HUP "$prockit"
	kill -TERM "$prockit"
	kill -USR2 "$prockit"
	wait_until 10 grep -c SIGUSR2 log
	alive "$prockit"
	kill -USR1 "$prockit"
	ends_with 0 "$prockit"
}

@test "signals: what was ignored when prockit started stays ignored, as nohup wants it" {
	local way
	for way in '' '-t 100'; do
		rm -f log
		# shellcheck disable=SC2086 # two words or none
		start_from --ignore=HUP,INT,RTMIN -- $way -- "$log_signals" log USR2 USR1
		wait_until 10 grep -cx ready log
		kill -HUP "$prockit"
		kill -INT "$prockit"
		kill -RTMIN "$prockit"
		kill -USR2 "$prockit"
		wait_until 10 grep -c SIGUSR2 log
		alive "$prockit"
		kill -USR1 "$prockit"
		ends_with 0 "$prockit"
		[[ $(<log) == $'ready\nSIGUSR2 user\nSIGUSR1 user' ]]
	done
}

@test "signals: blocked ones reach a command that takes them all the same" {
	# log-signals takes what it names, blocked or not; prockit's caller has all of them blocked.
	start_from --block=HUP,USR1,TERM,CHLD,RTMIN -- \
		-t 100 -- "$log_signals" log HUP RTMIN USR1
	wait_until 10 grep -cx ready log
	kill -HUP "$prockit"
	wait_until 10 grep -c SIGHUP log
	kill -RTMIN "$prockit"
	wait_until 10 grep -c SIGRTMIN log
	kill -USR1 "$prockit"
	ends_with 0 "$prockit"
}

@test "signals: TERM ends a command that is stopped" {
	start_sleeping -t 100
	kill -STOP "$(<sleep.pid)"
	wait_until 10 grep -c '^State:.*T' "/proc/$(<sleep.pid)/status"
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
}

@test "signals: KILL to the command alone is the command's status" {
	start_sleeping
	kill -KILL "$(<sleep.pid)"
	ends_with 137 "$prockit"
	is_record r
	says r '.outcome == "signaled" and .signal == "SIGKILL" and .timed_out == false'
}

@test "signals: stopping and going on of prockit alone loses nothing" {
	start_logging USR1 -- -t 100
	kill -STOP "$prockit"
	wait_until 10 grep -c '^State:.*T' "/proc/$prockit/status"
	kill -USR1 "$prockit"
	kill -CONT "$prockit"
	ends_with 0 "$prockit"
	[[ $(<log) == $'ready\nSIGUSR1 user' ]]
}

@test "signals: TSTP to prockit stops the command too, CONT lets both go on, the clock stood still" {
	# A group of its own, whose parent is in the same session: the kernel does not stop orphans.
	set -m
	start_sleeping -t 1.5 --new-group
	set +m
	kill -TSTP "$prockit"
	wait_until 10 grep -c '^State:.*T' "/proc/$prockit/status"
	wait_until 10 grep -c '^State:.*T' "/proc/$(<sleep.pid)/status"
	kill -CONT "$prockit"
	wait_until 10 grep -c '^State:.*S' "/proc/$(<sleep.pid)/status"
	ends_with 124 "$prockit"
	says r '.outcome == "timed_out" and .signal == "SIGTERM"'
}

@test "signals: a signal while it waits for descendants ends the waiting" {
	start --tree=wait --report=r -- "$(helper linger)" close left.pid 0
	wait_until 10 test -s left.pid
	wait_until 10 grep -c "PPid:.$prockit" "/proc/$(<left.pid)/status"
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
	is_record r
}

@test "signals: one while it waits for a retry ends it" {
	start --retries=3 --retry-delay=1000 -- sh -c 'echo x >>tries; exit 1'
	wait_until 10 test -s tries
	# Sent while the first try still ends, it would have prockit end with that one's status.
	wait_until 10 has_no_child "$prockit"
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
	[[ $(<tries) == x ]]
}

@test "signals: a command that TERM interrupted is not retried" {
	start_sleeping --retries=3
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
	says r '.tries == 1'
}

@test "signals: background descendants of an interrupted command are left, or ended, as --tree says" {
	start --report=r -- sh -c 'sleep 1000 & echo $! >left.pid; exec sleep 1000'
	wait_until 10 test -s left.pid
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
	alive "$(<left.pid)"
	rm left.pid
	start --tree=kill --report=r -- sh -c 'setsid sleep 1000 & echo $! >left.pid; exec sleep 1000'
	wait_until 10 test -s left.pid
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
	is_gone "$(<left.pid)"
	says r '.descendants_killed == 1'
}

@test "signals: nothing is lost that comes while the command is being started" {
	local i
	for i in {1..40}; do
		start -t 100 -- sleep 1000
		# Before, while, or after: the exec of prockit itself is the first thing to wait for.
		wait_until 10 grep -czx prockit "/proc/$prockit/cmdline"
		kill -TERM "$prockit"
		ends_with 143 "$prockit"
		echo "round $i"
	done
}
