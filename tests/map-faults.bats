#!/usr/bin/env bats
# prockit map when the system fails it: calls that fail, limits that are too small, full disks. It works
# all the same with fewer jobs at a time, or says what is wrong; it never hangs, and loses no job.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # the dollars are the jobs'; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	# A sanitizer's leak detector cannot work in a traced process.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	cd "$BATS_TEST_TMPDIR" || return
	strace -o trace true || skip 'no right to trace here'
}

teardown()
{
	end_leftovers
	no_more_everyone
}

# with_fault CALLS FAULT COMMAND...: while these system calls of prockit fail so; with_fault_below: those
# of its workers and jobs too; with_fault_on FILE: only on this file.
with_fault()
{
	strace -o trace -e trace="$1" -e inject="$1:$2" "${@:3}"
}

with_fault_below()
{
	strace -f -o trace -e trace="$1" -e inject="$1:$2" "${@:3}"
}

with_fault_on()
{
	strace -o trace -P "$1" -e trace="$2" -e inject="$2:$3" "${@:4}"
}

was_injected()
{
	grep -c INJECTED trace
}

forks='clone,?clone3,?fork,?vfork'
writes='write,writev,?sendfile,splice,copy_file_range,pwrite64'

# all_or_said N: the last run printed 1 to N, less those whose job failed with a message; its status is
# their number.
all_or_said()
{
	local failed
	failed=$(sed -n 's/^prockit map: job [0-9]* (\([0-9]*\)): .*/\1/p' <<<"$stderr")
	# shellcheck disable=SC2086 # lists of numbers
	printf '%s\n' $output $failed | sort -n >got
	if ! seq "$1" | cmp - got || ((status != $(wc -w <<<"$failed"))); then
		echo "status $status, output: ${output//$'\n'/ }, stderr: $stderr"
		return 1
	fi
}

# can_mount: behind "run" a skip would be a status of 0, so it is asked before.
can_mount()
{
	unshare=(unshare -m)
	((EUID == 0)) || unshare=(unshare -rm)
	"${unshare[@]}" true 2>/dev/null || skip 'no right to mount here'
}

# with_small_disk SIZE COMMAND...: after can_mount. TMPDIR is ./tiny, a file system of that size. /tmp is left.
with_small_disk()
{
	mkdir -p tiny
	"${unshare[@]}" sh -c 'mount -t tmpfs -o size="$1" none tiny || exit 99
		shift
		TMPDIR=$PWD/tiny; export TMPDIR
		exec "$@"' - "$@"
}

# with_few_descriptors N COMMAND...: what bats has open would only take room away.
with_few_descriptors()
{
	"$(helper closed-fds-run)" --close-from=3 --nofile="$1" -- "${@:2}"
}

# Processes

@test "map: no process for the first worker, at first" {
	run -0 --separate-stderr with_fault "$forks" error=EAGAIN:when=1 prockit map -k -j2 echo ::: 1 2 3
	was_injected
	[[ $output == $'1\n2\n3' && -z $stderr ]]
}

@test "map: no process for the second worker: one job at a time, and one word about it" {
	run -0 --separate-stderr with_fault "$forks" error=EAGAIN:when=2+ \
		prockit map -k -j4 -- sh -c 'echo $PROCKIT_SLOT' - ::: {1..40}
	was_injected
	[[ $(sort -u <<<"$output") == 1 && $(wc -l <<<"$output") == 40 ]]
	one_message 'cannot run more than 1 job' 'temporarily unavailable'
}

@test "map: no process for some of the jobs themselves" {
	# Not that of the first worker.
	run -0 --separate-stderr with_fault_below "$forks" error=EAGAIN:when=2+3 prockit map -k -j3 echo ::: {1..30}
	was_injected
	all_or_said 30
	[[ $(wc -l <<<"$output") == 30 ]]
}

@test "map: never a process: each job fails with a word, within seconds" {
	start_clock
	run --separate-stderr with_fault_below "$forks" error=EAGAIN prockit map -j2 --log=log touch ::: {1..300}
	(($(elapsed_ms) < 40000))
	was_injected
	[[ $status == 101 && -z $output && ! -e 1 ]]
	[[ $(grep -c 'cannot start a process: Resource temporarily unavailable' <<<"$stderr") == 300 ]]
	[[ $(jq -c '[.failed, .outcome, .error.step, .error.errno]' log | sort | uniq -c | xargs) == \
		'300 [true,not_started,spawn,EAGAIN]' ]]
}

@test "map: a shortage that ends is waited out" {
	# These are 20, 40, 80, 160 and 320 ms apart.
	start_clock
	run -0 --separate-stderr with_fault "$forks" error=EAGAIN:when=1..5 prockit map -k -j2 echo ::: {1..9}
	(($(elapsed_ms) >= 620))
	[[ $(was_injected) == 5 && -z $stderr ]]
	[[ $output == "$(seq 9)" ]]
}

@test "map: a user with few processes (RLIMIT_NPROC) gets fewer at a time" {
	((EUID == 0)) || skip 'only root can be another user'
	local n
	for_everyone
	cd "$everyone"
	# prockit itself, a worker and its job are three.
	for n in 3 4 5 6 9; do
		run -0 --separate-stderr as_user 54321 prlimit --nproc=$n ./prockit map -k -j4 echo ::: {1..12}
		[[ $output == "$(seq 12)" ]]
		[[ -z $stderr ]] || one_message 'cannot run more than'
	done
	run -12 --separate-stderr as_user 54321 prlimit --nproc=2 ./prockit map -k -j4 echo ::: {1..12}
	[[ -z $output && $stderr == *'job 12 (12): cannot start a process'* ]]
}

# Descriptors

@test "map: few descriptors: fewer jobs at a time, or a word for each" {
	local n
	for n in 5 8 16 20; do
		run --separate-stderr with_few_descriptors $n prockit map -k -j10 echo ::: {1..30}
		if ((status == 125)); then
			[[ -z $output ]]
			one_message 'Too many open files'
		else
			grep -v 'cannot run more than' <<<"$stderr" >err || true
			stderr=$(<err)
			all_or_said 30
		fi
		# The sanitizers have some of their own.
		has_sanitizers || ((n < 16 || status == 0))
	done
}

@test "map: few descriptors, and outputs that need files" {
	run -0 --separate-stderr with_few_descriptors 24 prockit map -k -j10 -c 'head -c 200000 /dev/zero | tr "\0" $1; echo' ::: \
		1 2 3 4 5 6 7 8 9
	[[ $(tr -s 0-9 <<<"$output" | xargs) == '1 2 3 4 5 6 7 8 9' && ${#output} == 1800008 ]]
}

@test "map: no socket for a worker" {
	run -0 --separate-stderr with_fault socketpair error=EMFILE:when=2+ prockit map -k -j3 echo ::: {1..9}
	was_injected
	[[ $output == "$(seq 9)" ]]
	one_message 'cannot run more than 1 job' 'Too many open files'
	run -2 --separate-stderr with_fault socketpair error=ENFILE prockit map -j3 echo ::: 1 2
	was_injected
	[[ -z $output && $(grep -c 'cannot start a process: Too many open files in system' <<<"$stderr") == 2 ]]
}

@test "map: no pipe for some of the jobs" {
	# A worker's first job gets its two pipes, and not its second one.
	run -0 --separate-stderr with_fault_below pipe2 error=EMFILE:when=3+2 prockit map -k -j2 echo ::: {1..9}
	was_injected
	[[ $output == "$(seq 9)" ]]
}

@test "map: what it needs before the first job is 125 and one line" {
	run -125 --separate-stderr with_fault signalfd4 error=EMFILE prockit map touch ::: ran
	one_message 'Too many open files'
	run -125 --separate-stderr with_fault prctl error=EINVAL prockit map touch ::: ran
	one_message
	[[ ! -e ran ]]
}

# Memory

@test "map: with little memory it never hangs, and says which jobs have failed" {
	has_sanitizers && skip 'AddressSanitizer itself ends where it gets no memory'
	local kib failed short=0
	for ((kib = 250; kib <= 800; kib += 50)); do
		prlimit --data=$((kib * 1024)): prockit --version >/dev/null 2>&1 || continue
		status=0
		seq 9 | timeout -s KILL 60 prlimit --data=$((kib * 1024)): prockit map -j3 --retries=0 echo >out 2>err ||
			status=$?
		[[ $status != 137 ]]
		failed=$(sed -n 's/^prockit map: job [0-9]* (\([0-9]*\)): .*/\1/p' err | sort -n)
		if ((status == 125)); then
			[[ -s err ]]
			short=$((short + 1))
		else
			# What is not there was said.
			[[ $(sort -n -u out <(echo "$failed") | xargs) == '1 2 3 4 5 6 7 8 9' ]]
			((status == $(wc -w <<<"$failed")))
			((status == 0)) || short=$((short + 1))
		fi
	done
	((status == 0 && short > 0))
}

@test "map: a small address space is enough" {
	has_sanitizers && skip 'AddressSanitizer needs terabytes of address space'
	run -0 --separate-stderr prlimit --as=$((16 << 20)) prockit map -k -j2 -c 'head -c 3000000 /dev/zero | tr "\0" $1; echo' ::: 1 2
	[[ ${#output} == 6000001 && -z $stderr ]]
}

# Disks

@test "map: a full disk fails the jobs whose output it cannot hold, and no other" {
	can_mount
	local option
	run -1 --separate-stderr with_small_disk 1m prockit map -j2 -k --log="$PWD/log" \
		-c 'head -c $1 /dev/zero | tr "\0" a; echo' ::: 10 3000000 20
	one_message 'job 2 (3000000)' 'No space left on device' TMPDIR
	[[ $(jq -c 'select(.failed) | [.seq, .exit_status, .truncated, .error.errno]' log) == '[2,125,true,"ENOSPC"]' ]]
	[[ $(jq -s 'map(select(.failed | not).seq) | sort' -c log) == '[1,3]' ]]
	# There is a record of each, whatever may be left out of it.
	run -1 --separate-stderr with_small_disk 1m prockit map -j2 -k --json \
		-c 'head -c $1 /dev/zero | tr "\0" a; echo' ::: 10 3000000 20
	one_message 'job 2 (3000000)' 'No space left on device'
	[[ $(jq -c '[.seq, .failed, .stdout]' <<<"$output" | xargs -d '\n') == \
		'[1,false,"aaaaaaaaaa\n"] [2,true,null] [3,false,"aaaaaaaaaaaaaaaaaaaa\n"]' ]]
	for option in --line-buffer --keep-order --results="$PWD/results"; do
		run -1 --separate-stderr with_small_disk 1m prockit map -j2 "$option" --tag=: \
			-c 'head -c $1 /dev/zero | tr "\0" a; echo' ::: 10 3000000 20
		one_message 'job 2 (3000000)' 'No space left on device'
		tr '\t' : <<<"$output" | tr : '\n' | grep -xE 'a{10}|a{20}' >short
		[[ $(sort short | xargs) == 'aaaaaaaaaa aaaaaaaaaaaaaaaaaaaa' ]]
	done
}

@test "map: outputs that wait for their turn on a full disk" {
	can_mount
	mkfifo turn
	run --separate-stderr with_small_disk 1m prockit map -j2 -k --log="$PWD/log" -- sh -c '
		[ $1 != 1 ] || read word <turn
		head -c 40000 /dev/zero | tr "\0" a
		[ $1 != 60 ] || echo >turn' - ::: {1..60}
	# Those for which there was room are whole.
	((status > 10 && status < 50))
	((${#output} == 40000 * (60 - status)))
	[[ $(grep -c 'cannot keep its output: No space left on device' <<<"$stderr") == "$status" ]]
	[[ $(jq -s 'map(select(.failed)) | length' log) == "$status" ]]
}

@test "map: a log, table or result that cannot be written ends it with 125 and the name" {
	local option
	touch log joblog
	run -125 --separate-stderr with_fault_on "$PWD/log" write error=ENOSPC prockit map -j1 --log="$PWD/log" echo ::: a b c
	was_injected
	one_message "$PWD/log" 'No space left on device'
	[[ $output == a ]]
	run -125 --separate-stderr with_fault_on "$PWD/log" write error=EIO:when=3 prockit map -j1 --log="$PWD/log" echo ::: {1..9}
	one_message "$PWD/log" 'Input/output error'
	[[ $output == $'1\n2\n3' ]]
	[[ $(wc -l <log) == 2 ]]
	for option in --log --joblog; do
		run -125 --separate-stderr prockit map -j1 $option=/dev/full echo ::: a b c
		one_message /dev/full
	done
}

@test "map: a job whose --results cannot be written has failed, and the others run" {
	can_mount
	run -1 --separate-stderr with_small_disk 64k prockit map -j1 --results=tiny/r --log=log --joblog=joblog --json \
		-c '[ $1 != b ] || head -c 100000 /dev/zero | tr "\0" a' ::: a b
	one_message 'job 2 (b)' 'tiny/r/2/stdout' 'No space left on device'
	jq -se 'map(.failed) == [false, true] and (.[1].error.message | contains("tiny/r/2/stdout"))' <<<"$output"
	jq -se 'map(.failed) == [false, true]' log
	[[ $(cut -f 7 joblog | tail -n 1) != 0 ]]
	mkdir results
	: >results/2
	run -1 --separate-stderr prockit map -j1 --results=results --log=log2 echo ::: a b c
	one_message 'job 2 (b)' 'results/2' 'Not a directory'
	[[ $output == $'a\nb\nc' ]]
	run -0 prockit map --dry-run --resume=log2 echo ::: a b c
	[[ $output == 'echo b' ]]
}

@test "map: stdout that cannot be written is 125 and one line" {
	local option
	for option in --quiet -k --line-buffer --json --tag; do
		run -125 --separate-stderr sh -c 'exec prockit map -j2 "$1" echo ::: 1 2 3 >/dev/full' - $option
		one_message 'standard output' 'No space left on device'
	done
	touch out
	run -125 --separate-stderr with_fault_on "$PWD/out" "$writes" error=EIO sh -c 'exec prockit map -j2 seq ::: 100000 9 >out'
	was_injected
	one_message 'standard output' 'Input/output error'
}

# is_stopped PID
is_stopped()
{
	grep -q '^State:[[:blank:]]*T' "/proc/$1/status"
}

@test "map: stops in the middle of long messages lose nothing" {
	local map i item
	item=$(head -c 100000 /dev/zero | tr '\0' a)
	for ((i = 0; i < 480; i++)); do echo "$item"; done >items
	setsid prockit map -j3 -n8 -c 'echo $#' <items >out 2>err 3>&- &
	map=$!
	wait_until 20 test -s out
	for ((i = 0; i < 40; i++)); do
		kill -STOP -- "-$map" || break
		wait_until 20 is_stopped "$map"
		kill -CONT -- "-$map"
	done
	wait "$map"
	[[ $(sort out | uniq -c | xargs) == '60 8' && ! -s err ]]
}

@test "map: interrupted calls lose and repeat nothing" {
	touch out
	with_fault_on "$PWD/out" "$writes" error=EINTR:when=1+2 sh -c 'exec prockit map -k -j2 seq ::: 100000 9 50000 >out'
	was_injected
	{ seq 100000; seq 9; seq 50000; } | cmp - out
	with_fault poll,ppoll,recvmsg,sendmsg,sendto error=EINTR:when=2+3 prockit map -k -j2 seq ::: 100000 9 50000 >out
	was_injected
	cmp <(seq 100000; seq 9; seq 50000) out
}

@test "map: a TMPDIR that cannot be used" {
	local dir
	touch file
	for dir in /nonexistent/tmp "$PWD/file"; do
		run -0 --separate-stderr env TMPDIR="$dir" prockit map -k -j2 -c 'head -c 3000000 /dev/zero | tr "\0" $1; echo' ::: 1 2
		[[ ${#output} == 6000001 && -z $stderr ]]
	done
}

# Input

@test "map: items that cannot be read are 125, after the jobs that run" {
	seq 5 >items
	run -125 --separate-stderr with_fault_on "$PWD/items" read error=EIO prockit map -a "$PWD/items" echo
	was_injected
	[[ -z $output ]]
	one_message "$PWD/items" 'Input/output error'
	run -125 --separate-stderr with_fault_on "$PWD/items" read error=EIO sh -c 'exec prockit map echo <items'
	one_message 'standard input' 'Input/output error'
	# What had come before is run and printed.
	run -125 --separate-stderr with_fault_on "$PWD/items" read error=EIO:when=2 sh -c 'exec prockit map -k echo <items'
	[[ $output == 1 || $output == $'1\n2'* ]]
	one_message 'standard input'
	run -125 --separate-stderr sh -c 'exec prockit map touch <.'
	one_message 'standard input' 'Is a directory'
	run -125 --separate-stderr sh -c 'exec prockit map touch <&-'
	one_message 'standard input'
}

@test "map: a working directory that was deleted" {
	mkdir gone
	cd gone
	rmdir ../gone
	run -0 --separate-stderr prockit map -k --json echo ::: a b
	[[ -z $stderr && $(jq -c '[.cwd, .stdout]' <<<"$output" | xargs) == '[null,a\n] [null,b\n]' ]]
}
