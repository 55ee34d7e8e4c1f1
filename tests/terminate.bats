#!/usr/bin/env bats
# prockit terminate: ends a process or a tree, and returns when it is really gone.
# shellcheck disable=SC2016,SC2154 # the dollars are the command's; run sets variables
# shellcheck disable=SC2030,SC2031 # each test starts with variables of its own

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
	no_more_everyone
}

# start_sleep NAME: a process that any signal ends; its number in NAME.pid and $pid.
start_sleep()
{
	sleep 1000 3>&- &
	pid=$!
	# Before its exec it is still a shell, which keeps a TERM for later and loses it in the exec.
	wait_until 10 grep -x sleep "/proc/$pid/comm"
	echo "$pid" >"$1.pid"
}

# start_stubborn NAME: one that only KILL ends.
start_stubborn()
{
	sh -c 'trap "" TERM INT HUP; echo $$ >"$1"; exec sleep 1000' - "$1.pid" 3>&- &
	pid=$!
	wait_until 10 test -s "$1.pid"
}

@test "terminate: ends a process with TERM, quietly" {
	start_sleep a
	run -0 prockit terminate "$pid"
	[[ -z $output ]]
	ends_with 143 "$pid"
}

@test "terminate: returns only when the process is gone" {
	mkfifo go idle
	bash -c 'trap "touch termed; read -r _ <go; exit 9" TERM; echo $$ >slow.pid; read -r _ <>idle' \
		3>&- &
	pid=$!
	wait_until 10 test -s slow.pid
	prockit terminate -k 0 "$pid" 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -e termed
	alive "$(<prockit.pid)"
	echo >go
	ends_with 0 "$(<prockit.pid)"
	is_gone "$pid"
	ends_with 9 "$pid"
}

@test "terminate: a process that is gone already is fine" {
	true &
	pid=$!
	wait "$pid"
	run -0 prockit terminate "$pid"
	[[ -z $output ]]
}

@test "terminate: a zombie is gone" {
	# The sleep that the shell becomes never collects its child.
	mkfifo go
	sh -c 'read -r _ <go & echo $! >zombie; exec sleep 1000' 3>&- &
	echo $! >parent.pid
	wait_until 10 grep -cx sleep "/proc/$!/comm"
	echo >go
	wait_until 10 grep -c '^State:.Z' "/proc/$(<zombie)/status"
	run -0 prockit terminate -k 0 -t 60 "$(<zombie)"
	[[ -z $output ]]
	alive "$(<parent.pid)"
}

@test "terminate: a process that ignores TERM is killed after --kill-after, and that is a success" {
	start_stubborn a
	run -0 prockit terminate --kill-after 0.2 "$pid"
	ends_with 137 "$pid"
}

@test "terminate: --timeout gives up with 124" {
	start_stubborn a
	run -124 prockit terminate --kill-after=0 --timeout 0.3 "$pid"
	alive "$pid"
	# The limit is not reached where the KILL comes first.
	run -0 prockit terminate --kill-after=0.2 --timeout 60 "$pid"
	ends_with 137 "$pid"
}

@test "terminate: --signal picks the first signal" {
	start_sleep a
	run -0 prockit terminate --signal=HUP "$pid"
	ends_with 129 "$pid"
	start_sleep b
	run -0 prockit terminate -s SIGUSR1 "$pid"
	ends_with 138 "$pid"
	start_stubborn c
	run -0 prockit terminate -s 9 "$pid"
	ends_with 137 "$pid"
	start_sleep d
	run -0 prockit terminate -s RTMIN+1 "$pid"
	ends_with 163 "$pid"
}

@test "terminate: a stopped process gets CONT, so that TERM reaches it" {
	start_sleep a
	kill -STOP "$pid"
	wait_until 10 grep -c '^State:.T' "/proc/$pid/status"
	run -0 prockit terminate -k 60 -t 50 "$pid"
	ends_with 143 "$pid"
}

@test "terminate: several processes at once" {
	start_sleep a
	start_sleep b
	start_sleep c
	run -0 prockit terminate "$(<a.pid)" "$(<b.pid)"
	is_gone "$(<a.pid)"
	is_gone "$(<b.pid)"
	alive "$(<c.pid)"
}

@test "terminate: -v says which signal goes to which process" {
	start_stubborn a
	run -0 --separate-stderr prockit terminate -v -k 0.2 "$pid"
	[[ $stderr == *TERM*"$pid"* || $stderr == *"$pid"*TERM* ]]
	[[ $stderr == *KILL* ]]
	[[ -z $output ]]
}

# What names a process

@test "terminate: what is neither a PID nor a handle is 125, and nothing is signalled" {
	start_sleep a
	local word
	for word in abc "${pid}x" '' 0 1e3 "$pid:x" "$pid:" "$pid@" "$pid@x" "$pid:1:2" ":$pid" "@1" \
		" $pid" "$pid " 0x10 99999999999999999999 "$pid.0" 0:1 "$pid:-1"; do
		run -125 --separate-stderr prockit terminate "$pid" "$word"
		one_message "$word"
		[[ -z $output ]]
		alive "$pid"
	done
}

@test "terminate: a negative number is no process group, but junk" {
	start_sleep a
	run -125 --separate-stderr prockit terminate -- -1
	one_message -1
	run -125 --separate-stderr prockit terminate -- "-$pid"
	one_message "-$pid"
	alive "$pid"
}

@test "terminate: no operand is a usage error" {
	run -125 --separate-stderr prockit terminate
	[[ $stderr == 'prockit terminate: '* ]]
}

@test "terminate: junk options are 125, and nothing is signalled" {
	start_sleep a
	local word
	for word in --signal=NOSUCH --signal= --signal=99 --timeout=x --kill-after=-1 --nosuch; do
		run -125 --separate-stderr prockit terminate "$word" "$pid"
		one_message "${word%%=*}"
		alive "$pid"
	done
}

@test "terminate: a handle names its process" {
	start_sleep a
	handle=$("$(helper handle-of)" "$pid")
	run -0 prockit terminate "$handle"
	ends_with 143 "$pid"
	# Nobody has it any more.
	run -0 prockit terminate "$handle"
}

@test "terminate: PID@STARTTIME names its process" {
	start_sleep a
	local start
	read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ <"/proc/$pid/stat"
	run -0 prockit terminate "$pid@$start"
	ends_with 143 "$pid"
}

@test "terminate: a handle never reaches another process that has its PID" {
	start_sleep a
	local start handle
	read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ <"/proc/$pid/stat"
	handle=$("$(helper handle-of)" "$pid")
	for word in "$pid@$((start - 1))" "$pid@$((start + 1))" "$pid@1" \
		"${handle%[:@]*}${handle//[0-9]/}$((${handle#*[:@]} + 1))"; do
		run -0 prockit terminate -s KILL "$word"
		alive "$pid"
	done
}

# Trees

@test "terminate: the issue's example runs as typed" {
	sh -c 'sleep 1000 & echo $! >child.pid; wait' 3>&- &
	pid=$!
	wait_until 10 test -s child.pid
	prockit terminate --tree --kill-after 1 "$pid"
	is_gone "$pid"
	is_gone "$(<child.pid)"
}

@test "terminate: without --tree the children are left alone" {
	sh -c 'sleep 1000 & echo $! >child.pid; wait' 3>&- &
	pid=$!
	wait_until 10 test -s child.pid
	run -0 prockit terminate "$pid"
	alive "$(<child.pid)"
}

@test "terminate: --tree ends descendants in sessions and groups of their own" {
	sh -c '
		setsid sh -c "echo \$\$ >1.pid; sleep 1000 & echo \$! >2.pid; wait" &
		sh -c "setsid sleep 1000 & echo \$! >3.pid; (sleep 1000 & echo \$! >4.pid; wait)" &
		wait' 3>&- &
	pid=$!
	echo "$pid" >parent.pid
	local i
	for i in 1 2 3 4; do
		wait_until 10 test -s $i.pid
	done
	run -0 prockit terminate --tree "$pid"
	for i in 1 2 3 4 parent; do
		is_gone "$(<$i.pid)"
	done
}

@test "terminate: --tree ends what a descendant forked twice, where a subreaper keeps it in the tree" {
	# prockit is the subreaper of its command.
	prockit call --tree=wait -- sh -c '(setsid sleep 1000 & echo $! >orphan.pid); sleep 1000' 3>&- &
	pid=$!
	echo "$pid" >parent.pid
	wait_until 10 test -s orphan.pid
	run -0 prockit terminate --tree -k 1 "$pid"
	is_gone "$(<orphan.pid)"
	is_gone "$pid"
}

@test "terminate: --tree kills descendants that ignore TERM" {
	sh -c '(trap "" TERM; exec sh -c "echo \$\$ >child.pid; exec sleep 1000") & wait' 3>&- &
	pid=$!
	echo "$pid" >parent.pid
	wait_until 10 test -s child.pid
	run -0 prockit terminate --tree --kill-after 0.2 "$pid"
	is_gone "$pid"
	is_gone "$(<child.pid)"
}

@test "terminate: --tree leaves processes beside the tree alone" {
	start_sleep beside
	sh -c 'sleep 1000 & echo $! >child.pid; wait' 3>&- &
	pid=$!
	wait_until 10 test -s child.pid
	run -0 prockit terminate --tree "$pid"
	is_gone "$(<child.pid)"
	alive "$(<beside.pid)"
}

# What may not be signalled

@test "terminate: a process of another user's is 1 with a message" {
	((EUID == 0)) || skip 'only root can be another user'
	for_everyone
	start_sleep a
	run -1 --separate-stderr as_user 65534 "$everyone/prockit" terminate "$pid"
	one_message "$pid" 'not permitted'
	alive "$pid"
}

@test "terminate: one that may not be signalled does not keep the others alive" {
	((EUID == 0)) || skip 'only root can be another user'
	for_everyone
	start_sleep root
	setpriv --reuid=65534 --regid=65534 --clear-groups -- sleep 1000 3>&- &
	echo $! >nobody.pid
	wait_until 10 grep -cx sleep "/proc/$!/comm"
	run -1 --separate-stderr as_user 65534 "$everyone/prockit" terminate \
		"$(<root.pid)" "$(<nobody.pid)"
	one_message "$(<root.pid)"
	is_gone "$(<nobody.pid)"
	alive "$(<root.pid)"
}

@test "terminate: signals go through pidfds, never to a bare number" {
	start_stubborn a
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run -0 \
		strace -o trace -e trace=kill,tkill,tgkill,pidfd_send_signal \
		prockit terminate -k 0.1 "$pid"
	grep -c 'pidfd_send_signal(.*SIGTERM' trace
	grep -c 'pidfd_send_signal(.*SIGKILL' trace
	[[ $(grep -c '^t\?g\?kill(' trace) == 0 ]]
}
