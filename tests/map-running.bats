#!/usr/bin/env bats
# prockit map: how many jobs run, when they start, their limits, and when they are tried again.
# shellcheck disable=SC2016,SC2059,SC2154 # the dollars are the command's; formats are texts; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

# hold ITEM: a job that says how many run beside it, and runs until somebody opens the FIFO "go"
# for writing (release).
setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	unset MAKEFLAGS MAKELEVEL
	mkdir running
	mkfifo go
	script hold 'mkdir "running/$1"; set -- "$1" running/*; echo $(($# - 1)) >>counts' \
		': <go; rmdir "running/$1"'
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

# run_now N: so many hold on at this moment.
run_now()
{
	local jobs=(running/*)
	[[ -e ${jobs[0]} ]] || jobs=()
	((${#jobs[@]} == $1))
}

# The most that ran at a time.
most()
{
	sort -n counts | tail -n 1
}

# runs_at_once N OPTION...: with these options N jobs run, and the next has to wait.
runs_at_once()
{
	local n=$1
	shift
	rm -rf running counts go err
	mkdir running
	mkfifo go
	# shellcheck disable=SC2046 # numbers
	"${before[@]}" prockit map "$@" -- ./hold ::: $(seq $((n + 1))) 2>err 3>&- &
	local map=$!
	wait_until 10 run_now "$n" || return
	# It starts all that it may before it looks at a signal.
	kill -USR1 "$map"
	wait_until 10 grep -c "$n running" err || return
	release
	ends_with 0 "$map" || return
	exec 8>&-
	[[ $(most) == "$n" ]] && return
	echo "$(most) ran instead of $n: $*"
	return 1
}

before=()

# --jobs

@test "map: -j N runs N jobs at a time, and never more" {
	runs_at_once 1 -j1
	runs_at_once 3 -j 3
	runs_at_once 7 --jobs=7
}

@test "map: -j in percent, more and fewer than the CPUs, and the default" {
	local first
	first=$(taskset -pc $$)
	first=${first##*: }
	before=(taskset -c "${first%%[,-]*}")
	runs_at_once 1
	runs_at_once 3 -j 300%
	runs_at_once 1 -j 1%
	runs_at_once 3 -j +2
	runs_at_once 1 -j -1
	runs_at_once 1 -j -100
	runs_at_once 1 -j +0
}

@test "map: the last -j wins" {
	runs_at_once 2 -j5 -j2
}

@test "map: never more than N among many short jobs" {
	exec 8<>go
	seq 300 | prockit map -j3 ./hold
	[[ $(wc -l <counts) == 300 ]]
	(($(most) <= 3))
}

@test "map: -j FILE is read again while it runs, for more jobs and for fewer" {
	local i
	script hold 'mkdir "running/$1"; set -- "$1" running/*; echo "$1 $(($# - 1))" >>counts' \
		': <"go.$1"; rmdir "running/$1"'
	for i in 1 2 3 4 5; do
		mkfifo "go.$i"
	done
	echo 1 >width
	prockit map -j ./width -- ./hold ::: 1 2 3 4 5 2>err 3>&- &
	local map=$!
	wait_until 10 run_now 1
	echo 3 >width
	timeout 10 sh -c ': >go.1'
	wait_until 10 run_now 3
	# A file that makes no sense changes nothing.
	echo junk >width
	timeout 10 sh -c ': >go.2'
	wait_until 10 grep -c '^5 ' counts
	rm width
	timeout 10 sh -c ': >go.3; : >go.4; : >go.5'
	ends_with 0 "$map"
	[[ $(sort -k2n counts | tail -n 1) == *' 3' && $(grep '^1 ' counts) == '1 1' ]]
}

@test "map: with fewer in -j FILE nothing starts until so few run" {
	local i
	script hold 'mkdir "running/$1"; set -- "$1" running/*; echo "$1 $(($# - 1))" >>counts' \
		': <"go.$1"; rmdir "running/$1"'
	for i in 1 2 3 4 5; do
		mkfifo "go.$i"
	done
	echo 3 >width
	prockit map -j ./width -- ./hold ::: 1 2 3 4 5 3>&- &
	local map=$!
	wait_until 10 run_now 3
	echo 1 >width
	timeout 10 sh -c ': >go.1; : >go.2; : >go.3; : >go.4; : >go.5'
	ends_with 0 "$map"
	[[ $(grep '^[45]' counts) == $'4 1\n5 1' ]]
}

@test "map: -j that says nothing is refused, and nothing is run" {
	local bad
	for bad in 0 0% -0% '' x 1.5 1x 2%% ./nosuch +; do
		run -125 --separate-stderr prockit map -j "$bad" touch ::: ran
		one_message -j
		[[ ! -e ran ]]
	done
	echo 0 >zero
	run -125 prockit map -j ./zero touch ::: ran
	[[ ! -e ran ]]
}

# What jobs see

@test "map: jobs see their number, slot, try and item" {
	run -0 prockit map -k -j1 -- sh -c \
		'echo "$PROCKIT_SEQ $PROCKIT_SLOT $PROCKIT_ATTEMPT $PROCKIT_ITEM"' ::: 'a b' c ''
	[[ $output == $'1 1 1 a b\n2 1 1 c\n3 1 1 ' ]]
	run -0 prockit map -n2 -- sh -c 'echo "$PROCKIT_SEQ <$PROCKIT_ITEM>"' ::: a b
	[[ $output == '1 <a b>' ]]
}

@test "map: slots are numbers from 1 to N, and no two that run have the same" {
	script slot 'mkdir "slot.$PROCKIT_SLOT" || echo twice >>wrong' '[ "$1" = "$PROCKIT_SLOT" ] || echo other >>wrong' \
		'echo "$PROCKIT_SLOT" >>slots' 'sleep 0.01' 'rmdir "slot.$PROCKIT_SLOT"'
	seq 100 | prockit map -j4 ./slot '{%}' '{}'
	[[ ! -e wrong && $(sort -u slots | xargs) == '1 2 3 4' ]]
}

@test "map: a map within a map has variables of its own" {
	PROCKIT_ITEM=outside PROCKIT_ATTEMPT=9 run -0 prockit map -- sh -c \
		'echo "$PROCKIT_ITEM $PROCKIT_ATTEMPT"; prockit map -- sh -c "echo \$PROCKIT_ITEM" sh ::: in' sh ::: out
	[[ $output == $'out 1\nin' ]]
}

# Limits

@test "map: --timeout ends the tree of that job, and no other's" {
	# The second starts 2 s later, and so does its limit.
	script job 'if [ "$1" = slow ]; then exec "$0.family" slow.pids slow.ready 4 daemon half; fi' \
		'setsid sleep 1000 & echo $! >other.pids; echo $$ >>other.pids; : >other' ': <go; kill $!'
	ln -s "$(helper family)" job.family
	prockit map -j2 --delay=2 --timeout=4 --log=log -- ./job ::: slow other >out 2>&1 3>&- &
	local map=$!
	wait_until 10 test -s slow.ready -a -e other
	wait_until 10 gone slow.pids
	while read -r pid; do
		alive "$pid"
	done <other.pids
	release
	ends_with 1 "$map"
	[[ $(wc -l <slow.pids) == 5 ]]
	[[ $(jq -r '[.item, .outcome] | join(" ")' log | sort) == $'other exited\nslow timed_out' ]]
}

@test "map: --timeout never strikes early, and each job has its own" {
	start_clock
	run -3 prockit map -j1 --timeout=0.3 --log=log -- sleep ::: 1000 1001 1002
	(($(elapsed_ms) >= 900))
	jq -e '.outcome == "timed_out" and .duration_ms >= 300 and .exit_status == 124 and .timeout_ms == 300' log >each
	[[ $(wc -l <each) == 3 ]]
}

@test "map: a job that ignores TERM is killed, with its grandchildren; the others run on" {
	# What bad writes is too much.
	script bad '"$1" bad.pids bad.ready 3 stubborn daemon setsid &' \
		'until [ -e bad.ready ] && [ -e other ]; do sleep 0.02; done; head -c 20000 /dev/zero; wait'
	script good ': >other; : <go; echo done'
	prockit map -j2 --max-output=10K --kill-after=0.5 --log=log -- {} "$(helper family)" \
		::: ./bad ./good >out 2>err 3>&- &
	local map=$!
	wait_until 20 gone bad.pids
	[[ $(wc -l <bad.pids) == 4 ]]
	alive "$map"
	release
	ends_with 1 "$map"
	[[ $(tail -c 5 out) == 'done' ]]
	jq -es '.[0] | .outcome == "output_limit" and .descendants_killed >= 4' log
}

@test "map: --timeout in percent of the median ends the outlier that started first" {
	# One that is 20 times as slow as the others, or never ends.
	run -1 --separate-stderr prockit map -j2 --timeout=2000% --log=log -- sleep ::: 1000 0.1 0.1 0.1 0.1 0.1
	[[ $(jq -r 'select(.outcome == "timed_out") | .item' log) == 1000 ]]
	[[ $(jq -r 'select(.exit_status == 0) | .item' log | wc -l) == 5 ]]
	jq -e 'select(.item == "1000") | .duration_ms >= 2000' log
}

@test "map: --timeout in percent is no limit before a job has succeeded" {
	run -0 prockit map -j2 --timeout=1% sleep ::: 0.5
	run -1 prockit map -j1 --timeout=1% -- sh -c 'sleep "$1"; exit "$2"' sh '{1}' '{2}' ::: 0 :::+ 1 ::: 0.5 :::+ 0
}

@test "map: --total-timeout ends everything, with 124" {
	start_clock
	run -124 prockit map -j2 --total-timeout=1 -- "$(helper family)" pids {}.ready 2 daemon setsid ::: a b c
	(($(elapsed_ms) >= 1000))
	gone pids
	[[ $(wc -l <pids) == 6 && ! -e c.ready ]]
	run -0 prockit map --total-timeout=100 true ::: a b
	run -0 prockit map --total-timeout=0 true ::: a b
}

@test "map: --total-timeout strikes while items are waited for" {
	exec 8<>go
	run -124 prockit map --total-timeout=0.3 true <&8
}

@test "map: --signal is the first signal, --kill-after the time until KILL" {
	run -1 prockit map -t 0.5 -s USR1 --log=log -- "$(helper log-signals)" got {} ::: USR1
	[[ $(<got) == $'ready\nSIGUSR1 user' ]]
	[[ $(jq -c '[.signals_sent[].signal]' log) == '["SIGUSR1"]' ]]
	run -1 prockit map -t 0.5 --kill-after=0.3 --log=log2 -- "$(helper ignore-signal)" ::: TERM
	[[ $(jq -c '[.signals_sent[].signal]' log2) == '["SIGTERM","SIGKILL"]' ]]
	jq -e '.signals_sent[1].at_ms - .signals_sent[0].at_ms >= 300' log2
}

@test "map: --idle-timeout ends the silent job only" {
	run -1 prockit map -j2 --idle-timeout=2 --log=log -- sh -c \
		'[ "$1" = talks ] || exec sleep 1000; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo; sleep 0.2; done' sh ::: silent talks
	[[ $(jq -r '[.item, .outcome] | join(" ")' log | sort) == $'silent idle_timed_out\ntalks exited' ]]
}

@test "map: --max-output ends the job that writes too much, and keeps what came before" {
	prockit map --max-output=1000 -j1 -- sh -c '[ "$1" = few ] || exec yes; echo few' sh ::: much few >out 2>err || [[ $? == 1 ]]
	[[ $(grep -c y out) == 500 && $(tail -n 1 out) == few ]]
	grep -F 'job 1 (much)' err
}

@test "map: a stopped job is ended by its limit" {
	run -1 prockit map -t 0.5 --kill-after=20 --log=log -- sh -c 'kill -STOP $$' sh ::: a
	jq -e '.outcome == "timed_out" and .duration_ms < 15000' log
}

# What jobs leave behind

@test "map: output that a descendant holds is waited for, or with --drain it is not" {
	prockit map -- sh -c '(: <go; echo late) & echo early' sh ::: a >out 3>&- &
	local map=$!
	wait_until 10 pgrep -P "$map"
	release
	ends_with 0 "$map"
	[[ $(<out) == $'early\nlate' ]]
	run -0 prockit map --drain=100ms --log=log -- "$(helper linger)" keep ::: pid
	alive "$(<pid)"
	kill "$(<pid)"
	says log '.leaked and .exit_status == 0'
}

@test "map: with --tree=leave, the default, a daemon survives the job, the map and others' limits" {
	local word
	for word in '' --tree=leave; do
		rm -f pids ready log
		# The second is ended in the same slot, below the same worker.
		run -1 prockit map -j1 $word -t 1 --log=log -- sh -c \
			'[ "$1" = daemon ] || exec sleep 1000; "$2" pids ready 2 daemon setsid leave >/dev/null 2>&1' \
			sh {} "$(helper family)" ::: daemon slow
		alive "$(sed -n 2p pids)"
		alive "$(sed -n 3p pids)"
		[[ $(jq -c '[.item, .descendants_left, .descendants_killed]' log) == $'["daemon",2,0]\n["slow",0,0]' ]]
		sed 1d pids | xargs kill -KILL
	done
}

@test "map: with --tree=kill what a job leaves is gone before the next starts" {
	run -0 prockit map -j1 --tree=kill --log=log -- sh -c \
		'[ ! -e pids ] || while read -r pid; do ! kill -0 "$pid" || exit 1; done <pids
		"$2" pids ready 2 daemon setsid leave' sh {} "$(helper family)" ::: a b
	gone pids
	[[ $(jq -c .descendants_killed log) == $'2\n2' ]]
}

@test "map: with --tree=wait the job lasts as long as what it left" {
	prockit map -j1 --tree=wait -- sh -c 'echo "$1" >>log; (setsid sh -c ": <go; echo end >>log" >/dev/null 2>&1 &)' sh ::: a b 3>&- &
	local map=$!
	wait_until 10 test -s log
	release
	ends_with 0 "$map"
	[[ $(xargs <log) == 'a end b end' ]]
}

# Trying again

@test "map: --retries=N is N extra tries, and only the last counts" {
	script flaky 'echo "$1 $PROCKIT_ATTEMPT" >>tries; echo "out $PROCKIT_ATTEMPT"' \
		'[ "$PROCKIT_ATTEMPT" -gt "$1" ]'
	run -1 --separate-stderr prockit map -k -j1 --retries=2 --log=log -- ./flaky ::: 0 1 2 3
	[[ $output == $'out 1\nout 2\nout 3\nout 3' ]]
	[[ $(xargs <tries) == '0 1 1 1 1 2 2 1 2 2 2 3 3 1 3 2 3 3' ]]
	[[ $(jq -c '[.item, .attempt, .tries, .failed]' log) == \
		$'["0",1,1,false]\n["1",2,2,false]\n["2",3,3,false]\n["3",3,3,true]' ]]
	rm tries
	run -1 prockit map ./flaky ::: 1
	run -1 prockit map --retries=0 ./flaky ::: 1
	[[ $(xargs <tries) == '1 1 1 1' ]]
}

@test "map: a job that a limit ended is tried again, with a limit of its own" {
	start_clock
	run -1 prockit map -t 0.3 --retries=2 --log=log sleep ::: 1000
	(($(elapsed_ms) >= 900))
	says log '.tries == 3 and [.attempts[].outcome] == ["timed_out", "timed_out"]'
}

@test "map: --retry-delay waits, grows by its factor, and no further than its max" {
	script fail '"$clock" >>times; exit 1'
	clock=$(helper monotonic) run -1 prockit map --retries=4 --retry-delay=0.2,x3,max=0.7 ./fail ::: a
	[[ $(wc -l <'times') == 5 ]]
	jq -es '.[1] - .[0] >= 200 and .[2] - .[1] >= 600 and .[3] - .[2] >= 700 and .[4] - .[3] >= 700' times
	jq -es '.[4] - .[3] < 6000' times
	rm times
	clock=$(helper monotonic) run -1 prockit map --retries=2 --retry-delay=0.3 ./fail ::: a
	jq -es '.[1] - .[0] >= 300 and .[2] - .[1] >= 600' times
	rm times
	clock=$(helper monotonic) run -1 prockit map --retries=3 --retry-delay=0.4,x1,jitter=0.5 ./fail ::: a
	jq -es '.[1] - .[0] >= 200 and .[2] - .[1] >= 200 and .[3] - .[2] >= 200' times
}

@test "map: --retry-delay that makes no sense is refused" {
	local bad
	for bad in x 1,x0.5 1,max 1,max=0 1,jitter=2 1,y=2 '1,,' -1; do
		run -125 --separate-stderr prockit map --retries=1 --retry-delay="$bad" touch ::: ran
		one_message --retry-delay
		[[ ! -e ran ]]
	done
}

@test "map: while a job waits to be tried again, its slot runs others" {
	script job 'echo "$1 $PROCKIT_ATTEMPT" >>tries; [ "$1" != bad ] || [ "$PROCKIT_ATTEMPT" = 2 ]'
	run -0 prockit map -j1 --retries=1 --retry-delay=2 ./job ::: bad b c
	[[ $(xargs <tries) == 'bad 1 b 1 c 1 bad 2' ]]
}

@test "map: --retry-on tries again after these statuses only" {
	script job 'echo "$1" >>tries; [ "$1" != kill ] || kill -KILL $$; [ "$1" != slow ] || exec sleep 1000; exit "$1"'
	run -5 prockit map -j1 -t 0.5 --retries=1 --retry-on=75,100-110,137,124 ./job ::: 1 75 105 kill slow 0
	[[ $(xargs <tries) == '1 75 75 105 105 kill kill slow slow 0' ]]
	run -125 prockit map --retry-on=x touch ::: ran
	[[ ! -e ran ]]
}

@test "map: --ok-codes are success, and the records keep the real status" {
	run -1 prockit map -k --ok-codes=1,5-6 --retries=1 --log=log -- sh -c 'exit "$1"' sh ::: 0 1 5 6 7
	[[ $(jq -c '[.exit_code, .failed, .tries]' log | sort | xargs) == \
		'[0,false,1] [1,false,1] [5,false,1] [6,false,1] [7,true,2]' ]]
}

# When they start

@test "map: --delay and --rate do not wait behind the last job" {
	start_clock
	timeout 60 prockit map --delay=100 true ::: 1
	timeout 60 prockit map --rate=0.01/s true ::: 1
	(($(elapsed_ms) < 50000))
}

@test "map: --delay is the least time between two starts, whatever -j says" {
	script job '"$clock" >>times'
	clock=$(helper monotonic) run -0 prockit map -j5 --delay=0.3 --log=log ./job ::: 1 2 3 4
	jq -es '[.[].started_at[17:29] | tonumber] | sort | . as $t |
		[range(1; 4) | $t[.] - $t[. - 1] | if . < 0 then . + 60 else . end] | all(. >= 0.28)' log
	sort -n times | jq -es '.[3] - .[0] >= 800'
}

@test "map: --rate is that many starts a second" {
	start_clock
	run -0 prockit map -j20 --rate=10/s true ::: 1 2 3 4 5 6 7 8 9 10 11
	(($(elapsed_ms) >= 990))
	start_clock
	run -0 prockit map -j20 --rate=4 true ::: 1 2 3
	(($(elapsed_ms) >= 490))
	run -125 prockit map --rate=0 touch ::: ran
	run -125 prockit map --rate=1/m touch ::: ran
	[[ ! -e ran ]]
}

# It has begun to wait for signals: USR1 is blocked, to be read.
catches_signals()
{
	local mask
	mask=$(sed -n 's/^SigBlk:\t//p' "/proc/$1/status") && ((0x$mask & 0x200))
}

# starts_nothing OPTION: no job starts; SIGINT ends the wait.
starts_nothing()
{
	local map
	rm -f ran
	"$(helper closed-fds-run)" -- prockit map "$1" touch ::: ran 2>err 3>&- &
	map=$!
	wait_until 10 catches_signals "$map"
	kill -USR1 "$map"
	wait_until 10 grep -c '0 running' err
	kill -INT "$map"
	ends_with 130 "$map"
	[[ ! -e ran ]]
}

@test "map: --mem-free holds the jobs back, or lets them go" {
	starts_nothing --mem-free=1000000G
	run -0 prockit map --mem-free=1 touch ::: ran
	[[ -e ran ]]
}

# with_proc FILE COMMAND [ARG...]: the command sees ./fake as /proc/FILE.
with_proc()
{
	unshare --mount sh -c 'mount --bind fake "/proc/$1" && shift && exec "$@"' sh "$@"
}

@test "map: --load, --mem-free and --pressure wait until the machine is less busy" {
	local file option busy idle pressure='avg60=0.00 avg300=0.00 total=0\n'
	echo 1 >fake
	with_proc loadavg true 2>/dev/null || skip 'no right to mount here'
	while IFS='|' read -r file option busy idle; do
		[[ -e /proc/$file ]] || continue
		rm -f ran log
		printf "$busy" >fake
		run -124 with_proc "$file" prockit map --total-timeout=0.3 "$option" touch ::: ran
		[[ ! -e ran ]]
		with_proc "$file" prockit map "$option" --log=log -c 'echo x >>ran' ::: 1 3>&- &
		local map=$!
		wait_until 10 test -e log
		printf "$idle" >fake
		ends_with 0 "$map"
		[[ $(<ran) == x ]]
	done <<-END
		loadavg|--load=2.5|2.51 0.00 0.00 1/2 3\n|2.50 9.00 9.00 1/2 3\n
		meminfo|--mem-free=1M|MemTotal: 9999 kB\nMemAvailable: 1023 kB\n|MemTotal: 9999 kB\nMemAvailable: 1024 kB\n
		pressure/io|--pressure=101|some avg10=101.50 $pressure|some avg10=30.00 $pressure
	END
}

@test "map: limits on the machine that are never reached let everything start" {
	local options=(--load=100000 --mem-free=1K)
	[[ ! -e /proc/pressure/cpu ]] || options+=(--pressure=100)
	prockit map -j2 "${options[@]}" echo ::: 1 2 3 4 >out
	[[ $(wc -l <out) == 4 ]]
}

@test "map: what the machine cannot tell is an error before anything runs" {
	: >fake
	with_proc loadavg true 2>/dev/null || skip 'no right to mount here'
	run -125 --separate-stderr with_proc loadavg prockit map --load=1 touch ::: ran
	one_message /proc/loadavg
	[[ ! -e ran ]]
}

# --halt

@test "map: --halt now ends what runs, soon lets it finish" {
	script job 'case $1 in bad) until [ -e other ]; do sleep 0.02; done; exit 3;; other) : >other; : <go; : >finished;; *) : >started;; esac'
	run -3 timeout 20 prockit map -j2 --halt now,fail=1 ./job ::: other bad more
	[[ ! -e finished && ! -e started ]]
	rm other
	prockit map -j2 --halt soon,fail=1 --log=log ./job ::: other bad more 3>&- &
	local map=$!
	# The bad one has ended.
	wait_until 10 test -s log
	release
	ends_with 3 "$map"
	[[ -e finished && ! -e started ]]
}

@test "map: --halt counts failures, successes, and jobs that are done" {
	local options status want
	script job 'echo "$1" >>ran; exit "$1"'
	while IFS='|' read -r options status want; do
		rm -f ran
		# shellcheck disable=SC2086 # words
		run "-$status" prockit map -j1 $options ./job ::: 0 5 0 6 7 0 8 0
		[[ $(xargs <ran) == "$want" ]]
	done <<-'END'
		--halt=now,fail=1|5|0 5
		--halt=soon,fail=1|5|0 5
		--fail-fast|5|0 5
		--halt=now,fail=2|2|0 5 0 6
		--halt=soon,fail=3|3|0 5 0 6 7
		--halt=now,success=1|0|0
		--halt=soon,success=3|0|0 5 0 6 7 0
		--halt=now,done=2|1|0 5
		--halt=soon,done=4|2|0 5 0 6
		--halt=now,fail=25%|2|0 5 0 6
		--halt=soon,success=50%|0|0 5 0 6 7 0 8 0
		--halt=soon,done=50%|2|0 5 0 6
		--halt=never|4|0 5 0 6 7 0 8 0
		--fail-fast --halt=never|4|0 5 0 6 7 0 8 0
	END
}

@test "map: a percentage of a total that is not known is of those done, from the third on" {
	script job 'echo "$1" >>ran; exit "$1"'
	printf '%s\n' 5 0 0 6 0 0 >items
	exec 8<>go
	cat items >go
	run -2 prockit map -j1 --halt=now,fail=50% ./job <&8
	[[ $(xargs <ran) == '5 0 0 6' ]]
}

@test "map: --halt that makes no sense is refused, and nothing is run" {
	local bad
	for bad in '' now fail=1 now,fail now,fail= now,fail=x later,fail=1 now,fail=0 now,fail=101% now,fail=-1 \
		now,bad=1 now,fail=1,done=2 'now, fail=1' now,fail=1.5; do
		run -125 --separate-stderr prockit map --halt="$bad" touch ::: ran
		one_message --halt
		[[ ! -e ran ]]
	done
}

@test "map: --fail-fast ends as the first failing job did, and ends the trees of the others" {
	script job 'if [ "$1" = tree ]; then exec "$2" pids ready 2 daemon setsid; fi' \
		'until [ -e ready ]; do sleep 0.02; done' 'kill -"$1" $$'
	run -0 "$(helper how-ended)" prockit map -q -j2 --fail-fast -- ./job {} "$(helper family)" ::: tree KILL more
	[[ $output == 'exited 137' ]]
	gone pids
	run -143 prockit map -q --fail-fast -- sh -c 'kill $$' sh ::: a
	run -124 prockit map -q -t 0.2 --fail-fast -- sleep ::: 1000
	run -255 prockit map -q --fail-fast -- sh -c 'exit 255' sh ::: a
}

@test "map: --fail-fast counts a job only when it is not tried again" {
	run -4 prockit map -j1 --retries=1 --fail-fast -- sh -c \
		'echo "$1" >>ran; [ "$1" = 4 ] || exit 0; exit 4' sh ::: 0 4 0
	[[ $(xargs <ran) == '0 4 4' || $(xargs <ran) == '0 4 0 4' ]]
}

@test "map: --halt and an endless producer" {
	run -0 sh -c 'yes | prockit map -j2 --halt soon,done=100 -c "echo x >>ran"'
	(($(wc -l <ran) >= 100 && $(wc -l <ran) <= 101))
}
