#!/usr/bin/env bats
# What once went wrong, and must not again: what is left and what is ended at the edges, limits of
# the system, tries, stops, and records.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; run sets variables
# shellcheck disable=SC2030,SC2031 # each test starts with variables of its own

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	log_signals=$(helper log-signals)
	write_bytes=$(helper write-bytes)
}

teardown()
{
	end_leftovers
	no_more_everyone
}

# start WORD...: "prockit WORD..." in the background, with all signals at their default, which the
# shell's own background jobs do not have. $prockit is its number.
start()
{
	"$(helper closed-fds-run)" -- prockit "$@" 3>&- &
	prockit=$!
}

# in_state LETTERS PID: the process is in one of these states of proc(5).
in_state()
{
	grep -c "^State:.[$1]" "/proc/$2/status"
}

# has_lines N FILE [TEXT]: N lines of FILE have TEXT in them.
has_lines()
{
	(($(grep -c -e "${3:-}" "$2") == $1))
}

# has_try N: the try with that number wrote its own to "tries", and prockit has collected it.
has_try()
{
	has_lines "$1" tries && [[ ! -e /proc/$(tail -n 1 tries) ]]
}

# Who is signalled

@test "regressions: terminate never reaches who got the number of a target that has ended" {
	unshare -fp --mount-proc --kill-child test -w /proc/sys/kernel/ns_last_pid ||
		skip 'no PID namespace of our own'
	cat >inside <<-'SCRIPT'
		# Nothing in here but us: the next number is the one after the last.
		"$2" ended.log TERM &
		ended=$!
		"$2" stubborn.log TERM USR1 &
		stubborn=$!
		until [[ -s ended.log && -s stubborn.log ]]; do :; done
		prockit terminate -k 1 $1 "$ended" "$stubborn" &
		prockit=$!
		wait "$ended"
		for ((i = 0; i < 100; i++)); do
			echo $((ended - 1)) >/proc/sys/kernel/ns_last_pid
			"$2" stranger.log USR1 &
			stranger=$!
			((stranger != ended)) || break
			kill -KILL "$stranger"
			wait "$stranger"
		done
		((stranger == ended)) || exit 99
		wait "$prockit"
		echo "prockit ended with $?"
		kill -0 "$stubborn" 2>/dev/null && echo 'the stubborn one is there'
		kill -USR1 "$stranger"
		wait "$stranger"
		echo "the stranger ended with $?"
	SCRIPT
	local tree
	for tree in '' --tree; do
		rm -f ./*.log
		run -0 --separate-stderr unshare -fp --mount-proc --kill-child \
			bash inside "$tree" "$log_signals" 3>&-
		[[ $output == $'prockit ended with 0\nthe stranger ended with 0' ]]
	done
}

@test "regressions: a limit leaves the later orphans of a job alone that was there before" {
	mkfifo go went
	# The limit is one of output, so that it strikes when the orphan is there, and not before.
	run -124 --separate-stderr bash -c '
		sh -c "read -r _ <go
			sh -c \"sleep 1000 & echo \\\$! >orphan\"
			echo >went
			exec sleep 1000" >/dev/null 2>&1 3>&- &
		echo $! >job
		exec prockit run --max-output=5 -- sh -c "
			echo \$\$ >sh.pid; echo >go; read -r _ <went; echo 0123456789; exec sleep 1000"'
	gone sh.pid
	alive "$(<job)"
	alive "$(<orphan)"
}

@test "regressions: a stage that cannot be started takes the descendants of the others with it" {
	local busy middle=() i
	cp "$(type -P sleep)" busy
	# A program that is open for writing cannot be executed. Those between give the first time.
	exec {busy}>>busy
	for ((i = 0; i < 60; i++)); do
		middle+=(::: cat)
	done
	for ((i = 0; i < 20; i++)); do
		run ! --separate-stderr prockit pipe "$(helper family)" pids ready 3 setsid \
			"${middle[@]}" ::: ./busy 1000 3>&-
		((status == 126))
		one_message busy
		[[ ! -e pids ]] || gone pids
		[[ ! -e ready ]] || break
		rm -f pids
	done
	exec {busy}>&-
	[[ -e ready ]]
}

@test "regressions: terminate gives up on what KILL does not end" {
	((EUID == 0)) || skip 'only root may signal a kernel thread'
	[[ $(cat /proc/2/comm) == kthreadd ]] || skip 'no kernel thread to be seen'
	start_clock
	run -1 --separate-stderr timeout 60 prockit terminate -k 0.1 2
	one_message '2:' 'still there'
	local took
	took=$(elapsed_ms)
	echo "$took ms"
	((took >= 5000 && took < 20000))
}

@test "regressions: the command ignores the signals that its caller ignored, and no other" {
	local way ignored ask=(grep ^SigIgn /proc/self/status)
	for ignored in '' --ignore=HUP,CHLD,RTMIN; do
		# shellcheck disable=SC2086 # a word or none
		"$(helper closed-fds-run)" $ignored -- "${ask[@]}" >expected
		for way in call 'call -t 100' 'call --guard' 'call --tree=kill' 'run --format=text' \
			check-output 'pipe true :::'; do
			# shellcheck disable=SC2086 # words
			"$(helper closed-fds-run)" $ignored -- prockit $way "${ask[@]}" >got
			echo "$way, $ignored: $(<got), not $(<expected)"
			grep -c -Fx -f expected got
		done
	done
}

# Limits of the system

# limited WORD...: "prockit WORD..." where no file may be longer than 64 KiB, and the command of which
# writes more than that and stays.
limited()
{
	rm -f sh.pid
	run -125 --separate-stderr bash -c '
		ulimit -f 64
		write_bytes=$1 exec prockit "${@:2}" -- sh -c "
			echo \$\$ >sh.pid; \"\$write_bytes\" 100000000; exec sleep 1000"' \
		- "$write_bytes" "$@" 3>&-
	one_message 'cannot keep the output'
	gone sh.pid
}

# kept_too_much FILE: the record says so.
kept_too_much()
{
	[[ $(wc -l <"$1") == 1 ]]
	says "$1" '.error.errno == "EFBIG" and .exit_status == 125 and .truncated'
}

@test "regressions: output that may not be kept is an error of ours, and ends the command" {
	limited check-output
	[[ -z $output ]]
	# A report with all of that output would be too long as well; what goes to a pipe is not.
	limited check-output --report-fd=1
	echo "$output" >r
	kept_too_much r
	limited run
	echo "$output" >r
	kept_too_much r
}

@test "regressions: earlier tries take no memory, and each is in the report once" {
	local report limit_kib=16384
	for report in '' --report=r; do
		# shellcheck disable=SC2086 # a word or none
		run -3 --separate-stderr "$(helper peak-memory)" memory prockit check-output \
			--retries=4 --retry-delay=1ms $report -- \
			sh -c '"$0" 10000000; exit 3' "$write_bytes"
		echo "$(<memory) KiB"
		has_sanitizers || (($(<memory) < limit_kib))
	done
	is_record r
	says r '.tries == 5 and (.attempts | length) == 4'
	says r '[.attempts[] | .tries, .attempts] | unique == [null, 1]'
	says r '[.attempts[], .] | map(.pid) | unique | length == 5'
	says r '[.attempts[], .] | map([.exit_code, .stdout_bytes]) | unique == [[3, 10000000]]'
}

@test "regressions: a size that a pipe may not have is one of --pipe-size" {
	local as=()
	if ((EUID == 0)); then
		as=(as_user 65534)
	fi
	for_everyone
	run -125 --separate-stderr "${as[@]}" "$everyone/prockit" pipe --pipe-size=1G true ::: true
	one_message --pipe-size
}

# Somebody watches, or does not

@test "regressions: a watcher of --tee that does not read cannot hold up a limit" {
	local try
	# Both streams go to that one pipe. The first line is for them not to fill it evenly, which
	# takes luck.
	for ((try = 0; try < 6; try++)); do
		run -124 "$(helper pipe-hold)" hold sh -c '
			exec timeout -k 1 10 prockit run --tee -t 0.2 -- \
				sh -c "echo; \"\$0\" 1000000 both; exec sleep 1000" "$0" 2>&1 >record' \
			"$write_bytes" 3>&-
		is_record record
		says record '.outcome == "timed_out"'
	done
}

@test "regressions: a watcher of --tee that goes away costs nothing" {
	local bytes try
	for bytes in gone 1 100000; do
		run -0 "$(helper pipe-hold)" "$bytes" sh -c '
			exec prockit run --tee -- "$0" 1000000 both 2>&1 >record' "$write_bytes"
		is_record record
		says record '.stdout_bytes == 1000000 and .stderr_bytes == 1000000'
		says record '.outcome == "exited" and .exit_code == 0'
	done
	# The last thing that happens: what is written to it when all else is done.
	for ((try = 0; try < 40; try++)); do
		run -0 "$(helper pipe-hold)" gone sh -c '
			exec prockit run --tee -- echo hi 2>&1 >record'
		is_record record
	done
}

# Stopping

@test "regressions: TSTP that stops nobody leaves the command going" {
	local i
	# The leader of a session is in an orphaned process group, where the kernel drops TSTP.
	"$(helper closed-fds-run)" -- setsid prockit call -t 100 -- \
		"$log_signals" log USR1 USR2 3>&- &
	prockit=$!
	wait_until 10 grep -cx ready log
	for ((i = 1; i <= 50; i++)); do
		kill -TSTP "$prockit"
		kill -USR1 "$prockit"
		# A command that is stopped would not log it.
		wait_until 10 has_lines "$i" log SIGUSR1
	done
	kill -USR2 "$prockit"
	ends_with 0 "$prockit"
}

@test "regressions: TSTP to the one that guards stops the command, CONT lets it go on" {
	local i
	# A group of its own, whose parent is in the same session: the kernel does not stop orphans.
	# No leak check: it stops the process, and the CONT that goes with TERM would undo that.
	set -m
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 start call --guard --report=r -- \
		sh -c 'echo $$ >sh.pid; exec sleep 1000'
	set +m
	wait_until 10 test -s sh.pid
	for i in 1 2 3; do
		kill -TSTP "$prockit"
		wait_until 10 in_state T "$prockit"
		wait_until 10 in_state T "$(<sh.pid)"
		kill -CONT "$prockit"
		wait_until 10 in_state S "$(<sh.pid)"
	done
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
	gone sh.pid
}

# Tries

@test "regressions: TERM between two tries is the end, and the report tells of the earlier ones" {
	start call --report=r --retries=9 --retry-delay=1 -- sh -c 'echo $$ >>tries; exit 7'
	# Before the third there are two seconds.
	wait_until 10 has_try 2
	kill -TERM "$prockit"
	ends_with 143 "$prockit"
	has_lines 2 tries
	is_record r
	says r '.outcome == "interrupted" and .tries == 2 and .exit_code == 7'
	says r '(.attempts | length) == 1 and .attempts[0].outcome == "exited"'
}

@test "regressions: with --guard there is no other try once prockit was killed" {
	local inner
	start call --guard --retries=9 --retry-delay=1000 -- sh -c 'echo $$ >>tries; exit 7'
	wait_until 10 has_try 1
	inner=$(pgrep -P "$prockit")
	kill -KILL "$prockit"
	wait_until 10 is_gone "$inner"
	ends_with 137 "$prockit"
	has_lines 1 tries
}

@test "regressions: TERM after a limit has struck means no other try" {
	start call -t 0.2 -k 1000 --retries=9 --retry-delay=1ms --report=r -- \
		"$log_signals" log TERM USR1
	wait_until 10 has_lines 1 log SIGTERM
	kill -TERM "$prockit"
	wait_until 10 has_lines 2 log SIGTERM
	kill -USR1 "$prockit"
	wait_until 10 is_gone "$prockit"
	ends_with 124 "$prockit"
	has_lines 1 log ready
	is_record r
	says r '.tries == 1 and .timed_out'
}

# Captured pipes

@test "regressions: nobody waits for a pipe that a descendant of an interrupted command holds" {
	start run -- sh -c 'sleep 1000 & echo $! >left; exec sleep 1000' >record
	wait_until 10 test -s left
	kill -TERM "$prockit"
	wait_until 10 is_gone "$prockit"
	wait "$prockit" || true
	alive "$(<left)"
	is_record record
	says record '.outcome == "interrupted" and .signal == "SIGTERM" and .leaked'
	says record ".holders == [{pid: $(<left), comm: \"sleep\"}]"
}

@test "regressions: who holds both pipes is one holder" {
	run -0 --separate-stderr prockit run --drain=100ms -- "$(helper linger)" keep left 3>&-
	echo "$output" >record
	is_record record
	says record ".leaked and .holders == [{pid: $(<left), comm: \"linger\"}]"
}

@test "regressions: --input-file hands a file over itself, and anything else whole" {
	"$write_bytes" 3000000 >data
	prockit check-output --input-file=data cat >got
	cmp data got
	run -0 prockit call --input-file=data readlink /proc/self/fd/0
	[[ $output == "$PWD/data" ]]
	prockit check-output --input-file=<(cat data) cat >got
	cmp data got
	# shellcheck disable=SC2002 # a pipe it shall be
	cat data | prockit check-output --input-file=- cat >got
	cmp data got
	# Each try reads it from its beginning.
	local file
	for file in data <(cat data); do
		rm -f got
		run -1 prockit call --retries=1 --retry-delay=1ms --input-file="$file" -- \
			sh -c 'cat >>got; exit 1'
		cat data data | cmp - got
	done
}

# Records

@test "regressions: the command of a report runs the program again, whatever --argv0 said" {
	run -0 prockit call --report=r -a nosuch-command printf '%s|' 'a  b' "it's"
	[[ $output == "a  b|it's|" ]]
	says r '.argv[0] == "nosuch-command"'
	field r .command >again
	run -0 sh again
	[[ $output == "a  b|it's|" ]]
}

@test "regressions: a record of many words takes its place at once" {
	local before words
	mapfile -t words < <(seq 40000)
	echo before >r
	before=$(stat -c %i r)
	# Keep it, so that another file cannot have its number.
	exec {old}<r
	run -0 prockit call --report=r true "${words[@]}"
	is_record r
	says r '.argv[1:] == [range(1; 40001) | tostring]'
	[[ $(stat -c %i r) != "$before" ]]
	exec {old}<&-
}
