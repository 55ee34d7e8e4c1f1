#!/usr/bin/env bats
# prockit map under load: the tests that GNU parallel's manual has for other tools, many jobs, huge
# outputs, and jobs that behave badly.
# shellcheck disable=SC1083,SC2016,SC2030,SC2031,SC2094,SC2154 # the dollars and braces are the jobs'

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

# peak COMMAND...: run it; $peak is the most memory, in KiB, that it or one of its children had.
peak()
{
	"$(helper peak-memory)" "$PWD/peak.kib" "$@" || return
	peak=$(<peak.kib)
}

# small KIB: the last peak was below that.
small()
{
	echo "peak: $peak KiB"
	has_sanitizers || ((peak < $1))
}

# The eleven

@test "map: MIX: the outputs of jobs do not mix, whole or by the line" {
	# Each writes many small pieces, at the same time as the others.
	export piece='i=0; while [ $i -lt 200 ]; do printf %s $1$1$1; printf %s $1$1$1; i=$((i + 1)); done; echo'
	prockit map -j6 -c "$piece" ::: a b c d e f >out
	[[ $(tr -s a-f <out | sort | xargs) == 'a b c d e f' ]]
	prockit map -j6 --line-buffer -c "$piece; $piece" ::: a b c d e f >out
	[[ $(tr -s a-f <out | sort | uniq -c | xargs) == '2 a 2 b 2 c 2 d 2 e 2 f' ]]
	prockit map -j6 -k -c "$piece" ::: a b c d e f >out
	[[ $(tr -s a-f <out | xargs) == 'a b c d e f' ]]
}

@test "map: STDERRMERGE: standard output and error stay apart" {
	local option
	for option in -k --line-buffer -u; do
		prockit map -j2 $option -c 'echo out $1; echo err $1 >&2; echo out $1; echo err $1 >&2' ::: 1 2 3 >out 2>err
		[[ $(cut -d ' ' -f 1 out | uniq) == out && $(wc -l <out) == 6 ]]
		[[ $(cut -d ' ' -f 1 err | uniq) == err && $(wc -l <err) == 6 ]]
	done
}

@test "map: RAM: an output is no matter of memory" {
	local option
	for option in --quiet -k --line-buffer; do
		peak prockit map -j2 $option head -c 60000000 ::: /dev/zero /dev/zero >out
		[[ $(wc -c <out) == 12000000[0-9] ]]
		small 10000
	done
}

@test "map: RAM: many jobs that wait for their turn are no matter of memory" {
	mkfifo turn
	# The first one ends last.
	peak prockit map -j4 -k -c '[ $1 != 1 ] || read word <turn; head -c 100000 /dev/zero; [ $1 != 300 ] || echo >turn' \
		::: {1..300} >out
	[[ $(wc -c <out) == 30000000 ]]
	small 10000
}

@test "map: DISKFULL: a full disk is noticed" {
	local unshare=(unshare -m)
	((EUID == 0)) || unshare=(unshare -rm)
	"${unshare[@]}" true 2>/dev/null || skip 'no right to mount here'
	mkdir tiny
	run -1 --separate-stderr "${unshare[@]}" sh -c 'mount -t tmpfs -o size=4m none tiny || exit 99
		TMPDIR=$PWD/tiny prockit map -j1 head -c 20M ::: /dev/zero | wc -c
		exit 1'
	[[ $output -lt 20971520 ]]
	one_message 'No space left on device'
}

@test "map: CLEANUP: nothing is left after a kill -9, neither jobs nor files" {
	local map
	mkdir tmp
	export TMPDIR=$PWD/tmp
	prockit map -j2 -c 'head -c 3000000 /dev/zero; echo $$ >>pids; setsid sleep 1000 & echo $! >>pids; exec sleep 1000' \
		::: 1 2 3 >out 3>&- &
	map=$!
	wait_until 20 eval '(($(wc -l <pids) == 4))'
	kill -KILL $map
	wait $map || true
	wait_until 20 gone pids
	[[ -z $(ls -A tmp) && ! -s out ]]
}

@test "map: CLEANUP: nor after a TERM" {
	local map
	mkdir tmp
	export TMPDIR=$PWD/tmp
	prockit map -j2 -c 'head -c 3000000 /dev/zero; echo $$ >>pids; exec sleep 1000' ::: 1 2 >out 2>err 3>&- &
	map=$!
	wait_until 20 eval '(($(wc -l <pids) == 2))'
	kill -TERM $map
	wait_until 20 grep waiting err
	kill -TERM $map
	ends_with 143 $map
	gone pids
	[[ -z $(ls -A tmp) ]]
}

@test "map: SPCCHAR: any character comes through, as an item, in a word and as a command's name" {
	local i
	for ((i = 1; i < 256; i++)); do
		# shellcheck disable=SC2059 # the format is the byte
		printf "a\\x$(printf %x "$i")b\0"
	done >items
	prockit map -0 -k printf '%s\0' <items >out
	cmp items out
	prockit map -0 -k printf '%s\0' 'x{}y' <items >out
	sed -z 's/^/x/; s/$/y/' items | LC_ALL=C cmp - out
	prockit map -0 -k -c 'printf "%s\0" "$1"' <items >out
	cmp items out
	# "My brother's 12\" records" and its like.
	run -0 prockit map -k echo ::: "My brother's 12\" *** record & a ;{}|<>\$(x) \`y\` !#~" -- $'tab\there' ' '
	[[ $output == "My brother's 12\" *** record & a ;{}|<>\$(x) \`y\` !#~"$'\n--\ntab\there\n ' ]]
	mkdir "My brother's 12\" dir"
	printf '#!/bin/sh\necho ran "$1"\n' >"My brother's 12\" dir/a & b"
	chmod +x "My brother's 12\" dir/a & b"
	run -0 prockit map -- {} x ::: "./My brother's 12\" dir/a & b"
	[[ $output == 'ran x' ]]
}

@test "map: COMPOSED: composed commands, with their redirections" {
	run -0 prockit map -k -c 'touch "$1.new" && echo "made $1" | tr a-z A-Z; for i in 1 2; do echo $i; done >"$1.loop"' ::: a 'b c'
	[[ $output == $'MADE A\nMADE B C' && -e 'b c.new' && $(<'b c.loop') == $'1\n2' ]]
	run -0 prockit map -k --shell-path=/bin/bash -c 'f() { echo "f $1"; }; f "$1"; diff <(echo 1) <(echo 1)' ::: a
	[[ $output == 'f a' ]]
}

@test "map: ONEREP: one and many replacements in one word and in many" {
	run -0 prockit map echo {}-{} {} a{}b{.}c{/} ::: x/y.z
	[[ $output == x/y.z-x/y.z\ x/y.z\ ax/y.zbx/ycy.z ]]
}

@test "map: INPUTSIZE: many items, and no memory for them" {
	peak prockit map -j2 -n 1000 -c 'echo $#' < <(seq 300000) >out
	small 4096
	[[ $(sort out | uniq -c | xargs) == '300 1000' ]]
	# An endless list of items is read as far as it is needed.
	seq 1000000 | peak prockit map -j2 --halt=soon,done=20 true
	small 4096
}

@test "map: NUMWORDS: an item of many words is one, and many columns are many" {
	run -0 prockit map -c 'echo $#' ::: "$(seq -s ' ' 20000)"
	[[ $output == 1 ]]
	run -0 prockit map -C ' ' -c 'echo $# ${20000}' < <(seq -s ' ' 20000)
	[[ $output == '20000 20000' ]]
	run -0 prockit map -n 20000 -c 'echo $# ${20000}' < <(seq 20000)
	[[ $output == '20000 20000' ]]
}

@test "map: 4GB: a line of 300 MB is one line, and no memory" {
	local option
	for option in -k --line-buffer; do
		peak prockit map -j2 $option -c '{ head -c 300000000 /dev/zero | tr "\0" $1; echo; }' ::: a b >out
		[[ $(stat -c %s out) == 600000002 ]]
		# One line of each: at most two changes of the byte.
		[[ $(LC_ALL=C tr -s ab <out | sort | xargs) == 'a b' ]]
		rm out
		small 10000
	done
}

# Many

@test "map: three thousand items, each once, in little memory" {
	peak prockit map -j4 --log=log true < <(seq 3000)
	small 4096
	[[ $(jq -r .item log | sort -n | md5sum) == $(seq 3000 | md5sum) ]]
	prockit map -j4 -k echo < <(seq 3000) | cmp - <(seq 3000)
}

@test "map: yes as input, and an end" {
	run -0 --separate-stderr sh -c 'yes | prockit map -j2 --halt soon,done=100 --joblog=log true'
	[[ -z $output ]]
	# Those that ran when it was reached ended as well.
	(($(wc -l <log) >= 101 && $(wc -l <log) <= 103))
}

@test "map: three hundred jobs at a time" {
	# None can end before the last has begun.
	peak prockit map -j300 --timeout=60 -c 'echo $PROCKIT_SLOT >>slots; if [ $1 = 300 ]; then
			while [ $(wc -l <slots) != 300 ]; do sleep 0.05; done; touch met
		fi; until [ -e met ]; do sleep 0.1; done' < <(seq 300)
	[[ $(sort -n slots) == "$(seq 300)" ]]
	small 8000
}

@test "map: a pipeline of maps, each with its own workers" {
	run -0 sh -c 'seq 200 | prockit map -j4 -c "echo \$1" | prockit map -j2 -c "echo \$((\$1 * \$1))" |
		prockit map -j3 -n 7 -c "for i; do echo \$i; done" | sort -n'
	[[ $output == "$(for i in {1..200}; do echo $((i * i)); done)" ]]
}

@test "map: a stage that does not read stops the stages before it, and they go on later" {
	local map
	mkfifo out
	# Each job prints more than a pipe holds.
	seq 1000 | prockit map -j2 -c 'echo >>ran; head -c 100000 /dev/zero' >out 3>&- &
	map=$!
	exec 5<out
	head -c 1 <&5 >/dev/null
	wait_until 20 eval '(($(wc -l <ran) >= 2))'
	# It takes a while to see that nothing happens.
	is_still()
	{
		local before
		before=$(wc -l <ran)
		sleep 0.3
		(($(wc -l <ran) == before && before < 100))
	}
	wait_until 20 is_still
	[[ $(cat <&5 | wc -c) == 99999999 ]]
	exec 5<&-
	ends_with 0 $map
	[[ $(wc -l <ran) == 1000 ]]
}

@test "map: a reader that goes away ends it, and all jobs" {
	run --separate-stderr sh -c '{ yes | prockit map -j4 -c "echo \$\$ >>pids; echo a"; echo $? >status; } | head -n 3'
	[[ $output == $'a\na\na' && -z $stderr && $(<status) == 141 ]]
	gone pids
}

# Jobs that behave badly

@test "map: huge output on both streams at once" {
	local option
	for option in -k --line-buffer --json; do
		peak prockit map -j2 $option -c 'seq 700000 & seq 700000 >&2; wait' ::: a b >out 2>err
		small 10000
		if [[ $option == --json ]]; then
			jq -j .stdout out >b
			jq -j .stderr out >err
			mv b out
		fi
		[[ $(sort -n out | uniq -c | awk '$1 != 2' | wc -l) == 0 && $(wc -l <out) == 1400000 ]]
		[[ $(wc -l <err) == 1400000 ]]
	done
	{ seq 700000; seq 700000; } | cmp - err
}

@test "map: jobs that close their streams and run on" {
	mkfifo go
	# The first one waits for the second after it has closed them.
	run -1 --separate-stderr prockit map -k -j2 --log=log \
		-c 'echo $1; exec >&- 2>&-; [ $1 = b ] || { read word <go; exit 3; }; echo >go' ::: a b
	[[ $output == $'a\nb' && -z $stderr ]]
	[[ $(jq -c '[.item, .exit_status, .stdout_bytes]' log | sort | xargs) == '[a,3,2] [b,0,2]' ]]
}

@test "map: jobs that leave a process which holds their output" {
	# By default its end is waited for, with --drain it is not.
	run -0 prockit map -k -j2 -c 'echo $1; { sleep 0.5; echo late; } &' ::: a b
	[[ $output == $'a\nlate\nb\nlate' ]]
	start_clock
	run -0 prockit map -k -j2 --drain=100ms --log=log -c 'echo $1; sleep 1000 & echo $! >>pids' ::: a b
	(($(elapsed_ms) < 100000))
	[[ $output == $'a\nb' && $(jq -c '[.leaked, .holders[0].comm]' log | sort -u) == '[true,"sleep"]' ]]
	while read -r pid; do kill -KILL "$pid"; done <pids
}

@test "map: jobs that read standard input get nothing of the items" {
	run -0 prockit map -k -j1 -c 'echo "$1"; cat' < <(seq 5)
	[[ $output == "$(seq 5)" ]]
}

@test "map: items that look like options are items" {
	local items=(-j --json -- --help -k '' -0 '--halt=now,done=1' - +)
	run -0 prockit map -k printf '[%s]\n' ::: "${items[@]}"
	[[ $output == "$(printf '[%s]\n' "${items[@]}")" ]]
	run -0 prockit map -k -c 'printf "[%s]\n" "$1"' < <(printf '%s\n' "${items[@]}")
	[[ $output == "$(printf '[%s]\n' "${items[@]}")" ]]
	printf '%s\n' --json -j >-j
	run -0 prockit map -k echo :::: -j
	[[ $output == $'--json\n-j' ]]
	run -0 prockit map -k -a -j -- printf '[%s]\n'
	[[ $output == $'[--json]\n[-j]' ]]
}

@test "map: a job that stops itself or its group holds nobody else up" {
	run -1 --separate-stderr prockit map -k -j2 --timeout=2 -c '[ $1 != b ] || kill -STOP $$; echo $1' ::: a b c d e
	[[ $output == $'a\nc\nd\ne' ]]
	[[ $stderr == *'job 2 (b)'*'timed out'* ]]
}

@test "map: a job that kills its worker fails alone" {
	run -1 --separate-stderr prockit map -k -j2 -c '[ $1 != b ] || kill -KILL $PPID; echo $1' ::: a b c d e
	[[ $output == $'a\nc\nd\ne' ]]
	one_message 'job 2 (b)' 'worker was killed'
}

@test "map: a job that forks without end of its families is ended with them" {
	run -1 --separate-stderr prockit map -j2 --timeout=1 --kill-after=0.3 -c '[ $1 != b ] || { for i in 1 2 3 4 5 6 7 8; do
		setsid sh -c "trap \"\" TERM; echo \$\$ >>pids; (sleep 1000 & echo \$! >>pids; wait)" & done; wait; }; echo $1' ::: a b c
	[[ $(sort <<<"$output" | xargs) == 'a c' ]]
	[[ $(wc -l <pids) == 16 ]]
	gone pids
}
