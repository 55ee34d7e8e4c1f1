#!/usr/bin/env bats
# prockit check-output: what it prints, when, and what it says when the command fails.
# shellcheck disable=SC2016 # the dollars are the command's

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

teardown()
{
	end_leftovers
}

@test "check-output: prints what the command wrote" {
	run -0 --separate-stderr prockit check-output echo hello
	[[ $output == hello ]]
	[[ -z $stderr ]]
}

@test "check-output: the issue's example runs as typed" {
	LC_ALL=C run -0 prockit check-output date -u
	[[ $output == *UTC* ]]
}

@test "check-output: all 256 byte values come through unchanged" {
	every_byte 0 255 >bytes
	[[ $(wc -c <bytes) == 256 ]]
	prockit check-output cat bytes >out
	cmp bytes out
}

@test "check-output: final newlines are neither added nor taken" {
	local text
	for text in '' a 'a\n' 'a\n\n' '\n'; do
		printf %b "$text" >want
		prockit check-output cat want >out
		cmp want out
	done
}

@test "check-output: 20 MiB come through unchanged" {
	head -c 20M /dev/urandom >big
	prockit check-output cat big >out
	cmp big out
}

@test "check-output: output that comes in single bytes is all there" {
	prockit check-output dd if=/dev/zero bs=1 count=20000 status=none >out
	cmp out <(head -c 20000 /dev/zero)
}

@test "check-output: nothing is printed before the command has succeeded" {
	mkfifo go
	prockit check-output -- sh -c 'echo early; touch written; read -r _ <go; echo late' \
		>out 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -e written
	[[ ! -s out ]]
	echo >go
	ends_with 0 "$(<prockit.pid)"
	[[ $(<out) == $'early\nlate' ]]
}

@test "check-output: nothing is printed when the command fails" {
	run -3 --separate-stderr prockit check-output -- sh -c 'echo lost; exit 3'
	[[ -z $output ]]
	one_message
}

@test "check-output: a failure is told in Python's words, with the command shell-quoted" {
	run -3 --separate-stderr prockit check-output -- sh -c 'exit 3'
	[[ $stderr == "prockit check-output: Command 'sh -c 'exit 3'' returned non-zero exit status 3." ]]

	run -1 --separate-stderr prockit check-output false
	[[ $stderr == "prockit check-output: Command 'false' returned non-zero exit status 1." ]]
}

@test "check-output: a newline in the command does not make two lines of the message" {
	run -3 --separate-stderr prockit check-output -- sh -c $'true\nexit 3'
	one_message 'returned non-zero exit status 3.'
}

@test "check-output: death by a signal is told in Python's words and passed on" {
	run -143 --separate-stderr prockit check-output -- sh -c 'kill -TERM $$'
	[[ $stderr == "prockit check-output: Command 'sh -c 'kill -TERM \$\$'' died with <Signals.SIGTERM: 15>." ]]

	run -137 --separate-stderr prockit check-output -- sh -c 'kill -KILL $$'
	one_message 'died with <Signals.SIGKILL: 9>.'
}

@test "check-output: real-time signals are named as Python names them" {
	run -162 --separate-stderr prockit check-output -- sh -c 'kill -34 $$'
	one_message 'died with <Signals.SIGRTMIN: 34>.'
	run -163 --separate-stderr prockit check-output -- sh -c 'kill -35 $$'
	one_message 'died with unknown signal 35.'
	run -192 --separate-stderr prockit check-output -- sh -c 'kill -64 $$'
	one_message 'died with <Signals.SIGRTMAX: 64>.'
}

@test "check-output: a time limit is told in Python's words" {
	run -124 --separate-stderr prockit check-output -t 0.2 sleep 1000
	[[ $stderr == "prockit check-output: Command 'sleep 1000' timed out after 0.2 seconds" ]]
	run -124 --separate-stderr prockit check-output --timeout=300ms sleep 1000
	[[ $stderr == "prockit check-output: Command 'sleep 1000' timed out after 0.3 seconds" ]]
	run -124 --separate-stderr prockit check-output --timeout=1 sleep 1000
	[[ $stderr == "prockit check-output: Command 'sleep 1000' timed out after 1 seconds" ]]
}

@test "check-output: after a time limit nothing is printed, and the whole tree is gone" {
	run -124 --separate-stderr prockit check-output -t 0.5 -- \
		sh -c 'echo lost; setsid sleep 1000 & echo $! >sleep.pid; sleep 1000'
	[[ -z $output ]]
	is_gone "$(<sleep.pid)"
}

@test "check-output: --quiet says nothing of a failure" {
	run -3 prockit check-output --quiet -- sh -c 'exit 3'
	[[ -z $output ]]
}

@test "check-output: a command that is not there is 127, one that cannot be run is 126" {
	run -127 --separate-stderr prockit check-output nosuch-command
	[[ -z $output ]]
	one_message nosuch-command 'not found'
	echo text >file
	run -126 --separate-stderr prockit check-output ./file
	one_message ./file
}

@test "check-output: --show-on-failure prints what was captured all the same" {
	run -3 --separate-stderr prockit check-output --show-on-failure -- sh -c 'echo kept; exit 3'
	[[ $output == kept ]]
	one_message 'returned non-zero exit status 3.'

	run -124 --separate-stderr prockit check-output --show-on-failure -t 0.5 -- \
		sh -c 'echo kept; exec sleep 1000'
	[[ $output == kept ]]
}

@test "check-output: stderr passes through while the command runs" {
	mkfifo go
	prockit check-output -- sh -c 'echo note >&2; read -r _ <go; echo done' >out 2>err 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s err
	[[ $(<err) == note ]]
	echo >go
	ends_with 0 "$(<prockit.pid)"
	[[ $(<out) == 'done' ]]
}

@test "check-output: stderr is the very file that prockit has" {
	prockit check-output readlink /proc/self/fd/2 2>err >out
	[[ $(<out) == "$PWD/err" ]]
}

@test "check-output: --stderr=stdout captures both in the order they were written" {
	run -0 --separate-stderr prockit check-output --stderr=stdout -- \
		sh -c 'for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done'
	[[ $output == $'o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5' ]]
	[[ -z $stderr ]]
}

@test "check-output: --stderr=FILE and --stderr=null take it elsewhere" {
	run -0 prockit check-output --stderr=err -- sh -c 'echo o; echo e >&2'
	[[ $output == o ]]
	[[ $(<err) == e ]]
	run -0 prockit check-output --stderr=null -- sh -c 'echo o; echo e >&2'
	[[ $output == o ]]
}

@test "check-output: --stdout is not an option of it, since stdout is what it captures" {
	run -125 --separate-stderr prockit check-output --stdout=file -- touch ran
	one_message --stdout
	[[ ! -e ran ]]
}

@test "check-output: --ok-codes says what counts as success" {
	run -0 --separate-stderr prockit check-output --ok-codes=0,1 --report=r.json -- \
		sh -c 'echo none; exit 1'
	[[ $output == none ]]
	[[ -z $stderr ]]
	says r.json '.exit_code == 1 and .exit_status == 1'
	run -2 prockit check-output --ok-codes=0,1 -- sh -c 'exit 2'
	run -0 prockit check-output --ok-codes=0-2,77 -- sh -c 'exit 77'
}

@test "check-output: --max-output ends a command that writes more" {
	run -124 --separate-stderr prockit check-output --max-output=1K --report=r.json -- yes
	[[ -z $output ]]
	one_message
	is_record r.json
	says r.json '.outcome == "output_limit" and (.timed_out | not) and .truncated'
}

@test "check-output: --max-output lets a command write just so much" {
	prockit check-output --max-output=1K -- head -c 1024 /dev/zero >out
	cmp out <(head -c 1024 /dev/zero)
	run -124 prockit check-output --max-output=1023 -- head -c 1024 /dev/zero
}

@test "check-output: --max-output ends the whole tree" {
	run -124 prockit check-output --max-output=1K -- \
		sh -c 'setsid sleep 1000 & echo $! >sleep.pid; yes'
	is_gone "$(<sleep.pid)"
}

@test "check-output: --idle-timeout ends a command that falls silent" {
	run -124 --separate-stderr prockit check-output --idle-timeout=0.3 --report=r.json -- \
		sh -c 'echo a; exec sleep 1000'
	[[ -z $output ]]
	one_message
	is_record r.json
	says r.json '.outcome == "idle_timed_out" and .duration_ms >= 300 and .stdout == "a\n"'
}

@test "check-output: --idle-timeout leaves a command alone that keeps writing" {
	run -0 prockit check-output --idle-timeout=1.5 -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.25; done'
	[[ ${#lines[@]} == 10 ]]
}

@test "check-output: waits until a background process has let go of the pipe" {
	mkfifo go
	prockit check-output -- sh -c 'echo $$ >sh.pid; { read -r _ <go; echo late; } & echo early' \
		>out 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s sh.pid
	wait_until 10 is_gone "$(<sh.pid)"
	alive "$(<prockit.pid)"
	[[ ! -s out ]]
	echo >go
	ends_with 0 "$(<prockit.pid)"
	[[ $(<out) == $'early\nlate' ]]
}

@test "check-output: --drain returns at once, and the report names who holds the pipe" {
	run -0 prockit check-output --drain=100ms --report=r.json -- \
		sh -c 'sleep 1000 2>/dev/null & echo $! >sleep.pid; echo early'
	[[ $output == early ]]
	alive "$(<sleep.pid)"
	is_record r.json
	says r.json ".leaked and .holders == [{pid: $(<sleep.pid), comm: \"sleep\"}]"
	says r.json '.outcome == "exited" and .duration_ms < 60000'
}

@test "check-output: nothing leaked is said so" {
	prockit check-output --report=r.json true
	says r.json '.leaked == false and (.holders == [] or .holders == null)'
}

@test "check-output: -v names who holds the pipe after two seconds of waiting" {
	prockit check-output -v -- sh -c 'sleep 1000 & echo $! >holder.pid; echo a' >out 2>err 3>&- &
	echo $! >prockit.pid
	wait_until 20 grep -c sleep err
	kill "$(<holder.pid)"
	ends_with 0 "$(<prockit.pid)"
	[[ $(<out) == a ]]
}

@test "check-output: after a limit it does not wait for a stranger who holds the pipe" {
	mkfifo go
	prockit check-output -t 3 --drain=inf --report=r.json -- \
		sh -c 'echo $$ >sh.pid; exec sleep 1000' >out 2>err 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s sh.pid
	# Not a descendant: it opens the pipe by the name it has in /proc.
	(exec sh -c 'echo $$ >stranger.pid; exec sleep 1000') >"/proc/$(<sh.pid)/fd/1" 3>&- &
	wait_until 10 test -s stranger.pid
	wait_until 20 is_gone "$(<prockit.pid)"
	ends_with 124 "$(<prockit.pid)"
	alive "$(<stranger.pid)"
	is_record r.json
	says r.json ".outcome == \"timed_out\" and .leaked and .holders[0].pid == $(<stranger.pid)"
}

@test "check-output: a command that closes stdout early is waited for all the same" {
	mkfifo go
	prockit check-output -- sh -c 'echo a; exec >&-; read -r _ <go; exit 4' >out 2>err 3>&- &
	echo $! >prockit.pid
	echo >go
	ends_with 4 "$(<prockit.pid)"
	[[ ! -s out ]]
}

@test "check-output: a full disk is 125 with a message" {
	run -125 --separate-stderr sh -c 'prockit check-output echo a >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit check-output seq 100000 >/dev/full'
	one_message 'No space left on device'
}

@test "check-output: a closed stdout is 125 before anything runs" {
	run -125 --separate-stderr sh -c 'exec prockit check-output touch ran >&-'
	one_message
	[[ ! -e ran ]]
}

@test "check-output: works with stdin and stderr closed, and hands them on closed" {
	prockit check-output -- \
		sh -c 'for i in 0 1 2; do [ ! -e /proc/$$/fd/$i ] || echo $i; done' >out <&- 2>&- 3>&-
	[[ $(<out) == 1 ]]
}

@test "check-output: a reader that went away ends it by SIGPIPE, quietly" {
	run -0 --separate-stderr env --default-signal=PIPE bash -c \
		'prockit check-output seq 1000000 | true; echo "${PIPESTATUS[0]}"'
	[[ $output == 141 ]]
	[[ -z $stderr ]]
}

@test "check-output: --input reaches the command" {
	run -0 prockit check-output --input='some text' cat
	[[ $output == 'some text' ]]
	prockit check-output --input='' cat >out
	[[ ! -s out ]]
}

@test "check-output: --input is not an error when the command does not read it" {
	local text
	printf -v text %0100000d 0
	run -0 --separate-stderr prockit check-output --input="$text" true
	[[ -z $output$stderr ]]
	run -0 --separate-stderr prockit check-output --input="$text" -- sh -c 'exec <&-; echo a'
	[[ $output == a ]]
	[[ -z $stderr ]]
}

@test "check-output: 1 MiB of input does not block a command that first writes 1 MiB" {
	head -c 1M /dev/urandom >in
	prockit check-output -t 60 --input-file=in -- \
		sh -c 'head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2; cat' >out 2>err
	cat <(head -c 1M /dev/zero) in | cmp - out
	[[ $(wc -c <err) == 1048576 ]]
}

@test "check-output: 100 KB of --input do not block a command that first writes 1 MiB" {
	local text
	printf -v text %0100000d 7
	prockit check-output -t 60 --input="$text" -- sh -c 'head -c 1048576 /dev/zero; cat' >out
	cat <(head -c 1M /dev/zero) <(printf %s "$text") | cmp - out
}

@test "check-output: a limit holds while input is still being written" {
	head -c 1M /dev/zero >in
	run -124 prockit check-output -t 0.3 --input-file=in sleep 1000
}

@test "check-output: the command sees the SIGPIPE disposition that prockit was started with" {
	run -141 env --default-signal=PIPE prockit check-output --input=x -- sh -c 'kill -PIPE $$'
}

@test "check-output: stdin is the caller's unless an option says otherwise" {
	run -0 prockit check-output cat <<<here
	[[ $output == here ]]
	run -0 prockit check-output --stdin=null cat <<<here
	[[ -z $output ]]
	echo there >file
	run -0 prockit check-output --stdin=file cat <<<here
	[[ $output == there ]]
}

@test "check-output: --shell takes a string and its operands" {
	run -0 prockit check-output -c 'echo "$1-$2" | tr a-z A-Z' 'a b' c
	[[ $output == 'A B-C' ]]
}

@test "check-output: --retries prints only the output of the try that succeeded" {
	run -0 prockit check-output --retries=3 --retry-delay=1ms -- \
		sh -c 'echo x >>tries; n=$(wc -l <tries); echo "try $n"; [ "$n" -ge 3 ]'
	[[ $output == 'try 3' ]]
	[[ $(wc -l <tries) == 3 ]]
}

@test "check-output: its report holds the captured output" {
	prockit check-output --report=r.json -- printf 'a\0b' >out
	is_record r.json
	says r.json '.stdout == "a\u0000b" and .stdout_bytes == 3 and .stderr == null'
	says r.json '.stdout_encoding == "utf-8" and .stderr_encoding == null'
}

@test "check-output: capturing 256 MiB needs at most 24 MiB of memory" {
	if has_sanitizers; then
		skip 'AddressSanitizer needs memory of its own'
	fi
	"$(helper peak-memory)" kib prockit check-output head -c 256M /dev/zero | wc -c >size
	[[ $(<size) == 268435456 ]]
	echo "peak: $(<kib) KiB"
	(($(<kib) <= 24 * 1024))
}

# in_tiny_space COMMAND...: run it with a TMPDIR that holds 1 MiB.
in_tiny_space()
{
	local unshare=(unshare -m)
	((EUID == 0)) || unshare=(unshare -rm)
	mkdir -p tiny
	"${unshare[@]}" sh -c 'mount -t tmpfs -o size=1m none tiny || exit 99
		TMPDIR=$PWD/tiny; export TMPDIR; exec "$@"' - "$@"
}

@test "check-output: no space for a large output is 125 with a message" {
	in_tiny_space true || skip 'no right to mount here'
	run -125 --separate-stderr in_tiny_space prockit check-output -- \
		sh -c 'echo $$ >sh.pid; head -c 128M /dev/zero; exec sleep 1000'
	[[ -z $output ]]
	one_message 'No space left on device'
	is_gone "$(<sh.pid)"
}

@test "check-output: leaves no file in TMPDIR, not even while it runs or when it is killed" {
	mkdir tmp
	mkfifo go
	TMPDIR=$PWD/tmp prockit check-output -- \
		sh -c 'echo $$ >sh.pid; head -c 64M /dev/zero; touch written; read -r _ <go' \
		>out 3>&- &
	echo $! >prockit.pid
	wait_until 20 test -e written
	[[ -z $(ls -A tmp) ]]
	kill -KILL "$(<prockit.pid)"
	wait_until 10 is_gone "$(<prockit.pid)"
	[[ -z $(ls -A tmp) ]]

	TMPDIR=$PWD/tmp prockit check-output head -c 64M /dev/zero >out
	[[ $(wc -c <out) == 67108864 ]]
	[[ -z $(ls -A tmp) ]]
}

@test "check-output: junk options are one line and 125, and nothing runs" {
	local words
	for words in --nosuch --timeout=1x --timeout=-1 --timeout=nan --timeout= --max-output=1Q \
		--max-output=-1 --idle-timeout=x --drain=x --signal=NOSUCH --kill-after=x \
		--ok-codes=256 --ok-codes=a --retries=-1 --retries=x --retry-delay=x --time=1 \
		--stdin=/nonexistent --chdir=/nonexistent --env==x --rlimit=nosuch=1 --umask=9 \
		--tree=some --report=/nonexistent/r --report-fd=99; do
		run -125 --separate-stderr prockit check-output "$words" -- touch ran
		one_message
		[[ ! -e ran ]]
	done
}

@test "check-output: sources of input exclude each other" {
	echo text >file
	run -125 --separate-stderr prockit check-output --stdin=file --input=x -- touch ran
	one_message
	run -125 --separate-stderr prockit check-output --input-file=file --input=x -- touch ran
	one_message
	[[ ! -e ran ]]
}

@test "check-output: no command is a usage error" {
	run -125 --separate-stderr prockit check-output
	[[ $stderr == 'prockit check-output: '* ]]
	[[ -z $output ]]
}

@test "check-output: a deleted working directory does not matter" {
	mkdir gone
	cd gone
	rmdir ../gone
	run -0 prockit check-output --report=../r.json echo a
	[[ $output == a ]]
}

@test "check-output: 200 KiB of arguments pass" {
	local text
	printf -v text %0102400d 0
	prockit check-output printf %s "$text" "$text" >out
	[[ $(<out) == "$text$text" ]]
}
