#!/usr/bin/env bats
# Faults injected for real: system calls that fail, limits that are too small. prockit either works
# all the same, or says so in one line and ends with 125; nothing is lost without a word.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; run sets variables

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

# with_fault CALLS FAULT COMMAND...: run it while these system calls of the first process fail so;
# its children are not touched.
with_fault()
{
	strace -o trace -e trace="$1" -e inject="$1:$2" "${@:3}"
}

# The same, only for calls on this file.
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

# refused TEXT...: the last run ended with 125, one line that holds each TEXT, no data.
refused()
{
	[[ $status == 125 && -z $output ]] || {
		echo "status $status, output: $output, stderr: $stderr"
		return 1
	}
	one_message "$@"
}

# right_or_refused WANT: the last run gave WANT, or refused.
right_or_refused()
{
	if ((status == 0)); then
		[[ $output == "$1" && -z $stderr ]] && return
		echo "wrong: output: $output, stderr: $stderr"
		return 1
	fi
	refused
}

# Pipes and processes

@test "faults: no pipe (pipe2 fails)" {
	local error
	for error in EMFILE ENFILE; do
		run --separate-stderr with_fault pipe2 error=$error \
			prockit check-output --report=r.json -- touch ran
		refused
		was_injected
		[[ ! -e ran ]]
		is_record r.json
		says r.json ".outcome == \"not_started\" and .error.step == \"pipe\" and .error.errno == \"$error\""

		run --separate-stderr with_fault pipe2 error=$error prockit pipe -- touch ran ::: cat
		refused
		[[ ! -e ran ]]
	done
}

@test "faults: the second pipe of a run, the second of a pipeline" {
	run --separate-stderr with_fault pipe2 error=EMFILE:when=2 prockit run -- touch ran
	[[ $status == 125 ]]
	one_message
	was_injected
	[[ ! -e ran ]]
	run --separate-stderr with_fault pipe2 error=EMFILE:when=2 \
		prockit pipe -- sh -c 'echo $$ >1.pid; exec sleep 1000' ::: cat ::: cat
	refused
	[[ ! -s 1.pid ]] || is_gone "$(<1.pid)"
}

@test "faults: no process (clone fails)" {
	local error
	for error in EAGAIN ENOMEM; do
		run --separate-stderr with_fault "$forks" error=$error \
			prockit check-output --report=r.json -- touch ran
		refused
		was_injected
		[[ ! -e ran ]]
		is_record r.json
		says r.json ".error.step == \"spawn\" and .error.errno == \"$error\""
	done
	run --separate-stderr with_fault "$forks" error=EAGAIN prockit call -t 5 -- touch ran
	refused
	run --separate-stderr with_fault "$forks" error=EAGAIN prockit pipe -- touch ran ::: cat
	refused
	run --separate-stderr with_fault "$forks" error=EAGAIN prockit call --guard -- touch ran
	refused
	[[ ! -e ran ]]
}

@test "faults: no process for the second stage of a pipeline" {
	# Whatever the C library calls to make a process, a start makes one such call.
	run --separate-stderr with_fault "$forks" error=EAGAIN:when=2 prockit pipe --report=r.json -- \
		sh -c 'echo $$ >1.pid; exec sleep 1000' ::: cat
	refused 2
	was_injected
	[[ ! -s 1.pid ]] || is_gone "$(<1.pid)"
	is_record r.json
}

@test "faults: a user without a process left (RLIMIT_NPROC)" {
	((EUID == 0)) || skip 'only root can be another user'
	for_everyone
	cd "$everyone"
	run --separate-stderr as_user 54321 prlimit --nproc=0 ./prockit check-output -- echo ran
	refused
}

# Pidfds

@test "faults: without pidfds a status is still right" {
	local error
	for error in ENOSYS EPERM EMFILE; do
		run -3 --separate-stderr with_fault pidfd_open error=$error \
			prockit check-output -- sh -c 'echo lost; exit 3'
		[[ -z $output ]]
		was_injected
		run -0 --separate-stderr with_fault pidfd_open error=$error prockit check-output echo a
		[[ $output == a ]]
		run -143 with_fault pidfd_open error=$error prockit call --no-reraise -t 100 -- \
			sh -c 'kill $$'
		run -4 with_fault pidfd_open error=$error prockit pipe -- seq 9 ::: sh -c 'cat; exit 4'
	done
}

@test "faults: without pidfds a limit still ends the whole tree" {
	local error
	for error in ENOSYS EPERM EMFILE; do
		run -124 --separate-stderr with_fault pidfd_open error=$error prockit call -t 0.5 -- \
			sh -c 'setsid sleep 1000 & echo $! >1.pid; (sleep 1000 & echo $! >2.pid); sleep 1000'
		was_injected
		is_gone "$(<1.pid)"
		is_gone "$(<2.pid)"
	done
}

@test "faults: without pidfds what ignores TERM is still killed" {
	run -137 with_fault pidfd_open error=ENOSYS prockit call --no-reraise -t 0.5 -k 0.2 -- \
		sh -c 'trap "" TERM; echo $$ >1.pid; exec sleep 1000'
	is_gone "$(<1.pid)"
}

@test "faults: without pidfds a record is whole" {
	with_fault pidfd_open error=ENOSYS prockit run -- sh -c 'echo o; echo e >&2; exit 3' >r
	is_record r
	says r '.returncode == 3 and .stdout == "o\n" and .stderr == "e\n"'
}

@test "faults: only some pidfds can be had" {
	run -0 --separate-stderr with_fault pidfd_open error=EMFILE:when=2+ \
		prockit pipe -- seq 1000 ::: sort -rn ::: head -1
	[[ $output == 1000 ]]
}

@test "faults: a forbidden pidfd_send_signal does not keep a limit from working" {
	local error
	for error in ENOSYS EPERM; do
		run with_fault pidfd_send_signal error=$error prockit call --no-reraise -t 0.5 -k 0.3 -- \
			sh -c 'setsid sleep 1000 & echo $! >1.pid; exec sleep 1000'
		((status == 124 || status == 137))
		was_injected
		is_gone "$(<1.pid)"
	done
}

@test "faults: terminate does not guess where it has no pidfd" {
	sleep 1000 3>&- &
	echo $! >sleep.pid
	run --separate-stderr with_fault pidfd_open error=ENOSYS prockit terminate "$(<sleep.pid)"
	was_injected
	# Ended, or refused with a word: never a silent success.
	if ((status == 0)); then
		is_gone "$(<sleep.pid)"
	else
		one_message
		alive "$(<sleep.pid)"
	fi
}

# Output

@test "faults: stdout fails (EIO, ENOSPC)" {
	local error
	touch out
	for error in EIO ENOSPC; do
		run --separate-stderr with_fault_on "$PWD/out" "$writes" error=$error \
			sh -c 'exec prockit check-output seq 100000 >out'
		refused
		was_injected
		run --separate-stderr with_fault_on "$PWD/out" "$writes" error=$error \
			sh -c 'exec prockit run seq 100 >out'
		refused
		run --separate-stderr with_fault_on "$PWD/out" "$writes" error=$error \
			sh -c 'exec prockit getstatusoutput "seq 100" >out'
		refused
		run --separate-stderr with_fault_on "$PWD/out" "$writes" error=$error \
			sh -c 'exec prockit --help >out'
		refused
	done
}

@test "faults: stdout fails late, in the middle of the data" {
	run --separate-stderr with_fault_on "$PWD/out" "$writes" error=ENOSPC:when=2+ \
		sh -c 'exec prockit check-output head -c 20M /dev/zero >out'
	# One call may have been enough.
	if [[ $(grep -c INJECTED trace) == 0 ]]; then
		[[ $status == 0 && $(wc -c <out) == 20971520 ]]
	else
		refused 'No space left on device'
	fi
}

@test "faults: interrupted writes lose and repeat nothing" {
	seq 300000 >want
	with_fault_on "$PWD/out" "$writes" error=EINTR:when=1 \
		sh -c 'exec prockit check-output cat want >out'
	was_injected
	cmp want out
}

@test "faults: the report fails" {
	local error
	for error in EIO ENOSPC; do
		run --separate-stderr with_fault_on "$PWD/r.json" "$writes" error=$error \
			prockit call --report="$PWD/r.json" true
		refused r.json
		was_injected
	done
}

@test "faults: interrupted waits lose nothing" {
	seq 300000 >want
	with_fault poll,ppoll,?epoll_wait,?epoll_pwait,?epoll_pwait2,?select,pselect6 \
		error=EINTR:when=1+2 prockit check-output -t 100 -- sh -c 'cat want; sleep 0.2' >out
	cmp want out
	was_injected
}

# Files and memory for captured data

@test "faults: no memfd" {
	local error
	for error in ENOSYS EMFILE ENOMEM; do
		run --separate-stderr with_fault memfd_create error=$error \
			prockit check-output --input=text -- tr a-z A-Z
		right_or_refused TEXT
		with_fault memfd_create error=$error prockit check-output head -c 64M /dev/zero >out
		[[ $(wc -c <out) == 67108864 ]]
	done
}

@test "faults: a TMPDIR without O_TMPFILE still takes large outputs, and keeps no file" {
	local error
	mkdir tmp
	export TMPDIR=$PWD/tmp
	for error in EOPNOTSUPP EISDIR; do
		with_fault_on "$TMPDIR" openat error=$error prockit check-output head -c 64M /dev/zero >out
		[[ $(wc -c <out) == 67108864 ]]
		[[ -z $(ls -A tmp) ]]
	done
}

@test "faults: a TMPDIR that cannot be used" {
	local dir
	touch file
	for dir in /nonexistent/tmp "$PWD/file"; do
		run --separate-stderr sh -c 'TMPDIR=$1 prockit check-output head -c 64M /dev/zero |
			wc -c' - "$dir"
		if [[ $output == 67108864 ]]; then
			[[ -z $stderr ]]
		else
			[[ $output == 0 ]]
			one_message "$dir"
		fi
		# What is small needs no file.
		run -0 --separate-stderr env TMPDIR="$dir" prockit check-output echo a
		[[ $output == a ]]
	done
}

# Descriptors

# with_few_descriptors N COMMAND...: what bats has open would only take room away.
with_few_descriptors()
{
	"$(helper closed-fds-run)" --close-from=3 --nofile="$1" -- "${@:2}"
}

@test "faults: eight descriptors are enough, or it says so" {
	run --separate-stderr with_few_descriptors 8 prockit check-output echo a
	right_or_refused a
	run --separate-stderr with_few_descriptors 8 prockit pipe -- echo a ::: cat ::: cat ::: cat
	right_or_refused a
	run --separate-stderr with_few_descriptors 8 prockit getoutput --input=a -t 100 cat
	right_or_refused a
	run --separate-stderr with_few_descriptors 8 prockit call -t 100 --report=r.json echo a
	right_or_refused a
}

@test "faults: any small number of descriptors is enough, or it says so" {
	local n refusals=0
	for n in 4 5 6 7 8 9 10 11 12; do
		run --separate-stderr with_few_descriptors $n \
			prockit check-output -t 100 --input=a --report=r.json -- cat
		right_or_refused a
		((status == 0)) || refusals=$((refusals + 1))
		run --separate-stderr with_few_descriptors $n prockit call -t 100 --tree=wait --guard echo a
		right_or_refused a
	done
	# Four cannot be enough for a pipe with two ends and a report.
	((refusals > 0))
}

@test "faults: when no descriptor is to be had, nothing has run" {
	run --separate-stderr with_few_descriptors 4 prockit check-output -- touch ran
	refused
	[[ ! -e ran ]]
}

@test "faults: no timer, no signalfd, no eventfd, no epoll" {
	local call
	for call in timerfd_create signalfd4 eventfd2 epoll_create1; do
		run --separate-stderr with_fault $call error=EMFILE prockit check-output -t 100 echo a
		right_or_refused a
		run --separate-stderr with_fault $call error=EMFILE \
			prockit call -t 100 --tree=wait --guard echo a
		right_or_refused a
	done
}

@test "faults: no subreaper (prctl fails)" {
	run --separate-stderr with_fault prctl error=EINVAL prockit call -t 100 echo a
	right_or_refused a
}

@test "faults: without close_range --close-fds still closes" {
	# With -f, since it is the child that closes.
	strace -f -o trace -e trace=close_range -e inject=close_range:error=ENOSYS \
		prockit check-output --close-fds -- sh -c 'for i in 5 6 7 8 9 20 77; do
			[ ! -e /proc/$$/fd/$i ] || echo "$i is open"; done; echo looked' \
		5</dev/null 6</dev/null 9</dev/null 20</dev/null 77</dev/null >out
	[[ $(<out) == looked ]]
}

# Memory

# starve WANT prockit WORD...: with more and more memory for data, until it works. The command itself has
# as much as it wants.
starve()
{
	local want=$1 kib
	shift
	for ((kib = 128; kib <= 8192; kib += 24)); do
		# Where not even that works it is the C library that cannot start.
		prlimit --data=$((kib * 1024)): prockit --version >/dev/null 2>&1 || continue
		# Not by run, which warns of a 127 that nobody asked for.
		status=0
		output=$(prlimit --data=$((kib * 1024)): prockit "$2" --rlimit=data=unlimited \
			"${@:3}" 2>err) || status=$?
		stderr=$(<err)
		if ((status == 0)); then
			[[ $output == "$want" && -z $stderr ]]
			break
		fi
		# The command of a call may have run, and the report be what there is no memory for.
		[[ $status == 125 && (-z $output || $output == "$want") ]]
		one_message
		short=$((short + 1))
	done
	echo "$kib KiB, after $short short in all"
	((status == 0))
}

@test "faults: too little memory is one line and 125" {
	if has_sanitizers; then
		skip 'AddressSanitizer itself ends where it gets no memory'
	fi
	local text short=0
	printf -v text %0100000d 0
	starve "$(seq 20000)" prockit check-output -- seq 20000
	starve "$text" prockit getoutput "printf '%0100000d' 0"
	starve ran prockit call -t 100 --tree=wait --report=r.json --argv0="$text" -E "A=$text" -- \
		sh -c 'echo ran' - "$text"
	starve 3 prockit pipe --report=r.json --input="$text" -- cat ::: seq 3 ::: tail -n 1
	starve $'0\n'"$text" prockit getstatusoutput "printf '%0100000d' 0"
	((short > 10))
}

@test "faults: a small address space is enough, or it says so" {
	if has_sanitizers; then
		skip 'AddressSanitizer needs terabytes of address space'
	fi
	local kib ran=0
	for ((kib = 2048; kib <= 16384; kib += 256)); do
		# Where not even that works the dynamic linker is what fails, not prockit.
		prlimit --as=$((kib * 1024)) seq 1 >/dev/null 2>&1 || continue
		prlimit --as=$((kib * 1024)) prockit --version >/dev/null 2>&1 || continue
		ran=$((ran + 1))
		run --separate-stderr prlimit --as=$((kib * 1024)) prockit check-output -- seq 300000
		if ((status == 0)); then
			[[ $output == "$(seq 300000)" ]]
		else
			refused
		fi
	done
	((ran > 10))
}
