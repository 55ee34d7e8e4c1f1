#!/usr/bin/env bats
# prockit map with many quick jobs: each slot has its next job before the one that runs has ended, and
# nobody may notice but by the clock.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
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

# each_ran N: the jobs 1 to N have written themselves down, each once.
each_ran()
{
	diff <(sort -n ran) <(seq "$1")
}

# have_run N: more than so many have.
have_run()
{
	[[ -e ran ]] && (($(wc -l <ran) > $1))
}

@test "map: slow jobs hold up none of the quick ones behind them" {
	local slow
	mkdir ended
	# Both end when all others have.
	script job 'case $1 in 100 | 101) until [ "$(ls ended | wc -l)" -ge 298 ]; do sleep 0.02; done ;; esac' ': >"ended/$1"'
	for slow in '' -k --line-buffer; do
		rm -f ended/*
		# shellcheck disable=SC2086 # no word, or one
		run -0 --separate-stderr timeout -k 5 30 prockit map -j3 $slow ./job ::: {1..300}
	done
}

@test "map: among quick jobs and slow ones, each runs once and has its own record" {
	script job 'echo "$1" >>ran' '[ $(($1 % 50)) != 0 ] || sleep 0.03' \
		'echo "$PROCKIT_SEQ $PROCKIT_SLOT $1"; exit $(($1 % 7 == 3))'
	local failed=0
	prockit map -j3 -k --json --log=log ./job ::: {1..700} >out || failed=$?
	((failed == 100))
	each_ran 700
	jq -se 'map(.item | tonumber) == [range(1; 701)] and
		all(.stdout == "\(.seq) \(.slot) \(.item)\n" and .failed == ((.item | tonumber) % 7 == 3))' out
	jq -se 'map(.item | tonumber) | sort == [range(1; 701)]' log
}

@test "map: a job that got another slot than it was meant for is tagged with that" {
	script job '[ $(($1 % 40)) != 0 ] || sleep 0.03' 'echo "$PROCKIT_SLOT"'
	prockit map -j3 --tag='{%}' ./job ::: {1..600} >out
	[[ $(wc -l <out) == 600 ]]
	awk -F '\t' '$1 != $2 { print; bad = 1 } END { exit bad }' out
}

@test "map: a worker that is killed takes one job with it, and none behind it" {
	script job 'echo "$1" >>ran' '[ "$1" != 100 ] || kill -KILL $PPID; :'
	run -1 --separate-stderr timeout -k 5 30 prockit map -j2 --log=log ./job ::: {1..300}
	one_message 'job 100 (100)' 'its worker was killed'
	each_ran 300
	jq -se 'map(select(.failed) | .seq) == [100]' log
}

@test "map: SIGTERM and SIGINT leave no job that ran without a record" {
	local signal map
	script job 'echo "$1" >>ran'
	for signal in TERM INT; do
		rm -f ran log
		# A background job of a script has SIGINT ignored.
		env --default-signal=INT prockit map -q -j2 --log=log ./job < <(seq 100000) 3>&- &
		map=$!
		wait_until 20 have_run 100
		kill -s $signal "$map"
		wait "$map" || true
		# One that was ended before it came to its first line has a record all the same.
		[[ $signal == INT || $(wc -l <ran) == $(wc -l <log) ]]
		[[ -z $(comm -23 <(sort ran) <(jq -r .item log | sort)) ]]
	done
}

@test "map: a reader that is slow, and descriptors that are few, lose no quick job" {
	script job 'echo "$1" >>ran; printf "%01000d\n" "$1"'
	# Nobody reads until the pipe is full, or nearly so.
	timeout -k 5 30 prockit map -j2 -k ./job ::: {1..400} 3>&- | { wait_until 20 have_run 50; cat; } >out
	each_ran 400
	diff <(sed 's/^0*//' out) <(seq 400)
	(ulimit -n 40 && timeout -k 5 30 prockit map -j8 echo ::: {1..500}) | sort -n | diff - <(seq 500)
}

@test "map: large outputs of two jobs that are read together are both whole" {
	# The main process is late each time, so that what the workers say piles up.
	script job '[ $(($1 % 10)) != 0 ] || head -c 300000 /dev/zero' 'echo "$1" >&2'
	# LeakSanitizer cannot work below strace.
	run -0 timeout -k 5 60 env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -o trace -e trace=ppoll -e inject=ppoll:delay_enter=4000 \
		sh -c 'exec prockit map -j2 ./job >out 2>err' <<<"$(seq 300)"
	[[ $(wc -c <out) == 9000000 ]]
	diff <(sort -n err) <(seq 300)
}

@test "map: what --tree=leave has left goes on, whatever becomes of later jobs" {
	local daemon
	script job 'case $1 in' '1) sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >daemon ;;' '4) exec sleep 1000 ;;' 'esac'
	run -1 prockit map -q -j1 --tree=leave --timeout=0.5 --log=log ./job ::: 1 2 3 4 5
	daemon=$(<daemon)
	[[ $(ps -o comm= -p "$daemon") == sleep ]]
	kill "$daemon"
	jq -se 'map(.descendants_left // 0) == [1, 0, 0, 0, 0]' log
}

@test "map: one at a time is one after the other" {
	# Each sees the records of all before it.
	: >log
	script job '[ "$(wc -l <log)" = $(($1 - 1)) ]'
	# LeakSanitizer cannot work below strace.
	run -0 timeout -k 5 60 env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -o trace -P "$PWD/log" -e trace=write -e inject=write:delay_enter=20000 \
		prockit map -j1 --log=log ./job ::: {1..40}
	# A program may be the work of the one before.
	script make.1 'for i in $(seq 30); do :; done; cp made.0 made.1; cp make.1 make.2'
	cp make.1 made.0
	run -0 prockit map -j1 {} ::: ./make.1 ./made.1 ./make.2
}

@test "map: --halt looks at each job before the next begins" {
	# Beside the one that fails another one runs until that is known.
	script job 'echo "$1" >>ran' '[ "$1" != 41 ] || until grep -q \"seq\":40, log; do sleep 0.02; done' \
		'[ "$1" != 40 ] || { until grep -qx 41 ran; do :; done; exit 40; }'
	run -40 timeout -k 5 30 prockit map -q -j2 --log=log --halt=soon,fail=1 -- ./job ::: {1..200}
	each_ran 41
}
