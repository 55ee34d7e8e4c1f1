#!/usr/bin/env bats
# prockit ps: its formats, windows, trees of files for --proc, and processes that vanish.
# shellcheck disable=SC2016,SC2154 # the dollars are jq's; run sets variables
# shellcheck disable=SC2030,SC2031 # each test starts with variables of its own

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/processes
load lib/readers

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

teardown()
{
	end_named
	end_leftovers
	no_more_everyone
}

default_columns='pid ppid username status cpu_percent rss create_time command'

@test "ps: a table by default, with these columns" {
	run -0 prockit ps
	say_same columns "$(tr -s ' ' <<<"${lines[0],,}" | sed 's/^ *//; s/ *$//')" "$default_columns"
	run -0 prockit ps $$ -n -o pid
	say_same pid "${output// /}" "$$"
}

@test "ps: JSON is one object with the time and the processes; JSON Lines has one for each" {
	ps_json
	says_r 'keys_unsorted == ["time", "processes"] and (.time - now | fabs) < 60'
	jq -e --arg keys "$default_columns" 'all(.processes[]; keys_unsorted - ["unavailable"] == ($keys | split(" ")))' r
	prockit ps --jsonl >lines
	jq -e --arg keys "$default_columns" 'keys_unsorted - ["time", "unavailable"] == ($keys | split(" "))' lines >/dev/null
	(($(wc -l <lines) > 3))
	say_same objects "$(jq -c . lines | wc -l)" "$(wc -l <lines)"
}

@test "ps: each format is one that its readers understand, whatever names hold" {
	start_named $'a,"b"\t\n\xff' 'x,"y"\0\t\n'"'"'\0\377\0' 'A=1,"\n\t\0'
	prockit ps "$named" -O --csv >csv
	csv_to_json csv | jq -e '.[0] | length == 2 and (.[0] | length) == (.[1] | length)'
	prockit ps "$named" -O --raw >raw
	raw_to_json raw | jq -e '.[0] | length == 2 and (.[0] | length) == (.[1] | length)'
	prockit ps "$named" -O --shell --prefix=p_ >words
	shell_is_words words
	(
		eval "$(<words)"
		say_same pid "$p_pid" "$named"
		say_same name "$p_name" $'a,"b"\t\n\xff'
	)
	prockit ps "$named" -O --openmetrics >metrics
	grep -E "^prockit_processes_rss\{pid=\"$named\"\} [1-9][0-9]*$" metrics
	is_openmetrics metrics
	grep -E "^prockit_processes_info\{pid=\"$named\",username=\"$(id -un)\",command=\".*\"\} 1$" metrics
	# Ids are no figures that anybody could add up.
	run -1 grep -E '^prockit_processes_(pid|tid|ppid|cpu_num)\b' metrics
	say_same get "$(prockit ps "$named" --get cmdline | jq -c 'length')" 3
}

@test "ps: the columns are listed with their types and costs" {
	prockit ps --list-columns --json | jq -e '[.. | objects | select(has("name")) | .name] as $names |
		["pid", "ppid", "name", "exe", "cmdline", "command", "environ", "cwd", "root", "status",
		"create_time", "username", "uids", "gids", "terminal", "nice", "ionice", "rlimits",
		"num_threads", "threads", "num_fds", "open_files", "net_connections", "cpu_percent",
		"cpu_times", "cpu_num", "cpu_affinity", "rss", "vms", "shared", "text", "data", "uss",
		"pss", "swap", "peak_rss", "memory_percent", "io_read_count", "io_write_count",
		"io_read_bytes", "io_write_bytes", "io_read_chars", "io_write_chars", "num_ctx_switches",
		"page_faults", "oom_score", "cgroup", "handle", "children"] - $names == []'
	run -125 --separate-stderr prockit ps -o pid,comandd
	[[ $stderr == *"'comandd' is not a column"*'did you mean command?'* ]]
}

@test "ps: --require is status 1 where something is unavailable" {
	run -0 prockit ps $$ --require -o pid,rss
	run -1 --separate-stderr prockit ps $$ --require -o pid,depth
	[[ $stderr == *depth* ]]
	# What only another option fills is no part of all columns.
	ps_json $$ -O
	says_r '.processes[0] | has("rss") and (has("tid") or has("depth") | not)'
	ps_json $$ -O --threads
	says_r '.processes[0] | has("tid") and (has("depth") | not)'
	ps_json $$ -O --tree
	says_r '.processes[0] | has("depth") and (has("tid") | not)'
}

@test "ps: options that exclude each other" {
	run -125 --separate-stderr prockit ps --tree --threads
	say_same stderr "$stderr" 'prockit ps: --threads: not together with --tree'
	run -125 prockit ps --json --raw
	run -125 prockit ps -i 0
	run -125 prockit ps -i -1
	run -125 prockit ps -c 0
	run -125 prockit ps --proc=/nonexistent
}

@test "ps: --proc reads another tree, with its own clocks and memory" {
	fake_system 1100.00
	fake 7 1 seven S 10000 3000 2000
	echo '2000 50 20 10 0 300 0' >proc/7/statm
	printf '/bin/seven\0--x\0' >proc/7/cmdline
	ps_json --proc="$PWD/proc" -O
	local page
	page=$(getconf PAGESIZE)
	jq -e --argjson page "$page" '.processes == [.processes[0]] and (.processes[0] |
		.pid == 7 and .name == "seven" and .create_time == 1700000100 and .cpu_percent == 5 and
		.cpu_times.user == 30 and .cpu_times.system == 20 and .rss == 50 * $page and .vms == 8192000 and
		.shared == 20 * $page and .text == 10 * $page and .data == 300 * $page and
		.memory_percent == (100 * 50 * $page / 4096000 * 10 | round / 10) and
		.command == "/bin/seven --x" and .nice == 0 and .cpu_num == 1 and .terminal == null and
		.page_faults == {minor: 10, major: 1, children_minor: 20, children_major: 2} and
		.children == [] and .handle == null and .unavailable.handle == "not_applicable" and
		.username == null and .unavailable.username == "unsupported")' r
}

@test "ps: terminals of a saved tree" {
	local number path
	fake_system 1000.00
	while read -r number path; do
		fake 7 1 seven
		sed -i "s/ 1 1 0 -1 / 1 1 $number -1 /" proc/7/stat
		say_same "terminal $number" "$(prockit ps --proc="$PWD/proc" --sys="$PWD" 7 --get terminal)" "$path"
	done <<-'END'
		34816 /dev/pts/0
		34819 /dev/pts/3
		35072 /dev/pts/256
		1083393 /dev/pts/257
		1025 /dev/tty1
		1088 /dev/ttyS0
		0
	END
	# What only /sys knows.
	mkdir -p dev/char/204:64
	printf 'MAJOR=204\nMINOR=64\nDEVNAME=ttyAMA0\n' >dev/char/204:64/uevent
	fake 7 1 seven
	sed -i "s/ 1 1 0 -1 / 1 1 $((204 * 256 + 64)) -1 /" proc/7/stat
	say_same terminal "$(prockit ps --proc="$PWD/proc" --sys="$PWD" 7 --get terminal)" /dev/ttyAMA0
}

@test "ps: files cut at any byte, or of junk, never end it" {
	local i text wrong=''
	fake_system 1000.00
	fake 7 1 'se)ven' S 100
	text=$(<proc/7/stat)
	printf 'Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t1\t2\t3\t4\nVmHWM:\t  100 kB\nCpus_allowed_list:\t0-3\nNSpid:\t7\t1\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n' >proc/7/status
	echo '1 2 3 4 5 6 7' >proc/7/statm
	printf 'a\0b' >proc/7/cmdline
	for ((i = 0; i <= ${#text}; i += 1)); do
		printf %s "${text:0:i}" >proc/7/stat
		prockit ps --proc="$PWD/proc" --json -O >r 2>errors || wrong+=" stat at $i: $?"
		jq -e '.processes | length <= 1' r >/dev/null || wrong+=" JSON of stat at $i"
	done
	echo "$text" >proc/7/stat
	text=$(<proc/7/status)
	for ((i = 0; i <= ${#text}; i += 3)); do
		printf %s "${text:0:i}" >proc/7/status
		prockit ps --proc="$PWD/proc" --json -O >r 2>errors || wrong+=" status at $i: $?"
		jq -e '.processes | length == 1' r >/dev/null || wrong+=" JSON of status at $i"
	done
	for i in stat status statm cmdline environ io smaps_rollup limits cgroup oom_score; do
		head -c 3000 /dev/urandom >"proc/7/$i"
		prockit ps --proc="$PWD/proc" --json -O 7 >r 2>errors || (($? == 1)) || wrong+=" junk in $i"
		jq -e . r >/dev/null || wrong+=" JSON of junk in $i"
		rm "proc/7/$i"
		mkdir "proc/7/$i"
		prockit ps --proc="$PWD/proc" --json -O 7 >r 2>errors || (($? == 1)) || wrong+=" folder $i"
		rmdir "proc/7/$i"
		[[ $i != stat ]] || fake 7 1 seven
	done
	say_same wrong "$wrong" ''
}

@test "ps: a time that cannot be is null" {
	local number
	fake_system 1000.00
	fake 7 1 seven S 100
	for number in 18446744073709551615 9223372036854775807 92233720368547758; do
		printf 'btime %s\n' "$number" >proc/stat
		ps_json --proc="$PWD/proc" -o create_time
		says_r '.processes[0].unavailable == {create_time: "unsupported"}'
	done
	fake_system 1000.00
	fake 7 1 seven S 18446744073709551615
	ps_json --proc="$PWD/proc" -o create_time,cpu_percent
	says_r '.processes[0].unavailable.create_time == "unsupported"'
	echo '-99999999999999999999999999 0' >proc/uptime
	prockit ps --proc="$PWD/proc" --json --state=state -O >r
	prockit ps --proc="$PWD/proc" --json --state=state -O >r
	says_r '.processes | length == 1'
}

@test "ps: a list of CPUs that goes back again and again is none" {
	local i
	fake_system 1000.00
	fake 7 1 seven
	fake 8 1 eight
	printf 'Cpus_allowed_list:\t0-3,8\n' >proc/8/status
	{
		printf 'Cpus_allowed_list:\t'
		for ((i = 0; i < 20000; i++)); do
			printf '0-65535,'
		done
		echo 0
	} >proc/7/status
	# Were it counted, that would be gigabytes.
	(
		has_sanitizers || ulimit -v 1000000
		ps_json --proc="$PWD/proc" -o pid,cpu_affinity
	)
	says_r '[.processes[].cpu_affinity] == [null, [0, 1, 2, 3, 8]]'
	printf 'Cpus_allowed_list:\t0-3,3\n' >proc/7/status
	ps_json --proc="$PWD/proc" -o pid,cpu_affinity
	says_r '.processes[0].unavailable == {cpu_affinity: "unsupported"}'
}

# A window of ten seconds, in two trees.
two_moments()
{
	mkdir a b
	(
		cd a || exit
		fake_system 1000.00
		fake 10 1 busy S 100 1000 0
		fake 11 1 idle S 100 1000 0
		fake 12 1 old S 100 5000 0
	)
	(
		cd b || exit
		fake_system 1010.00
		fake 10 1 busy S 100 1400 100
		fake 11 1 idle S 100 1000 0
		# Another process has that number now, since 1006 seconds.
		fake 12 1 new S 100600 100 0
		# Born within the window, and one that nobody saw before.
		fake 13 1 born S 100800 50 50
		fake 14 1 found S 200 9000 0
	)
}

@test "ps: with a window cpu_percent is that of the window" {
	two_moments
	prockit ps --proc="$PWD/a/proc" --state=state --json -o pid,cpu_percent >r
	# There is no window yet.
	says_r '.processes | all(.[]; .cpu_percent == null and .unavailable.cpu_percent == "not_applicable")'
	prockit ps --proc="$PWD/b/proc" --state=state --json -o pid,cpu_percent >r
	say_same percents "$(jq -c '[.processes[] | [.pid, .cpu_percent]]' r)" \
		'[[10,50],[11,0],[12,25],[13,50],[14,null]]'
	says_r '.processes[4].unavailable.cpu_percent == "not_applicable"'
}

@test "ps: a window with selection and sorting" {
	two_moments
	prockit ps --proc="$PWD/a/proc" --state=state --name=nothing >/dev/null
	# What was not selected then has a past nevertheless.
	prockit ps --proc="$PWD/b/proc" --state=state --raw -n -o pid,cpu_percent --sort=-cpu_percent --head=2 >out
	say_same top "$(<out)" $'10\t50.0\n13\t50.0'
}

@test "ps: --rate gives counters per second, never across two processes" {
	two_moments
	for pid in 10 12; do
		printf 'rchar: 1000\nwchar: 0\n' >"a/proc/$pid/io"
		printf 'rchar: 5000\nwchar: 0\n' >"b/proc/$pid/io"
	done
	prockit ps --proc="$PWD/a/proc" --state=state --rate -o io_read_chars >/dev/null
	prockit ps --proc="$PWD/b/proc" --state=state --rate --json -o pid,io_read_chars >r
	says_r '.processes[] | select(.pid == 10) | .io_read_chars_per_sec > 0'
	says_r '.processes[] | select(.pid == 12) | .io_read_chars_per_sec == null'
}

@test "ps: a process whose CPU time was not known has none in the window after" {
	two_moments
	local moment
	for moment in a b; do
		cut -d ' ' -f -12 "$moment/proc/11/stat" >short
		mv short "$moment/proc/11/stat"
	done
	prockit ps --proc="$PWD/a/proc" --state=state -o cpu_percent >/dev/null
	prockit ps --proc="$PWD/b/proc" --state=state --json -o pid,cpu_percent >r
	says_r '.processes[] | select(.pid == 11) | .cpu_percent == null and .unavailable.cpu_percent == "unsupported"'
}

@test "ps: --rate shows rates where no columns are named" {
	two_moments
	prockit ps --proc="$PWD/a/proc" --state=state --rate >/dev/null
	run -0 prockit ps --proc="$PWD/b/proc" --state=state --rate --raw
	say_same headings "${lines[0]}" \
		$'pid\tppid\tusername\tstatus\tcpu_percent\trss\tio_read_bytes_per_sec\tio_write_bytes_per_sec\tcreate_time\tcommand'
	run -0 prockit ps --proc="$PWD/b/proc" --state=state --rate --raw -o pid
	say_same headings "${lines[0]}" pid
}

@test "ps: --watch fits on a screen of 80 by 24, and cuts only the command" {
	local words last line
	# Something to cut, and a tree.
	sh -c ': >ready; sleep 1000; :' "$(printf '%0100d' 0)" 3>&- &
	wait_until 10 test -e ready
	for words in "$! $$" "--tree $$" "--threads $! $$" ''; do
		# shellcheck disable=SC2086 # options
		run -0 "$(helper pty-run)" -- env -u COLUMNS -u LINES LC_ALL=C.UTF-8 \
			sh -c 'stty rows 24 cols 80; exec prockit ps --watch -i 0.05 -c 2 "$@"' sh $words
		last=$(sed $'s/\e\\[[0-9;?]*[A-Za-z]//g; s/\r//g' <<<"${output##*$'\e[H'}")
		(($(wc -l <<<"$last") <= 24))
		[[ $last == *USERNAME*HISTORY*'▁'* ]]
		while IFS= read -r line; do
			# In characters, whatever the locale of the tests is.
			line=$(LC_ALL=C.UTF-8 bash -c 'echo "${#1}"' bash "$line")
			((line <= 80)) || say_same "width ($words)" "$line" 'at most 80'
		done <<<"$last"
	done
}

@test "ps: -i and -c give real windows of a live process" {
	bash -c 'while :; do :; done' 3>&- &
	local pid=$!
	prockit ps "$pid" -i 0.2 -c 3 --jsonl -o pid,cpu_percent >lines
	say_same records "$(wc -l <lines)" 3
	jq -e 'has("interval") and (.interval | . >= 0.19 and . < 5) and .cpu_percent > 5 and .cpu_percent < 110' lines
	# A process that does nothing has a measured 0.
	sleep 1000 3>&- &
	wait_until 10 grep -x sleep "/proc/$!/comm"
	prockit ps "$!" -c 1 --json -o cpu_percent >r
	says_r '.processes[0].cpu_percent == 0 and .interval > 0'
}

@test "ps: the same process has the same CPU time by its clock and by its ticks" {
	bash -c 'i=0; while ((i < 200000)); do i=$((i + 1)); done; : >"done"; exec sleep 1000' 3>&- &
	wait_until 60 test -e 'done'
	prockit ps "$!" --json -o cpu_times,cpu_percent >r
	prockit ps "$!" --proc=/proc --json -o cpu_times,cpu_percent >other
	jq -e --slurpfile other other '.processes[0].cpu_times == $other[0].processes[0].cpu_times' r
}

# vanishing PID WORD...: prockit ps with these words, for which every read of stat and cmdline of
# the process but the first fails as it does when the process has gone.
vanishing()
{
	command -v strace >/dev/null || skip 'no strace'
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -P "/proc/$1/stat" -P "/proc/$1/cmdline" \
		-e trace=read -e inject=read:error=ESRCH:when=2+ prockit ps "${@:2}" >r
}

@test "ps: a process that vanishes while it is read is no error, and not there" {
	sleep 1000 3>&- &
	local pid=$! status=0
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	vanishing "$pid" --json -o pid,command
	grep INJECTED trace
	jq -e --argjson pid "$pid" 'all(.processes[]; .pid != $pid) and (.processes | length) > 1' r
	# Where it was named, it is missing.
	vanishing "$pid" --json -o pid,command "$pid" $$ 2>errors || status=$?
	say_same status "$status" 1
	say_same errors "$(<errors)" "prockit ps: $pid: No such process"
	jq -e --argjson pid $$ '[.processes[].pid] == [$pid]' r
}

@test "ps: a file that this kernel does not have is unsupported, not the end of the process" {
	sleep 1000 3>&- &
	local pid=$!
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	command -v strace >/dev/null || skip 'no strace'
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -P "/proc/$pid" -e trace=openat \
		-e inject=openat:error=ENOENT:when=3 prockit ps "$pid" --json -o pid,io_read_bytes >r
	grep INJECTED trace
	says_r '.processes[0].unavailable == {io_read_bytes: "unsupported"}'
}

@test "ps: kernels before 6.13 tell the user in status" {
	command -v strace >/dev/null || skip 'no strace'
	prockit ps $$ --json -o username,uids,gids >expected
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=ioctl -e inject=ioctl:error=ENOTTY \
		prockit ps $$ --json -o username,uids,gids >r
	jq -e --slurpfile expected expected '.processes == $expected[0].processes' r
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=pidfd_open -e inject=pidfd_open:error=ENOSYS \
		prockit ps $$ --json -o username,uids,gids >r
	jq -e --slurpfile expected expected '.processes == $expected[0].processes' r
}

@test "ps: a kernel that tells nothing of pidfds is not asked for each process" {
	local asked
	command -v strace >/dev/null || skip 'no strace'
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=ioctl -e inject=ioctl:error=ENOTTY \
		prockit ps --raw -n -o pid,username >out
	(($(wc -l <out) > 4))
	# Once for each of two threads.
	asked=$(grep -c ENOTTY trace)
	((asked == 1 || asked == 2))
}

@test "ps: a lack of descriptors is said, with 125, and no process is missing for it" {
	local n words status seen
	has_sanitizers && skip 'they need descriptors of their own'
	sleep 1000 3>&- &
	local pid=$!
	for words in '-o pid,cwd' "-o pid,cwd $pid" '--threads -o pid,cmdline' '--tree -o pid' "--children=$$ -o pid" \
		"--head=2 -o pid,uss $pid" "-o pid,name,open_files $pid" "-o pid,net_connections $pid" \
		"-o pid,num_ctx_switches,threads,terminal,memory_percent $pid"; do
		seen=''
		for n in 4 5 6 7 8 9; do
			status=0
			# shellcheck disable=SC2086 # options
			(
				exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
				ulimit -n "$n"
				exec "$PROCKIT_EXEC_PATH/prockit-ps" $words --raw
			) >part 2>errors || status=$?
			case $status in
			0) grep -P "^$pid(\t|\$)" part ;;
			125) grep -xE 'prockit ps: /[a-z]+(/[^:]*)?: Too many open files' errors && [[ ! -s part ]] ;;
			*) say_same "status ($words, $n)" "$status" 125 ;;
			esac
			seen+=" $status"
		done
		[[ $seen == ' 125 '*' 0' ]] || say_same "statuses ($words)" "$seen" ' 125 ... 0'
	done
}

@test "ps: an error that is no end of a process is said, wherever it comes" {
	local n status
	command -v strace >/dev/null || skip 'no strace'
	sleep 1000 3>&- &
	local pid=$!
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	# stat, and io.
	for n in 1 2; do
		status=0
		ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -P "/proc/$pid" -e trace=openat \
			-e inject=openat:error=ENFILE:when=$n prockit ps -o pid,io_read_bytes >r 2>errors || status=$?
		grep INJECTED trace
		say_same "status of $n" "$status" 125
		grep -xE "prockit ps: /proc/$pid(/io)?: Too many open files in system" errors
	done
	# A broken file is null, and no more than that.
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -P "/proc/$pid" -e trace=openat \
		-e inject=openat:error=EIO:when=3 prockit ps "$pid" --json -o pid,io_read_bytes >r
	says_r '.processes[0].unavailable == {io_read_bytes: "unsupported"}'
}

@test "ps: in a PID namespace it shows that one" {
	unshare -fp --mount-proc true 2>/dev/null || skip 'no right to make a PID namespace'
	unshare -fp --mount-proc prockit ps --json -o pid,ppid,name,nspid >r
	says_r '.processes | length == 1 and .[0].pid == 1 and .[0].ppid == 0 and (.[0].nspid | .[-1]) == 1'
	# And from outside the numbers of both.
	unshare -fp --mount-proc --kill-child sh -c ': >ready; exec sleep 1000' 3>&- &
	local outer=$! inner
	wait_until 10 test -e ready
	inner=$(prockit ps --children="$outer" --raw -n -o pid)
	say_same nspid "$(prockit ps "$inner" --get nspid)" "[$inner,1]"
}

@test "ps: where /proc is of another PID namespace, nobody else is asked by the numbers in it" {
	unshare -fp true 2>/dev/null || skip 'no right to make a PID namespace'
	for_everyone
	ps_json 1 -o pid,uids,username,cpu_affinity
	local affinity
	affinity=$(jq -c '.processes[0].cpu_affinity' r)
	unshare -fp sh -c 'taskset -pc 0 1 >/dev/null; setpriv --reuid=65534 "$1" 1 --json -o "$2"; :' \
		sh "$everyone/prockit-ps" pid,uids,username,cpu_affinity,handle,ionice >inner
	# The first process of the namespace has another user, and one CPU.
	jq -e --slurpfile outer r '(.processes[0] | {pid, uids, username}) == ($outer[0].processes[0] | {pid, uids, username})' inner
	say_same affinity "$(jq -c '.processes[0].cpu_affinity' inner)" "$affinity"
	jq -e '.processes[0] | .handle == null and .ionice == null and .unavailable.handle == "not_applicable"' inner
}

@test "ps: with hidepid it shows what may be seen" {
	unshare -m true 2>/dev/null || skip 'no right to make a mount namespace'
	for_everyone
	cat >hide.sh <<-'END'
		mount -t proc -o "hidepid=$1" proc /proc || exit 77
		exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$2" --json -o pid,name,ppid,username
	END
	unshare -m sh hide.sh 2 "$everyone/prockit-ps" >r || (($? != 77)) || skip 'cannot mount /proc'
	says_r '[.processes[] | .name] | unique == ["prockit-ps"]'
	# With 1 there are names of folders, and nothing in them.
	unshare -m sh hide.sh 1 "$everyone/prockit-ps" >r
	says_r '(.processes[] | select(.pid == 1)) | .name == null and .ppid == null and .unavailable.name == "permission"'
	says_r '.processes[] | select(.name == "prockit-ps") | .username != null'
	# What is hidden is no 0 and no empty list; and a handle that was shown is understood.
	cat >denied.sh <<-'END'
		mount -t proc -o hidepid=1 proc /proc || exit 77
		ps() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$everyone/prockit-ps" "$@"; }
		ps 1 --json -i 0.01 -c 1 -o pid,cpu_percent,children >r
		ps "$(ps 1 --get handle)" --get pid
	END
	everyone=$everyone run -0 unshare -m sh denied.sh
	say_same pid "$output" 1
	says_r '.processes[0] | .cpu_percent == null and .children == null and
		.unavailable == {cpu_percent: "permission", children: "permission"}'
}

@test "ps: a folder of descriptors that is open to us, with links that are not" {
	command -v strace >/dev/null || skip 'no strace'
	sleep 1000 3>&- &
	local pid=$!
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=readlinkat -e inject=readlinkat:error=EACCES:when=2+ \
		prockit ps "$pid" --json -o num_fds,open_files,net_connections >r
	grep INJECTED trace
	says_r '.processes[0] | .num_fds >= 3 and .unavailable == {open_files: "permission", net_connections: "permission"}'
}

@test "ps: the locale changes nothing" {
	LC_ALL=C prockit ps 1 --raw -o pid,name,rss,create_time,vms >expected
	LC_ALL=de_DE.UTF-8 LC_NUMERIC=de_DE.UTF-8 prockit ps 1 --raw -o pid,name,create_time,vms | cut -f 1,2,3,4 >out
	cut -f 1,2,4,5 expected | cmp - out
}

@test "ps: a write that fails is said, with 125" {
	[[ -w /dev/full ]] || skip 'no /dev/full'
	run -125 sh -c 'prockit ps >/dev/full'
	[[ $output == 'prockit ps: '* ]]
}
