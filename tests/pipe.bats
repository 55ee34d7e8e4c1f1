#!/usr/bin/env bats
# prockit pipe: stages, statuses, limits, and what flows between them.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; run sets variables

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

# Running it

@test "pipe: the issue's example with sort runs as typed" {
	run -0 --separate-stderr prockit pipe -- seq 1000000 ::: sort -rn ::: head -3
	[[ $output == $'1000000\n999999\n999998' ]]
	[[ -z $stderr ]]
}

@test "pipe: the issue's example with yes and a report runs as typed" {
	prockit pipe --report=report.json -- yes ::: head -1; jq .pipestatus report.json
	[[ $(jq -c .pipestatus report.json) == '[141,0]' ]]
}

@test "pipe: the issue's example with openssl runs as typed" {
	export password=secret
	{
		for i in 1 2 3; do head -c 100 /dev/urandom | prockit pipe -- openssl enc -aes-256-cbc -pbkdf2 -pass env:password ::: openssl dgst -sha512 -binary & done; wait
	} >out 3>&-
	# Three digests.
	[[ $i == 3 && $(wc -c <out) == 192 ]]
}

@test "pipe: one stage alone is run like any command" {
	run -0 prockit pipe echo a b
	[[ $output == 'a b' ]]
	run -3 prockit pipe -- sh -c 'exit 3'
}

@test "pipe: twenty stages" {
	local words=(seq 1 20000) i
	for ((i = 0; i < 19; i++)); do
		words+=(::: cat)
	done
	prockit pipe --report=r.json -- "${words[@]}" >out
	seq 1 20000 | cmp - out
	is_record r.json
	says r.json '(.stages | length) == 20 and (.pipestatus | add) == 0'
}

@test "pipe: the first stage reads prockit's stdin, the last writes its stdout" {
	run -0 prockit pipe -- tr a-z A-Z ::: rev ::: cat <<<abc
	[[ $output == CBA ]]
}

@test "pipe: all 256 byte values and 20 MiB come through unchanged" {
	every_byte 0 255 >bytes
	prockit pipe -- cat bytes ::: cat ::: cat >out
	cmp bytes out
	head -c 20M /dev/urandom >big
	prockit pipe -- cat big ::: cat >out
	cmp big out
}

@test "pipe: every stage's stderr is prockit's" {
	run -0 --separate-stderr prockit pipe -- sh -c 'echo one >&2' ::: sh -c 'cat; echo two >&2'
	[[ -z $output ]]
	[[ $(sort <<<"$stderr" | xargs) == 'one two' ]]
}

@test "pipe: a stage has just the descriptors that a shell's pipeline gives it" {
	export list='for f in /proc/$$/fd/*; do echo "$1 ${f##*/}"; done >>"$2"'
	prockit pipe -- sh -c "$list" - 1 fds1 ::: sh -c "$list" - 2 fds2 ::: sh -c "$list" - 3 fds3
	sh -c 'sh -c "$list" - 1 want1 | sh -c "$list" - 2 want2 | sh -c "$list" - 3 want3'
	[[ $(grep -c . want2) -ge 3 ]]
	cat fds1 fds2 fds3 >fds
	cat want1 want2 want3 | cmp - fds
}

@test "pipe: the data never passes through prockit" {
	# The leak detector of a sanitizer cannot work in a traced process.
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
		strace -o trace -e trace=read,readv,write,writev,splice,tee,sendfile,copy_file_range,vmsplice \
			prockit pipe -- head -c 16777216 /dev/zero ::: cat ::: wc -c >out
	[[ $(<out) == 16777216 ]]
	# What it reads and writes itself: libraries, signals, no more.
	awk '/= [0-9]+$/ { sum += $NF } END { print sum; exit sum > 1000000 }' trace
}

# Separators

@test "pipe: --sep picks another word, and ::: is a word like others then" {
	run -0 prockit pipe --sep=@ -- echo a ::: b @ tr a-z A-Z
	[[ $output == 'A ::: B' ]]
	run -0 prockit pipe --sep='|' -- echo ::: '|' cat
	[[ $output == ::: ]]
}

@test "pipe: only the whole word separates" {
	run -0 prockit pipe -- echo :::a a::: :::: :: ::: cat
	[[ $output == ':::a a::: :::: ::' ]]
}

@test "pipe: --stages-from reads NUL-separated words, an empty one between stages" {
	printf '%s\0' echo 'a b' ::: $'c\nd' '' tr a-z A-Z >words
	run -0 prockit pipe --stages-from=words
	[[ $output == $'A B ::: C\nD' ]]
}

@test "pipe: in --stages-from the last NUL may be missing" {
	printf 'echo\0a\0\0tr\0a\0x' >words
	run -0 prockit pipe --stages-from=words
	[[ $output == x ]]
	printf 'echo\0a\0\0tr\0a\0x\0' >words
	run -0 prockit pipe --stages-from=words
	[[ $output == x ]]
}

@test "pipe: --stages-from=- reads them from stdin" {
	run -0 prockit pipe --stages-from=- < <(printf '%s\0' echo a '' tr a b)
	[[ $output == b ]]
}

@test "pipe: empty stages in --stages-from are refused, and nothing runs" {
	local text
	for text in '' '\0touch\0ran\0' 'touch\0ran\0\0\0true\0' '\0\0'; do
		printf %b "$text" >words
		run -125 --separate-stderr prockit pipe --stages-from=words
		one_message
		[[ ! -e ran ]]
	done
}

@test "pipe: a file of stages that cannot be read is refused" {
	run -125 --separate-stderr prockit pipe --stages-from=/nonexistent/words
	one_message /nonexistent/words
	run -125 --separate-stderr prockit pipe --stages-from="$PWD"
	one_message "$PWD"
}

@test "pipe: stages from a file and from the command line exclude each other" {
	printf '%s\0' touch ran >words
	run -125 --separate-stderr prockit pipe --stages-from=words -- touch ran
	one_message
	[[ ! -e ran ]]
}

@test "pipe: empty stages are refused, and nothing runs" {
	run -125 --separate-stderr prockit pipe -- ::: touch ran
	one_message
	run -125 --separate-stderr prockit pipe -- touch ran :::
	one_message
	run -125 --separate-stderr prockit pipe -- touch ran ::: ::: cat
	one_message
	run -125 --separate-stderr prockit pipe -- :::
	one_message
	[[ ! -e ran ]]
	run -125 --separate-stderr prockit pipe
	[[ $stderr == 'prockit pipe: '* ]]
}

# Starting

@test "pipe: all programs are looked up before any is started" {
	run -127 --separate-stderr prockit pipe -- touch ran ::: nosuch-command ::: cat
	one_message nosuch-command 2
	[[ ! -e ran ]]
	echo text >file
	run -126 --separate-stderr prockit pipe -- touch ran ::: cat ::: ./file
	one_message ./file 3
	[[ ! -e ran ]]
}

@test "pipe: when a later stage cannot be started, those already running are ended" {
	# Found and executable, but the kernel refuses it.
	printf '\177ELF\0\0\0\0junk\0\0\0' >bad
	chmod +x bad
	run -126 --separate-stderr prockit pipe --report=r.json -- \
		sh -c 'echo $$ >sh.pid; setsid sleep 1000 & echo $! >sleep.pid; sleep 1000' ::: ./bad
	one_message ./bad 2
	local file
	for file in *.pid; do
		[[ ! -s $file ]] || is_gone "$(<"$file")"
	done
	is_record r.json
	says r.json '.stages[1].outcome == "not_started" and .stages[1].error.step == "exec"'
}

@test "pipe: a failed start is in the report" {
	run -127 prockit pipe --report=r.json -- true ::: nosuch-command
	jq -e '.outcome == "not_started" and .error.errno == "ENOENT"' r.json
}

# Statuses

# ends STATUS WORD...: "prockit pipe WORD..." ends with STATUS.
ends()
{
	run "-$1" prockit pipe --report=r.json "${@:2}"
	is_record r.json
}

@test "pipe: by default the rightmost failing stage decides" {
	ends 3 -- sh -c 'exit 3' ::: cat
	says r.json '.pipestatus == [3, 0] and .deciding_stage == 1'
	ends 4 -- sh -c 'exit 3' ::: sh -c 'cat; exit 4' ::: cat
	says r.json '.pipestatus == [3, 4, 0] and .deciding_stage == 2'
	ends 5 -- sh -c 'exit 3' ::: cat ::: sh -c 'cat; exit 5'
	says r.json '.pipestatus == [3, 0, 5] and .deciding_stage == 3'
	ends 0 -- true ::: true ::: true
	says r.json '.pipestatus == [0, 0, 0] and .deciding_stage == null'
	ends 3 --status=pipefail -- sh -c 'exit 3' ::: cat
}

@test "pipe: --status=last and --status=first" {
	ends 0 --status=last -- sh -c 'exit 3' ::: cat
	ends 5 --status=last -- sh -c 'exit 3' ::: sh -c 'exit 5'
	ends 3 --status=first -- sh -c 'exit 3' ::: sh -c 'exit 5'
	ends 0 --status=first -- true ::: sh -c 'exit 5'
}

@test "pipe: an unknown status policy is refused" {
	run -125 --separate-stderr prockit pipe --status=any -- touch ran ::: cat
	one_message --status any
	[[ ! -e ran ]]
}

@test "pipe: a writer whose reader has ended is no failure, but is one by --status=strict" {
	ends 0 -- yes ::: head -1
	[[ $output == y ]]
	says r.json '.pipestatus == [141, 0] and .deciding_stage == null'
	says r.json '[.stages[].benign_sigpipe] == [true, false]'
	says r.json '.stages[0].signal == "SIGPIPE" and .stages[0].returncode == -13'
	ends 141 --status=strict -- yes ::: head -1
	says r.json '.deciding_stage == 1'
	ends 0 --status=last -- yes ::: head -1
	ends 0 -- yes ::: cat ::: head -1
	says r.json '.pipestatus == [141, 141, 0]'
}

@test "pipe: a failing reader decides, not the writer that it left" {
	ends 5 -- yes ::: sh -c 'exit 5'
	says r.json '.pipestatus == [141, 5] and .deciding_stage == 2'
	ends 5 --status=strict -- yes ::: sh -c 'exit 5'
}

@test "pipe: a SIGPIPE while the reader still lives is a failure" {
	mkfifo go
	prockit pipe --report=r.json -- sh -c 'echo $$ >sh.pid; kill -PIPE $$' ::: \
		sh -c 'read -r _ <go; seq 100000 >/dev/null; cat' 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s sh.pid
	wait_until 10 is_gone "$(<sh.pid)"
	echo >go
	ends_with 141 "$(<prockit.pid)"
	says r.json '.pipestatus == [141, 0] and .deciding_stage == 1'
	says r.json '.stages[0].benign_sigpipe == false'
}

@test "pipe: a SIGPIPE of the last stage is a failure" {
	ends 141 -- true ::: sh -c 'kill -PIPE $$'
	says r.json '.deciding_stage == 2 and .stages[1].benign_sigpipe == false'
}

@test "pipe: dies of the signal that the deciding stage died of" {
	ends 143 -- sh -c 'kill $$' ::: cat
	says r.json '.pipestatus == [143, 0] and .stages[0].signal == "SIGTERM"'
	ends 143 --no-reraise -- sh -c 'kill $$' ::: cat
}

@test "pipe: --ok gives a stage its own success codes" {
	ends 1 -- grep nothing /dev/null ::: cat
	ends 0 --ok=1:0,1 -- grep nothing /dev/null ::: cat
	says r.json '.pipestatus == [1, 0] and .deciding_stage == null'
	ends 1 --ok=2:0,1 -- grep nothing /dev/null ::: cat
	ends 0 --ok=1:1 --ok=2:0,7-9 -- sh -c 'exit 1' ::: sh -c 'exit 8'
	ends 2 --ok=1:0,1 -- sh -c 'exit 2' ::: cat
}

@test "pipe: --ok and --merge of a stage that is not there, or junk, are refused" {
	local option
	for option in --ok=3:0 --ok=0:0 --ok=1 --ok=1: --ok=x:0 --ok=1:256 --ok=1:x --ok=-1:0 --ok= \
		--merge=3 --merge=0 --merge=x --merge=-1 --merge= --pipe-size=x --pipe-size=; do
		run -125 --separate-stderr prockit pipe "$option" -- touch ran ::: cat
		one_message "${option%%=*}"
		[[ ! -e ran ]]
	done
}

# Streams

@test "pipe: --merge sends a stage's stderr down the pipe" {
	run -0 --separate-stderr prockit pipe --merge=1 -- sh -c 'echo o; echo e >&2' ::: tr a-z A-Z
	[[ $output == $'O\nE' ]]
	[[ -z $stderr ]]
	run -0 --separate-stderr prockit pipe --merge=1 -- \
		sh -c 'echo one >&2' ::: sh -c 'cat; echo two >&2' ::: tr a-z A-Z
	[[ $output == ONE && $stderr == two ]]
}

@test "pipe: --merge of the last stage sends its stderr to stdout" {
	run -0 --separate-stderr prockit pipe --merge=2 -- true ::: sh -c 'echo o; echo e >&2'
	[[ $output == $'o\ne' && -z $stderr ]]
}

@test "pipe: --pipe-size makes room between the stages" {
	mkfifo go
	prockit pipe --pipe-size=1M -- sh -c 'head -c 524288 /dev/zero; touch written' ::: \
		sh -c 'read -r _ <go; wc -c' >out 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -e written
	echo >go
	ends_with 0 "$(<prockit.pid)"
	[[ $(<out) == 524288 ]]
}

@test "pipe: --input and --stdin feed the first stage" {
	run -0 prockit pipe --input=text -- cat ::: tr a-z A-Z
	[[ $output == TEXT ]]
	run -0 prockit pipe --stdin=null -- cat ::: wc -c <<<text
	[[ $output == 0 ]]
	head -c 1M /dev/urandom >in
	prockit pipe --input-file=in -- cat ::: cat >out
	cmp in out
}

@test "pipe: --stdout takes the last stage's output" {
	prockit pipe --stdout=file -- echo a ::: tr a b >out
	[[ $(<file) == b && ! -s out ]]
}

@test "pipe: --capture writes the output only if the pipeline succeeded" {
	run -0 prockit pipe --capture -- echo a ::: tr a b
	[[ $output == b ]]
	run -3 --separate-stderr prockit pipe --capture -- sh -c 'exit 3' ::: echo lost
	[[ -z $output ]]
	run -4 --separate-stderr prockit pipe --capture -- echo a ::: sh -c 'cat; exit 4'
	[[ -z $output ]]
	every_byte 0 255 >bytes
	prockit pipe --capture -- cat bytes ::: cat >out
	cmp bytes out
}

@test "pipe: --capture under a limit prints nothing" {
	run -124 --separate-stderr prockit pipe --capture -t 0.3 -- echo a ::: sh -c 'cat; sleep 1000'
	[[ -z $output ]]
}

@test "pipe: --json prints the record, with the last stage's output at its top" {
	prockit pipe --json -- echo a ::: tr a b >r.json
	is_record r.json
	says r.json '.stdout == "b\n" and .stdout_encoding == "utf-8" and .stdout_bytes == 2'
	says r.json '(.stages | length) == 2 and .pipestatus == [0, 0] and .outcome == "exited"'
}

@test "pipe: --json exits as run does" {
	run -0 prockit pipe --json -- sh -c 'exit 3' ::: sh -c 'cat; echo a; exit 4'
	echo "$output" >r.json
	is_record r.json
	says r.json '.returncode == 4 and .pipestatus == [3, 4] and .stdout == "a\n"'
	run -124 prockit pipe --json -t 0.3 -- sleep 1000 ::: cat
	echo "$output" >r.json
	says r.json '.outcome == "timed_out"'
	run -127 --separate-stderr prockit pipe --json -- true ::: nosuch-command
	echo "$output" >r.json
	says r.json '.outcome == "not_started"'
}

@test "pipe: write errors of captured output, closed stdout" {
	run -125 --separate-stderr sh -c 'prockit pipe --capture -- echo a ::: cat >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit pipe --json -- echo a ::: cat >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit pipe --capture -- touch ran ::: cat >&-'
	one_message
	[[ ! -e ran ]]
}

# Ending

@test "pipe: one deadline ends all stages with all that they started" {
	ends 124 -t 0.5 -- sh -c 'echo $$ >1.pid; exec sleep 1000' ::: \
		sh -c 'echo $$ >2.pid; setsid sleep 1000 & echo $! >3.pid; exec sleep 1000' ::: \
		sh -c 'echo $$ >4.pid; exec cat'
	says r.json '.outcome == "timed_out" and .timed_out and .timeout_ms == 500'
	local i
	for i in 1 2 3 4; do
		is_gone "$(<$i.pid)"
	done
}

@test "pipe: a stage that ignores TERM is killed" {
	ends 137 -t 0.5 -k 0.2 -- \
		sh -c 'trap "" TERM; echo $$ >ignores.pid; exec sleep 1000' ::: cat
	is_gone "$(<ignores.pid)"
}

@test "pipe: a signal to prockit reaches every stage" {
	prockit pipe --report=r.json -- sh -c 'echo $$ >1.pid; exec sleep 1000' ::: \
		sh -c 'echo $$ >2.pid; exec sleep 1000' 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s 1.pid
	wait_until 10 test -s 2.pid
	kill -TERM "$(<prockit.pid)"
	ends_with 143 "$(<prockit.pid)"
	is_gone "$(<1.pid)"
	is_gone "$(<2.pid)"
	is_record r.json
	says r.json '.outcome == "interrupted" and .pipestatus == [143, 143]'
}

@test "pipe: waits for every stage, as the shell does" {
	mkfifo go
	prockit pipe -- sh -c 'read -r _ <go; touch upstream' ::: sh -c 'echo $$ >last.pid' 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s last.pid
	wait_until 10 is_gone "$(<last.pid)"
	alive "$(<prockit.pid)"
	echo >go
	ends_with 0 "$(<prockit.pid)"
	[[ -e upstream ]]
}

@test "pipe: --drain bounds the wait for a stage whose reader has ended" {
	echo line >file
	run prockit pipe --drain=100ms --report=r.json -- \
		sh -c 'echo $$ >tail.pid; exec tail -n 1 -f file' ::: head -1
	[[ $output == line ]]
	((status == 0 || status == 141 || status == 143))
	is_gone "$(<tail.pid)"

	run prockit pipe --drain=100ms --report=r.json -- \
		sh -c 'echo $$ >sleep.pid; exec sleep 1000' ::: true
	((status == 0 || status == 143))
	is_gone "$(<sleep.pid)"
	is_record r.json
	says r.json '.stages[0].signals_sent[0].signal == "SIGTERM"'
}

@test "pipe: --tree=kill ends what the stages left behind" {
	ends 0 --tree=kill -- sh -c 'setsid sleep 1000 & echo $! >1.pid' ::: \
		sh -c 'sleep 1000 & echo $! >2.pid'
	is_gone "$(<1.pid)"
	is_gone "$(<2.pid)"
}

# The report

@test "pipe: each stage has a record of its own" {
	ends 4 -- sh -c 'exit 3' ::: cat ::: sh -c 'kill $$' ::: sh -c 'cat; exit 4'
	says r.json '[.stages[].index] == [1, 2, 3, 4] and .pipestatus == [3, 0, 143, 4]'
	says r.json '[.stages[].returncode] == [3, 0, -15, 4] and .deciding_stage == 4'
	says r.json '[.stages[].argv[0]] == ["sh", "cat", "sh", "sh"]'
	says r.json '[.stages[].pid] | unique | length == 4'
	says r.json '.stages | all(.rusage.max_rss_bytes > 100000)'
}

@test "pipe: a report that cannot be opened is an error before anything runs" {
	run -125 --separate-stderr prockit pipe --report=/nonexistent/r -- touch ran ::: cat
	one_message /nonexistent/r
	[[ ! -e ran ]]
}

@test "pipe: --dry-run runs nothing" {
	run -0 prockit pipe --dry-run -- touch ran ::: cat
	[[ $output == *touch* && $output == *cat* ]]
	[[ ! -e ran ]]
}
