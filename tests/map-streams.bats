#!/usr/bin/env bats
# prockit map: much output, slow and vanished readers, full disks; what it costs, and what is left.
# shellcheck disable=SC1003,SC1083,SC2016,SC2094,SC2154 # the braces and dollars are the command's; run sets variables

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

# small COMMAND...: run it; the memory of it and its jobs has to stay under 10 MB.
small()
{
	local ended=0
	"$(helper peak-memory)" kib "$@" || ended=$?
	if ! has_sanitizers && (($(<kib) > 10 * 1000)); then
		return 99
	fi
	return $ended
}

# steady FILE: it has not grown for most of a second.
steady()
{
	local size i
	size=$(stat -c %s "$1")
	for ((i = 0; i < 70; i++)); do
		[[ $(stat -c %s "$1") == "$size" ]] || return
		sleep 0.01
	done
}

# in_tiny_space KIB COMMAND...: run it with a TMPDIR that holds no more than that.
in_tiny_space()
{
	local unshare=(unshare -m)
	((EUID == 0)) || unshare=(unshare -rm)
	mkdir -p tiny
	"${unshare[@]}" sh -c 'mount -t tmpfs -o "size=$1k" none tiny || exit 99
		TMPDIR=$PWD/tiny; export TMPDIR; shift; exec "$@"' - "$@"
}

need_mounts()
{
	in_tiny_space 100 true || skip 'no right to mount here'
}

# Large outputs

@test "map: a reader that is gone ends jobs that write for themselves" {
	run -0 timeout -k 5 30 bash -c 'yes | prockit map -q -j2 -u echo | head -n 1; echo "${PIPESTATUS[*]}"'
	[[ $output == $'y\n141 141 0' ]]
	# What is no pipe, or still has its reader, is nothing to look for.
	run -0 timeout -k 5 30 sh -c 'seq 3 | prockit map -u echo >out && seq 3 | prockit map -u echo | cat'
	[[ $(wc -l <out) == 3 ]]
	[[ ${#lines[@]} == 3 ]]
}

@test "map: a job that prints 64 MiB is passed on whole, in little memory" {
	write=$(helper write-bytes)
	"$write" 67108864 | cksum >expected
	for option in '' -k --line-buffer; do
		small prockit map $option "$write" {} both 65536 ::: 67108864 2>err | cksum >out
		if [[ $option == --line-buffer ]]; then
			# The last line has got its newline.
			{ "$write" 67108864; echo; } | cksum >expected
		fi
		cmp expected out
		cksum <err | cmp expected -
	done
}

@test "map: jobs that print 16 MiB at the same time do not mix" {
	write=$(helper write-bytes)
	small prockit map -j4 "$write" {} stdout 65536 ::: 16777210 16777210 16777210 16777210 >out
	(($(wc -c <out) == 4 * 16777210))
	"$write" 16777210 >expected
	for i in 0 1 2 3; do
		cmp -n 16777210 -i $((i * 16777210)):0 out expected
	done
}

@test "map: output that comes faster than it is read loses nothing and does not stop" {
	# The last that a worker has sent may be in prockit's hands when the reader is slow.
	for i in 1 2 3; do
		run -0 timeout 60 bash -c 'prockit map -j2 --line-buffer -c '\''head -c 4M /dev/zero | tr "\0" "$1"; echo'\'' ::: a b | cat | wc -c'
		[[ $output == 8388610 ]]
	done
}

@test "map: a line of 64 MiB is one line, in little memory" {
	small prockit map -j2 --line-buffer --tag -c 'head -c 64M /dev/zero | tr "\0" "$1"; echo' ::: a b >out
	[[ $(wc -lc <out | tr -s ' ') == ' 2 134217734' ]]
	# Not one letter of the other within it.
	[[ $(tr -s ab <out | sort) == $'a\ta\nb\tb' ]]
}

@test "map: --json of a large output needs little memory" {
	small prockit map --json head -c {} /dev/zero ::: 8M 16M >out
	[[ $(wc -l <out) == 2 ]]
	(($(wc -c <out) > 6 * 24 * 1024 * 1024))
}

@test "map: with -k what waits for a slow first job needs little memory" {
	mkfifo go
	for ((i = 1; i <= 400; i++)); do
		echo "$i"
	done >items
	# The last one lets the first one end: by then 16 MiB wait.
	small prockit map -j2 -k -a items -c '[ $1 = 1 ] && read -r _ <go; [ $1 = 400 ] && echo >go
		echo "$1"; head -c 40k /dev/zero' >out
	[[ $(tr -d '\0' <out) == "$(<items)" ]]
	(($(wc -c <out) == 400 * 40960 + $(wc -c <items)))
}

@test "map: many thousand small outputs that wait for the first job" {
	mkfifo go
	small prockit map -j2 -k -- sh -c 'case $1 in 1) read -r _ <go ;; 4000) echo >go ;; esac
		echo "$1 $1"' sh < <(seq 4000) >out
	seq 4000 | sed 's/.*/& &/' | cmp - out
}

# Readers

@test "map: while nobody reads the output no more jobs are started, and then it goes on" {
	mkfifo pipe
	for way in '' -k --line-buffer --json; do
		: >started
		exec 8<>pipe
		yes | prockit map $way -j2 --halt=soon,done=200 -c 'echo >>started; head -c 64k /dev/zero | tr "\0" "\n"' \
			>pipe 3>&- 8<&- &
		# The pipe, what prockit keeps in memory, and what the jobs have.
		wait_until 60 test -s started
		wait_until 60 steady started
		before=$(wc -l <started)
		echo "way $way: $before"
		((before < 40))
		cat <pipe >out 3>&- 8<&- &
		cat=$!
		exec 8<&-
		wait "$cat"
		wait
		(($(wc -l <started) >= 200))
	done
}

@test "map: a slow reader of one map's output slows the map before it down" {
	mkfifo go.{1..3}
	yes 2>/dev/null |
		prockit map -j2 -c 'echo >>started; head -c 32k /dev/zero | tr "\0" x; echo' 2>/dev/null |
		prockit map -j1 --buffer=1 --halt=soon,done=3 -c 'read -r _ <go.$1' {#} 3>&- &
	wait_until 60 test -s started
	wait_until 60 steady started
	echo "started: $(wc -l <started)"
	(($(wc -l <started) < 60))
	for i in 1 2 3; do
		echo >go.$i
	done
	wait $!
}

@test "map: a closed stdout is 125 before anything runs" {
	run -125 --separate-stderr sh -c 'exec prockit map touch ran ::: a >&-'
	one_message
	[[ ! -e ran ]]
	run -125 --separate-stderr sh -c 'exec prockit map --json touch ran ::: a >&-'
	one_message
	[[ ! -e ran ]]
}

@test "map: a closed stderr is no trouble, until there is something to write to it" {
	run -0 sh -c 'exec prockit map -k echo ::: a b 2>&-'
	[[ $output == $'a\nb' ]]
	run -125 sh -c 'exec prockit map -k -c "echo o; echo e >&2" ::: a 2>&-'
	run -0 sh -c 'exec prockit map -u echo ::: a b 2>&- <&-'
}

@test "map: with -u a closed stream is closed for the jobs too" {
	prockit map -u -c '[ -e /proc/$$/fd/1 ] || echo closed >&2' ::: a >&- 2>err
	[[ $(<err) == closed ]]
}

@test "map: a full device is 125 with a message, and ends the jobs" {
	run -125 --separate-stderr sh -c 'prockit map echo ::: a b c >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit map -k seq ::: 100000 100000 >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit map --json echo ::: a >/dev/full'
	one_message 'No space left on device'
	run -125 --separate-stderr sh -c 'prockit map --dry-run echo ::: a >/dev/full'
	one_message 'No space left on device'
	run -125 sh -c 'prockit map -c "echo e >&2" ::: a 2>/dev/full'
	mkfifo go
	run -125 --separate-stderr sh -c 'prockit map -j2 -- sh -c "
		case \$1 in
		a) read -r _ <go; echo ;;
		b) echo \$\$ >pid; echo >go; exec sleep 1000 ;;
		esac" sh ::: a b >/dev/full'
	one_message 'No space left on device'
	gone pid
}

@test "map: a reader that went away ends it by SIGPIPE, quietly, with all jobs" {
	run -0 --separate-stderr env --default-signal=PIPE bash -c \
		'prockit map -j2 seq ::: 100000 100000 100000 | true; echo "${PIPESTATUS[0]}"'
	[[ $output == 141 && -z $stderr ]]
	mkfifo go
	for way in '' -k --line-buffer --json; do
		run -141 --separate-stderr "$(helper pipe-hold)" gone prockit map $way -j2 -- sh -c '
			case $1 in
			a) read -r _ <go; echo ;;
			b) setsid sleep 1000 & echo $! >pids; echo $$ >>pids; echo >go; exec sleep 1000 ;;
			esac' sh ::: a b
		[[ -z $output && -z $stderr ]]
		gone pids
	done
}

@test "map: an endless map ends when its reader has enough" {
	run -0 --separate-stderr env --default-signal=PIPE bash -c \
		'yes | prockit map -j2 -k echo | head -n 3; echo "${PIPESTATUS[*]}"'
	[[ $output == $'y\ny\ny\n141 141 0' && -z $stderr ]]
}

@test "map: with SIGPIPE ignored a reader that went away is a write error" {
	run -0 --separate-stderr bash -c 'trap "" PIPE; prockit map seq ::: 100000 100000 | true; echo "${PIPESTATUS[0]}"'
	[[ $output == 125 ]]
	one_message 'Broken pipe'
}

# Full disks

@test "map: a full TMPDIR fails the job with a message, not the others" {
	need_mounts
	for way in '' -k --json; do
		run -1 --separate-stderr in_tiny_space 300 prockit map $way -j2 \
			-c '[ $1 != b ] || head -c 8M /dev/zero; echo $1' ::: a b c d
		[[ $stderr == 'prockit map: '*'No space left on device'* ]]
		if [[ $way == --json ]]; then
			[[ $(jq -r 'select(.failed | not) | .stdout' <<<"$output" | grep . | sort) == $'a\nc\nd' ]]
		else
			[[ $(sort <<<"$output") == $'a\nc\nd' ]]
		fi
	done
}

@test "map: a full TMPDIR is no silent cut: the record says that the job failed" {
	need_mounts
	run -1 --separate-stderr in_tiny_space 300 prockit map --log=log -j1 \
		-c '[ $1 != b ] || head -c 8M /dev/zero; echo $1' ::: a b c
	[[ $(jq -c '[.item, .failed]' log) == $'["a",false]\n["b",true]\n["c",false]' ]]
}

@test "map: with -k and a full TMPDIR what could not wait fails, the rest is shown in order" {
	need_mounts
	mkfifo go
	run --separate-stderr in_tiny_space 300 prockit map -j2 -k -c \
		'[ $1 != 1 ] || read -r _ <go; [ $1 != 60 ] || echo >go; echo "$1"; head -c 30k /dev/zero | tr "\0" .; echo' \
		< <(seq 60)
	((status > 0 && status < 60))
	[[ $(grep -c '^prockit map: .*No space left' <<<"$stderr") == "$status" ]]
	# Whole jobs, in order; the first one is among them.
	numbers=$(tr -d . <<<"$output" | grep .)
	[[ $numbers == 1$'\n'* && $numbers == "$(sort -n <<<"$numbers")" ]]
	[[ $(wc -l <<<"$numbers") == $((60 - status)) ]]
	(($(tr -cd . <<<"$output" | wc -c) == (60 - status) * 30720))
}

@test "map: a long line and a full TMPDIR fail the job, not the others" {
	need_mounts
	run -1 --separate-stderr in_tiny_space 300 prockit map -j2 --line-buffer \
		-c '[ $1 != b ] || head -c 8M /dev/zero; echo $1' ::: a b c d
	# What could be kept of the line is one, too, wherever it stands.
	[[ $(tr -d '\0' <<<"$output" | grep . | sort) == $'a\nc\nd' ]]
	[[ $stderr == 'prockit map: '*'No space left on device'* ]]
}

@test "map: a TMPDIR that is not there is no trouble" {
	TMPDIR=/nosuch prockit map -k -c '[ $1 != b ] || head -c 8M /dev/zero; echo $1' ::: a b c >out
	[[ $(tr -d '\0' <out) == $'a\nb\nc' && $(wc -c <out) == 8388614 ]]
}

@test "map: leaves nothing in TMPDIR, neither while it runs nor when it was killed" {
	mkdir tmp
	mkfifo go
	for way in '' -k --line-buffer --json; do
		rm -f written
		TMPDIR=$PWD/tmp prockit map -j2 $way -c 'case $1 in
			1) echo $$ >pid; read -r _ <go ;;
			2) head -c 8M /dev/zero; echo ;;
			3) touch written; head -c 8M /dev/zero; exec sleep 1000 ;;
			esac' ::: 1 2 3 >out 3>&- &
		map=$!
		wait_until 20 test -e written
		[[ -z $(ls -A tmp) ]]
		kill -KILL "$map"
		wait_until 20 gone pid
		[[ -z $(ls -A tmp) ]]
		wait "$map" || true
	done
}
