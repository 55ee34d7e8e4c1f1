#!/usr/bin/env bats
# sysinfo's engine: which columns, when a record is made, what is kept between two runs, and how a
# record reaches the terminal. What one asks of it day by day is in sysinfo.bats.
# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2016 # the dollars are the inner shell's

bats_require_minimum_version 1.5.0
load lib/common
load lib/children

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	pty=$(helper pty-run)
	ctrl_c=$'\003'
	ctrl_z=$'\032'
}

teardown()
{
	end_leftovers
}

# tree FOLDER USER IDLE [NUMBER...]: a /proc with these ticks, for all and for each of these CPUs.
tree()
{
	local cpu
	mkdir -p "$1/sys/kernel/random"
	echo 01234567-89ab-cdef-0123-456789abcdef >"$1/sys/kernel/random/boot_id"
	{
		echo "cpu  $2 0 0 $3 0 0 0 0 0 0"
		for cpu in "${@:4}"; do
			echo "cpu$cpu $2 0 0 $3 0 0 0 0 0 0"
		done
	} >"$1/stat"
	printf 'MemTotal: 1000 kB\nMemFree: 500 kB\nMemAvailable: 600 kB\n' >"$1/meminfo"
}

# interfaces FOLDER NAME BYTES...: its net/dev, with so many bytes received and sent.
interfaces()
{
	mkdir -p "$1/net"
	{
		echo 'Inter-|   Receive  |  Transmit'
		echo ' face |bytes packets errs drop fifo frame compressed multicast|bytes ...'
		while (($# > 1)); do
			echo " $2: $3 1 0 0 0 0 0 0 $3 1 0 0 0 0 0 0"
			set -- "$1" "${@:4}"
		done
	} >"$1/net/dev"
}

# percent FOLDER [STATE]: cpu-percent of this tree, compared with the state.
percent()
{
	prockit sysinfo cpu-percent --proc="$1" --state="${2:-state}" --get percent
}

# keys JQ TEXT
keys()
{
	jq -c "$1 | keys_unsorted" <<<"$2"
}

has_lines()
{
	(($(wc -l <"$2") >= $1))
}

# ---- options ----------------------------------------------------------------------------------

@test "sysinfo: what does not go together is refused, in one line that names it" {
	local words
	for words in '--prefix=x' '--prefix=x --json' '-O -o total' '--get=total -o total' \
		'--get=total -O' '--get=total --json' '--json --raw' '--csv --openmetrics' \
		'--state=s -i 1' '--state=s -c 1' '--state=s --watch' '--watch --json' \
		'--openmetrics -i 1' '--openmetrics -c 2' '-H --shell' '--list'; do
		# shellcheck disable=SC2086 # several words
		run -125 --separate-stderr prockit sysinfo memory $words
		[[ $output == '' && $stderr == 'prockit sysinfo: --'* && $stderr != *$'\n'* ]] ||
			{ echo "$words: $output $stderr"; return 1; }
		[[ ! -e s ]]
	done
	run -0 prockit sysinfo memory --openmetrics -i 0.01 -c 1
	run -0 prockit sysinfo memory --get=total --get=free
}

@test "sysinfo: a topic has psutil's name too, with hyphens or underscores, in any case" {
	tree a 1 1 0
	local name
	for name in cpu-times cpu_times CPU_Times; do
		run -0 prockit sysinfo "$name" --proc=a --json
		[[ $(keys . "$output") == '["time","cpu_times"]' ]]
	done
	run -0 prockit sysinfo getloadavg load virtual_memory --json
	[[ $(keys . "$output") == '["time","load","memory"]' ]]
}

@test "sysinfo: a path without disk-usage is refused, and so is a percpu that nothing has" {
	run -125 --separate-stderr prockit sysinfo /
	one_message "'/' is a path" disk-usage
	run -125 --separate-stderr prockit sysinfo --percpu
	one_message --percpu
}

# ---- columns ----------------------------------------------------------------------------------

@test "sysinfo: -o takes names in any case, shows each once, and keeps the order" {
	tree a 1 2 0
	run -0 prockit sysinfo cpu-times --proc=a -o IDLE,user,idle --raw
	[[ ${lines[0]} == $'idle\tuser' && ${lines[1]} == $'0.02\t0.01' ]]
	run -0 prockit sysinfo cpu-times --proc=a --percpu -o +user --raw
	[[ ${lines[0]} == cpu$'\t'user$'\t'* && ${lines[0]} != *user*user* ]]
	run -125 --separate-stderr prockit sysinfo cpu-times --proc=a -o user,,idle
	one_message "--output: '' is not a column"
}

@test "sysinfo: of several topics, one without any of the names keeps its columns" {
	tree a 1 2 0
	run -0 prockit sysinfo cpu-times memory --proc=a --json -o user,total
	[[ $(keys .cpu_times "$output") == '["user"]' && $(keys .memory "$output") == '["total"]' ]]
	run -0 prockit sysinfo cpu-times memory --proc=a --json -o total
	[[ $(keys .cpu_times "$output") == '["user",'*'"idle"'* ]]
	run -0 prockit sysinfo swap memory --proc=a --json -o memory.total,virtual_memory.free
	[[ $(keys .memory "$output") == '["total","free"]' && $(keys .swap "$output") == '["total","used",'* ]]
	run -125 --separate-stderr prockit sysinfo cpu-times memory --proc=a -o memory.user
	one_message "'memory.user' is not a column"
}

@test "sysinfo: --get reads one topic alone, and says where a name is not clear" {
	tree a 5 2 0
	run -125 --separate-stderr prockit sysinfo swap memory --proc=a --get total
	one_message --get "'total'" swap memory
	run -0 prockit sysinfo swap memory --proc=a --get memory.total
	[[ $output == 1024000 ]]
	rm a/meminfo
	run -0 prockit sysinfo cpu-times memory --proc=a --get cpu_times.user
	[[ $output == 0.05 ]]
}

@test "sysinfo: a total has no id, and --percpu puts it first" {
	tree a 1 1 0 3
	run -0 prockit sysinfo cpu-times --proc=a --json
	jq -e '.cpu_times | has("cpu") | not' <<<"$output"
	run -0 prockit sysinfo cpu-times --proc=a --percpu --json -O
	jq -e '[.cpu_times[].cpu] == [0, 3] and (.cpu_times | all(keys_unsorted[0] == "cpu"))' <<<"$output"
}

@test "sysinfo: --list-columns is of the topics that were named, or of all" {
	run -0 prockit sysinfo load --list-columns --raw
	[[ $output == *load15* && $output != *percent* ]]
	run -0 prockit sysinfo -H --json
	jq -e . <<<"$output"
	[[ $output == *load15* && $output == *idle* && $output == *swap* ]]
	run -0 prockit sysinfo cpu-times --rate -H --raw
	[[ $output == *user_per_sec* ]]
}

@test "sysinfo: --list says of each topic whether it samples, in every format" {
	run -0 prockit sysinfo --list --json
	jq -e '.topics | map({(.topic): .samples}) | add | ."cpu-percent" == true and .memory == false' <<<"$output"
	run -0 prockit sysinfo --list --raw -n -o topic
	[[ $output == *cpu-times$'\n'cpu-percent* ]]
}

# ---- tables -----------------------------------------------------------------------------------

@test "ps: a tree is one without the library that draws, too" {
	: >libsmartcols.so.1
	run -0 env LD_LIBRARY_PATH="$PWD" prockit ps --tree "$$" -o depth,name --noheadings
	# Behind the depth and a blank, two more for each level.
	awk '{match($0, /^ *[0-9]+ /); rest = substr($0, RLENGTH + 1); match(rest, /^ */)
		bad += RLENGTH != 2 * $1; deepest = $1 > deepest ? $1 : deepest}
		END {exit bad || deepest < 1}' <<<"$output"
}

# ---- what is not there ------------------------------------------------------------------------

@test "sysinfo: what is missing is told once, however many records there are" {
	run -1 --separate-stderr prockit sysinfo disk-usage ./nosuch / -c 3 -i 0.01 --jsonl
	[[ ${#lines[@]} == 3 ]]
	one_message './nosuch: No such file or directory'
}

@test "sysinfo: --require tells of each column once, behind what is shown" {
	tree a 1 1 0
	run -1 --separate-stderr prockit sysinfo memory --proc=a --require -o total,shared -c 3 -i 0.01 --jsonl
	[[ ${#lines[@]} == 3 ]]
	one_message 'shared of memory is unavailable (unsupported)'
}

# ---- sampling ---------------------------------------------------------------------------------

@test "sysinfo: -c alone takes half a second each, and a topic that does not sample begins at once" {
	prockit sysinfo load -c 2 --jsonl >out
	jq -es 'length == 2 and (.[1].time - .[0].time > 0.4)' out
	prockit sysinfo cpu-percent -c 2 --jsonl >out
	jq -es 'length == 2 and all(.[]; .interval > 0.4)' out
}

@test "sysinfo: records are made at multiples of the interval, without drift" {
	prockit sysinfo cpu-percent -i 0.05 -c 41 --jsonl >out
	# What one record is late is not added to the next: nearly all are where they belong.
	jq -es 'length == 41 and ([range(1; 41) as $i | .[$i].time - .[0].time - $i * 0.05 |
		fabs | select(. < 0.03)] | length > 30)' out
}

@test "sysinfo: moments that were missed are left out, and nothing is made up for" {
	prockit sysinfo load -i 0.2 -c 8 --jsonl >out 3>&- &
	local pid=$!
	wait_until 10 has_lines 2 out
	kill -STOP "$pid"
	start_clock
	wait_until 10 eval '(($(elapsed_ms) > 1100))'
	kill -CONT "$pid"
	wait "$pid"
	# One is late, and the next may come soon behind it; all others keep their distance.
	jq -es '[range(1; 8) as $i | .[$i].time - .[$i - 1].time] | max > 1 and
		([.[] | select(. > 0.1)] | length >= 6)' out
}

@test "sysinfo: a record is one write" {
	tree a 1 1 $(seq 0 299)
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=write -e write=none -o trace prockit sysinfo cpu-times --percpu --proc=a \
		-i 0.01 -c 4 --jsonl >out
	[[ $(wc -l <out) == 4 && $(grep -c 'write(1, "{' trace) == 4 && $(grep -c 'write(1,' trace) == 4 ]]
	(($(wc -c <out) > 100000))
}

# stuck FIFO OPTION...: cpu-times of 1000 CPUs, more than a pipe holds, into a FIFO that nobody reads
# yet. 4 is its reading end, and $writer writes.
stuck()
{
	tree a 1 1 $(seq 0 999)
	mkfifo "$1"
	exec 4<>"$1"
	prockit sysinfo cpu-times --percpu --proc=a --jsonl "${@:2}" >"$1" 3>&- 4>&- &
	writer=$!
}

# half_out PID: it has begun to write a record, and waits for room.
half_out()
{
	[[ $(readlink "/proc/$1/fd/"* 2>/dev/null) == *signalfd* ]]
}

@test "sysinfo: a signal within a record that is too large for the pipe waits until it is whole" {
	local signal
	for signal in TERM:143 HUP:129 USR1:138; do
		stuck "$signal" -i 0.01
		wait_until 10 half_out "$writer"
		kill "-${signal%:*}" "$writer"
		exec 5<"$signal" 4>&-
		cat <&5 >out
		exec 5<&-
		ends_with "${signal#*:}" "$writer"
		[[ $(tail -c 1 out | od -An -tx1) == ' 0a' ]]
		jq -es 'length == 1 and (.[0].cpu_times | length == 1000)' out
	done
}

@test "sysinfo: a reader that reads no more does not keep a signal from ending it" {
	stuck fifo -i 0.01
	wait_until 10 half_out "$writer"
	start_clock
	kill "$writer"
	ends_with 143 "$writer"
	(($(elapsed_ms) < 8000))
	exec 4>&-
}

@test "sysinfo: a signal before there is room for any of a record leaves nothing of it" {
	tree a 1 1 $(seq 0 999)
	mkfifo fifo
	exec 4<>fifo
	# As much as it holds.
	dd if=/dev/zero of=fifo bs=4096 oflag=nonblock 2>/dev/null || true
	prockit sysinfo cpu-times --percpu --proc=a --jsonl >fifo 3>&- 4>&- &
	writer=$!
	wait_until 10 grep -q 'S (sleeping)' "/proc/$writer/status"
	start_clock
	kill "$writer"
	ends_with 143 "$writer"
	(($(elapsed_ms) < 1500))
	exec 5<fifo 4>&-
	run -0 tr -d '\0' <&5
	exec 5<&-
	[[ $output == '' ]]
}

@test "sysinfo: a signal that is ignored does not cut a record, however long nobody reads" {
	tree a 1 1 $(seq 0 999)
	mkfifo fifo
	exec 4<>fifo
	(trap '' HUP; exec prockit sysinfo cpu-times --percpu --proc=a --jsonl >fifo 3>&- 4>&-) &
	writer=$!
	wait_until 10 half_out "$writer"
	kill -HUP "$writer"
	# Until it has been given its time, and is no longer among those that wait.
	wait_until 10 eval "! grep -q 'ShdPnd:.*1\$' /proc/$writer/status"
	exec 5<fifo 4>&-
	cat <&5 >out
	exec 5<&-
	ends_with 0 "$writer"
	jq -es 'length == 1' out
}

@test "sysinfo: where a kernel cannot write without waiting, pieces that fit make a record" {
	tree a 1 1 $(seq 0 999)
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=write,pwritev2 -e inject=pwritev2:error=EOPNOTSUPP -o trace \
		prockit sysinfo cpu-times --percpu --proc=a --jsonl | cat >out
	jq -es 'length == 1 and (.[0].cpu_times | length == 1000)' out
	[[ $(grep -c 'pwritev2(1' trace) == 1 ]]
	run -0 awk '/ write\(1,/ && $NF > 4096 {exit 1}' trace
	# And what fits in one piece takes one write, and nothing else.
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=write,pwritev2,rt_sigprocmask,fstat -o trace \
		prockit sysinfo memory --proc=a --jsonl | cat >out
	run -0 awk '/"\{/ {n++} /pwritev2/ || (n && !/"\{/ && !/exited/) {bad++} END {exit bad || n != 1}' trace
}

@test "sysinfo: Ctrl-C leaves whole lines" {
	: >out
	run -130 "$pty" --file=out --send="$ctrl_c" -- \
		bash -c 'prockit sysinfo cpu-times --percpu --jsonl -i 0.001 >out; exit $?'
	[[ $(tail -c 1 out | od -An -tx1) == ' 0a' ]]
	jq -es 'length > 0' out
}

# ---- rates ------------------------------------------------------------------------------------

@test "sysinfo: --rate matches rows by their id, and knows nothing of a reset or of a new one" {
	tree a 1 1 0
	tree b 1 1 0
	interfaces a one 1000 two 5000 gone 7
	interfaces b new 100000 two 4000 one 3000
	prockit sysinfo net-io --pernic --rate --proc=a --state=state --json >first
	jq -e '.net_io | length == 3 and all(.[]; .bytes_recv_per_sec == null and
		.unavailable.bytes_recv_per_sec == "not_applicable")' first
	prockit sysinfo net-io --pernic --rate --proc=b --state=state --json >second
	jq -e '.interval as $s | .net_io | map({(.name): .}) | add |
		(.one.bytes_recv_per_sec * $s | . > 1990 and . < 2010) and .one.errin_per_sec == 0 and
		.two.bytes_recv_per_sec == null and .two.unavailable.bytes_recv_per_sec == "not_applicable" and
		.two.packets_recv_per_sec == 0 and
		.new.bytes_recv_per_sec == null and (has("gone") | not)' second
	run -0 prockit sysinfo net-io --rate --proc=b --state=state --get=bytes_sent
}

@test "sysinfo: --rate subtracts counters as whole numbers, of 64 bits" {
	tree a 1 1 0
	tree b 1 1 0
	interfaces a one 18446744073709551000
	interfaces b one 18446744073709551500
	prockit sysinfo net-io --rate --proc=a --state=state >/dev/null
	prockit sysinfo net-io --rate --proc=b --state=state --json >out
	jq -e '.interval * .net_io.bytes_sent_per_sec | . > 495 and . < 505' out
}

@test "sysinfo: --rate is refused where nothing is counted" {
	run -125 --separate-stderr prockit sysinfo load --rate
	one_message --rate load
	run -0 prockit sysinfo load net-io --rate -i 0.01 -c 1 --json
	jq -e 'has("load") and (.net_io | has("bytes_sent_per_sec"))' <<<"$output"
}

# ---- state ------------------------------------------------------------------------------------

@test "sysinfo: --state waits for nothing, and lets a topic that needs no past show what it has" {
	tree a 1000 1000 0
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=ppoll,nanosleep,clock_nanosleep,pselect6 -o trace \
		prockit sysinfo cpu-percent memory --proc=a --state=state --json >out
	run -1 grep -E '(ppoll|sleep|select6)\(' trace
	jq -e '.cpu_percent.percent == null and .memory.total == 1024000' out
}

@test "sysinfo: a state cut at any byte, or with any other byte, is none and is replaced" {
	tree a 1000 1000 0
	tree b 1300 1100 0
	local at size
	percent a good
	size=$(wc -c <good)
	((size > 200))
	# Without run, whose own variables and whose traps take most of the time.
	for ((at = 0; at < size; at++)); do
		head -c "$at" good >state
		percent b >out 2>err
		[[ $(<out) == '' && ! -s err ]] || { echo "cut at $at: $(cat out err)"; return 1; }
	done
	for ((at = 0; at < size; at += 3)); do
		{ head -c "$at" good && printf '\377' && tail -c +"$((at + 2))" good; } >state
		percent b >out 2>err
		[[ $(<out) == '' && ! -s err ]] || { echo "other at $at: $(cat out err)"; return 1; }
	done
	cp good state
	[[ $(percent b) == 75.0 ]]
	# And what took the place of a bad one is good.
	echo junk >state
	percent a
	[[ $(percent b) == 75.0 ]]
}

@test "sysinfo: a tree without a boot id is of one boot, and another one is another" {
	tree a 1000 1000 0
	tree b 1300 1100 0
	rm a/sys/kernel/random/boot_id
	percent a
	[[ $(percent b) == '' ]]
	rm b/sys/kernel/random/boot_id
	percent a
	[[ $(percent b) == 75.0 ]]
}

@test "sysinfo: one state serves several topics, one after the other" {
	tree a 1000 1000 0
	tree b 1300 1100 0
	interfaces a one 1000
	interfaces b one 1000
	percent a
	run -0 prockit sysinfo net-io --rate --proc=a --state=state --get=bytes_sent
	run -0 prockit sysinfo cpu-percent --percpu --proc=a --state=state --get=percent
	[[ $(percent b) == 75.0 ]]
	[[ $(prockit sysinfo net-io --rate --proc=b --state=state --get=bytes_sent) == 0.000 ]]
	[[ $(prockit sysinfo cpu-percent --percpu --proc=b --state=state --get=percent) == 75.0 ]]
	# Topics that are made from one table share it.
	run -0 prockit sysinfo cpu-percent cpu-times-percent --proc=a --state=other --json
	[[ $(grep -c ^section other) == 1 ]]
	run -0 prockit sysinfo cpu-times-percent cpu-percent --proc=b --state=other --json
	jq -e '.cpu_percent.percent == 75 and .cpu_times_percent.idle == 25' <<<"$output"
}

@test "sysinfo: a state that cannot be kept is 125, after what was asked for" {
	tree a 1000 1000 0
	run -125 --separate-stderr prockit sysinfo memory cpu-percent --proc=a --state=no/such --json
	jq -e '.memory.total == 1024000' <<<"$output"
	one_message no/such 'No such file or directory'
	run -125 --separate-stderr prockit sysinfo memory --proc=a --state=/sys/state --get total
	[[ $output == 1024000 ]]
	one_message /sys/state
}

@test "sysinfo: a state is never put in the place of what is no file" {
	tree a 1000 1000 0
	mkfifo fifo
	mkdir folder
	local name
	for name in fifo folder /dev/null; do
		run -125 --separate-stderr prockit sysinfo cpu-percent --proc=a --state="$name"
		one_message "$name" 'not a regular file'
	done
	[[ -p fifo && -d folder && -c /dev/null ]]
}

@test "sysinfo: a state may be a symbolic link, which stays, whatever it leads to" {
	tree a 1000 1000 0
	tree b 1300 1100 0
	mkdir deep
	ln -s deep/link link
	ln -s file deep/link
	percent a link
	[[ -L link && -L deep/link && -f deep/file && ! -L deep/file ]]
	[[ $(percent b link) == 75.0 ]]
	[[ -L link && -L deep/link && $(ls -A deep) == file$'\n'link ]]
	ln -s "$PWD/none" absolute
	percent a absolute
	[[ -L absolute && -f none ]]
	ln -s loop loop
	run -125 --separate-stderr percent a loop
	one_message 'loop: Too many levels of symbolic links'
}

@test "sysinfo: a state is its owner's alone, and nothing is left beside it, on a full disk neither" {
	tree a 1000 1000 0
	mkdir states
	percent a states/one
	[[ $(stat -c %a states/one) == 600 && $(ls -A states) == one ]]
	cp states/one before
	# Through a pipe, as run keeps stderr in a file, for which the limit holds too.
	run -0 bash -c '(ulimit -f 0; exec prockit sysinfo memory cpu-percent --proc=a \
		--state=states/one --json) 2>&1 | cat; echo "${PIPESTATUS[0]}"'
	[[ ${lines[0]} == '{'*'}' && ${lines[1]} == *states/one*'File too large' && ${lines[2]} == 125 ]]
	[[ $(ls -A states) == one ]]
	cmp states/one before
}

# ---- watch ------------------------------------------------------------------------------------

hide=$'\e[?25l'
show=$'\e[?25h'
home=$'\e[H'

@test "sysinfo: --watch needs a terminal, and says what to use instead" {
	run -125 --separate-stderr prockit sysinfo memory --watch
	[[ $output == '' ]]
	one_message --watch --interval
}

@test "sysinfo: --watch draws in one place, with the past of a percentage beside its row" {
	run -0 "$pty" -- prockit sysinfo cpu-percent memory --percpu --watch -i 0.05 -c 3
	[[ $output == "$hide"* && $output == *"$show"* && ${output##*"$show"} == '' ]]
	# Clearing is the first thing; then each record begins at the top.
	[[ $(grep -o $'\e\\[H' <<<"$output" | wc -l) == 4 ]]
	[[ $(grep -c HISTORY <<<"$output") == 6 ]]
	[[ ${output##*"$home"} =~ [▁▂▃▄▅▆▇█]{3}  || ${output##*"$home"} == *[▁▂▃▄▅▆▇█]* ]]
}

@test "sysinfo: --watch shows no more lines than the screen has, and draws again when it changes" {
	tree a 1 1 $(seq 0 99)
	run -130 "$pty" --expect=' 3 ' --kill=WINCH:pid --expect=' 3 ' --send="$ctrl_c" -- \
		sh -c 'stty rows 12 cols 200; echo $$ >pid; exec prockit sysinfo cpu-times --percpu --proc=a --watch -i 1000'
	[[ $output != *$'\n'' 99 '* ]]
	local last=${output##*"$home"}
	(($(wc -l <<<"$last") <= 13))
}

@test "sysinfo: Ctrl-C, TERM, HUP and QUIT end --watch by themselves, and the cursor is back" {
	ulimit -c 0
	run -130 "$pty" --expect=MEMORY --send="$ctrl_c" -- \
		sh -c 'echo MEMORY; exec prockit sysinfo memory --watch'
	local pair
	for pair in INT:130 TERM:143 HUP:129 QUIT:131 USR1:138; do
		run "-${pair#*:}" "$pty" --expect="$home" --expect="$home" --kill="${pair%:*}:pid" -- \
			sh -c 'echo $$ >pid; exec prockit sysinfo memory --watch'
		[[ $output == *"$hide"*"$show"* && ${output##*"$show"} != *"$hide"* ]]
	done
}

@test "sysinfo: --watch gives the terminal back on Ctrl-Z, and comes back with fg" {
	run -0 "$pty" --expect='ready> ' --send=$'sh -c \'echo $$ >pid; exec prockit sysinfo memory --watch -i 1000\'\n' \
		--expect="$hide" --expect="$home" --expect="$home" --send="$ctrl_z" --expect="$show" --expect='ready> ' \
		--state=T:pid --send=$'fg\n' --expect="$hide" --expect="$home" --send="$ctrl_c" \
		--expect="$show" --expect='ready> ' --send=$'exit 0\n' -- \
		env PS1='ready> ' HISTFILE= bash --norc --noprofile --noediting -i
}

@test "sysinfo: a terminal that hangs up ends --watch" {
	run -129 "$pty" --expect="$home" --expect="$home" --hangup -- \
		sh -c 'echo $$ >pid; exec prockit sysinfo memory --watch -i 0.01'
}

@test "sysinfo: --watch does not grow" {
	! has_sanitizers || skip 'the sanitizers keep what was freed'
	run -0 "$pty" -- "$(helper peak-memory)" few prockit sysinfo cpu-percent --percpu --watch -i 0.001 -c 30
	run -0 "$pty" -- "$(helper peak-memory)" many prockit sysinfo cpu-percent --percpu --watch -i 0.001 -c 3000
	# How much of the program's own files is mapped differs from run to run by some 100 KiB.
	(($(<many) <= $(<few) + 1024))
}
