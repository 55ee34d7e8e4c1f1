#!/usr/bin/env bats
# --report and --report-fd: the record that stands next to the transparent exit status.
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

@test "report: a line of JSON, whole and consistent, and the status stays the command's" {
	run -3 --separate-stderr prockit call --report=r.json -- sh -c 'echo out; echo err >&2; exit 3'
	[[ $output == out && $stderr == err ]]
	is_record r.json
	says r.json '.outcome == "exited" and .returncode == 3'
}

@test "report: stdout and stderr are null where they were not captured" {
	prockit call --report=r.json true
	says r.json '[.stdout, .stderr, .stdout_bytes, .stderr_bytes, .stdout_encoding] | all(. == null)'
	prockit check-output --report=r.json true
	says r.json '.stdout == "" and .stdout_bytes == 0 and .stderr == null'
}

@test "report: every subcommand that runs a command writes one" {
	prockit call --report=call.json true
	prockit check-output --report=check-output.json true
	prockit getoutput --report=getoutput.json true
	prockit getstatusoutput --report=getstatusoutput.json true >out
	prockit run --report=run.json true >out
	prockit pipe --report=pipe.json -- true ::: true
	local file
	for file in *.json; do
		is_record "$file"
	done
	# run prints the same record as it writes to the file.
	cmp out run.json
}

@test "report: written when a signal ended the command" {
	run -143 prockit call --report=r.json -- sh -c 'kill $$'
	is_record r.json
	says r.json '.outcome == "signaled" and .signal == "SIGTERM"'
}

@test "report: written when a limit ended the command" {
	run -124 prockit call --report=r.json -t 0.3 -- \
		sh -c 'setsid sleep 1000 & echo $! >sleep.pid; sleep 1000'
	is_record r.json
	says r.json '.outcome == "timed_out" and .timeout_ms == 300 and .duration_ms >= 300'
	says r.json '.descendants_killed >= 2 and .descendants_left == 0 and .survivors == []'
	is_gone "$(<sleep.pid)"
}

@test "report: tells a command's own 124-127 from prockit's" {
	local code
	for code in 124 125 126 127; do
		run "-$code" prockit call --report=r.json -- sh -c "exit $code"
		is_record r.json
		says r.json ".outcome == \"exited\" and .exit_code == $code and .error == null"
	done
}

@test "report: written when the command could not be started" {
	run -127 prockit call --report=r.json nosuch-command
	is_record r.json
	says r.json '.outcome == "not_started" and .error.errno == "ENOENT" and .error.step == "exec"'
	run -126 prockit call --report=r.json /
	is_record r.json
	says r.json '.outcome == "not_started" and .error.errno == "EACCES"'
	run -125 prockit call --report=r.json --chdir=/nonexistent true
	is_record r.json
	says r.json '.error.step == "chdir" and .error.path == "/nonexistent"'
}

@test "report: written when prockit was told to end" {
	prockit call --report=r.json -- sh -c 'echo $$ >sh.pid; exec sleep 1000' 3>&- &
	echo $! >prockit.pid
	wait_until 10 test -s sh.pid
	kill -TERM "$(<prockit.pid)"
	ends_with 143 "$(<prockit.pid)"
	is_record r.json
	says r.json '.outcome == "interrupted" and .signal == "SIGTERM"'
	is_gone "$(<sh.pid)"
}

@test "report: the file is truncated" {
	head -c 100000 /dev/zero >r.json
	prockit call --report=r.json true
	is_record r.json
	prockit call --report=r.json true
	is_record r.json
}

@test "report: --report-append adds a line" {
	prockit call --report=r.json --report-append true
	run -3 prockit call --report=r.json --report-append -- sh -c 'exit 3'
	run -127 prockit call --report=r.json --report-append nosuch-command
	[[ $(jq -c .exit_code r.json | xargs) == '0 3 null' ]]
	[[ $(wc -l <r.json) == 3 ]]
}

@test "report: lines appended by many at once do not mix" {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		prockit check-output --report=r.json --report-append -- \
			head -c 30000 /dev/zero >/dev/null 3>&- &
	done
	wait
	[[ $(jq -c .stdout_bytes r.json | sort | uniq -c | xargs) == '10 30000' ]]
	[[ $(wc -l <r.json) == 10 ]]
}

@test "report: --report-fd writes to a descriptor" {
	prockit call --report-fd=9 true 9>r.json
	is_record r.json
	prockit call --report-fd=9 true 9>>r.json
	[[ $(wc -l <r.json) == 2 ]]
	run -0 --separate-stderr bash -c 'prockit call --report-fd=2 echo out'
	[[ $output == out ]]
	printf '%s\n' "$stderr" >r.json
	is_record r.json
}

@test "report: a file that cannot be opened is an error before anything runs" {
	local file
	for file in /nonexistent/r.json "$PWD" /dev/null/r ''; do
		run -125 --separate-stderr prockit call --report="$file" -- touch ran
		one_message "$file"
		[[ ! -e ran ]]
	done
}

@test "report: a descriptor that is not open, or no number, is an error before anything runs" {
	local fd
	for fd in 77 -1 x '' 99999999999; do
		run -125 --separate-stderr prockit call --report-fd="$fd" -- touch ran
		one_message "$fd"
		[[ ! -e ran ]]
	done
}

@test "report: a descriptor open for reading only is an error before anything runs" {
	run -125 --separate-stderr bash -c 'prockit call --report-fd=9 -- touch ran 9</dev/null'
	one_message
	[[ ! -e ran ]]
}

@test "report: a report that cannot be written is 125 with a message" {
	run -125 --separate-stderr prockit call --report=/dev/full true
	one_message /dev/full 'No space left on device'
}

@test "report: started_at is the time in UTC, duration_ms the time it took" {
	local before after
	before=$(date +%s)
	TZ=Asia/Kolkata prockit call --report=r.json sleep 0.25
	after=$(date +%s)
	is_record r.json
	says r.json "(.started_at[0:19] + \"Z\" | fromdateiso8601) as \$t |
		$before <= \$t and \$t <= $after"
	says r.json '.duration_ms >= 250 and .duration_ms < 60000 and
		(.duration_ms | . != floor)'
}

@test "report: rusage is the command's, in the units its keys name" {
	prockit call --report=r.json dd if=/dev/zero of=/dev/null bs=64M count=1 status=none
	says r.json '.rusage.max_rss_bytes >= 67108864 and .rusage.max_rss_bytes < 200000000'
	says r.json '.rusage.minor_faults > 0'

	prockit call --report=r.json -- sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done'
	says r.json '.rusage.user_ms > 5 and .rusage.user_ms <= .duration_ms + 20'

	prockit call --report=r.json true
	says r.json '.rusage.user_ms + .rusage.system_ms < 1000'
	says r.json '.rusage.max_rss_bytes > 100000'
}

@test "report: executable is the file that was run, cwd the folder it ran in" {
	prockit call --report=r.json true
	says r.json ".executable == \"$(type -P true)\" and .cwd == \"$PWD\" and .argv == [\"true\"]"

	mkdir dir
	printf '#!/bin/sh\nexit 5\n' >dir/prog
	chmod +x dir/prog
	run -5 prockit call --report=r.json --chdir=dir ./prog
	says r.json ".cwd == \"$PWD/dir\" and .argv == [\"./prog\"]"
	says r.json '.executable == "./prog" or .executable == .cwd + "/prog" or
		.executable == .cwd + "/./prog"'
}

@test "report: --argv0 shows in argv, not in executable" {
	prockit call --report=r.json --argv0=other sh -c 'echo "$0"' >out
	says r.json ".executable == \"$(type -P sh)\""
}

@test "report: shell says whether a shell was asked for" {
	prockit call --report=r.json -c true
	says r.json '.shell == true and .executable == "/bin/sh"'
	prockit call --report=r.json sh -c true
	says r.json '.shell == false'
}

@test "report: command can be run again with eval" {
	# The second one is a keyword of the shell, and holds a '='.
	mkdir bin
	printf '#!/bin/sh\nprintf "<%%s>" "$0" "$@"\n' >bin/say
	chmod +x bin/say
	cp bin/say bin/a=b
	cp bin/say bin/if
	local name shell again
	PATH=$PWD/bin:$PATH
	for name in say a=b if; do
		prockit call --report=r.json -- "$name" 'a b' "it's" '$x' '' '*' $'new\nline' '~' '#' \
			'{a,b}' '!' 'a\b' '"' $'\t' '&' é >first
		for shell in bash dash zsh 'busybox sh'; do
			again=$(jq -r .command r.json)
			# shellcheck disable=SC2086 # "busybox sh" is two words
			$shell -c 'eval "$1"' - "$again" >second
			cmp first second
		done
	done
}

@test "report: command of a shell string can be run again with eval" {
	prockit call --report=r.json -c 'echo "$1-$2" | tr a-z A-Z' 'a b' "it's" >first
	[[ $(<first) == "A B-IT'S" ]]
	eval "$(jq -r .command r.json)" >second
	cmp first second
}

@test "report: retries are counted, and each try has its record" {
	run -4 prockit call --retries=2 --retry-delay=1ms --report=r.json -- \
		sh -c 'echo x >>tries; exit 4'
	[[ $(wc -l <tries) == 3 ]]
	is_record r.json
	says r.json '.tries == 3 and .returncode == 4 and [.attempts[].returncode] == [4, 4]'
	says r.json '[.pid, .attempts[].pid] | unique | length == 3'
}

@test "report: a success needs no second try" {
	prockit call --retries=5 --report=r.json -- sh -c 'echo x >>tries'
	[[ $(wc -l <tries) == 1 ]]
	says r.json '.tries == 1 and .attempts == null'
}

@test "report: handle names the process for good" {
	prockit call --report=r.json "$(helper handle-of)" >out
	[[ $(jq -r .handle r.json) == "$(<out)" ]]
}

@test "report: signals_sent says what was sent and when" {
	run -137 prockit call -t 0.5 -k 0.3 -s INT --report=r.json -- \
		sh -c 'trap "" INT; echo $$ >ignores.pid; exec sleep 1000'
	says r.json '[.signals_sent[].signal] == ["SIGINT", "SIGKILL"]'
	says r.json '.signals_sent[0].at_ms >= 500 and .signals_sent[1].at_ms >= 800'
	is_gone "$(<ignores.pid)"
}

@test "report: --dry-run runs nothing and writes what would run" {
	run -0 prockit call --dry-run -- touch 'a b'
	[[ $output == "touch 'a b'" ]]
	[[ ! -e 'a b' ]]
}
