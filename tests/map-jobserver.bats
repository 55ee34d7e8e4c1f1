#!/usr/bin/env bats
# prockit map and make's jobserver: as its client in a recipe, and offering one to its jobs.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children

# note NAME: be counted among those that run, for a moment. meet N: wait until N run.
setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	type -P make >/dev/null || skip 'make is not installed'
	unset MAKEFLAGS MAKELEVEL MFLAGS
	mkdir running
	mkfifo go
	script note 'mkdir "running/$1"; set -- "$1" running/*; echo $(($# - 1)) >>counts' \
		'sleep 0.05; rmdir "running/$1"'
	script hold 'mkdir "running/$1"; : <go; rmdir "running/$1"'
	script meet ': >"met.$1.$$"' 'i=0' \
		'until set -- "$1" met."$1".*; [ $# -gt 3 ]; do i=$((i + 1)); [ $i -lt 500 ] || exit 1; sleep 0.02; done'
	export PATH=$PWD:$PATH
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

# run_now N: so many hold on at this moment.
run_now()
{
	local jobs=(running/*)
	[[ -e ${jobs[0]} ]] || jobs=()
	((${#jobs[@]} == $1))
}

most()
{
	sort -n counts | tail -n 1
}

# make says so itself when tokens are missing at its end, or are too many.
make_is_content()
{
	[[ $output != *INTERNAL* && $output != *jobserver* ]] && return
	echo "$output"
	return 1
}

# A jobserver of our own: the tokens a, b and c, each of which has to come back.
serve_tokens()
{
	rm -f tokens
	mkfifo tokens
	exec 7<>tokens
	printf abc >tokens
}

# tokens_are_back: in any order, and no more.
tokens_are_back()
{
	local tokens
	if ! read -rN 3 -t 10 -u 7 tokens || read -rt 0 -u 7; then
		echo "tokens: $tokens"
		return 1
	fi
	[[ $(fold -w 1 <<<"$tokens" | sort | tr -d '\n') == abc ]]
}

@test "map: under make -j1 one job runs at a time" {
	printf 'all:\n\t+@prockit map -c %s ::: 1 2 3 4 5 6\n' \
		"'mkdir one && echo ok; for i in \$\$(seq 200); do :; done; rmdir one'" >one.mk
	run -0 make -s -j1 -f one.mk
	[[ $(xargs <<<"$output") == 'ok ok ok ok ok ok' ]]
}

@test "map: map in a recipe and the other targets run no more than make's -j" {
	local targets='a b c d e f g h'
	printf '%s\n' "all: m n $targets" "$targets:" $'\t@note $@' m: \
		$'\t+@prockit map -- note ::: m1 m2 m3 m4 m5 m6 m7 m8' n: $'\t+@seq 8 | prockit map note' >Makefile
	run -0 make -s -j3
	make_is_content
	[[ $(wc -l <counts) == 24 && $(most) == 3 ]]
}

@test "map: alone in a recipe map uses all of make's slots" {
	printf '%s\n' 'm: ; +@prockit map -- meet ::: one one one' >Makefile
	run -0 make -s -j3
	make_is_content
	rm -f met.*
	# With two, three never meet: they go one after another.
	script short 'mkdir "running/$1"; set -- "$1" running/*; echo $(($# - 1)) >>counts; sleep 0.1; rmdir "running/$1"'
	printf '%s\n' 'm: ; +@prockit map -- short ::: 1 2 3 4 5 6' >Makefile
	run -0 make -s -j2
	make_is_content
	[[ $(most) == 2 ]]
}

@test "map: what comes later in the same make has all slots again" {
	local how
	for how in 'prockit map -- true ::: 1 2 3 4 5 6 7 8' '-prockit map -q -- false ::: 1 2 3 4 5' \
		'-prockit map -q -j5 -- true ::: 1 2 3 4' '-prockit map -q --fail-fast -- false ::: 1 2 3 4 5' \
		'-prockit map -q -t 0.3 -- sleep ::: 100 200 300' '-prockit map -q --retries=2 -- false ::: 1 2 3' \
		'-prockit map -q --total-timeout=0.3 -- sleep ::: 100 200 300 400' '-prockit map nosuch ::: 1 2 3'; do
		rm -f met.*
		printf '%s\n' 'all: x y z' 'x y z: m; @meet one' "m: ; +@${how}" >Makefile
		run -0 make -s -j3
		make_is_content
	done
}

@test "map: with -j of its own map takes no part in it" {
	printf '%s\n' 'm: ; +@prockit map -j4 -- hold ::: 1 2 3 4 5' >Makefile
	make -s -j2 3>&- &
	local make=$!
	wait_until 10 run_now 4
	exec 8<>go
	ends_with 0 "$make"
}

@test "map: in a recipe without + map says so, and runs as many as it would without make" {
	printf '%s\n' 'm: ; @prockit map -- true ::: 1 2 3' >Makefile
	run -0 --separate-stderr make -s -j3
	[[ $stderr == *"'+'"* ]]
	printf '%s\n' 'm: ; +@prockit map -- true ::: 1 2 3' >Makefile
	run -0 --separate-stderr make -s
	[[ -z $stderr ]]
	run -0 --separate-stderr make -s -j1
	[[ -z $stderr ]]
}

@test "map: every token comes back, the very same bytes, in both notations" {
	local auth options
	for auth in 7,7 fifo:tokens; do
		for options in '' '-k' '--retries=1' '--fail-fast' '-t 0.2' '--tree=kill' '--delay=0.01'; do
			serve_tokens
			# shellcheck disable=SC2086 # words
			MAKEFLAGS="-j --jobserver-auth=$auth" prockit map -q $options -- \
				sh -c 'sleep "0.0$1"; exit $(($1 % 2))' sh ::: 1 2 3 4 5 6 7 8 || true
			tokens_are_back
			exec 7>&-
		done
	done
}

# holds_tokens: map in the background runs four jobs, with all tokens taken.
holds_tokens()
{
	rm -f go
	mkfifo go
	rm -rf running
	mkdir running
	serve_tokens
	MAKEFLAGS='-j4 --jobserver-auth=7,7' "$(helper closed-fds-run)" -- \
		prockit map -- hold ::: 1 2 3 4 5 6 2>err 3>&- &
	map=$!
	wait_until 10 run_now 4
	# No fifth.
	kill -USR1 "$map"
	wait_until 10 grep -c '4 running' err
	! read -rt 0 -u 7
}

@test "map: every token comes back when map is ended by INT, or twice by TERM" {
	holds_tokens
	kill -INT "$map"
	ends_with 130 "$map"
	tokens_are_back

	holds_tokens
	kill -TERM "$map"
	wait_until 10 grep -c 'waiting for 4' err
	kill -TERM "$map"
	ends_with 143 "$map"
	tokens_are_back
}

@test "map: every token comes back when map drains" {
	holds_tokens
	kill -TERM "$map"
	wait_until 10 grep -c 'waiting for 4' err
	exec 8<>go
	ends_with 143 "$map"
	exec 8>&-
	tokens_are_back
	run_now 0
}

@test "map: every token comes back when map is killed with KILL" {
	holds_tokens
	kill -KILL "$map"
	ends_with 137 "$map"
	tokens_are_back
}

@test "map: tokens of jobs that have ended come back, though map is killed before it hears of them" {
	holds_tokens
	kill -STOP "$map"
	exec 8<>go
	wait_until 10 run_now 0
	kill -KILL "$map"
	exec 8>&-
	ends_with 137 "$map"
	wait_until 10 tokens_are_back
	run ! read -rt 0 -u 7
}

@test "map: every token comes back when a worker is killed, or all are" {
	holds_tokens
	pkill -KILL -o -P "$map"
	# Its token serves the fifth job, or another is free: 4 run again.
	wait_until 10 test -e running/5
	pkill -KILL -P "$map"
	wait_until 10 test -e running/6
	exec 8<>go
	ends_with 5 "$map"
	exec 8>&-
	tokens_are_back
}

@test "map: while map waits for items it holds no token" {
	local i
	serve_tokens
	mkfifo items
	exec 8<>items
	MAKEFLAGS='-j4 --jobserver-auth=7,7' prockit map -- sh -c ': >"ran.$1"' sh <items 3>&- 8>&- 7<&7 &
	map=$!
	for i in 1 2 3; do
		printf '%s\na\nb\nc\nd\n' "$i" >&8
		wait_until 10 test -e "ran.$i"
	done
	wait_until 10 test -e ran.d
	tokens_are_back
	printf abc >&7
	exec 8>&-
	ends_with 0 "$map"
	tokens_are_back
}

@test "map: with no token to be had, map still runs one job at a time" {
	mkfifo tokens
	exec 7<>tokens
	MAKEFLAGS='-j4 --jobserver-auth=7,7' timeout 20 prockit map -- note ::: 1 2 3 4 5
	[[ $(wc -l <counts) == 5 && $(most) == 1 ]]
	run -1 read -rt 0 -u 7
}

@test "map: a retry that waits holds no token" {
	serve_tokens
	MAKEFLAGS='-j4 --jobserver-auth=7,7' prockit map --retries=1 --retry-delay=1h -q -- sh -c \
		'echo >>tries; exit 1' ::: 1 2 3 4 3>&- &
	map=$!
	wait_until 10 sh -c '[ "$(wc -l <tries)" = 4 ]'
	tokens_are_back
	printf abc >&7
	kill -TERM "$map"
	ends_with 143 "$map"
	tokens_are_back
}

@test "map: with --jobserver the jobs and their makes run no more than -j in all" {
	printf '%s\n' 'all: a b c d' 'a b c d: ; @note $(ITEM)$@' >Makefile
	run -0 prockit map -j2 --jobserver -- make -s ITEM={} ::: 1 2 3
	make_is_content
	[[ $(wc -l <counts) == 12 ]]
	(($(most) <= 2))
	# The last one alone has both slots.
	rm -f counts
	run -0 prockit map -j3 --jobserver -- make -s ITEM={} ::: 1
	make_is_content
	[[ $(most) == 3 ]]
}

@test "map: without --jobserver the jobs see make's own, as they would without map" {
	export MAKEFLAGS='k -j4 --jobserver-auth=7,7'
	serve_tokens
	run -0 prockit map -- sh -c 'echo "$MAKEFLAGS"; (: <&7) && echo open' sh ::: a
	[[ $output == $'k -j4 --jobserver-auth=7,7\nopen' ]]
	run -0 prockit map -j1 --jobserver -- sh -c 'echo "$MAKEFLAGS"' sh ::: a
	[[ $output == 'k -j1 --jobserver-auth='* && $output != *7,7* ]]
	tokens_are_back
}
