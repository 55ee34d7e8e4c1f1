#!/usr/bin/env bats
# prockit map: its exit status, and how it ends: by signals, on a terminal, and killed.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; run sets variables
# shellcheck disable=SC2030,SC2031 # each test is a process of its own

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

ctrl_c=$'\003'
ctrl_z=$'\032'
ctrl_backslash=$'\034'

# Commands: one that waits on a FIFO (release), one that waits for good, both with their number in
# a file.
setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	unset MAKEFLAGS MAKELEVEL
	ulimit -c 0
	family=$(helper family)
	mkfifo go
	script hold 'echo $$ >"hold.$1"; : <go; echo "done $1"'
	script waiter 'echo $$ >"wait.$1"; exec sleep 1000'
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

release()
{
	exec 8<>go
}

# start_map WORD...: prockit map in the background, with no signal ignored: its number is $map.
start_map()
{
	rm -f map.pid how out err
	"$(helper how-ended)" "$(helper closed-fds-run)" -- sh -c \
		'echo $$ >map.pid; exec prockit map "$@" >out 2>err' sh "$@" <&0 >how 3>&- &
	background=$!
	wait_until 10 test -s map.pid
	map=$(<map.pid)
}

# It has begun to wait for signals: USR1 is blocked, to be read.
catches_signals()
{
	local mask
	mask=$(sed -n 's/^SigBlk:\t//p' "/proc/$1/status") && ((0x$mask & 0x200))
}

# map_ended HOW: "exited N", or "signaled N".
map_ended()
{
	wait "$background"
	[[ $(<how) == "$1" ]] && return
	echo "$(<how) instead of $1"
	cat err
	return 1
}

# The processes of the families a and b, and of a stubborn one.
start_families()
{
	start_map -j3 "$@" -- sh -c 'exec "$2" "$1.pids" "$1.ready" 3 $1' sh {} "$family" \
		::: 'daemon setsid' 'deep half' 'stubborn daemon half' next
	wait_until 20 test -s 'daemon setsid.ready' -a -s 'deep half.ready' -a -s 'stubborn daemon half.ready'
	cat ./*.pids >pids
	[[ $(wc -l <pids) == 12 ]]
}

# --- the exit status

@test "map: the status is the number of jobs that failed, and 101 for more than 100" {
	run -0 prockit map true ::: a b c
	run -3 prockit map -q -- sh -c 'exit "$1"' sh ::: 0 1 2 0 255 0
	seq 100 | run -100 prockit map -q false
	seq 101 | run -101 prockit map -q false
	seq 300 | run -101 prockit map -q false
	run -2 prockit map -q -- sh -c 'kill -"$1" $$' sh ::: TERM KILL
}

@test "map: no items at all are no error" {
	run -0 --separate-stderr prockit map touch ran </dev/null
	[[ -z $output && -z $stderr && ! -e ran ]]
	run -0 prockit map touch :::
	[[ ! -e ran ]]
}

@test "map: a command that is not there is 127, once and not for each item" {
	run -127 --separate-stderr prockit map --log=log nosuch ::: 1 2 3 4 5
	one_message nosuch
	[[ -z $output && ! -s log ]]
	run -127 --separate-stderr prockit map ./nosuch < <(seq 1000)
	one_message ./nosuch
	run -127 --separate-stderr prockit map --fail-fast --retries=3 nosuch ::: 1 2
	one_message nosuch
}

@test "map: a command that cannot be run is 126, once and not for each item" {
	echo x >plain
	run -126 --separate-stderr prockit map ./plain ::: 1 2 3
	one_message ./plain
	run -126 --separate-stderr prockit map . ::: 1 2 3
	one_message .
	printf '#!/no/such/interpreter\n' >bad
	chmod +x bad
	run -127 --separate-stderr prockit map ./bad ::: 1 2 3
	one_message /no/such/interpreter
}

@test "map: where each item is a command, one that is not there is a failed job" {
	run -1 --separate-stderr prockit map -j1 -- {} ::: nosuch true
	one_message nosuch
}

@test "map: wrong usage is 125, and nothing is run" {
	local words
	while read -r words; do
		rm -f ran
		# shellcheck disable=SC2086 # words
		run -125 --separate-stderr prockit map $words
		[[ -n $stderr && -z $output && ! -e ran ]]
	done <<-'END'
		-j0 touch ::: ran
		--nosuch touch ::: ran
		-t x touch ::: ran
		-t 0% touch ::: ran
		-t -1% touch ::: ran
		--total-timeout=-1 touch ::: ran
		--retries=-1 touch ::: ran
		--mem-free=x touch ::: ran
		--load=-1 touch ::: ran
		--pressure=x touch ::: ran
		--delay=x touch ::: ran
		--tree=no touch ::: ran
		--signal=NOSUCH touch ::: ran
		--log=/no/such/folder/log touch ::: ran
		--joblog=/no/such/folder/log touch ::: ran
		--results=/dev/null/x touch ::: ran
		-a ./nosuch touch
		touch :::: ./nosuch
		--chdir=./nosuch touch ::: ran
	END
	run -125 prockit map
	run -125 prockit map 'touch ran' ::: a
	[[ ! -e ran ]]
}

# --- signals

@test "map: SIGINT ends all jobs and their trees now, and map dies of it" {
	start_families --kill-after=0.5
	kill -INT "$map"
	map_ended 'signaled 2'
	gone pids
	[[ ! -e next.pids ]]
}

@test "map: other signals that would end it end all as well" {
	local signal
	for signal in QUIT USR2 ALRM; do
		rm -f wait.*
		start_map -j2 ./waiter ::: 1 2
		wait_until 10 test -s wait.1 -a -s wait.2
		kill "-$signal" "$map"
		map_ended "signaled $(kill -l "$signal")"
		gone wait.1
		gone wait.2
	done
}

@test "map: SIGTERM and SIGHUP start nothing new, and let what runs finish" {
	local signal
	for signal in TERM HUP; do
		rm -f hold.* go
		mkfifo go
		start_map -j2 -k ./hold ::: 1 2 3 4
		wait_until 10 test -s hold.1 -a -s hold.2
		kill "-$signal" "$map"
		wait_until 10 grep -c 'waiting for 2' err
		alive "$map" && alive "$(<hold.1)" && alive "$(<hold.2)"
		release
		map_ended "signaled $(kill -l "$signal")"
		exec 8>&-
		[[ $(<out) == $'done 1\ndone 2' && ! -e hold.3 ]]
	done
}

@test "map: a second SIGTERM ends what runs, a third kills it" {
	start_map -j2 --kill-after=100 -- ./waiter ::: 1 2 3
	wait_until 10 test -s wait.1 -a -s wait.2
	kill -TERM "$map"
	wait_until 10 grep -c 'waiting for 2' err
	alive "$(<wait.1)"
	kill -TERM "$map"
	map_ended 'signaled 15'
	gone wait.1
	gone wait.2
	[[ ! -e wait.3 ]]

	start_families --kill-after=100
	kill -TERM "$map"
	wait_until 10 grep -c 'waiting for 3' err
	kill -HUP "$map"
	# All but the stubborn ones, who let it wait.
	wait_until 10 gone 'daemon setsid.pids'
	wait_until 10 gone 'deep half.pids'
	alive "$(head -n 1 'stubborn daemon half.pids')"
	kill -TERM "$map"
	map_ended 'signaled 15'
	gone pids
}

@test "map: SIGINT while it drains ends everything, a second one kills" {
	start_families --kill-after=100
	kill -TERM "$map"
	wait_until 10 grep -c 'waiting for 3' err
	kill -INT "$map"
	wait_until 10 gone 'daemon setsid.pids'
	alive "$map"
	kill -INT "$map"
	map_ended 'signaled 2'
	gone pids
}

@test "map: SIGTERM while it waits for items, or to try again, ends it at once" {
	release
	start_map true <&8
	wait_until 10 catches_signals "$map"
	kill -USR1 "$map"
	wait_until 10 grep -c '0 running' err
	kill -TERM "$map"
	map_ended 'signaled 15'

	start_map --retries=3 --retry-delay=1h --log=log -c 'echo >>tries; exit 1' ::: a
	wait_until 10 test -s tries
	# The job has ended when map says so.
	wait_until 10 sh -c 'kill -USR1 "$1"; grep -c "0 running" err' sh "$map"
	kill -TERM "$map"
	map_ended 'signaled 15'
	says log '.tries == 1 and .exit_code == 1 and .failed'
}

@test "map: with --no-reraise these are plain statuses" {
	start_map --no-reraise ./waiter ::: 1
	wait_until 10 test -s wait.1
	kill -INT "$map"
	map_ended 'exited 130'
	start_map --no-reraise ./hold ::: 1
	wait_until 10 test -s hold.1
	kill -HUP "$map"
	wait_until 10 grep -c 'waiting for 1' err
	release
	map_ended 'exited 129'
}

@test "map: SIGUSR1 prints the running jobs, and nothing else happens" {
	start_map -j2 ./hold ::: 'one item' two three
	wait_until 10 test -s 'hold.one item' -a -s hold.two
	kill -USR1 "$map"
	wait_until 10 grep -c 'job 2' err
	[[ $(grep -c . err) == 3 ]]
	grep -c "job 1 .*one item.*pid $(<'hold.one item').*./hold 'one item'" err
	grep -c "job 2 .*two.*pid $(<hold.two)" err
	release
	map_ended 'exited 0'
}

@test "map: a job that was ended so is in the log as interrupted" {
	start_map --log=log ./waiter ::: 1
	wait_until 10 test -s wait.1
	kill -INT "$map"
	map_ended 'signaled 2'
	says log '.signal == "SIGTERM" and .failed and .timed_out == false'
}

@test "map: what was ignored stays ignored, in map and in its jobs" {
	"$(helper closed-fds-run)" --ignore=HUP,INT -- prockit map ./hold ::: 1 >out 3>&- &
	map=$!
	wait_until 10 test -s hold.1
	kill -HUP "$map"
	kill -INT "$map"
	kill -HUP "$(<hold.1)"
	kill -USR1 "$map"
	release
	ends_with 0 "$map"
	[[ $(<out) == 'done 1' ]]
}

@test "map: jobs have the mask, the dispositions and the descriptors map was started with" {
	local run=("$(helper closed-fds-run)" --close-from=3 '--block=USR1,CHLD,WINCH' '--ignore=PIPE,QUIT,CHLD' --)
	"${run[@]}" "$(helper show-state)" -o want
	"${run[@]}" prockit map -j2 -- "$(helper show-state)" -o {} ::: one two
	jq -e '(.blocked | contains([10, 17, 28])) and (.ignored | contains([3, 13, 17]))' want
	for got in one two; do
		[[ $(jq -c '[.blocked, .ignored, .caught, .fds, .rlimits, .umask, .nice]' "$got") == \
			"$(jq -c '[.blocked, .ignored, .caught, .fds, .rlimits, .umask, .nice]' want)" ]]
	done
	"$(helper closed-fds-run)" --close-from=3 -- "$(helper show-state)" -o plain
	"$(helper closed-fds-run)" --close-from=3 -- prockit map -u -- "$(helper show-state)" -o {} ::: three
	[[ $(jq -c '[.blocked, .ignored, .fds]' three) == "$(jq -c '[.blocked, .ignored, .fds]' plain)" ]]
	[[ $(jq -c .fds three) == '[0,1,2]' ]]
}

# --- killed

@test "map: kill -9 of map leaves neither jobs nor their descendants" {
	start_families
	kill -KILL "$map"
	map_ended 'signaled 9'
	wait_until 10 gone pids
	[[ ! -e next.pids ]]
}

@test "map: kill -9 of map ends what earlier jobs have left, too" {
	script job '[ "$1" != hold ] || exec ./hold hold' 'exec "$2" pids ready 2 daemon setsid leave >/dev/null 2>&1'
	start_map -j1 -- ./job {} "$family" ::: leave hold
	wait_until 10 test -s hold.hold
	[[ $(wc -l <pids) == 3 ]] && alive "$(tail -n 1 pids)"
	kill -KILL "$map"
	map_ended 'signaled 9'
	wait_until 10 gone pids
}

@test "map: with --no-guard they live on" {
	start_families --no-guard
	kill -KILL "$map"
	map_ended 'signaled 9'
	# Its workers end, and leave them.
	wait_until 10 sh -c '! pgrep -x prockit -s "$(ps -o sid= -p "$1")"' sh $$ || true
	while read -r pid; do
		alive "$pid"
	done <pids
	xargs kill -KILL <pids
}

@test "map: kill -9 of a worker ends its job only, as a failed one" {
	script job 'if [ "$1" = family ]; then exec "$2" pids ready 3 daemon half stubborn; fi' \
		'echo $$ >"other.$1"; : <go; echo "done $1"'
	start_map -j2 --log=log -- ./job {} "$family" ::: family b c
	wait_until 10 test -s ready -a -s other.b
	kill -KILL "$(ps -o ppid= -p "$(head -n 1 pids)")"
	wait_until 10 gone pids
	wait_until 10 test -s other.c
	alive "$(<other.b)"
	release
	map_ended 'exited 1'
	[[ $(sort out) == $'done b\ndone c' ]]
	[[ $(jq -c '[.item, .failed]' log | sort | xargs) == '[b,false] [c,false] [family,true]' ]]
	grep -c 'job 1 (family).*worker' err
}

@test "map: a job that kills its worker fails, and is tried again if asked" {
	run -1 prockit map -q -j1 -- sh -c '[ "$1" = ok ] || kill -KILL $PPID; echo "$1"' sh ::: bad ok
	[[ $output == *ok ]]
	run -0 prockit map -q -j1 --retries=1 -- sh -c \
		'[ "$PROCKIT_ATTEMPT" = 2 ] || kill -KILL $PPID; echo "$1"' sh ::: bad
	[[ $output == bad ]]
}

@test "map: kill -9 of all its workers, and it ends well" {
	start_map -j3 ./waiter ::: 1 2 3
	wait_until 10 test -s wait.1 -a -s wait.2 -a -s wait.3
	pkill -KILL -P "$map"
	map_ended 'exited 3'
	cat wait.? >pids
	wait_until 10 gone pids
}

@test "map: kill -9 at 200 random moments leaves no process behind" {
	local unshare=(unshare --pid --fork --mount-proc)
	((EUID == 0)) || unshare+=(--map-root-user)
	"${unshare[@]}" true 2>/dev/null || skip 'no right to make a PID namespace here'
	"${unshare[@]}" --kill-child "$BATS_TEST_DIRNAME/lib/map-kill-points" 200 3>&-
}

# --- on a terminal

# shell_on_pty STEP...: the steps (pty-run) in front of a shell that does job control; it prompts
# with "ready> ".
shell_on_pty()
{
	"$(helper pty-run)" --expect='ready> ' "$@" -- \
		env PS1='ready> ' HISTFILE= bash --norc --noprofile --noediting -i
}

# The status and the terminal's modes, asked of the shell behind.
ask=(--expect='ready> ' --send=$'echo status $?; stty -a >after\n')

@test "map: Ctrl-C ends all jobs, and leaves a shell with a sane terminal" {
	script job 'stty -echo -icanon </dev/tty' 'exec "$2" pids "$1" 2 daemon setsid stubborn'
	run -0 shell_on_pty --send=$'stty -a >before\n' --expect='ready> ' \
		--send="prockit map -j2 --progress --kill-after=0.5 -- ./job {} '$family' ::: 1 2 3"$'\n' \
		--file=1 --file=2 --send="$ctrl_c" "${ask[@]}" --expect='status 130' --expect='ready> ' --send=$'exit 0\n'
	cmp before after
	gone pids
	[[ $(wc -l <pids) == 6 ]]
}

@test "map: after Ctrl-C the terminal is as before, where no shell puts it right" {
	script job 'stty -echo -icanon </dev/tty; echo $$ >job.pid; exec sleep 1000'
	run -0 "$(helper pty-run)" --file=job.pid --send="$ctrl_c" -- bash -c 'trap : INT
		stty -a >before; prockit map ./job ::: 1; echo $? >status; stty -a >after'
	[[ $(<status) == 130 ]]
	cmp before after
	gone job.pid
}

@test "map: Ctrl-C ends the script that called it" {
	run -130 "$(helper pty-run)" --file=wait.1 --file=wait.2 --send="$ctrl_c" -- \
		bash -c 'prockit map -j2 ./waiter ::: 1 2; echo after'
	[[ $output != *after* ]]
	gone wait.1
	gone wait.2
}

@test "map: Ctrl-\\ ends all jobs, and leaves a sane terminal" {
	run -0 shell_on_pty --send=$'stty -a >before\n' --expect='ready> ' --send=$'prockit map -j2 ./waiter ::: 1 2 3\n' \
		--file=wait.1 --file=wait.2 --send="$ctrl_backslash" "${ask[@]}" --expect='status 131' \
		--expect='ready> ' --send=$'exit 0\n'
	cmp before after
	gone wait.1
	gone wait.2
	[[ ! -e wait.3 ]]
}

@test "map: Ctrl-Z stops map and all jobs, fg lets them go on, many times over" {
	local steps=()
	for _ in {1..5}; do
		steps+=(--send="$ctrl_z" --expect=Stopped --state=T:wait.1 --state=T:wait.2 --expect='ready> '
			--send=$'fg\n' --state=S:wait.1 --state=S:wait.2)
	done
	run -0 shell_on_pty --send=$'stty -a >before\n' --expect='ready> ' --send=$'prockit map -j2 ./waiter ::: 1 2\n' \
		--file=wait.1 --file=wait.2 --state=S:wait.1 "${steps[@]}" --send="$ctrl_c" "${ask[@]}" --expect='status 130' \
		--expect='ready> ' --send=$'exit 0\n'
	cmp before after
	gone wait.1
	gone wait.2
}

@test "map: while it is stopped, its clocks stand still" {
	# It ends once it goes on.
	script work 'trap "kill \$!; echo worked; exit 0" CONT; sleep 1000 &' 'echo $$ >work.pid; wait'
	run -0 shell_on_pty --send=$'prockit map -t 3 --total-timeout=4 ./work ::: 1\n' --file=work.pid \
		--send="$ctrl_z" --expect=Stopped --state=T:work.pid --expect='ready> ' \
		--send=$'sleep 4.5; fg\n' --expect=worked --expect='ready> ' \
		--send=$'echo status $?\n' --expect='status 0' --send=$'exit 0\n'
}

@test "map: SIGTSTP to map alone stops its jobs, SIGCONT continues them" {
	run -0 shell_on_pty --send=$'sh -c \'echo $$ >map.pid; exec prockit map -j2 ./waiter ::: 1 2\'\n' \
		--file=wait.1 --file=wait.2 --kill=TSTP:map.pid --state=T:map.pid --state=T:wait.1 --state=T:wait.2 \
		--expect='ready> ' --send=$'bg\n' --state=S:wait.1 --state=S:wait.2 --kill=INT:map.pid \
		--state=-:map.pid --send=$'exit 0\n'
	gone wait.1
	gone wait.2
}

@test "map: after Ctrl-Z a SIGCONT to map alone continues its jobs" {
	run shell_on_pty --send=$'sh -c \'echo $$ >map.pid; exec prockit map -j2 ./waiter ::: 1 2\'\n' \
		--file=wait.1 --file=wait.2 --state=S:wait.1 --state=S:wait.2 --send="$ctrl_z" --expect=Stopped \
		--state=T:map.pid --state=T:wait.1 --state=T:wait.2 --kill=CONT:map.pid --state=S:wait.1 --state=S:wait.2 \
		--kill=INT:map.pid --state=-:map.pid --send=$'exit\n'
	((status != 99))
	gone wait.1
	gone wait.2
}

@test "map: after Ctrl-Z a SIGCONT to map alone lets an idle slot take jobs" {
	script note 'echo $$ >"$1"'
	mkfifo items
	exec 8<>items
	echo zero >&8
	# The next item comes when all that is done about a SIGCONT has been done.
	run shell_on_pty --send=$'sh -c \'echo $$ >map.pid; exec prockit map -j1 ./note <items\'\n' \
		--file=zero --send="$ctrl_z" --expect=Stopped --state=T:map.pid --kill=CONT:map.pid \
		--send=$'sleep 2; echo one >items\n' --file=one --kill=INT:map.pid --state=-:map.pid --send=$'exit\n'
	((status != 99))
}

@test "map: under --ungroup too, a terminal that goes away leaves what was disowned" {
	script job ': >"begun.$1"; : <go; : >"done.$1"'
	run shell_on_pty --send=$'trap "" HUP; prockit map -u -j2 ./job ::: 1 2 3 2>/dev/null & disown\n' \
		--file=begun.1 --file=begun.2 --hangup
	exec 8<>go
	wait_until 20 test -e done.1
	wait_until 20 test -e done.2
	wait_until 20 test -e done.3
}

@test "map: a terminal that is closed ends all" {
	run "$(helper pty-run)" --file=wait.1 --file=wait.2 --hangup -- bash -c 'prockit map -j2 ./waiter ::: 1 2 3; :'
	wait_until 10 gone wait.1
	wait_until 10 gone wait.2
	[[ ! -e wait.3 ]]
}
