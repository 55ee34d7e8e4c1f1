#!/usr/bin/env bats
# prockit map: what it writes about its jobs (--json, --log, --joblog, --results), and what it learns
# from that again (--resume, --retry-failed).
# shellcheck disable=SC1083,SC2016,SC2154 # the dollars and braces are the jobs'; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup_file()
{
	cd "$BATS_FILE_TMPDIR" || return
	run_mix
}

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
}

teardown()
{
	end_leftovers
}

# lines N FILE: it has that many of them.
lines()
{
	(($(wc -l <"$2") == $1))
}

# are_map_records FILE: each line is a record, as is_record knows it, with what map adds; what is left
# out of a log has a size all the same.
are_map_records()
{
	local wrong
	wrong=$(jq -r "$record_jq"'
		def forget: reduce ("stdout", "stderr") as $s (.; if .[$s] == null then .[$s + "_bytes"] = null else . end);
		def wrong_item:
			(select(.seq | count and . > 0 | not) | "seq is \(.seq)"),
			(select(.slot | or_null(count and . > 0) | not) | "slot is \(.slot)"),
			(select(.attempt | count and . > 0 | not) | "attempt is \(.attempt)"),
			(select(.item | is("string") | not) | "item is \(.item)"),
			(select(.key | is("string") and test("^[0-9a-f]{32}$") | not) | "key is \(.key)"),
			(select(.failed | is("boolean") | not) | "failed is \(.failed)"),
			(select(.attempt != .tries) | "attempt \(.attempt) of \(.tries) tries"),
			(select(.tries > 1 and (.attempts | length) != .tries - 1) | "\(.attempts | length) attempts"),
			(.attempts // [] | to_entries[] | select(.value.attempt != .key + 1) |
				"attempt \(.key + 1) is \(.value.attempt)");
		forget | if .attempts then .attempts |= map(forget) else . end | wrong_item, wrong' "$1") ||
		wrong+='jq cannot read it'
	[[ -z $wrong ]] && return
	printf 'wrong in %s:\n%s\n' "$1" "$wrong"
	return 1
}

# The mix, in $BATS_FILE_TMPDIR: jobs that end in every way there is.
run_mix()
{
	local ended=0
	cat >kind <<-'EOF'
		#!/bin/sh
		case $1 in
		three) echo three; echo bad >&2; exit 3 ;;
		term) kill -TERM $$ ;;
		late) exec sleep 1000 ;;
		twice) echo "try $PROCKIT_ATTEMPT"; [ "$PROCKIT_ATTEMPT" = 3 ] ;;
		huge) exec head -c 600000 /dev/zero ;;
		binary) printf '\377\0\376\n' ;;
		*) printf '%s' "$1"; echo warned >&2 ;;
		esac
	EOF
	chmod +x kind
	printf '%s\n' good three term late twice huge binary $'not\303\050utf' '' $'a\t"b" \\' >items
	# What the others need is far below the limit, on a loaded machine too.
	prockit map -j3 --json --log=log --joblog=joblog --results=results -t 3 --retries=2 --retry-on=1 \
		./kind <items >json 2>err || ended=$?
	[[ $ended == 3 ]]
}

@test "map: --json, --log, --results and --joblog say the same of jobs that end in every way" {
	local seq
	cd "$BATS_FILE_TMPDIR"
	lines 10 json
	lines 10 log
	lines 11 joblog
	are_map_records json
	are_map_records log
	# The log is the same but for the output.
	jq -cS '.stdout = null | .stderr = null | .stdout_encoding = null | .stderr_encoding = null' json >a
	jq -cS . log >b
	cmp a b
	# So are the records among the results, whose streams stand beside them.
	[[ $(find results -mindepth 1 -maxdepth 1 | wc -l) == 10 ]]
	for seq in {1..10}; do
		jq -cS "select(.seq == $seq)" log >a
		jq -cS . "results/$seq/record.json" >b
		cmp a b
		jq -j "select(.seq == $seq and .stdout_encoding == \"utf-8\").stdout" json >a
		jq -j "select(.seq == $seq and .stdout_encoding == \"base64\").stdout" json | base64 -d >>a
		# jq 1.6 drops NULs at the end.
		if [[ $(sed -n "${seq}p" items) == huge ]]; then
			head -c 600000 /dev/zero >a
		fi
		cmp a "results/$seq/stdout"
		jq -j "select(.seq == $seq).stderr" json | cmp - "results/$seq/stderr"
		[[ $(jq "select(.seq == $seq).stdout_bytes" json) == $(wc -c <"results/$seq/stdout") ]]
	done
	# The table, field by field, in the same order: when they ended.
	jq -r '[.seq, ":", (if .started_at then .started_at[:19] + "Z" | fromdate else null end), 0, .stdout_bytes,
		(if .timed_out then -1 elif .signal then 0 else .exit_status end),
		.signal_number // 0] | map(tostring) | join("|")' log >a
	tail -n +2 joblog | awk -F '\t' -v OFS='|' '{ print $1, $2, int($3), $5, $6, $7, $8 }' >b
	diff a b
	# Milliseconds, not rounded up.
	jq -r '.duration_ms | floor' log >a
	tail -n +2 joblog | awk -F '\t' '{ printf "%.0f\n", $4 * 1000 }' >b
	diff a b
	# The command is one that a shell takes.
	tail -n +2 joblog | cut -f 9- | while read -r seq; do
		eval "set -- $seq"
		printf '%s\n' "$2"
	done >a
	tail -n +2 joblog | cut -f 1 | while read -r seq; do sed -n "${seq}p" items; done | cmp - a
}

@test "map: the records say how each job has ended" {
	cd "$BATS_FILE_TMPDIR"
	jq -s 'map({key: (if .item_b64 then "bytes" elif .item == "" then "empty" else .item end), value: .}) | from_entries' \
		json >all
	says all '.good | .failed == false and .outcome == "exited" and .exit_status == 0 and .stdout == "good" and
		.stderr == "warned\n" and .argv == ["./kind", "good"] and .tries == 1 and .attempts == null and
		.timeout_ms == 3000 and .error == null'
	says all '.three | .failed and .outcome == "exited" and .returncode == 3 and .stderr == "bad\n" and .tries == 1'
	says all '.term | .failed and .outcome == "signaled" and .signal == "SIGTERM" and .exit_status == 143'
	says all '.late | .failed and .outcome == "timed_out" and .timed_out and .exit_status == 124 and
		.duration_ms >= 3000 and .signals_sent[0].signal == "SIGTERM"'
	says all '.twice | .failed == false and .tries == 3 and .attempt == 3 and .stdout == "try 3\n" and
		(.attempts | map(.returncode) == [1, 1] and map(.failed) == [true, true] and map(.stdout) == [null, null])'
	says all '.huge | .failed == false and .stdout_bytes == 600000 and (.stdout | length) == 600000'
	says all '.binary | .stdout == "/wD+Cg==" and .stdout_encoding == "base64" and .stdout_bytes == 4'
	says all '.empty | .item == "" and .argv == ["./kind", ""] and .failed == false'
	[[ $(jq -r .bytes.item_b64 all | base64 -d) == $'not\303\050utf' ]]
	[[ $(jq -r .bytes.stdout all | base64 -d) == $'not\303\050utf' ]]
	[[ $(jq -r '.bytes.argv_b64[1]' all | base64 -d) == $'not\303\050utf' ]]
	[[ $(jq '[.[].key] | unique | length' all) == 10 ]]
	[[ $(jq '[.[].seq] | sort == [range(1; 11)]' all) == true ]]
	[[ $(jq '[.[].slot] | unique' -c all) == '[1,2,3]' ]]
}

@test "map: a job whose command is not found has the same records" {
	run -2 --separate-stderr prockit map -j1 --json --log=log --joblog=joblog --results=results \
		-- {} a ::: echo nosuchcommand /nonexistent/x
	jq -c . <<<"$output" >json
	are_map_records json
	jq -c .seq log >seqs
	[[ $(xargs <seqs) == '1 2 3' ]]
	jq -s '.[1]' log >second
	says second '.outcome == "not_started" and .exit_status == 127 and .pid == null and .failed and
		.error.step == "exec" and .error.errno == "ENOENT" and .error.path == "nosuchcommand"'
	jq -cS . results/2/record.json | diff - <(jq -cS . second)
	[[ $(cut -f 1,5-9 joblog | sed -n 3p) == $'2\t0\t0\t127\t0\tnosuchcommand a' ]]
	[[ $stderr == *'job 2 (nosuchcommand)'*'not found'* ]]
}

@test "map: --joblog has GNU parallel's columns" {
	run -1 --separate-stderr prockit map -j1 --joblog=joblog sh -c {} ::: 'printf abc' 'exit 5'
	[[ $(head -1 joblog) == $'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand' ]]
	sed -n 2p joblog | grep -P '^1\t:\t[0-9]{10}\.[0-9]{3}\t {5}0\.[0-9]{3}\t0\t3\t0\t0\tsh -c '"'printf abc'"'$'
	sed -n 3p joblog | grep -P '^2\t:\t[0-9]{10}\.[0-9]{3}\t {5}0\.[0-9]{3}\t0\t0\t5\t0\tsh -c '"'exit 5'"'$'
}

@test "map: a job is one line of --joblog, whatever is in its words" {
	prockit map -j1 -0 --joblog=joblog printf %s < <(printf 'a\nb\0c\td\0')
	lines 3 joblog
	[[ $(tail -n +2 joblog | tr '\0' @ | cut -f 9-) == *$'a@b'*$'c\td'* ]]
	# More are added to it, below the one head.
	prockit map -j1 --joblog=joblog true ::: 1
	lines 4 joblog
	[[ $(grep -c Starttime joblog) == 1 ]]
}

@test "map: --json and --jsonl print only records, also of jobs without output" {
	local option
	for option in --json --jsonl; do
		run -0 --separate-stderr prockit map -k $option sh -c 'echo "$1"; echo no >&2' - ::: a b
		[[ -z $stderr ]]
		[[ $(jq -r .stdout <<<"$output") == $'a\n\nb' || $(jq -j .stdout <<<"$output") == $'a\nb\n' ]]
		[[ $(jq -j .stderr <<<"$output") == $'no\nno' ]]
	done
	run -0 prockit map --json true </dev/null
	[[ -z $output ]]
}

@test "map: with -k the records of --json are in the order of the items" {
	run -0 prockit map -j4 -k --json -c 'sleep 0.$((5 - $1))' ::: 1 2 3 4
	[[ $(jq .seq <<<"$output" | xargs) == '1 2 3 4' ]]
}

@test "map: --log appends each record with one write, and has no output in it" {
	# A sanitizer's leak detector cannot work in a traced process.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	echo '{"from": "before"}' >log
	strace -o trace -s 100000 -P "$PWD/log" -e trace=write,writev,pwrite64,pwritev,sendfile,splice,ftruncate \
		prockit map -j2 --log="$PWD/log" echo ::: a b c d >out
	[[ $(sort out | xargs) == 'a b c d' ]]
	[[ $(jq -r .from log | head -1) == before ]]
	lines 5 log
	# Each line is what one write has written.
	tail -n +2 log | awk '{ print length + 1 }' >want
	sed -n 's/^write([0-9]*, .* = \([0-9]*\)$/\1/p' trace | cmp - want
	[[ $(grep -c '(' trace) == 4 ]]
	[[ $(tail -n +2 log | jq -c '[.stdout, .stderr, .stdout_encoding, .stdout_bytes]' | uniq) == '[null,null,null,2]' ]]
}

@test "map: two maps that append to one log lose no line" {
	local i
	mkfifo meet
	# They start together: the first job of each waits for the other's.
	prockit map -j1 --log=log --joblog=joblog -- sh -c '[ $1 != 1 ] || echo >meet' - ::: {1..120} 3>&- &
	i=$!
	prockit map -j1 --log=log --joblog=joblog -- sh -c '[ $1 != 201 ] || read a <meet' - ::: {201..320}
	wait $i
	are_map_records log
	[[ $(jq -r .item log | sort -n | xargs) == $(echo {1..120} {201..320}) ]]
	[[ $(grep -vc Starttime joblog) == 240 ]]
	# And neither was alone.
	[[ $(jq -r 'if (.item | tonumber) < 200 then 1 else 2 end' log | uniq | wc -l) -gt 3 ]]
}

@test "map: a log that ends in the middle of a line goes on with a new one" {
	prockit map -j1 --log=log true ::: 1 2 3
	cp log whole
	truncate -s -100 log
	run -0 --separate-stderr prockit map -j1 --log=log --resume=log echo ::: 1 2 3
	# Other words, other jobs: all have run.
	[[ $output == $'1\n2\n3' ]]
	one_message log '1 line'
	cp whole log
	truncate -s -100 log
	run -0 --separate-stderr prockit map -j1 --log=log --resume=log true ::: 1 2 3 4
	one_message log '1 line'
	[[ $(jq -R 'try (fromjson | .item) catch "cut"' log -r | xargs) == '1 2 cut 3 4' ]]
	# Quiet is quiet.
	run -0 --separate-stderr prockit map -q -j1 --log=log --resume=log true ::: 1 2 3 4
	[[ -z $stderr ]]
	lines 5 log
}

@test "map: a log cut anywhere is read as far as it goes" {
	local at size
	prockit map -j1 --log=whole true ::: 1 2
	size=$(head -1 whole | wc -c)
	for ((at = size; at < size * 2 - 1; at += 97)); do
		head -c "$at" whole >log
		run -0 --separate-stderr prockit map -j1 --joblog=/dev/stderr --resume=log true ::: 1 2
		[[ $stderr != *$'true 1'* && $stderr == *$'true 2'* ]]
	done
	# Whole but for its newline, it is a record.
	head -c -1 whole >log
	run -0 --separate-stderr prockit map --dry-run --resume=log true ::: 1 2
	[[ -z $output && -z $stderr ]]
}

@test "map: junk in a log is ignored with a warning" {
	prockit map -j1 --log=log true ::: 1 2
	{
		printf 'junk\n[]\n{}\n{"key": 3}\n\n\0\377\n'
		head -c 100000 /dev/zero | tr '\0' '['
		echo
		cat log
	} >junk
	run -0 --separate-stderr prockit map --dry-run --resume=junk true ::: 1 2 3
	[[ $output == 'true 3' ]]
	one_message junk lines
}

@test "map: records that cannot be written are refused before anything runs" {
	local option
	mkdir dir
	touch file
	for option in --log=/nonexistent/log --log=dir --joblog=/nonexistent/log --joblog=dir --results=file \
		--results=/proc/nonexistent/x --results=file/x --resume=dir --retry-failed=dir; do
		run -125 --separate-stderr prockit map $option touch ::: ran
		[[ -z $output ]]
		one_message "${option#*=}"
		[[ ! -e ran ]]
	done
}

@test "map: a user without the right to write is told before anything runs" {
	((EUID == 0)) || skip 'only root can be another user'
	for_everyone
	cd "$everyone"
	touch log
	mkdir results
	local option
	for option in --log=log --joblog=log --log=new --results=results --results=new; do
		run -125 --separate-stderr as_user 54321 ./prockit map $option echo ::: ran
		[[ -z $output ]]
		one_message "${option#*=}"
	done
	no_more_everyone
}

@test "map: --results replaces what an earlier run left, and makes folders" {
	prockit map --results=a/b/c echo ::: long-text >/dev/null
	[[ $(<a/b/c/1/stdout) == long-text ]]
	ln a/b/c/1/stdout other
	run -0 prockit map --results=a/b/c echo ::: x
	[[ $output == x && $(<a/b/c/1/stdout) == x && $(<other) == long-text ]]
	[[ -e a/b/c/1/stderr && ! -s a/b/c/1/stderr ]]
}

# Going on where an earlier run ended

@test "map: --resume skips what has succeeded, whatever the order and place of the items" {
	run -1 prockit map -j2 --log=log -c '[ $1 != c ]' ::: a b c d
	run -0 prockit map --dry-run --resume=log -c '[ $1 != c ]' ::: d x c b a y
	[[ $(grep -o '[a-z]$' <<<"$output" | xargs) == 'x c y' ]]
	run -1 prockit map -k --json --resume=log -c '[ $1 != c ]' ::: d x c b a y
	[[ $(jq -r .item <<<"$output" | xargs) == 'x c y' ]]
}

@test "map: of a job with several records the last one counts" {
	touch broken
	run -2 prockit map --log=log -c '[ ! -e broken ]' ::: a b
	rm broken
	prockit map --log=log -c '[ ! -e broken ]' ::: a b
	run -0 prockit map --dry-run --resume=log -c '[ ! -e broken ]' ::: a b
	[[ -z $output ]]
	touch broken
	run -1 prockit map --log=log -c '[ ! -e broken ]' ::: b
	run -0 prockit map --dry-run --resume=log -c '[ ! -e broken ]' ::: a b
	[[ $output == *' b' && $output != *$'\n'* ]]
	run -0 prockit map --dry-run --retry-failed=log -c '[ ! -e broken ]' ::: a b
	[[ $output == *' b' && $output != *$'\n'* ]]
}

@test "map: another folder, command, column or word is another job" {
	mkdir dir
	prockit map --log=log true {1} {2} ::: a ::: b
	run -0 prockit map --dry-run --resume=log true {1} {2} ::: a ::: b
	[[ -z $output ]]
	run -0 prockit map --dry-run --resume=log --chdir=dir true {1} {2} ::: a ::: b
	[[ $output == 'true a b' ]]
	run -0 prockit map --dry-run --resume="$PWD/log" true {1} {2} ::: ab ::: ''
	[[ $output == "true ab ''" ]]
	run -0 prockit map --dry-run --resume=log true {2} {1} ::: a ::: b
	[[ $output == 'true b a' ]]
	run -0 prockit map --dry-run --resume=log echo {1} {2} ::: a ::: b
	[[ $output == 'echo a b' ]]
	cd dir
	run -0 prockit map --dry-run --resume=../log true {1} {2} ::: a ::: b
	[[ $output == 'true a b' ]]
	# And the same one, from elsewhere.
	run -125 --separate-stderr prockit map --dry-run --chdir=missing true ::: a
	one_message missing
	run -0 prockit map --dry-run --chdir=.. --resume=../log true {1} {2} ::: a ::: b
	[[ -z $output ]]
}

@test "map: items that are no text are known again, and so are those in the output of --json" {
	printf '%s\0' $'\377\376' $'a\nb' '' ' ' >items
	prockit map -0 --json true <items >log
	run -0 prockit map -0 --dry-run --resume=log true <items
	[[ -z $output ]]
	run -0 --separate-stderr prockit map -0 --dry-run --resume=log true < <(printf '%s\0' $'\377\375')
	[[ -n $output ]]
}

@test "map: the log to resume from may be missing, and be the log that is written" {
	run -0 prockit map -k --log=log --resume=log echo ::: a b
	[[ $output == $'a\nb' ]]
	run -0 prockit map -k --log=log --resume=log echo ::: a b c
	[[ $output == c ]]
	run -0 prockit map --log=log --resume=log echo ::: a b c
	[[ -z $output ]]
	lines 3 log
}

@test "map: --retry-failed runs what has failed, and nothing else" {
	run -2 prockit map --log=log -c 'exit $1' ::: 0 1 2
	run -0 prockit map -k --dry-run --retry-failed=log -c 'exit $1' ::: 9 2 0 1
	[[ $(grep -o '[0-9]$' <<<"$output" | xargs) == '2 1' ]]
	# One that is not there has no failed jobs, and is more likely a slip.
	run -125 --separate-stderr prockit map --retry-failed=missing touch ::: ran
	[[ $stderr == *"'missing'"* && ! -e ran ]]
}

@test "map: a job that a signal, a limit or a missing command ended counts as failed" {
	run -3 prockit map --log=log -t 0.3 -- sh -c {} ::: 'kill -9 $$' 'exec sleep 1000' 'exit 127' true
	run -0 prockit map --dry-run --resume=log -- sh -c {} ::: 'kill -9 $$' 'exec sleep 1000' 'exit 127' true
	lines 3 <(echo "$output")
	run -0 prockit map --dry-run --retry-failed=log -- sh -c {} ::: 'kill -9 $$' 'exec sleep 1000' 'exit 127' true
	lines 3 <(echo "$output")
}

@test "map: statuses of --ok-codes are successes to --resume" {
	run -1 prockit map --log=log --ok-codes=0,1 -c 'exit $1' ::: 0 1 2
	run -0 prockit map --dry-run --resume=log -c 'exit $1' ::: 0 1 2
	[[ $output == *' 2' && $output != *$'\n'* ]]
}

@test "map: after a kill -9 in the middle --resume runs exactly the rest" {
	local map
	printf '%s\n' {1..20} >items
	# From the tenth on they hang, the first time.
	cat >task <<-'EOF'
		#!/bin/sh
		echo $1 >>ran
		echo $$ >>pids
		[ $1 != 4 ] || [ -e go ] || exit 1
		[ $1 -lt 10 ] || [ -e go ] || exec sleep 1000
	EOF
	chmod +x task
	prockit map -j2 --log=log --resume=log ./task <items 3>&- &
	map=$!
	wait_until 20 lines 9 log
	wait_until 20 lines 11 ran
	kill -KILL $map
	wait $map || true
	wait_until 20 gone pids
	[[ $(sort -n ran | xargs) == $(echo {1..11}) ]]
	# What failed is what --retry-failed knows; those that were cut off left no record.
	run -0 prockit map --dry-run --retry-failed=log ./task <items
	[[ $output == './task 4' ]]
	rm ran
	touch go
	prockit map -j2 --log=log --resume=log ./task <items
	[[ $(sort -n ran | xargs) == "4 $(echo {10..20})" ]]
	are_map_records log
	lines 21 log
	rm ran
	prockit map -j2 --log=log --resume=log ./task <items
	[[ ! -e ran ]]
}
