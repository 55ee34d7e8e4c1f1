#!/usr/bin/env bats
# prockit ps: every column, beside /proc, ps(1) and psutil.
# shellcheck disable=SC2016,SC2154 # the dollars are jq's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/processes

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

# start_rich: a process that has something in every column; its number in $rich.
start_rich()
{
	cat >rich.py <<-'END'
		import os, signal, socket, threading
		open("f-r", "w").write("hello")
		files = [open("f-" + m, m) for m in ("r", "w", "a", "r+", "a+")
		    if m != "r+" or open("f-r+", "w").close() is None]
		files[0].read(2)
		files[1].write("xyz")
		files[1].flush()
		removed = open("removed", "w")
		os.unlink("removed")
		listener = socket.socket()
		listener.bind(("127.0.0.1", 0))
		listener.listen()
		client = socket.socket()
		client.connect(listener.getsockname())
		server = listener.accept()
		udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		udp.bind(("127.0.0.1", 0))
		pair = socket.socketpair()
		for i in range(2):
		    threading.Thread(target=threading.Event().wait, daemon=True).start()
		if os.fork() == 0:
		    signal.pause()
		os.nice(5)
		open("ready", "w").close()
		signal.pause()
	END
	/usr/bin/python3 rich.py 3>&- </dev/null >out 2>errors &
	rich=$!
	wait_until 20 test -e ready
	wait_until 10 is_in_state "$rich" S
}

# is_in_state PID LETTER
is_in_state()
{
	local line
	read -r line <"/proc/$1/stat" && [[ ${line##*) } == "$2"* ]]
}

# start_zombie: a process that has ended and is not collected; its number in $zombie.
start_zombie()
{
	sh -c '(until read -r name <"/proc/$$/comm" && [ "$name" = sleep ]; do :; done; exec sleep 0) &
		echo $! >zombie.pid; exec sleep 1000' 3>&- &
	wait_until 10 test -s zombie.pid
	zombie=$(<zombie.pid)
	wait_until 10 is_in_state "$zombie" Z
}

# kernel_thread: the number of one.
kernel_thread()
{
	ps -o pid= --ppid 2 | head -n 1 | tr -d ' '
}

@test "ps: every column agrees with psutil, on a process that has something in each" {
	need_psutil
	start_rich
	run -0 "$PROCKIT_TESTS_SRCDIR/lib/beside-psutil" "$rich"
}

@test "ps: every column of every process is there, of its type, or null with a reason" {
	start_zombie
	ps_json -O
	prockit ps --list-columns --json >columns
	jq -e --slurpfile columns columns '
		def is_of($kind): . == null or
			if $kind == "integer" then type == "number" and floor == . else type == $kind end;
		([$columns[0] | .. | objects | select(has("type")) | {key: .name, value: .type}] | from_entries) as $types |
		[.processes[] | . as $row | ($types | keys - ["tid", "depth"] | .[]) as $key |
			select(($row | has($key) | not) or ($row[$key] | is_of($types[$key]) | not) or
				($row[$key] == null) != (($row.unavailable // {}) | has($key))) |
			"\($row.pid) \($key): \($row[$key] | tojson)"] |
		if . == [] then true else error(join("\n")) end' r
}

@test "ps: reasons are of the four words" {
	ps_json -O
	says_r '[.processes[].unavailable // {} | .[]] | unique - ["gone", "not_applicable", "permission", "unsupported"] == []'
}

@test "ps: agrees with ps(1)" {
	start_rich
	prockit ps "$rich" --raw -n -o pid,ppid,username,nice,num_threads,rss,vms,status >ours
	ps -o pid=,ppid=,ruser:40=,ni=,nlwp=,rss=,vsz=,s= "$rich" | awk -v OFS='\t' '
		{ $6 *= 1024; $7 *= 1024; sub("S", "sleeping", $8); print }' >theirs
	diff ours theirs
	say_same psr "$(prockit ps "$rich" --get psr)" "$(ps -o psr= "$rich" | tr -d ' ')"
	say_same comm "$(prockit ps "$rich" --get comm)" "$(ps -o comm= "$rich")"
	say_same args "$(prockit ps "$rich" --get args)" "$(ps -o args= "$rich")"
	say_same lstart "$(date -d "@$(prockit ps "$rich" --get lstart)" +%F)" \
		"$(date -d "$(ps -o lstart= "$rich")" +%F)"
	say_same cgroup "$(prockit ps "$rich" --get cgroup | jq -r '.[]')" "$(<"/proc/$rich/cgroup")"
}

@test "ps: create_time is when it started, to the hundredth" {
	local before after
	before=$(date +%s.%N)
	start_named short 'a\0'
	after=$(date +%s.%N)
	ps_json "$named" -o create_time
	# A tick is 10 ms.
	says_r ".processes[0].create_time | . >= $before - 0.02 and . <= $after + 0.01"
	cp r first
	ps_json "$named" -o create_time
	says_r "(.processes[0].create_time - $(jq '.processes[0].create_time' first) | fabs) <= 0.0101"
}

@test "ps: cpu_percent is the share of its life, as in ps" {
	bash -c 'i=0; while ((i < 300000)); do i=$((i + 1)); done; : >"done"; exec sleep 1000' 3>&- &
	local pid=$!
	wait_until 60 test -e 'done'
	wait_until 10 is_in_state "$pid" S
	ps_json "$pid" -o cpu_percent,cpu_times,create_time
	says_r '(.time - .processes[0].create_time) as $age | .processes[0] |
		(.cpu_times.user + .cpu_times.system) as $used |
		$used > 0 and (.cpu_percent - 100 * $used / $age | fabs) < 5'
}

@test "ps: argv and environ are exact: empty words, newlines, what is not UTF-8" {
	start_named plain 'a\0\0b c\0\377\376\0x\ny\0\0' 'A=1\ntwo\0B=\0C=a=b\0D=\351\0'
	ps_json "$named" -o cmdline,environ,command
	says_r '.processes[0] |
		.cmdline == ["a", "", "b c", "\ufffd\ufffd", "x\ny", ""] and
		.cmdline_b64 == ["YQ==", "", "YiBj", "//4=", "eAp5", ""] and
		.environ == {A: "1\ntwo", B: "", C: "a=b", D: "\ufffd"} and
		.environ_b64[3] == "RD3p" and
		(.command | startswith("a '"''"' '"'b c'"' "))'
	say_same environ "$(tr '\0' '|' <"/proc/$named/environ")" "$(jq -j '.processes[0].environ_b64[] | @base64d + "|"' r |
		sed 's/\xef\xbf\xbd/\xe9/')"
}

@test "ps: command is words as one would type them" {
	start_named plain 'sh\0-c\0echo $HOME\0it'"'"'s\0-x\0'
	say_same command "$(prockit ps "$named" --get command)" "sh -c 'echo \$HOME' 'it'\\''s' -x"
	# A title that a program has given itself.
	start_named title 'server: waiting for work'
	say_same command "$(prockit ps "$named" --get command)" 'server: waiting for work'
}

@test "ps: names with a parenthesis, a newline, blanks, and bytes that are not UTF-8" {
	local name
	for name in ')' ') R 1 (b' $'two\nlines' $'\xff\xfe' ' ' '((((' 'a) S 1'; do
		start_named "$name" 'word\0'
		ps_json "$named" -o pid,ppid,name,status
		jq -e --argjson pid "$named" '.processes[0] | .pid == $pid and .ppid > 0 and .status == "sleeping"' r
		say_same name "$(jq -j '.processes[0].name_b64 // (.processes[0].name | @base64) | @base64d' r | od -An -tx1)" \
			"$(printf %s "$name" | iconv -f UTF-8 -t UTF-8 2>/dev/null | od -An -tx1)" ||
			say_same name_b64 "$(jq -r '.processes[0].name_b64' r)" "$(printf %s "$name" | base64)"
	done
}

@test "ps: a name that the kernel cut is that of the program" {
	start_named abcdefghijklmno '/usr/bin/abcdefghijklmnopqrst\0-x\0'
	say_same name "$(prockit ps "$named" --get name)" abcdefghijklmnopqrst
	# Another program's word tells nothing.
	start_named abcdefghijklmno '/usr/bin/somebody-else\0'
	say_same name "$(prockit ps "$named" --get name)" abcdefghijklmno
	# Short names are whole.
	start_named abcdefghijklmn '/usr/bin/abcdefghijklmnopqrst\0'
	say_same name "$(prockit ps "$named" --get name)" abcdefghijklmn
}

@test "ps: exe, cwd and root; a program that was removed, and one that is only called so" {
	mkdir $'dir\n\xff'
	cp "$(helper named)" 'a (deleted)'
	cp "$(helper named)" b
	printf 'x\0' >words
	: >environ
	(cd $'dir\n\xff' && exec "../a (deleted)" a ../words ../environ ../ready-a) 3>&- &
	local first=$!
	./b b words environ ready-b 3>&- &
	local second=$!
	named_all+=" $first $second"
	wait_until 10 test -e ready-a
	wait_until 10 test -e ready-b
	ps_json "$first" -o exe,exe_deleted,cwd,root
	jq -e --arg exe "$PWD/a (deleted)" '.processes[0] | .exe == $exe and .exe_deleted == false and .root == "/"' r
	say_same cwd "$(jq -r '.processes[0].cwd_b64' r)" "$(printf '%s/dir\n\377' "$PWD" | base64 -w 0)"
	rm b
	ps_json "$second" -o exe,exe_deleted
	jq -e --arg exe "$PWD/b" '.processes[0] | .exe == $exe and .exe_deleted' r
}

@test "ps: open_files: paths of any bytes, positions, modes; removed ones say so" {
	sh -c 'exec 4<"$1" 5>>"$2" 6<>"$3"; printf abc >&5; rm "$3"; : >ready; exec sleep 1000' - \
		/etc/passwd $'new\nline' gone 3>&- </dev/null >/dev/null 2>&1 &
	local pid=$!
	wait_until 10 test -e ready
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	ps_json "$pid" -o open_files,num_fds
	jq -e --arg dir "$PWD" '.processes[0] |
		[.open_files[] | select(.fd > 3 and .fd < 7) | [.path, .fd, .mode, .deleted]] == [
			["/etc/passwd", 4, "r", false],
			["\($dir)/new\nline", 5, "a", false],
			["\($dir)/gone", 6, "r+", true]] and
		(.open_files[] | select(.fd == 5) | .position) == 3' r
	local -a fds=("/proc/$pid/fd/"*)
	say_same num_fds "$(jq '.processes[0].num_fds' r)" "${#fds[@]}"
}

@test "ps: net_connections are those of the process's own namespace" {
	cat >listen.py <<-'END'
		import signal, socket
		s = socket.socket()
		s.bind(("127.0.0.1", 0))
		s.listen()
		open("port", "w").write(str(s.getsockname()[1]) + "\n")
		signal.pause()
	END
	unshare -n sh -c 'ip link set lo up 2>/dev/null; exec /usr/bin/python3 listen.py' 3>&- &
	local pid=$!
	wait_until 20 test -s port
	ps_json "$pid" -o net_connections
	jq -e --argjson port "$(<port)" '.processes[0].net_connections |
		length == 1 and (.[0] | .family == "AF_INET" and .type == "SOCK_STREAM" and
			.laddr == {ip: "127.0.0.1", port: $port} and .raddr == null and .status == "LISTEN")' r
}

@test "ps: a kernel thread has a name, and no program" {
	local pid
	pid=$(kernel_thread)
	[[ -n $pid ]] || skip 'no kernel threads in this PID namespace'
	ps_json "$pid" -O
	says_r '.processes[0] | .kthread and .command == "[\(.name)]" and .rss == 0 and
		([.cmdline, .exe, .environ, .uss, .pss, .terminal] | all(. == null)) and
		([.unavailable | .cmdline, .exe, .environ, .uss, .pss, .terminal] | all(. == "not_applicable"))'
}

@test "ps: a zombie has a name, and nothing that it had" {
	start_zombie
	ps_json "$zombie" -O
	says_r '.processes[0] | .status == "zombie" and .command == "[sleep] <defunct>" and .name == "sleep" and
		([.cmdline, .exe, .environ, .uss, .pss, .swap, .peak_rss, .cwd] | all(. == null)) and
		([.unavailable | .cmdline, .exe, .environ, .uss, .pss, .swap, .peak_rss, .cwd] | all(. == "not_applicable"))'
}

@test "ps: what is denied is null, with \"permission\", and never 0" {
	for_everyone
	sleep 1000 3>&- &
	local pid=$!
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	as_user 65534 "$everyone/prockit-ps" "$pid" --json -O >r
	says_r '["exe", "exe_deleted", "cwd", "root", "environ", "uss", "pss", "swap", "io_read_count",
		"io_write_bytes", "open_files", "net_connections"] as $denied |
		.processes[0] | [.[$denied[]]] == ($denied | map(null)) and
		([.unavailable[$denied[]]] | unique) == ["permission"]'
	# And what everybody may know is there.
	says_r '.processes[0] | .name == "sleep" and .username == "root" and .num_fds >= 3 and
		.rlimits.nofile.soft > 0 and .oom_score != null and .cmdline == ["sleep", "1000"] and
		(.num_ctx_switches.voluntary >= 1) and .rss > 0 and .peak_rss >= .rss'
}

@test "ps: resource limits have prlimit's names, and psutil's -1" {
	prlimit --nofile=100:200 --cpu=unlimited sleep 1000 3>&- &
	local pid=$!
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	ps_json "$pid" -o rlimits
	says_r '.processes[0].rlimits | .nofile == {soft: 100, hard: 200} and .cpu.soft == -1 and length == 16'
	local name soft hard
	while read -r name soft hard; do
		jq -e --arg name "${name,,}" --arg soft "$soft" --arg hard "$hard" '
			def word: if . < 0 then "unlimited" else tostring end;
			.processes[0].rlimits[$name] | (.soft | word) == $soft and (.hard | word) == $hard' r ||
			return
	done < <(prlimit --pid "$pid" --raw --noheadings --output RESOURCE,SOFT,HARD)
}

@test "ps: nice, priority, policy, affinity and I/O class" {
	taskset 1 ionice -c 3 nice -n 7 chrt --batch 0 sleep 1000 3>&- &
	local pid=$!
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	ps_json "$pid" -o nice,priority,policy,cpu_affinity,ionice
	says_r '.processes[0] | .nice == 7 and .priority == 27 and .policy == "batch" and
		.cpu_affinity == [0] and .ionice.ioclass == "idle"'
}

@test "ps: ids of a process that changed them; username is the real one, as in psutil" {
	/usr/bin/python3 -c 'import os, signal
os.setresgid(65534, -1, -1)
os.setresuid(65534, -1, -1)
open("ready", "w").close()
signal.pause()' 3>&- &
	local pid=$!
	wait_until 20 test -e ready
	ps_json "$pid" -o username,uids,gids
	says_r '.processes[0] | .uids.real == 65534 and .uids.effective == 0 and .gids.real == 65534'
	say_same username "$(jq -r '.processes[0].username' r)" "$(id -nu 65534)"
	# By ps's names it is what ps shows.
	local name
	for name in user uname euser ruser uid euid ruid gid egid rgid min_flt maj_flt pagein priority; do
		say_same "$name" "$(prockit ps "$pid" --get "$name")" "$(ps -o "$name:20=" "$pid" | tr -d ' ')"
	done
}

@test "ps: terminal" {
	"$(helper pty-run)" sh -c 'prockit ps $$ --get terminal; tty' >out
	say_same terminal "$(tr -d '\r' <out | sed -n 1p)" "$(tr -d '\r' <out | sed -n 2p)"
	[[ $(<out) == /dev/* ]]
}

@test "ps: handle is the one that terminate takes" {
	sleep 1000 3>&- &
	local pid=$! handle
	handle=$(prockit ps "$pid" --get handle)
	[[ $handle =~ ^${pid}[:@][0-9]+$ ]]
	say_same pid "$(prockit ps "$handle" --get pid)" "$pid"
	run -0 prockit terminate "$handle"
	run -1 prockit ps "$handle"
}

@test "ps: context switches and page faults are those that getrusage tells" {
	cat >usage.py <<-'END'
		import json, resource, subprocess, os, time
		for i in range(20):
		    time.sleep(0.001)
		row = json.loads(subprocess.run(["prockit", "ps", str(os.getpid()), "--json", "-o",
		    "num_ctx_switches,page_faults,cpu_times,peak_rss"], stdout=subprocess.PIPE).stdout)["processes"][0]
		u = resource.getrusage(resource.RUSAGE_SELF)
		assert abs(row["num_ctx_switches"]["voluntary"] - u.ru_nvcsw) < 50, (row, u)
		assert abs(row["page_faults"]["minor"] - u.ru_minflt) < 500, (row, u)
		assert abs(row["cpu_times"]["user"] - u.ru_utime) < 0.3, (row, u)
		assert abs(row["peak_rss"] - u.ru_maxrss * 1024) < 5 << 20, (row, u)
	END
	run -0 /usr/bin/python3 usage.py
}

# smaps_agrees PID: what ps says is what smaps adds up to, at this moment.
smaps_agrees()
{
	ps_json "$1" -o uss,pss,swap
	awk '/^Private_/ { uss += $2 } /^Pss:/ { pss += $2 } /^Swap:/ { swap += $2 }
		END { printf "{\"uss\":%d,\"pss\":%d,\"swap\":%d}", uss * 1024, pss * 1024, swap * 1024 }' \
		"/proc/$1/smaps" >sums
	# Shares are rounded for each mapping, and change with those who share.
	jq -e --slurpfile sums sums '.processes[0] | .uss == $sums[0].uss and .swap == $sums[0].swap and
		(.pss - $sums[0].pss | fabs) < 262144' r
}

@test "ps: uss, pss and swap are the sums of smaps" {
	start_named plain 'x\0'
	# It is still going to sleep, and touches a page on the way.
	wait_until 10 smaps_agrees "$named"
}

# all_have_waited PID: each of its threads, which may only just have been started.
all_have_waited()
{
	local without
	without=$(grep -LE '^voluntary_ctxt_switches:[[:blank:]]*[1-9]' "/proc/$1/task"/*/status)
	[[ -z $without ]]
}

@test "ps: threads, and a row for each with --threads" {
	start_rich
	wait_until 20 all_have_waited "$rich"
	ps_json "$rich" -o pid,threads,num_threads
	say_same threads "$(jq -c '[.processes[0].threads[].id]' r)" \
		"$(cd "/proc/$rich/task" && printf '%s\n' * | sort -n | jq -cs .)"
	says_r '.processes[0] | .num_threads == 3 and (.threads | length) == 3'
	ps_json "$rich" --threads -O
	says_r '(.processes | length) == 3 and ([.processes[].tid] | unique | length) == 3 and
		([.processes[].pid] | unique | length) == 1 and .processes[0].tid == .processes[0].pid and
		all(.processes[]; .rss > 0 and .num_ctx_switches.voluntary >= 1)'
	prockit ps "$rich" --threads --raw >out
	say_same headings "$(head -n 1 out | cut -f 1,2)" $'pid\ttid'
}

@test "ps: the CPU times of threads add up to those of the process" {
	cat >work.py <<-'END'
		import signal, threading
		def work():
		    for i in range(1500000):
		        pass
		t = threading.Thread(target=work)
		t.start()
		done = threading.Event()
		threading.Thread(target=done.wait, daemon=True).start()
		t.join()
		open("ready", "w").close()
		signal.pause()
	END
	/usr/bin/python3 work.py 3>&- &
	wait_until 60 test -e ready
	ps_json "$!" -o threads,cpu_times
	says_r '.processes[0] | ([.threads[] | .user_time + .system_time] | add) <= .cpu_times.user + .cpu_times.system + 0.03'
}

@test "ps: -o takes ps's names, psutil's groups, and names a column once" {
	run -0 prockit ps 1 --raw -o comm,RSZ,vsz,%mem,nlwp,pid,name
	say_same headings "${lines[0]}" $'name\trss\tvms\tmemory_percent\tnum_threads\tpid'
	run -0 prockit ps 1 --raw -o memory,io
	say_same headings "${lines[0]}" $'rss\tvms\tshared\ttext\tdata\tio_read_count\tio_write_count\tio_read_bytes\tio_write_bytes\tio_read_chars\tio_write_chars'
	run -0 prockit ps 1 --raw -o +memory
	[[ ${lines[0]} == $'pid\tppid\t'*$'\tcommand\tvms\tshared\ttext\tdata' ]]
	run -0 prockit ps $$ --threads --raw -o +memory
	[[ ${lines[0]} == $'pid\ttid\t'*$'\tname\tvms\tshared\ttext\tdata' ]]
	# This is another figure than priority in ps.
	run -125 prockit ps 1 -o pri
	run -125 prockit ps 1 -o +
}

@test "ps: dear columns are only read when they are named" {
	sleep 1000 3>&- &
	local pid=$!
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=openat,readlinkat prockit ps "$pid" >/dev/null
	run -1 grep -E '"(smaps|environ|fd|net|io|status_)' trace
}
