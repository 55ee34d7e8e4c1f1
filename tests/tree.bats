#!/usr/bin/env bats
# What becomes of the processes that a command starts: ended with it by a limit, left alone, waited
# for, or killed, however they were started.
# shellcheck disable=SC2016 # the dollars are the command's

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	family=$(helper family)
}

teardown()
{
	end_leftovers
	[[ ! -d ${open_dir-} ]] || rm -r "$open_dir"
}

# family_ends N WORD...: N processes of this sort (see family.c) are gone when the limit has struck,
# and the report has counted them.
family_ends()
{
	local n=$1
	shift
	rm -f pids ready
	run -124 prockit call -t 1 -k 20 --report=r -- "$family" pids ready "$n" "$@"
	says r ".descendants_left == 0 and .survivors == [] and .outcome == \"timed_out\""
	gone pids
	# Unless the machine was too slow for all of them to start.
	[[ ! -e ready ]] || says r ".descendants_killed == $n"
}

# all_alive FILE: none of these processes has ended.
all_alive()
{
	local pid
	while read -r pid; do
		if ! alive "$pid"; then
			echo "$pid has ended"
			return 1
		fi
	done <"$1"
}

# members: the numbers of a family that its head has left; the head's is the first in "pids".
members()
{
	tail -n +2 pids
}

@test "tree: a limit ends plain children" {
	family_ends 10
}

@test "tree: a limit ends children in sessions of their own" {
	family_ends 10 setsid
}

@test "tree: a limit ends daemons, whose parents are gone" {
	family_ends 10 daemon
}

@test "tree: a limit ends daemons in sessions of their own" {
	family_ends 10 daemon setsid
}

@test "tree: a limit ends a long line of descendants" {
	family_ends 30 deep
	family_ends 30 deep setsid
}

@test "tree: a limit ends trees that ignore TERM" {
	local sort
	for sort in '' setsid daemon 'daemon setsid' deep; do
		rm -f pids
		# shellcheck disable=SC2086 # several words
		run -137 prockit call -t 1 -k 0.1 --report=r -- \
			"$family" pids ready 10 stubborn $sort
		gone pids
		says r '.descendants_left == 0 and .signal == "SIGKILL"'
	done
}

@test "tree: a limit ends what plain shell commands leave" {
	run -124 prockit call -t 1 -k 0.2 -- sh -c '
		sleep 1000 & echo $! >>pids
		setsid sleep 1000 & echo $! >>pids
		(setsid sh -c "sleep 1000 & echo \$! >>pids; wait" &)
		nohup sleep 1000 >nohup.out 2>&1 & echo $! >>pids
		(trap "" TERM HUP INT; exec sleep 1000) & echo $! >>pids
		while ! [ "$(wc -l <pids)" = 5 ]; do sleep 0.01; done
		exec sleep 1000'
	gone pids
}

@test "tree: a limit ends one that starts new processes as fast as it can" {
	run -137 prockit call -t 0.5 -k 0.1 --report=r -- \
		bash -c 'trap "" TERM; (while :; do (setsid sleep 1000 & echo $! >>pids); done) &
			exec sleep 1000'
	gone pids
	says r '.descendants_left == 0 and .duration_ms < 15000'
}

@test "tree: a limit ends a fleeing one, which is another process every moment" {
	run -124 prockit call -t 0.5 -k 0.1 --report=r -- \
		bash -c 'flee() { trap "" TERM; echo $BASHPID >hare; flee & exit; }
			flee & exec sleep 1000'
	says r '.descendants_left == 0 and .duration_ms < 15000'
	! alive "$(<hare)" || return 1
}

@test "tree: 1,000 descendants, half of them in their own sessions, are gone" {
	run -124 prockit call -t 5 -k 20 --report=r -- "$family" pids ready 1000 half
	gone pids
	says r '.descendants_left == 0 and .survivors == []'
	echo "$(wc -l <pids) processes; duration_ms: $(field r .duration_ms)"
	[[ ! -e ready ]] || says r '.descendants_killed == 1000 and .duration_ms < 10000'
}

@test "tree: 1,000 stubborn ones are gone too" {
	run -0 prockit call --tree=kill -k 0.3 --report=r -- \
		"$family" pids ready 1000 half stubborn leave
	gone pids
	says r '.descendants_killed == 1000 and .descendants_left == 0'
}

@test "tree: all of them are signalled, not only the command" {
	run -124 prockit call -t 1 -k 20 --report=r -- sh -c '
		setsid "$0" a.log TERM &
		(setsid "$0" b.log TERM &)
		exec "$0" c.log TERM' "$(helper log-signals)"
	local log
	for log in a.log b.log c.log; do
		[[ $(<"$log") == $'ready\nSIGTERM user' ]]
	done
	says r '[.signals_sent[].signal] == ["SIGTERM"]'
}

@test "tree: what the command left before its limit is ended by nobody" {
	# Without "run": they would hold its pipe.
	prockit call -t 100 --report=r -- "$family" pids ready 3 leave 3>&-
	members >left
	all_alive left
	says r '.descendants_left == 3 and .descendants_killed == 0 and .outcome == "exited"'
}

@test "tree: without a limit, background processes are left alone" {
	prockit call -- "$family" pids ready 3 setsid leave 3>&-
	members >left
	all_alive left
	rm pids ready
	prockit call --tree=leave --report=r -- "$family" pids ready 3 leave 3>&-
	members >left
	all_alive left
	says r '.descendants_left == 3'
}

@test "tree: nobody is waited for that is left" {
	local ended=0
	prockit call -- "$(helper linger)" keep left.pid 5 3>&- || ended=$?
	((ended == 5))
	alive "$(<left.pid)"
}

@test "tree: --tree=kill ends them when the command has ended; its status is the status" {
	local sort
	for sort in '' setsid daemon 'daemon setsid' 'deep setsid'; do
		rm -f pids ready
		# shellcheck disable=SC2086 # several words
		run -0 prockit call --tree=kill -k 20 --report=r -- "$family" pids ready 5 $sort leave
		gone pids
		is_record r
		says r '.descendants_killed == 5 and .descendants_left == 0 and .outcome == "exited"'
		says r '.timed_out == false and .exit_code == 0'
	done
	run -7 prockit call --tree=kill -- "$(helper linger)" keep left.pid 7
	! alive "$(<left.pid)" || return 1
	run -143 prockit call --tree=kill -- sh -c 'sleep 1000 & echo $! >left.pid; kill $$'
	! alive "$(<left.pid)" || return 1
}

@test "tree: --tree=kill escalates, and the command's status stands" {
	run -0 prockit call --tree=kill -k 0.1 --report=r -- "$family" pids ready 5 stubborn leave
	gone pids
	says r '[.signals_sent[].signal] == ["SIGTERM", "SIGKILL"] and .descendants_killed == 5'
}

@test "tree: --tree=wait waits until the last of them has ended" {
	prockit call --tree=wait --report=r -- "$family" pids ready 3 setsid leave 3>&- &
	local prockit=$!
	wait_until 10 test -s ready
	wait_until 10 is_gone "$(head -n 1 pids)"
	alive "$prockit"
	# shellcheck disable=SC2046 # a list of numbers
	kill -KILL $(members)
	ends_with 0 "$prockit"
	is_record r
	says r '.outcome == "exited" and .exit_code == 0 and .descendants_left == 0'
	says r '.descendants_killed == 0'
}

@test "tree: --tree=wait keeps the command's status" {
	run -9 prockit call --tree=wait -- sh -c 'sleep 0.2 & exit 9'
	run -143 prockit call --tree=wait -- sh -c '(setsid sleep 0.2 &) ; kill $$'
}

@test "tree: --tree=wait ends at the limit, with 124" {
	run -124 prockit call --tree=wait -t 1 --report=r -- "$family" pids ready 3 setsid leave
	gone pids
	says r '.outcome == "timed_out" and .timed_out and .descendants_left == 0'
	[[ ! -e ready ]] || says r '.descendants_killed == 3 and .exit_code == 0'
}

@test "tree: what is not a tree policy is refused by name" {
	local bad
	for bad in '' KILL none killl; do
		run -125 --separate-stderr prockit call --tree="$bad" touch ran
		one_message --tree
		[[ ! -e ran ]]
	done
}

@test "tree: children that we had before the command are never touched" {
	run -124 bash -c '
		sleep 1000 >/dev/null 2>&1 & echo $! >old
		(setsid sleep 1000 >/dev/null 2>&1 & echo $! >>old)
		exec prockit call -t 1 -k 0.1 --report=r -- "$0" pids ready 3 setsid' "$family"
	gone pids
	all_alive old
	# The second is nobody's child of ours any more; the first was ours all the time.
	says r '.descendants_left == 0 and .survivors == []'
	[[ ! -e ready ]] || says r '.descendants_killed == 3'
}

@test "tree: children that we had before the command are not waited for, nor mistaken for it" {
	run -3 bash -c '
		sleep 1000 >/dev/null 2>&1 & echo $! >old
		exec prockit call --tree=wait -- sh -c "exit 3"'
	all_alive old
	run -3 bash -c '
		sleep 1000 >/dev/null 2>&1 & echo $! >>old
		exec prockit call --tree=kill -k 0.1 -- sh -c "exit 3"'
	all_alive old
	# One of them ends while the command runs.
	mkfifo fifo
	run -3 bash -c '
		sh -c "read -r _ <fifo; exit 5" &
		exec prockit call -t 100 -- sh -c "echo >fifo; sleep 0.2; exit 3"'
	run -3 bash -c '
		sh -c "read -r _ <fifo; exit 5" &
		exec prockit call -- sh -c "echo >fifo; sleep 0.2; exit 3"'
	# One has ended already.
	run -3 bash -c '(exit 5) & exec prockit call -t 100 -- sh -c "sleep 0.2; exit 3"'
}

@test "tree: a survivor is reported, and prockit returns" {
	((EUID == 0)) || skip 'needs a program of another user'
	setpriv --reuid=54321 --regid=54321 --clear-groups true || skip 'cannot become another user'
	# Where that user gets at it: a copy of both programs, one of which is root whoever starts it.
	open_dir=$(mktemp -d)
	chmod 777 "$open_dir"
	cp "$(type -P prockit)" "$(helper outlast)" "$open_dir"
	chmod u+s "$open_dir/outlast"
	cd "$open_dir"
	run -124 setpriv --reuid=54321 --regid=54321 --clear-groups \
		./prockit call -t 1 -k 0.2 --report=r -- \
		sh -c './outlast out.pid >out.log 2>&1 & exec sleep 1000'
	[[ -s out.pid ]] || skip 'set-user-ID programs do not work here'
	alive "$(<out.pid)"
	is_record r
	says r ".survivors == [{pid: $(<out.pid), comm: \"outlast\", errno: \"EPERM\"}]"
	says r '.descendants_left == 1 and .outcome == "timed_out" and .signal == "SIGTERM"'
	says r '.duration_ms >= 1200 and .duration_ms < 25000'
	cd "$BATS_TEST_TMPDIR"
}

# guarded WORD...: a family in the background with a guard, all of it running; $prockit is the number.
guarded()
{
	rm -f pids ready
	prockit call --guard "$@" -- "$family" pids ready 5 setsid daemon stubborn 3>&- &
	prockit=$!
	wait_until 10 test -s ready
}

@test "tree: with --guard nothing is left when prockit is killed" {
	guarded
	kill -KILL "$prockit"
	wait_until 20 gone pids
	ends_with 137 "$prockit"
	guarded -t 100 --tree=wait
	kill -KILL "$prockit"
	wait_until 20 gone pids
}

@test "tree: with --guard nothing is left when the command's parent is killed" {
	local parent
	guarded
	parent=$(ps -o ppid= "$(head -n 1 pids)")
	kill -KILL "$parent"
	wait_until 20 gone pids
	wait_until 20 is_gone "$prockit"
}

@test "tree: --guard changes neither status nor output nor signals" {
	run -3 --separate-stderr prockit call --guard -- sh -c 'echo out; echo err >&2; exit 3'
	# shellcheck disable=SC2154 # run sets it
	[[ $output == out && $stderr == err ]]
	run -124 prockit call --guard -t 0.2 sleep 1000
	run -127 --separate-stderr prockit call --guard nosuch-command
	one_message nosuch-command
	run -0 "$(helper how-ended)" prockit call --guard "$(helper die-of)" TERM
	[[ $output == 'signaled 15' ]]
	prockit call --guard "$(helper log-signals)" log HUP USR1 3>&- &
	local prockit=$!
	wait_until 10 grep -cx ready log
	kill -HUP "$prockit"
	wait_until 10 grep -c SIGHUP log
	kill -USR1 "$prockit"
	ends_with 0 "$prockit"
	[[ $(<log) == $'ready\nSIGHUP user\nSIGUSR1 user' ]]
}

@test "tree: with --guard what the command left on purpose lives on" {
	prockit call --guard -- "$family" pids ready 3 setsid leave 3>&-
	members >left
	all_alive left
}

@test "tree: without --guard a killed prockit leaves the command; nothing of prockit is left" {
	prockit call -t 100 sh -c 'echo $$ >sh.pid; exec sleep 1000' 3>&- &
	local prockit=$!
	wait_until 10 test -s sh.pid
	kill -KILL "$prockit"
	ends_with 137 "$prockit"
	alive "$(<sh.pid)"
}
