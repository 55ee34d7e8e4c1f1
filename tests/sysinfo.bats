#!/usr/bin/env bats
# sysinfo as a whole: what it takes and refuses, how it samples and writes. The topics themselves, in
# every format, are in sysinfo-topics.bats.

bats_require_minimum_version 1.5.0
load lib/common
load lib/readers
load lib/saved-proc
load lib/children

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export TZ=UTC
}

teardown()
{
	end_leftovers
}

# ---- topics and columns -----------------------------------------------------------------------

@test "sysinfo: without a topic it shows what one wants to know first, and waits for nothing" {
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 \
		strace -f -e trace=clock_nanosleep,nanosleep,timerfd_create,timerfd_settime -o trace \
		prockit sysinfo >out
	run -1 grep -E '^[0-9]+ +[a-z]' trace
	(($(wc -l <out) < 25))
	run -0 prockit sysinfo --json
	jq -e 'has("memory") and has("load") and has("uptime") and has("cpu_count")' <<<"$output"
}

@test "sysinfo: topics come in the order in which they were asked for, at one moment" {
	run -0 prockit sysinfo load memory uptime --json
	[[ $(jq -c keys_unsorted <<<"$output") == '["time","load","memory","uptime"]' ]]
	run -0 prockit sysinfo --json uptime load uptime
	[[ $(jq -c keys_unsorted <<<"$output") == '["time","uptime","load"]' ]]
}

@test "sysinfo: options stand before, between and behind topics, until --" {
	run -0 prockit sysinfo load --json uptime
	[[ $(jq -c keys_unsorted <<<"$output") == '["time","load","uptime"]' ]]
	run -125 prockit sysinfo load -- --json
	[[ $output == 'prockit sysinfo: '*--json* ]]
}

@test "sysinfo: an unknown topic or column is named, with the nearest, and nothing is printed" {
	run -125 --separate-stderr prockit sysinfo memroy
	# shellcheck disable=SC2154 # run sets it
	[[ $output == '' && $stderr == 'prockit sysinfo: '*memroy*'(did you mean memory?)' ]]
	run -125 --separate-stderr prockit sysinfo load nosuchthing
	[[ $output == '' && $stderr == 'prockit sysinfo: '*nosuchthing* ]]
	run -125 --separate-stderr prockit sysinfo memory -o total,percnt
	[[ $output == '' && $stderr == 'prockit sysinfo: '*percnt*'(did you mean percent?)' ]]
	run -125 --separate-stderr prockit sysinfo memory --get=percnt
	[[ $output == '' && $stderr == 'prockit sysinfo: '*percnt*'(did you mean percent?)' ]]
}

@test "sysinfo: -o chooses columns and their order, +COLUMN adds, -O shows all" {
	run -0 prockit sysinfo memory -o percent,total --json
	[[ $(jq -c '.memory | keys_unsorted' <<<"$output") == '["percent","total"]' ]]
	run -0 prockit sysinfo memory -o percent,total --csv
	[[ ${lines[0]} == percent,total ]]
	run -0 prockit sysinfo load -o load15,load1 --raw
	[[ ${lines[0]} == load15$'\t'load1 ]]
	local usual all
	usual=$(prockit sysinfo cpu-times --json | jq '.cpu_times | length')
	all=$(prockit sysinfo cpu-times --output-all --json | jq '.cpu_times | length')
	((all >= usual))
}

@test "sysinfo: --noheadings takes the headings away, and only these" {
	prockit sysinfo cpu-count --raw >with
	prockit sysinfo cpu-count --raw --noheadings >without
	sed 1d with | cmp - without
	run -0 prockit sysinfo cpu-count --csv -n
	[[ ${#lines[@]} == 1 && ${lines[0]} != *logical* ]]
}

@test "sysinfo: --get prints one bare value, whichever topic has the column" {
	run -0 prockit sysinfo memory --get percent
	[[ $output =~ ^[0-9]+\.[0-9]$ ]]
	run -0 prockit sysinfo memory load --get load1
	[[ $output =~ ^[0-9]+\.[0-9]+$ ]]
	run -0 prockit sysinfo cpu-times --percpu --get=cpu
	[[ $output == 0* && ${#lines[@]} == $(grep -c '^cpu[0-9]' /proc/stat) ]]
}

@test "sysinfo: --shell gives variables, with the prefix before each" {
	eval "$(prockit sysinfo memory --shell --prefix=mem_)"
	# shellcheck disable=SC2154 # eval's
	[[ $mem_total == "$(free -b | awk '/^Mem:/ { print $2 }')" ]]
	run -125 prockit sysinfo memory --shell --prefix=1-x
}

@test "sysinfo: two formats at once are refused, and one twice is not" {
	run -125 prockit sysinfo load --json --csv
	run -0 prockit sysinfo load --json --json
}

@test "sysinfo: an option that no topic of the run has is refused" {
	run -125 --separate-stderr prockit sysinfo load --percpu
	[[ $stderr == 'prockit sysinfo: --percpu'* ]]
	run -125 --separate-stderr prockit sysinfo memory --kind=tcp
	[[ $stderr == *--kind*net-connections* ]]
	run -125 --separate-stderr prockit sysinfo memory --all
	[[ $output == '' && $stderr == 'prockit sysinfo: --all'*disk-partitions*disk-usage* ]]
	run -0 prockit sysinfo memory disk-usage --all
	run -0 prockit sysinfo net-connections --kind=unix
	run -125 prockit sysinfo net-connections --kind=nosuch
	run -0 prockit sysinfo load cpu-times --percpu
}

# ---- what is not there -----------------------------------------------------------------------

@test "sysinfo: a path that is not there is status 1, and the others are shown" {
	run -1 --separate-stderr prockit sysinfo disk-usage / /nosuch --json
	[[ $stderr == 'prockit sysinfo: /nosuch: No such file or directory' ]]
	jq -e '.disk_usage | any(.path == "/" and .total > 0)' <<<"$output"
}

@test "sysinfo: --require makes status 1 of a null" {
	mkdir proc
	printf 'MemTotal: 1000 kB\nMemFree: 600 kB\n' >proc/meminfo
	run -0 prockit sysinfo memory --proc=proc --json
	jq -e '.memory | .buffers == null and .unavailable.buffers == "unsupported"' <<<"$output"
	run -1 --separate-stderr prockit sysinfo memory --proc=proc --require -o total,buffers
	[[ $stderr == 'prockit sysinfo: '*buffers* ]]
	run -0 prockit sysinfo memory --proc=proc --require -o total,free
}

@test "sysinfo: a FIFO of --proc is nothing that load and uptime wait for" {
	unshare -m true 2>/dev/null || unshare -Urm true 2>/dev/null || skip 'mount namespaces are not allowed here'
	mkdir proc
	mkfifo proc/loadavg proc/uptime
	ASAN_OPTIONS=detect_leaks=0 run -0 timeout 20 prockit sysinfo load uptime --proc=proc --json
	jq -e '.load.load1 == null and .load.unavailable.load1 == "unsupported" and
		.uptime.unavailable.seconds == "unsupported"' <<<"$output"
}

@test "sysinfo: without /proc/meminfo, or without the folder of --proc, it is 125" {
	mkdir empty
	run -125 --separate-stderr prockit sysinfo memory --proc=empty --json
	[[ $output == '' && $stderr == 'prockit sysinfo: empty/meminfo: No such file or directory' ]]
	run -125 --separate-stderr prockit sysinfo load --proc=nosuch
	[[ $output == '' && $stderr == 'prockit sysinfo: nosuch: No such file or directory' ]]
	run -125 --separate-stderr prockit sysinfo load --sys=nosuch
	[[ $output == '' && $stderr == 'prockit sysinfo: nosuch: No such file or directory' ]]
}

# ---- sampling --------------------------------------------------------------------------------

@test "sysinfo: an interval of 0, a negative one and junk are refused, and so are such counts" {
	local word
	for word in 0 0s -1 1x nan inf '' 0x; do
		run -125 --separate-stderr prockit sysinfo load -c 1 "--interval=$word"
		[[ $output == '' && $stderr == "prockit sysinfo: --interval: '$word' "* ]]
	done
	for word in 0 -1 1.5 x ''; do
		run -125 --separate-stderr prockit sysinfo load "--count=$word"
		[[ $output == '' && $stderr == "prockit sysinfo: --count: '$word' "* ]]
	done
}

@test "sysinfo: -i and -c give so many whole lines, at moments that do not drift" {
	prockit sysinfo cpu-percent -i 0.1 -c 11 --jsonl >out
	[[ $(wc -l <out) == 11 ]]
	jq -es 'all(.[]; .interval > 0.05 and (.cpu_percent.percent | . == null or (. >= 0 and . <= 100)))' out
	# Ten intervals; what a busy machine adds to one record is not carried to the next.
	jq -es '.[10].time - .[0].time | . > 0.9 and . < 1.5' out
}

@test "sysinfo: the first record of a topic that samples is a real window, and others wait for nothing" {
	start_clock
	prockit sysinfo load -c 1 --json >out
	(($(elapsed_ms) < 400))
	run -0 prockit sysinfo cpu-percent --json
	jq -e '.interval >= 0.5 and .interval < 5' <<<"$output"
}

# has_lines NUMBER FILE
has_lines()
{
	(($(wc -l <"$2") >= $1))
}

@test "sysinfo: a signal leaves whole lines" {
	prockit sysinfo cpu-times load --jsonl -i 0.01 >out 3>&- &
	wait_until 10 has_lines 5 out
	kill "$!"
	ends_with 143 "$!"
	[[ $(tail -c 1 out | od -An -tx1) == ' 0a' ]]
	jq -es 'length >= 5 and all(.[]; has("load"))' out
}

@test "sysinfo: a reader that goes away ends it by SIGPIPE, a full disk with 125" {
	# shellcheck disable=SC2016 # the inner shell's
	run -0 bash -c 'prockit sysinfo load --jsonl -i 0.01 2>err | head -n 2 >out; echo "${PIPESTATUS[0]}"'
	[[ $output == 141 && $(wc -l <out) == 2 && ! -s err ]]
	run -125 --separate-stderr bash -c 'prockit sysinfo load >/dev/full'
	[[ $stderr == 'prockit sysinfo: '*'No space left on device' ]]
	run -125 --separate-stderr bash -c 'prockit sysinfo --list >/dev/full'
	run -125 --separate-stderr bash -c 'prockit sysinfo --list-columns >/dev/full'
}

# make_stat FOLDER BUSY IDLE: a /proc with one processor that has spent so many ticks.
make_stat()
{
	mkdir -p "$1/sys/kernel/random"
	printf 'cpu  %s 0 0 %s 0 0 0 0 0 0\ncpu0 %s 0 0 %s 0 0 0 0 0 0\nbtime 1700000000\n' \
		"$2" "$3" "$2" "$3" >"$1/stat"
	echo '11111111-2222-3333-4444-555555555555' >"$1/sys/kernel/random/boot_id"
}

@test "sysinfo: --state makes a share of two runs, without waiting" {
	make_stat before 1000 1000
	make_stat after 1300 1100
	run -0 prockit sysinfo cpu-percent --proc=before --state=state --json
	jq -e '.cpu_percent | .percent == null and .unavailable.percent == "not_applicable"' <<<"$output"
	run -0 prockit sysinfo cpu-percent --proc=after --state=state --get percent
	[[ $output == 75.0 ]]
	# The same moment again: no ticks have elapsed, which is neither 0 nor NaN.
	run -0 prockit sysinfo cpu-percent --proc=after --state=state --get percent
	[[ $output == '' ]]
}

@test "sysinfo: a state of another boot, cut short, or foreign counts as none" {
	make_stat before 1000 1000
	make_stat after 1300 1100
	local length
	prockit sysinfo cpu-percent --proc=before --state=whole >/dev/null
	for length in $(seq 0 7 "$(($(stat -c %s whole) - 1))"); do
		head -c "$length" whole >state
		run -0 prockit sysinfo cpu-percent --proc=after --state=state --get percent
		[[ $output == '' ]]
	done
	echo '{"hello":"world"}' >state
	run -0 prockit sysinfo cpu-percent --proc=after --state=state --get percent
	[[ $output == '' ]]
	cp whole state
	echo '99999999-2222-3333-4444-555555555555' >after/sys/kernel/random/boot_id
	run -0 prockit sysinfo cpu-percent --proc=after --state=state --get percent
	[[ $output == '' ]]
	cp whole state
	echo '11111111-2222-3333-4444-555555555555' >after/sys/kernel/random/boot_id
	run -0 prockit sysinfo cpu-percent --proc=after --state=state --get percent
	[[ $output == 75.0 ]]
}

@test "sysinfo: --rate shows counters by the second, each with its name" {
	run -0 prockit sysinfo cpu-stats --rate -i 0.1 -c 1 --json
	jq -e '.interval > 0 and .cpu_stats.ctx_switches_per_sec >= 0 and
		(.cpu_stats | has("ctx_switches") | not)' <<<"$output"
}

@test "sysinfo: memory does not grow over ten thousand samples" {
	[[ $PROCKIT_SANITIZERS != yes ]] || skip 'the sanitizers keep freed memory'
	local few many
	"$(helper peak-memory)" peak prockit sysinfo cpu-percent cpu-times memory disk-io net-io --percpu \
		--jsonl -i 0.0001 -c 100 >/dev/null
	few=$(<peak)
	"$(helper peak-memory)" peak prockit sysinfo cpu-percent cpu-times memory disk-io net-io --percpu \
		--jsonl -i 0.0001 -c 10000 >out
	many=$(<peak)
	[[ $(wc -l <out) == 10000 ]]
	((many <= few + 1024))
}

# ---- the terminal and the locale ---------------------------------------------------------------

# on_terminal [NAME=VALUE...] COMMAND...: on a terminal of its own, of a known width.
on_terminal()
{
	"$(helper pty-run)" -- env -u NO_COLOR COLUMNS=100 "$@"
}

@test "sysinfo: colours are for terminals, and NO_COLOR is honoured" {
	local escape=$'\e' words
	for words in '' memory; do
		run -0 on_terminal TERM=xterm-256color prockit sysinfo $words
		[[ $output == *"${escape}["* ]]
		run -0 on_terminal TERM=xterm-256color NO_COLOR=1 prockit sysinfo $words
		[[ $output != *"$escape"* ]]
		run -0 on_terminal TERM=dumb prockit sysinfo $words
		[[ $output != *"$escape"* ]]
	done
	run -0 prockit sysinfo
	[[ $output != *"$escape"* ]]
}

@test "sysinfo: the summary is the same under a locale with a decimal comma" {
	make_stat proc 1000 1000
	make_comma_locale
	run -0 prockit sysinfo
	[[ $output != *[0-9],[0-9]* ]]
}

# ---- damaged files -----------------------------------------------------------------------------

# ask WORD...: run it on ./proc; what it prints is kept in ./said, and a bad end in ./faults.
ask()
{
	local status=0
	timeout 20 prockit "$@" --proc=proc --json >out 2>err </dev/null || status=$?
	case $status in
	0 | 1)
		[[ $(wc -l <out) == 1 ]] || echo "$moment: $*: not one line" >>faults
		cat out >>said
		;;
	125)
		[[ ! -s out && $(wc -l <err) == 1 && $(<err) == prockit\ * ]] ||
			echo "$moment: $*: $(cat out err)" >>faults
		;;
	*) echo "$moment: $*: status $status: $(tail -n 20 err)" >>faults ;;
	esac
}

# cut_files FROM TO WORD-FUNCTION: all files of ./proc at once, shorter by a byte each time.
cut_files()
{
	local size
	local -a files
	mapfile -t files < <(find proc -type f)
	: >said
	: >faults
	for ((size = $1; size >= $2; size--)); do
		moment="cut at byte $size"
		truncate -s "<$size" "${files[@]}"
		"$3"
	done
	[[ ! -s faults ]] || { head -n 20 faults; return 1; }
	jq -c . said >/dev/null
	(($(wc -l <said) > $1 / 2))
}

ask_all_together()
{
	ask sysinfo cpu-times cpu-count cpu-stats cpu-freq swap pressure limits disk-partitions disk-io \
		net-io net-connections os users --percpu --perdisk --pernic --output-all --kind=all
	ask sysinfo cpu-percent cpu-times-percent --percpu --state=state
	ask ps --output-all
}

# Those that fail as a whole when they cannot read their only file, so each is asked alone.
ask_one_by_one()
{
	local topic
	for topic in memory load uptime boot-time cpu-times cpu-stats disk-io net-io disk-partitions; do
		ask sysinfo "$topic"
	done
}

@test "sysinfo: files of /proc that are cut at each byte of their first 200 do no harm" {
	save_proc proc $$ 400
	cut_files 200 0 ask_all_together
}

@test "sysinfo: files cut at each byte of their first 60 do no harm to any topic alone" {
	save_proc proc $$ 400
	cut_files 60 0 ask_one_by_one
}

@test "sysinfo: junk in the files of /proc does no harm" {
	local file line
	: >said
	: >faults
	# Numbers that do not fit, that are none, text without ends, and bytes of all kinds.
	for line in '99999999999999999999999 -1 nan 1e400 : : ( ) (((' ': 0 kB' "$(printf '%0300d' 0)" \
		"$(printf '\377\376\033[31m\t\t\\x41')" 'cpu cpu0 cpu4294967296 cpu-1' ')'; do
		moment="junk: $line"
		rm -rf proc
		save_proc proc $$ 400
		find proc -type f | while read -r file; do
			{ head -n 2 "$file" | tr -d '\0'; for _ in 1 2 3; do printf '%s\n' "$line"; done
				tail -n 2 "$file"; printf '%s' "$line"; } >new 2>/dev/null
			cat new >"$file"
		done
		ask_all_together
		ask_one_by_one
	done
	[[ ! -s faults ]] || { head -n 20 faults; return 1; }
	jq -c . said >/dev/null
}
