#!/usr/bin/env bats
# Limits: when they strike, what is sent then, what the status says, and what the report.
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

# The signals of a record, as jq writes them.
sent='[.signals_sent[].signal]'

@test "limits: a command that takes too long is ended, with status 124" {
	run -124 --separate-stderr prockit call --timeout=0.2 sleep 1000
	[[ -z $output && -z $stderr ]]
	run -124 prockit call -t 200ms sleep 1000
	run -124 prockit call -t .2s sleep 1000
}

@test "limits: a command that ends in time keeps its status" {
	run -0 prockit call -t 100 true
	run -2 prockit call -t 100 -- sh -c 'exit 2'
	run -124 prockit call -t 100 --report=r -- sh -c 'exit 124'
	says r '.outcome == "exited" and .timed_out == false and .timeout_ms == 100000'
	run -143 prockit call -t 100 --report=r -- sh -c 'kill $$'
	says r ".outcome == \"signaled\" and .timed_out == false and $sent == []"
}

@test "limits: never early, by any clock" {
	local limit
	for limit in 1 17 50 101; do
		start_clock
		run -124 prockit call -t "${limit}ms" --report=r sleep 1000
		local took
		took=$(elapsed_ms)
		echo "$took ms for $limit ms"
		((took >= limit))
		says r ".duration_ms >= $limit and .signals_sent[0].at_ms >= $limit"
	done
}

@test "limits: the shortest one still strikes" {
	run -124 prockit call -t 1ns sleep 1000
	run -124 prockit call -t 1e-5000 sleep 1000
}

@test "limits: 0 is no limit, and neither is inf" {
	local none
	for none in 0 0s 0.0 inf infinity INF 1e400 9999999999999999999d; do
		run -3 prockit call -t "$none" --report=r -- sh -c 'sleep 0.02; exit 3'
		is_record r
		says r '.timed_out == false and .timeout_ms == null'
	done
}

@test "limits: durations as GNU timeout has them, and ms, us and ns" {
	local word ms
	while read -r word ms; do
		run -0 prockit call --report=r --timeout="$word" true
		says r ".timeout_ms == $ms"
	done <<-'END'
		5 5000
		5s 5000
		.5 500
		5. 5000
		1.5m 90000
		1h 3600000
		2d 172800000
		1e3 1000000
		0x10 16000
		0x1p+2 4000
		+7 7000
		250ms 250
		1e6us 1000
		5e8ns 500
	END
}

@test "limits: what is not a duration is refused by name, nothing is run" {
	local option bad
	for bad in '' nan -1 -0 1s2 1S 1M '5 ' '1 s' 1_0 1,5 x 1x --5 infx s ms . 0x 1e '1 2' $'1\n'; do
		for option in --timeout --kill-after --retry-delay; do
			run -125 --separate-stderr prockit call "$option=$bad" touch ran
			one_message "$option"
			[[ -z $output && ! -e ran ]]
		done
	done
}

@test "limits: durations do not depend on the locale" {
	LC_ALL=de_DE.UTF-8 run -124 prockit call -t 0.1 sleep 1000
	LC_ALL=de_DE.UTF-8 run -125 prockit call -t 0,1 sleep 1000
}

@test "limits: the first signal is TERM, or what --signal names" {
	local word want
	while read -r word want; do
		rm -f log
		run -124 prockit call -t 0.3 -k 60 --signal="$word" --report=r -- \
			"$(helper log-signals)" log "$word"
		[[ $(<log) == ready$'\n'"$want user" ]]
		says r "$sent == [\"$want\"]"
	done <<-'END'
		TERM SIGTERM
		term SIGTERM
		SIGINT SIGINT
		int SIGINT
		1 SIGHUP
		USR1 SIGUSR1
		RTMIN SIGRTMIN
		RTMIN+3 SIGRTMIN+3
		SIGRTMAX SIGRTMAX
	END
	rm log
	run -124 prockit call -t 0.3 -- "$(helper log-signals)" log TERM
	[[ $(<log) == $'ready\nSIGTERM user' ]]
}

@test "limits: what is not a signal is refused by name, nothing is run" {
	local bad
	for bad in '' NOSUCH 65 -1 RTMAX+1 RTMIN-1 SIG 'TERM ' 1.5 TERM,INT; do
		run -125 --separate-stderr prockit call -t 5 --signal="$bad" touch ran
		one_message --signal
		[[ -z $output && ! -e ran ]]
	done
}

@test "limits: a command that ends well after its limit is 124 all the same" {
	run -124 prockit call -t 0.3 --report=r -- "$(helper log-signals)" log TERM
	is_record r
	says r '.outcome == "timed_out" and .timed_out and .exit_code == 0 and .returncode == 0'
	says r '.exit_status == 124'
}

@test "limits: --preserve-status gives the command's own status" {
	run -0 prockit call -p -t 0.3 -- "$(helper log-signals)" log TERM
	run -143 prockit call -p -t 0.1 sleep 1000
	run -0 "$(helper how-ended)" prockit call -p -t 0.1 sleep 1000
	[[ $output == 'signaled 15' ]]
	run -7 prockit call --preserve-status -t 1 --signal=USR1 -- \
		bash -c 'trap "exit 7" USR1; sleep 1000 & wait'
}

@test "limits: a command that ignores the signal is killed, and that is 137" {
	start_clock
	run -137 prockit call -t 0.3 -k 0.2 --report=r -- "$(helper ignore-signal)" TERM
	(($(elapsed_ms) >= 500))
	is_record r
	says r "$sent == [\"SIGTERM\", \"SIGKILL\"] and .signal == \"SIGKILL\""
	says r '.signals_sent[1].at_ms - .signals_sent[0].at_ms >= 200'
	says r '.outcome == "timed_out" and .timed_out'
}

@test "limits: that 137 is a plain status where --no-reraise asks for it" {
	run -0 "$(helper how-ended)" prockit call --no-reraise -t 0.3 -k 0.1 -- \
		"$(helper ignore-signal)" TERM
	[[ ${lines[-1]} == 'exited 137' ]]
}

@test "limits: when only a descendant needs KILL, it is 124" {
	mkfifo fifo
	run -124 prockit call -t 1 -k 0.2 --report=r -- \
		sh -c '"$0" TERM >fifo & echo $! >child.pid; read -r _ <fifo; exec sleep 1000' \
		"$(helper ignore-signal)"
	gone child.pid
	is_record r
	says r "$sent == [\"SIGTERM\", \"SIGKILL\"] and .signal == \"SIGTERM\""
	says r '.descendants_killed == 1 and .descendants_left == 0'
}

@test "limits: with --signal=KILL it is 137" {
	run -137 prockit call -t 0.1 -s KILL --report=r sleep 1000
	says r "$sent == [\"SIGKILL\"] and .outcome == \"timed_out\""
	run -137 prockit call -t 0.1 -s 9 sleep 1000
}

@test "limits: --signal=0 sends nothing until --kill-after" {
	start_clock
	run -137 prockit call -t 0.1 -s 0 -k 0.3 --report=r sleep 1000
	(($(elapsed_ms) >= 400))
	says r "$sent == [\"SIGKILL\"]"
	run -124 prockit call -t 0.1 -s 0 -k 100 --report=r sleep 0.3
	says r "$sent == [] and .outcome == \"timed_out\" and .exit_code == 0"
}

@test "limits: --kill-after=0 never kills" {
	prockit call -t 0.3 -k 0 --report=r -- "$(helper log-signals)" log TERM USR1 3>&- &
	local prockit=$!
	wait_until 10 grep -c SIGTERM log
	alive "$prockit"
	kill -USR1 "$prockit"
	ends_with 124 "$prockit"
	# It ended by the signal passed on, not by one of the limit's.
	says r "$sent == [\"SIGTERM\", \"SIGUSR1\"]"
}

@test "limits: the 5 s of --kill-after are the default" {
	start_clock
	run -137 prockit call -t 0.3 --report=r -- "$(helper ignore-signal)" TERM
	(($(elapsed_ms) >= 5300))
	says r '.signals_sent[1].at_ms - .signals_sent[0].at_ms | . >= 5000 and . < 15000'
}

@test "limits: --kill-after without a limit changes nothing" {
	run -3 prockit call -k 0.01 -- sh -c 'sleep 0.1; exit 3'
}

@test "limits: a command that was stopped gets its signal all the same" {
	run -124 prockit call -t 0.3 -k 20 --report=r -- sh -c 'kill -STOP $$'
	says r "$sent == [\"SIGTERM\"] and .signal == \"SIGTERM\" and .duration_ms < 15000"
	run -124 prockit call -t 0.5 -k 20 --report=r -- \
		sh -c 'sh -c "kill -STOP \$\$" & echo $! >child.pid; sleep 1000'
	gone child.pid
	says r "$sent == [\"SIGTERM\"] and .duration_ms < 15000"
}

@test "limits: a command that is stopped has not ended" {
	prockit call -t 100 --report=r -- sh -c 'echo $$ >sh.pid; kill -STOP $$; exit 3' 3>&- &
	local prockit=$!
	wait_until 10 test -s sh.pid
	wait_until 10 grep -c '^State:.*T' "/proc/$(<sh.pid)/status"
	alive "$prockit"
	kill -CONT "$(<sh.pid)"
	ends_with 3 "$prockit"
	says r '.outcome == "exited"'
}

@test "limits: --verbose says which signal goes to which command" {
	run -124 --separate-stderr prockit call -v -t 0.1 sleep 1000
	[[ -z $output ]]
	one_message TERM sleep
	run -137 --separate-stderr prockit call -v -t 0.3 -k 0.1 -- "$(helper ignore-signal)" TERM
	# shellcheck disable=SC2154 # run sets it
	[[ ${#stderr_lines[@]} == 2 ]]
	[[ ${stderr_lines[0]} == 'prockit call: '*TERM*ignore-signal* ]]
	[[ ${stderr_lines[1]} == 'prockit call: '*KILL*ignore-signal* ]]
}

@test "limits: a message that cannot be written does not change the status" {
	run -124 sh -c 'prockit call -v -t 0.1 sleep 1000 2>/dev/full'
	run -124 sh -c 'prockit call -v -t 0.1 sleep 1000 2>&-'
}

@test "limits: one inside another, each as it should" {
	run -124 prockit call -t 0.5 prockit call -t 100 --report=inner sleep 1000
	run -124 prockit call -t 100 --report=r prockit call -t 0.2 sleep 1000
	says r '.timed_out == false and .exit_code == 124'
	run -124 prockit call -t 0.5 -k 20 prockit call -t 100 -k 20 -- \
		sh -c 'setsid sleep 1000 & echo $! >a.pid; sleep 1000 & echo $! >b.pid; wait'
	gone a.pid
	gone b.pid
}

@test "limits: blocked and ignored signals of the caller do not disarm them" {
	run -124 "$(helper closed-fds-run)" --block=ALRM,CHLD,INT,USR1 -- \
		prockit call -t 0.2 sleep 1000
	run -124 "$(helper closed-fds-run)" --ignore=ALRM,CHLD,INT,USR1 -- \
		prockit call -t 0.2 sleep 1000
	# What the command itself blocks or ignores takes KILL.
	run -137 "$(helper closed-fds-run)" --block=TERM -- prockit call -t 0.2 -k 0.1 sleep 1000
	run -137 "$(helper closed-fds-run)" --ignore=TERM -- prockit call -t 0.2 -k 0.1 sleep 1000
}

@test "limits: closed standard descriptors do not disarm them" {
	run -124 "$(helper closed-fds-run)" --close=0,1,2 -- prockit call -t 0.2 sleep 1000
}

@test "limits: a timed-out try is retried, each try with a limit of its own" {
	run -124 prockit call -t 0.2 --retries=1 --report=r sleep 1000
	is_record r
	says r '.tries == 2 and .outcome == "timed_out" and .attempts[0].outcome == "timed_out"'
	says r '.duration_ms >= 200 and .attempts[0].duration_ms >= 200'
}

@test "limits: the report of one that struck" {
	run -124 prockit call -t 0.2 --report=r sleep 1000
	is_record r
	says r '.outcome == "timed_out" and .timed_out and .timeout_ms == 200'
	says r '.returncode == -15 and .signal == "SIGTERM" and .signal_number == 15'
	says r '.exit_status == 124 and .exit_code == null and .duration_ms >= 200'
	says r "$sent == [\"SIGTERM\"] and .signals_sent[0].at_ms >= 200"
	says r '.descendants_killed == 0 and .descendants_left == 0 and .survivors == []'
}

@test "limits: the issue's example runs as typed, but for a shorter limit" {
	run -124 prockit call --timeout 0.5 -- sh -c 'setsid sleep 1000 & echo $! >a.pid; sleep 1000'
	gone a.pid
}
