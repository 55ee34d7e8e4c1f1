#!/usr/bin/env bats
# prockit run: the record of a command, as JSON, as shell words, as text.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; eval and run set variables

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

# recorded STATUS WORD...: "prockit run WORD..." ends with STATUS, and its record in file r is whole.
recorded()
{
	local want=$1 ended=0
	shift
	prockit run "$@" >r 2>err || ended=$?
	if ((ended != want)); then
		echo "status $ended instead of $want: $*"
		cat r err
		return 1
	fi
	is_record r
}

@test "run: the record of a success" {
	recorded 0 -- sh -c 'echo out; echo err >&2'
	says r '.outcome == "exited" and .returncode == 0 and .exit_code == 0 and .exit_status == 0'
	says r '.stdout == "out\n" and .stderr == "err\n" and .stdout_bytes == 4'
	says r '.stdout_encoding == "utf-8" and .stderr_encoding == "utf-8"'
	says r '.argv == ["sh", "-c", "echo out; echo err >&2"] and .shell == false'
	says r '.signal == null and .signals_sent == [] and .error == null and .tries == 1'
	says r '.truncated == false and .leaked == false and .core_dumped == false'
	[[ ! -s err ]]
}

@test "run: the record of a failure; the exit status is 0 all the same" {
	recorded 0 -- sh -c 'echo out; exit 3'
	says r '.outcome == "exited" and .returncode == 3 and .exit_status == 3'
	recorded 0 -- sh -c 'exit 124'
	says r '.outcome == "exited" and .returncode == 124 and .timed_out == false'
	recorded 0 -- sh -c 'exit 300'
	says r '.returncode == 44'
}

@test "run: the record of a death by a signal" {
	recorded 0 -- sh -c 'kill -TERM $$'
	says r '.outcome == "signaled" and .returncode == -15 and .exit_code == null'
	says r '.signal == "SIGTERM" and .signal_number == 15 and .exit_status == 143'
	says r '.signals_sent == []'
	recorded 0 -- sh -c 'kill -36 $$'
	says r '.signal == "SIGRTMIN+2" and .returncode == -36'
}

@test "run: the record of a time limit" {
	recorded 124 --timeout 0.3 -- sh -c 'echo before; exec sleep 1000'
	says r '.outcome == "timed_out" and .timed_out and .timeout_ms == 300'
	says r '.stdout == "before\n" and .duration_ms >= 300'
	says r '.signals_sent[0].signal == "SIGTERM" and .signals_sent[0].at_ms >= 300'
	says r '.signal == "SIGTERM" and .returncode == -15'
}

@test "run: the issue's example of a limit runs as typed" {
	[[ $(prockit run --timeout 0.1 sleep 10 | jq .outcome) == '"timed_out"' ]]
}

@test "run: a command that ends well after its limit is 124 all the same" {
	recorded 124 --timeout 0.5 -- bash -c 'trap "exit 0" TERM; sleep 1000 & wait'
	says r '.outcome == "timed_out" and .returncode == 0 and .exit_code == 0'
}

@test "run: the record of an escalation" {
	recorded 137 --timeout 0.5 --kill-after 0.2 -- \
		sh -c 'trap "" TERM; echo $$ >ignores.pid; exec sleep 1000'
	is_gone "$(<ignores.pid)"
	says r '[.signals_sent[].signal] == ["SIGTERM", "SIGKILL"]'
	says r '.signals_sent[1].at_ms - .signals_sent[0].at_ms >= 200'
	says r '.outcome == "timed_out" and .signal == "SIGKILL"'
}

@test "run: the record of idle and output limits" {
	recorded 124 --idle-timeout=0.3 -- sh -c 'echo a; exec sleep 1000'
	says r '.outcome == "idle_timed_out" and .stdout == "a\n"'
	recorded 124 --max-output=1K -- sh -c 'yes >&2'
	says r '.outcome == "output_limit" and .truncated'
	recorded 0 --max-output=1K -- sh -c 'head -c 1024 /dev/zero; head -c 1024 /dev/zero >&2'
	says r '.stdout_bytes == 1024 and .stderr_bytes == 1024 and (.truncated | not)'
}

@test "run: the record of a command that is not there" {
	recorded 127 nosuch-command
	says r '.outcome == "not_started" and .returncode == null and .pid == null'
	says r '.error.step == "exec" and .error.errno == "ENOENT"'
	says r '.argv == ["nosuch-command"]'
	grep -c nosuch-command err
}

@test "run: the record of a command that cannot be run" {
	echo text >file
	recorded 126 ./file
	says r '.error.step == "exec" and .error.errno == "EACCES"'
	recorded 126 /dev/null/x
	says r '.error.errno == "ENOTDIR"'
	printf '#!/nonexistent/interpreter\n' >script
	chmod +x script
	recorded 127 ./script
	says r '.error.errno == "ENOENT"'
	grep -c /nonexistent/interpreter err
}

@test "run: the record of a directory that is not there" {
	recorded 125 --chdir=/nonexistent/dir true
	says r '.outcome == "not_started" and .error.step == "chdir" and .error.errno == "ENOENT"'
	says r '.error.path == "/nonexistent/dir"'
	grep -c /nonexistent/dir err
}

@test "run: the record of a file for stdin that is not there" {
	recorded 125 --stdin=/nonexistent/file true
	says r '.error.step == "open" and .error.path == "/nonexistent/file"'
}

@test "run: output that is not UTF-8 is base64, and says so, each stream for itself" {
	every_byte 0 255 >bytes
	recorded 0 -- sh -c 'cat bytes; echo plain >&2'
	says r '.stdout_encoding == "base64" and .stdout_bytes == 256'
	says r '.stderr_encoding == "utf-8" and .stderr == "plain\n"'
	jq -r .stdout r | base64 -d | cmp - bytes
}

@test "run: a NUL in the output is \\u0000" {
	recorded 0 -- printf 'a\0b'
	says r '.stdout == "a\u0000b" and .stdout_bytes == 3'
	grep -cF 'a\u0000b' r
}

@test "run: UTF-8 comes through as it is; what only looks like it is base64" {
	recorded 0 -- printf 'aé€😀\t"\\\n'
	says r '.stdout == "aé€😀\t\"\\\n"'
	local bytes
	# A lone start, a lone continuation, overlong, a surrogate, above U+10FFFF, cut short.
	for bytes in '\303' '\200' '\300\257' '\355\240\200' '\364\220\200\200' 'ok\342\202'; do
		recorded 0 -- printf "$bytes" # its format
		says r '.stdout_encoding == "base64"'
		[[ $(jq -r .stdout r | base64 -d | od -An -tx1) == "$(printf %b "$bytes" | od -An -tx1)" ]]
	done
}

@test "run: a character that is cut by a buffer's end stays whole" {
	# 3 bytes each, so that no power of two falls between two of them.
	yes € | tr -d '\n' | head -c 3000000 >euros
	recorded 0 cat euros
	says r '.stdout_encoding == "utf-8" and .stdout_bytes == 3000000'
	jq -j .stdout r | cmp - euros
}

@test "run: words that are not UTF-8 stand beside their bytes" {
	recorded 0 -- printf %s $'a\377b'
	says r '.argv[2] == "a\ufffdb" and .argv_b64[2] == "Yf9i" and .argv_b64[0] == "cHJpbnRm"'
	says r '.stdout_encoding == "base64" and .stdout == "Yf9i"'
	says r 'has("command_b64")'
	mkdir $'dir\377'
	(cd $'dir\377' && prockit run true) >r
	is_record r
	says r '.cwd | endswith("/dir\ufffd")'
	[[ $(jq -r .cwd_b64 r | base64 -d) == "$PWD/"$'dir\377' ]]
}

@test "run: the record does not depend on the locale" {
	local locale
	for locale in C C.UTF-8 de_DE.UTF-8; do
		LC_ALL=$locale LC_NUMERIC=$locale recorded 0 -- printf 'é\377'
		says r '.stdout == "w6n/"'
	done
}

@test "run: 20 MiB in both streams" {
	head -c 20M /dev/urandom >big
	prockit run -- sh -c 'cat big & cat big >&2; wait' >r
	is_record r
	says r '.stdout_bytes == 20971520 and .stderr_bytes == 20971520'
	jq -r .stdout r | base64 -d | cmp - big
	jq -r .stderr r | base64 -d | cmp - big
}

@test "run: --stderr=stdout merges the streams in order" {
	recorded 0 --stderr=stdout -- sh -c 'echo a; echo b >&2; echo c'
	says r '.stdout == "a\nb\nc\n" and .stderr == null'
}

@test "run: executable, cwd, pid and handle are the command's" {
	mkdir dir
	recorded 0 --chdir=dir -- sh -c 'echo $$; pwd'
	says r ".executable == \"$(type -P sh)\" and .cwd == \"$PWD/dir\""
	says r '.stdout == "\(.pid)\n\(.cwd)\n"'
	says r '.command == "sh -c '\''echo $$; pwd'\''"'
	recorded 0 "$(helper handle-of)"
	says r '.stdout == .handle + "\n"'
}

@test "run: the record is the same in a deleted directory, but for the directory" {
	mkdir gone
	(cd gone && rmdir ../gone && prockit run echo a) >r
	is_record r
	says r '.stdout == "a\n"'
}

@test "run: --check mirrors the status" {
	recorded 3 --check -- sh -c 'echo out; exit 3'
	says r '.returncode == 3 and .stdout == "out\n"'
	recorded 0 --check true
	recorded 143 --check -- sh -c 'kill $$'
	says r '.outcome == "signaled"'
	recorded 0 --check --ok-codes=0,3 -- sh -c 'exit 3'
	says r '.exit_code == 3'
}

@test "run: the issue's example of eval runs as typed" {
	eval "$(prockit run --format=eval -- sh -c 'echo out; echo err >&2; exit 3')"; echo "$returncode $stdout $stderr"
	[[ $returncode == 3 ]]
	[[ $stdout == $'out\n' && $stderr == $'err\n' ]]
}

@test "run: --format=eval survives eval in every shell, whatever the bytes" {
	local shell locale
	every_byte 1 255 >one
	{
		every_byte 128 255
		every_byte 1 127
	} >two
	for shell in bash dash zsh 'busybox sh'; do
		for locale in C C.UTF-8; do
			rm -f out err
			# shellcheck disable=SC2086 # "busybox sh" is two words
			LC_ALL=$locale run -0 $shell -c '
				eval "$(prockit run --format=eval -- \
					sh -c "cat one; cat two >&2; exit 7")"
				printf %s "$stdout" >out
				printf %s "$stderr" >err
				echo "$returncode"'
			[[ $output == 7 ]]
			cmp one out
			cmp two err
		done
	done
}

@test "run: --format=eval holds against output that means to break out" {
	local text
	for text in "'; touch broken; '" '$(touch broken)' '`touch broken`' '";touch broken;"' \
		$'\'\n touch broken\n\'' \\; do
		printf %s "$text" >text
		eval "$(prockit run --format=eval cat text)"
		[[ $stdout == "$text" ]]
		[[ ! -e broken ]]
	done
}

@test "run: --format=eval gives Python's returncode for signals and limits" {
	eval "$(prockit run --format=eval -- sh -c 'kill $$')"
	[[ $returncode == -15 ]]
	run -124 prockit run --format=eval -t 0.3 sleep 1000
	eval "$output"
	[[ $returncode == -15 && -z $stdout ]]
}

@test "run: --format=eval refuses a NUL in either stream with a message" {
	run -125 --separate-stderr prockit run --format=eval -- printf 'a\0b'
	[[ -z $output ]]
	one_message NUL stdout
	run -125 --separate-stderr prockit run --format=eval -- sh -c 'echo a; printf "a\0b" >&2'
	[[ -z $output ]]
	one_message NUL stderr
}

@test "run: --prefix names the variables" {
	eval "$(prockit run --format=eval --prefix=my_ -- sh -c 'echo out; echo err >&2; exit 3')"
	[[ $my_returncode == 3 && $my_stdout == $'out\n' && $my_stderr == $'err\n' ]]
}

@test "run: a prefix that cannot begin a variable's name is refused" {
	local prefix
	for prefix in 1 'a b' 'x;touch ran;' a- '$(touch ran)'; do
		run -125 --separate-stderr prockit run --format=eval --prefix="$prefix" -- touch ran
		[[ -z $output ]]
		one_message
		[[ ! -e ran ]]
	done
}

@test "run: --format=text is for people" {
	run -0 prockit run --format=text -- sh -c 'echo from-out; echo from-err >&2; exit 3'
	[[ $output == *3* && $output == *from-out* && $output == *from-err* ]]
	run -0 prockit run --format=text -- sh -c 'kill $$'
	[[ $output == *TERM* ]]
	run -124 prockit run --format=text -t 0.3 sleep 1000
	[[ $output == *'timed out'* ]]
}

@test "run: an unknown format is refused before anything runs" {
	run -125 --separate-stderr prockit run --format=xml -- touch ran
	one_message --format xml
	[[ ! -e ran ]]
}

@test "run: --tee shows both streams on stderr while the command runs" {
	mkfifo go
	prockit run --tee -- sh -c 'echo one; echo two >&2; read -r _ <go; echo three' >r 2>err 3>&- &
	echo $! >prockit.pid
	wait_until 10 grep -cx one err
	wait_until 10 grep -cx two err
	[[ ! -s r ]]
	echo >go
	ends_with 0 "$(<prockit.pid)"
	grep -cx three err
	is_record r
	says r '.stdout == "one\nthree\n" and .stderr == "two\n"'
}

@test "run: --tee does not hold the command up when nobody reads stderr" {
	run -0 env --default-signal=PIPE bash -c '
		prockit run -t 60 --tee -- head -c 1000000 /dev/zero 2>&1 >r | true
		echo "${PIPESTATUS[0]}"'
	[[ $output == 0 || $output == 125 || $output == 141 ]]
}

@test "run: --drain reports a leak with its holders" {
	recorded 0 --drain=100ms -- sh -c 'setsid sleep 1000 & echo $! >sleep.pid; echo early'
	says r '.leaked and .stdout == "early\n" and .descendants_left == 1'
	says r ".holders[0] == {pid: $(<sleep.pid), comm: \"sleep\"}"
}

@test "run: after a limit it does not wait for a stranger who holds a pipe" {
	prockit run -t 3 --drain=inf -- sh -c 'echo $$ >sh.pid; exec sleep 1000' >r 2>err 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s sh.pid
	(exec sh -c 'echo $$ >stranger.pid; exec sleep 1000') 2>"/proc/$(<sh.pid)/fd/2" 3>&- &
	wait_until 10 test -s stranger.pid
	ends_with 124 "$(<prockit.pid)"
	alive "$(<stranger.pid)"
	is_record r
	says r ".leaked and .holders[0].pid == $(<stranger.pid)"
}

@test "run: --tree=kill ends what the command left behind, and counts it" {
	recorded 0 --tree=kill -- sh -c 'setsid sleep 1000 & echo $! >a.pid; sleep 1000 & echo $! >b.pid'
	is_gone "$(<a.pid)"
	is_gone "$(<b.pid)"
	says r '.outcome == "exited" and .descendants_killed == 2 and .descendants_left == 0'
}

@test "run: --input reaches the command, however much both sides write" {
	head -c 1M /dev/urandom >in
	recorded 0 -t 60 --input-file=in -- \
		sh -c 'head -c 1048576 /dev/zero >&2; head -c 1048576 /dev/zero; cat'
	says r '.stdout_bytes == 2097152 and .stderr_bytes == 1048576'
	recorded 0 --input=text cat
	says r '.stdout == "text"'
}

@test "run: each try is in the record" {
	recorded 0 --retries=4 --retry-delay=1ms -- \
		sh -c 'echo x >>tries; n=$(wc -l <tries); echo "try $n"; [ "$n" -ge 3 ]'
	says r '.tries == 3 and .returncode == 0 and .stdout == "try 3\n"'
	says r '[.attempts[].returncode] == [1, 1] and .attempts[1].stdout == "try 2\n"'
}

@test "run: a signal to prockit reaches the command, and is told as interrupted" {
	prockit run -- sh -c 'echo $$ >sh.pid; exec sleep 1000' >r 2>err 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s sh.pid
	kill -TERM "$(<prockit.pid)"
	ends_with 143 "$(<prockit.pid)"
	is_gone "$(<sh.pid)"
	is_record r
	says r '.outcome == "interrupted" and .signal == "SIGTERM"'
}

@test "run: write errors and closed outputs" {
	run -125 --separate-stderr sh -c 'prockit run echo a >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit run touch ran >&-'
	one_message
	[[ ! -e ran ]]
	run -0 --separate-stderr env --default-signal=PIPE bash -c \
		'prockit run seq 1000000 | true; echo "${PIPESTATUS[0]}"'
	[[ $output == 141 ]]
	[[ -z $stderr ]]
}

@test "run: streams that it captures cannot be sent elsewhere" {
	run -125 --separate-stderr prockit run --stdout=file -- touch ran
	one_message --stdout
	[[ ! -e ran ]]
}

@test "run: bad usage is one line and 125, and nothing runs" {
	run -125 --separate-stderr prockit run
	[[ $stderr == 'prockit run: '* ]]
	local word
	for word in --nosuch --timeout=x --check=1 --max-output=x --drain=x --signal=x; do
		run -125 --separate-stderr prockit run "$word" -- touch ran
		one_message "${word%%=*}"
		[[ -z $output && ! -e ran ]]
	done
}
