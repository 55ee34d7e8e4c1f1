#!/usr/bin/env bats
# prockit ps: which processes, and in which order.
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

# A tree for --proc:
#	1 init
#	├ 10 server
#	│ ├ 11 worker
#	│ └ 12 worker
#	│   └ 13 helper
#	├ 20 shell
#	└ 30 loner
#	2 kthreadd, 3 kthread
a_tree()
{
	fake_system 1000.00
	fake 1 0 init S 1 100 100
	fake 10 1 server S 500 900 100
	fake 11 10 worker R 600 40 10
	fake 12 10 worker D 700 50 10
	fake 13 12 helper Z 800 60 10
	fake 20 1 shell T 900 20 0
	fake 30 1 loner S 1000 10 0
	fake 2 0 kthreadd S 1 0 0
	fake 3 2 kthread I 1 0 0
	sed -i 's/ 4194304 / 2129984 /' proc/{2,3}/stat
}

# pids [WORD...]: the pids that prockit ps shows of the tree, in order.
pids()
{
	prockit ps --proc="$PWD/proc" --raw -n -o pid "$@" | tr '\n' ' '
}

@test "ps: all processes, in order of the pid" {
	a_tree
	say_same pids "$(pids)" '1 2 3 10 11 12 13 20 30 '
	# And of this machine as /proc has them, ourselves included.
	prockit ps --raw -n -o pid,name >ours
	say_same order "$(cut -f 1 ours)" "$(cut -f 1 ours | sort -n)"
	grep -P '\tprockit-ps$' ours
	grep -xP "$$\tbash" ours
}

@test "ps: PIDs that are named, once each, and in order" {
	a_tree
	say_same pids "$(pids 20 1 20 10)" '1 10 20 '
	run -0 --separate-stderr prockit ps $$ --raw -n -o pid
	say_same pid "$output" "$$"
}

@test "ps: a PID that is gone is status 1, and the others are shown" {
	a_tree
	run -1 --separate-stderr prockit ps --proc="$PWD/proc" --raw -n -o pid 1 4711 10 4712 4711
	say_same output "$output" $'1\n10'
	say_same stderr "$stderr" $'prockit ps: 4711: No such process\nprockit ps: 4712: No such process'
	run -1 --separate-stderr prockit ps --json 4194305
	jq -e '.processes == []' <<<"$output"
}

@test "ps: hundreds of PIDs" {
	local -a many
	fake_system 1000.00
	mkdir -p proc/{1000..1499}
	for ((i = 1000; i < 1500; i++)); do
		fake "$i" 1 "n$i"
		many+=("$i")
	done
	prockit ps --proc="$PWD/proc" --raw -n -o pid,name "${many[@]}" >out
	say_same lines "$(wc -l <out)" 500
	say_same last "$(tail -n 1 out)" $'1499\tn1499'
}

@test "ps: thousands of processes, which two threads read, are whole and in order" {
	fake_system 1000.00
	mkdir -p proc/{1000..3999}
	for ((i = 1000; i < 4000; i++)); do
		echo "$i (n$i) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 $i 4096 7 8" >"proc/$i/stat"
		printf 'word\0%s\0' "$i" >"proc/$i/cmdline"
	done
	prockit ps --proc="$PWD/proc" --raw -n -o pid,name,command >out
	for ((i = 1000; i < 4000; i++)); do
		printf '%s\tn%s\tword %s\n' "$i" "$i" "$i"
	done >expected
	cmp out expected
	prockit ps --proc="$PWD/proc" --raw -n -o pid --sort=-pid --head=2 >out
	say_same sorted "$(<out)" $'3999\n3998'
	# And with a window, over the samples of a state.
	prockit ps --proc="$PWD/proc" --state=state --raw -n -o pid,cpu_percent >/dev/null
	prockit ps --proc="$PWD/proc" --state=state --raw -n -o pid,command >out
	cut -f 1,3 expected | cmp out -
}

@test "ps: a thread is not a process" {
	/usr/bin/python3 -c 'import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
open("ready", "w").close()
threading.Event().wait()' 3>&- &
	local pid=$! tid
	wait_until 20 test -e ready
	tid=$(printf '%s\n' "/proc/$pid/task/"* | sed 's,.*/,,' | grep -vx "$pid")
	[[ -e /proc/$tid/stat ]]
	run -1 --separate-stderr prockit ps "$tid"
	say_same stderr "$stderr" "prockit ps: $tid: No such process"
	run -1 prockit ps --children="$tid"
	run -1 prockit ps --tree "$tid"
}

@test "ps: handles" {
	sleep 1000 3>&- &
	local pid=$! handle start
	handle=$(prockit ps "$pid" --get handle)
	start=$(awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$pid/stat")
	say_same pids "$(prockit ps --raw -n -o pid "$handle" "$pid" "$pid@$start")" "$pid"
	# Those of another process that had the pid.
	run -1 --separate-stderr prockit ps "$pid@$((start + 1))"
	say_same stderr "$stderr" "prockit ps: $pid@$((start + 1)): No such process"
	if [[ $handle == *:* ]]; then
		run -1 prockit ps "$pid:$((${handle#*:} + 1))"
		run -1 prockit ps --children="$pid:$((${handle#*:} + 1))"
	fi
	run -0 prockit ps --children="$handle" --raw -n
	a_tree
	say_same pids "$(pids 10@500 11@601 2>errors || true)" '10 '
	one_error 'prockit ps: 11@601: No such process'
	run -125 --separate-stderr prockit ps --proc="$PWD/proc" 10:77
	say_same stderr "$stderr" "prockit ps: '10:77': with --proc, a PID or PID@STARTTIME"
}

one_error()
{
	say_same errors "$(<errors)" "$1"
}

@test "ps: operands that are no PID are refused before anything is shown" {
	local word
	for word in 0 -- -1 x 1x 1: 1:0 1@ 01 99999999999 ''; do
		[[ $word != -- ]] || continue
		run -125 --separate-stderr prockit ps 1 -- "$word"
		[[ -z $output && $stderr == "prockit ps: '$word' is not a PID or handle"* ]]
	done
}

@test "ps: --name matches whole names, as the shell does" {
	a_tree
	say_same name "$(pids --name=worker)" '11 12 '
	say_same name "$(pids --name='work')" ''
	say_same name "$(pids --name='*er')" '10 11 12 13 30 '
	say_same name "$(pids --name='[ls]?*er')" '10 30 '
	say_same name "$(pids --name='k*' --no-kernel)" ''
	start_named $'odd\n)name' 'x\0'
	say_same odd "$(prockit ps --name='odd?)name' --raw -n -o pid)" "$named"
}

@test "ps: --status by psutil's words, or ps's letters" {
	a_tree
	say_same status "$(pids --status=running)" '11 '
	say_same status "$(pids --status=zombie,T)" '13 20 '
	say_same status "$(pids --status=disk-sleep --status=idle)" '3 12 '
	run -125 --separate-stderr prockit ps --status=sleepy
	[[ $stderr == "prockit ps: --status: 'sleepy' is not a state (running, sleeping,"* ]]
}

@test "ps: --user by name and by number" {
	setpriv --reuid=65534 --regid=65534 --clear-groups sleep 1000 3>&- &
	local pid=$!
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	[[ $'\n'"$(prockit ps --user=65534 --raw -n -o pid)"$'\n' == *$'\n'"$pid"$'\n'* ]]
	say_same number "$(prockit ps --user="$(id -nu 65534)" --raw -n -o pid)" \
		"$(prockit ps --user=65534 --raw -n -o pid)"
	prockit ps --user=root,65534 --raw -n -o pid >out
	grep -x "$$" out
	grep -x "$pid" out
	prockit ps --user=65534 --raw -n -o username,uids >out
	run -1 grep -v "^$(id -nu 65534)" out
	run -125 --separate-stderr prockit ps --user=no-such-user-here
	say_same stderr "$stderr" "prockit ps: --user: 'no-such-user-here' names a user that does not exist"
}

@test "ps: --no-kernel" {
	a_tree
	say_same pids "$(pids --no-kernel)" '1 10 11 12 13 20 30 '
}

@test "ps: --children, and --recursive" {
	a_tree
	say_same children "$(pids --children=10)" '11 12 '
	say_same children "$(pids --children=1 --recursive)" '10 11 12 13 20 30 '
	say_same children "$(pids --children=1 --recursive --name=worker)" '11 12 '
	say_same children "$(pids --children=30)" ''
	run -1 --separate-stderr prockit ps --proc="$PWD/proc" --children=77 --json
	say_same stderr "$stderr" 'prockit ps: 77: No such process'
	run -125 prockit ps --children=10 20
	run -125 prockit ps --recursive
	run -125 --separate-stderr prockit ps --children=x
	[[ $stderr == "prockit ps: --children: 'x' is not a PID or handle"* ]]
	say_same column "$(prockit ps --proc="$PWD/proc" 1 --get children)" '[10,20,30]'
}

@test "ps: the children of a live process are those that it has" {
	sh -c 'sleep 1000 & sleep 1001 & sh -c "sleep 1002 & echo \$! >grandchild; wait" & : >ready; wait' 3>&- &
	local pid=$!
	wait_until 10 test -e ready
	wait_until 10 test -s grandchild
	say_same children "$(prockit ps --children="$pid" --raw -n -o pid)" "$(ps -o pid= --ppid "$pid" | tr -d ' ')"
	say_same column "$(prockit ps "$pid" --get children | jq -r '.[]')" "$(ps -o pid= --ppid "$pid" | tr -d ' ')"
	prockit ps --children="$pid" --recursive --raw -n -o pid >all
	say_same count "$(wc -l <all)" 4
	grep -x "$(<grandchild)" all
}

@test "ps: a child that is older than its parent is none" {
	fake_system 1000.00
	fake 10 1 parent S 500
	fake 11 10 child S 600
	fake 12 10 elder S 400
	say_same children "$(pids --children=10)" '11 '
	say_same tree "$(pids --tree 10)" '10 11 '
	say_same column "$(prockit ps --proc="$PWD/proc" 10 --get children)" '[11]'
}

@test "ps: --tree has descendants below their ancestors, with their depth" {
	a_tree
	say_same tree "$(pids --tree)" '1 10 11 12 13 20 30 2 3 '
	say_same tree "$(prockit ps --proc="$PWD/proc" --tree --raw -n -o pid,depth | tr '\t\n' ': ')" \
		'1:0 10:1 11:2 12:2 13:3 20:1 30:1 2:0 3:1 '
	say_same tree "$(pids --tree 10 20)" '10 11 12 13 20 '
	say_same tree "$(pids --tree 12 10)" '10 11 12 13 '
	run -0 prockit ps --proc="$PWD/proc" --tree 10 -o pid,name
	[[ ${#lines[@]} == 5 && ${lines[1]} =~ ^\ *10\ server$ && ${lines[4]} == *13*helper* ]]
	run -1 --separate-stderr prockit ps --proc="$PWD/proc" --tree 77 12 --raw -n -o pid
	say_same tree "$output" $'12\n13'
	# Without a tree there is no depth.
	run -0 prockit ps --proc="$PWD/proc" 10 --json -o depth
	jq -e '.processes == [{depth: null, unavailable: {depth: "not_applicable"}}]' <<<"$(jq '{processes}' <<<"$output")"
}

@test "ps: a tree closes over ancestors that are not selected" {
	a_tree
	say_same tree "$(prockit ps --proc="$PWD/proc" --tree --name='*er' --raw -n -o pid,depth | tr '\t\n' ': ')" \
		'10:0 11:1 12:1 13:2 30:0 '
	say_same tree "$(prockit ps --proc="$PWD/proc" --tree --name='[hs]*er' --raw -n -o pid,depth | tr '\t\n' ': ')" \
		'10:0 13:1 '
}

@test "ps: siblings of a tree are sorted, and --head cuts it" {
	a_tree
	say_same tree "$(pids --tree --sort=-pid)" '2 3 1 30 20 10 12 13 11 '
	say_same tree "$(pids --tree --head=3)" '1 10 11 '
}

@test "ps: parents that go round in circles end nothing" {
	fake_system 1000.00
	fake 5 6 a S 100
	fake 6 5 b S 100
	fake 7 7 self S 100
	fake 8 5 c S 200
	say_same tree "$(pids --tree | tr ' ' '\n' | sort -n | tr '\n' ' ')" '5 6 7 8 '
	say_same tree "$(pids --tree 5 | tr ' ' '\n' | sort -n | tr '\n' ' ')" '5 6 8 '
	say_same children "$(pids --children=5 --recursive)" '6 8 '
	say_same children "$(pids --children=7)" ''
}

@test "ps: a deep tree" {
	local i
	fake_system 1000.00
	mkdir -p proc/{1..1500}
	for ((i = 1; i <= 1500; i++)); do
		fake "$i" $((i - 1)) deep S "$i"
	done
	say_same depth "$(prockit ps --proc="$PWD/proc" --tree --raw -n -o depth | tail -n 1)" 1499
	say_same children "$(pids --children=1 --recursive | wc -w)" 1499
}

@test "ps: --sort by several columns, down and up; what is unknown comes last" {
	a_tree
	say_same sort "$(pids --sort=-cpu_percent --head=3)" '10 1 13 '
	say_same sort "$(pids --sort=name,-pid)" '13 1 3 2 30 10 20 12 11 '
	say_same sort "$(pids --sort=-ppid,+pid)" '13 11 12 3 10 20 30 1 2 '
	# ps's names, and columns that are not shown.
	say_same sort "$(pids --sort=comm --head=1)" '13 '
	printf '10 20 5\n' >proc/11/statm
	printf '10 20 9\n' >proc/20/statm
	say_same sort "$(pids --sort=shared)" '11 20 1 2 3 10 12 13 30 '
	say_same sort "$(pids --sort=-shared)" '20 11 1 2 3 10 12 13 30 '
	run -125 --separate-stderr prockit ps --sort=pid,cpu_precent
	say_same stderr "$stderr" "prockit ps: --sort: 'pid,cpu_precent' holds 'cpu_precent', which is not a column (did you mean cpu_percent?)"
	run -125 prockit ps --sort=
	run -125 prockit ps --sort=pid,
}

@test "ps: --head takes numbers from 1 on" {
	a_tree
	say_same head "$(pids --head=2)" '1 2 '
	say_same head "$(pids --head=100)" '1 2 3 10 11 12 13 20 30 '
	local n
	for n in 0 -1 x 1x ''; do
		run -125 --separate-stderr prockit ps --head="$n"
		[[ $stderr == "prockit ps: --head: '$n' is not a number from 1 on" ]]
	done
}

@test "ps: dear columns of those that --head leaves, not of all" {
	has_sanitizers && skip 'strace and the leak checker exclude each other'
	strace -f -qq -o trace -e trace=openat prockit ps --sort=-rss --head=2 -o pid,uss --raw -n >out
	say_same opened "$(grep -c smaps_rollup trace)" 2
}
