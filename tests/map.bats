#!/usr/bin/env bats
# prockit map as it is used: the first things that somebody tries. More in map-*.bats.
# shellcheck disable=SC2016,SC2154 # the dollars are the jobs'; run sets stderr

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

@test "map: jobs run side by side, and -k prints in the order of the items" {
	# Each waits until all have begun, and ends after those behind it.
	seq 5 | timeout 60 prockit map -j5 -k -c ': >began.$1
		until [ -e began.1 ] && [ -e began.2 ] && [ -e began.3 ] &&
			[ -e began.4 ] && [ -e began.5 ]; do sleep 0.01; done
		until [ $1 = 5 ] || [ -e ended.$(($1+1)) ]; do sleep 0.01; done
		echo $1; : >ended.$1' >out
	[[ $(<out) == $'1\n2\n3\n4\n5' ]]
}

@test "map: a command for each file, three at a time" {
	echo one >'a 1.log'
	echo two >b.log
	echo three >c.log
	prockit map -j3 -- openssl dgst -sha256 ::: *.log | sort >out
	openssl dgst -sha256 -- *.log | sort >wanted
	cmp out wanted
}

@test "map: lines on standard input, then reduce" {
	printf 'GET /robots.txt 1.2.3.4\nGET / 5.6.7.8\n' | gzip >1.gz
	printf 'GET /robots.txt 1.2.3.4\nGET /robots.txt 9.9.9.9\n' | gzip >2.gz
	printf '%s\n' *.gz | prockit map -j4 -- sh -c 'zgrep -h robots.txt "$1"' sh | sort -u >out
	[[ $(<out) == $'GET /robots.txt 1.2.3.4\nGET /robots.txt 9.9.9.9' ]]
}

@test "map: names are made of items" {
	mkdir photos thumbs
	touch 'photos/a b.jpg' photos/c.tar.jpg
	run -0 prockit map -k -j2 -- echo '{}' 'thumbs/{/.}.png' ::: photos/*.jpg
	[ "${lines[0]}" = 'photos/a b.jpg thumbs/a b.png' ]
	[ "${lines[1]}" = 'photos/c.tar.jpg thumbs/c.tar.png' ]
}

@test "map: a limit for each" {
	getent hosts localhost 127.0.0.1 || skip 'there is no /etc/hosts'
	printf '%s\n' localhost 127.0.0.1 >hosts
	run -0 prockit map -j10 --timeout 25 -a hosts -- getent hosts
	[ "${#lines[@]}" = 2 ]
}

@test "map: stages with workers of their own" {
	seq 20 | prockit map -j4 -c 'sleep 0.1; echo $1' |
		prockit map -j2 -c 'echo $(($1*$1))' | sort -n | tail -3 >out
	[[ $(<out) == $'324\n361\n400' ]]
}

@test "map: an endless producer ends with --halt" {
	yes 3>&- | prockit map -j2 --halt soon,done=100 --joblog log true
	(($(wc -l <log) >= 101 && $(wc -l <log) <= 103))
}

@test "map: a run that was interrupted is resumed" {
	printf '#!/bin/sh\n[ "$1" != 7 ] || [ -e mended ]\n' >task.sh
	chmod +x task.sh
	# shellcheck disable=SC2046 # words
	run -1 prockit map --log run.jsonl -j4 -- ./task.sh ::: $(seq 100)
	touch mended
	# shellcheck disable=SC2046
	run -0 prockit map --log run.jsonl --resume run.jsonl -j4 -- ./task.sh ::: $(seq 100)
	[ "$(jq -s length run.jsonl)" = 101 ]
	[ "$(jq -s '.[-1].item' run.jsonl)" = '"7"' ]
	[ "$(jq -s '[.[] | select(.failed)] | length' run.jsonl)" = 1 ]
}

@test "map: 3 of 10 jobs failing gives 3" {
	# shellcheck disable=SC2046 # words
	run -3 prockit map -j4 -c '[ $1 -gt 3 ]' ::: $(seq 10)
}

@test "map: a command that does not exist is said once" {
	run -127 --separate-stderr prockit map nosuchcommand ::: 1 2 3
	[ "$stderr" = 'prockit map: nosuchcommand: command not found' ]
}

@test "map: a whole command line as a word is refused, and nothing is run" {
	run -125 prockit map 'touch {}' ::: a
	[[ $output == *'use -c'* ]]
	[ ! -e a ]
}
