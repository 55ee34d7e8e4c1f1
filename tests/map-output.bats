#!/usr/bin/env bats
# prockit map: what the jobs print, in which order and form; --json, --dry-run, --progress.
# shellcheck disable=SC1003,SC1083,SC2016,SC2094,SC2154 # the braces and dollars are the command's; run sets variables

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

# holds FILE TEXT: the file is the text and a newline.
holds()
{
	[[ -e $1 && $(<"$1") == "$2" ]]
}

# Grouped

@test "map: a job's output comes when it ends, the first one to end first" {
	mkfifo go
	prockit map -j2 -c 'echo "$1 begins"; [ "$1" = b ] || read -r _ <go; echo "$1 ends"' ::: a b \
		>out 3>&- &
	wait_until 20 holds out $'b begins\nb ends'
	echo >go
	wait $!
	holds out $'b begins\nb ends\na begins\na ends'
}

@test "map: first the block of stdout, then that of stderr, each to its own stream" {
	job='echo "$1 o1"; echo "$1 e1" >&2; echo "$1 o2"; echo "$1 e2" >&2'
	run -0 --separate-stderr prockit map -j1 -c "$job" ::: a b
	[[ $output == $'a o1\na o2\nb o1\nb o2' ]]
	[[ $stderr == $'a e1\na e2\nb e1\nb e2' ]]
	run -0 prockit map -j1 -c "$job" ::: a b
	[[ $output == $'a o1\na o2\na e1\na e2\nb o1\nb o2\nb e1\nb e2' ]]
}

@test "map: the blocks of many jobs never mix" {
	# Each prints 300 lines in small writes.
	cat >job <<-'END'
		i=0
		while [ $((i += 1)) -le 300 ]; do
			echo "$1 $i"
			[ $((i % 100)) != 0 ] || echo "$1 error $i" >&2
		done
	END
	prockit map -j4 sh job <<<"$(seq 20)" >out 2>err
	for i in {1..20}; do
		for ((j = 1; j <= 300; j++)); do
			echo "$i $j"
		done
	done >expected
	# In blocks: within each, all is in order.
	sort -s -n -k 1,1 out | cmp - expected
	[[ $(cut -d' ' -f1 out | uniq | wc -l) == 20 ]]
	[[ $(cut -d' ' -f1 err | uniq | wc -l) == 20 && $(wc -l <err) == 60 ]]
}

@test "map: output is passed on byte for byte, also without a newline at its end" {
	every_byte 0 255 >bytes
	cat bytes bytes bytes >expected
	prockit map cat ::: bytes bytes bytes >out
	cmp expected out
	prockit map -k -c 'cat bytes >&2' ::: 1 2 3 2>err >out
	cmp expected err
	[[ ! -s out ]]
	run -0 prockit map -k printf %s ::: a b $'c\n' d
	[[ $output == $'abc\nd' ]]
	run -0 prockit map -k printf '%s\0x' ::: a b
	prockit map -k printf '%s\0' ::: a b >out
	printf 'a\0b\0' | cmp - out
}

@test "map: a job that prints nothing shows nothing" {
	run -0 --separate-stderr prockit map true ::: 1 2 3
	[[ -z $output && -z $stderr ]]
	run -0 --separate-stderr prockit map --tag --line-buffer true ::: 1 2 3
	[[ -z $output && -z $stderr ]]
}

@test "map: what failed jobs print is shown as well" {
	run -2 --separate-stderr prockit map -k -c 'echo "$1"; echo "e$1" >&2; exit "$1"' ::: 0 1 2
	[[ $output == $'0\n1\n2' && $stderr == $'e0\ne1\ne2' ]]
}

@test "map: of tries that failed nothing is shown but of the last" {
	run -0 --separate-stderr prockit map --retries=2 \
		-c 'echo "try $PROCKIT_ATTEMPT"; echo "e$PROCKIT_ATTEMPT" >&2; [ $PROCKIT_ATTEMPT = 3 ]' ::: a
	[[ $output == 'try 3' && $stderr == e3 ]]
}

# In the order of the items

@test "map: -k shows the jobs in the order of their items" {
	run -0 prockit map -j5 -k -c 'sleep 0.$((6-$1)); echo $1' <<<"$(seq 5)"
	[[ $output == $'1\n2\n3\n4\n5' ]]
	prockit map -k -j7 echo <<<"$(seq 500)" >out
	seq 500 | cmp - out
}

@test "map: with -k later jobs wait until the first one has ended" {
	mkfifo go.a go.c
	prockit map -j4 -k -c 'echo "$1"; echo "e$1" >&2; [ ! -p go.$1 ] || read -r _ <go.$1; touch ended.$1' \
		::: a b c d >out 2>err 3>&- &
	wait_until 20 test -e ended.b -a -e ended.d
	[[ ! -s out && ! -s err ]]
	echo >go.a
	wait_until 20 holds out $'a\nb'
	wait_until 20 holds err $'ea\neb'
	echo >go.c
	wait $!
	holds out $'a\nb\nc\nd'
	holds err $'ea\neb\nec\ned'
}

@test "map: -k keeps the order through failures, retries and jobs that cannot run" {
	run -3 --separate-stderr prockit map -j4 -k --retries=2 -- sh -c '
		case $1 in
		1) sleep 0.3 ;;
		2) [ $PROCKIT_ATTEMPT = 3 ] || exit 1 ;;
		3) kill -KILL $$ ;;
		4) echo 4; exit 1 ;;
		6) exit 1 ;;
		esac
		echo $1' sh ::: 1 2 3 4 5 6
	[[ $output == $'1\n2\n4\n5' ]]
}

# Lines

@test "map: --line-buffer shows whole lines as they come" {
	mkfifo go
	prockit map -j1 --line-buffer -c 'echo one; echo two >&2; printf thr; read -r _ <go; echo ee' ::: a \
		>out 2>err 3>&- &
	wait_until 20 holds out one
	wait_until 20 holds err two
	echo >go
	wait $!
	holds out $'one\nthree'
}

@test "map: --line-buffer never shows half a line" {
	mkfifo ab ba
	cat >job <<-'END'
		case $1 in
		a) printf 'a1-'; echo >ab; read -r _ <ba; echo a2 ;;
		b) read -r _ <ab; printf 'b1-'; echo >ba; echo b2 ;;
		esac
		printf 'end %s' "$1"
	END
	for order in '' -k; do
		prockit map $order -j2 --line-buffer sh job ::: a b >out
		# What ends without a newline gets one, or the next job's line would follow it.
		[[ $(sort out) == $'a1-a2\nb1-b2\nend a\nend b' ]]
	done
	[[ $(<out) == $'a1-a2\nend a\nb1-b2\nend b' ]]
}

@test "map: --line-buffer with -k shows the first job live, the others in their turn" {
	mkfifo go.a go.b
	prockit map -j2 -k --line-buffer -c 'echo "$1 1"; touch begun.$1; read -r _ <go.$1; echo "$1 2"' ::: a b \
		>out 3>&- &
	wait_until 20 test -e begun.a -a -e begun.b
	wait_until 20 holds out 'a 1'
	echo >go.a
	# b is live now.
	wait_until 20 holds out $'a 1\na 2\nb 1'
	echo >go.b
	wait $!
	holds out $'a 1\na 2\nb 1\nb 2'
}

@test "map: --line-buffer loses and cuts nothing of many lines" {
	# 4000 lines of 1 to 90 bytes, written without regard to lines.
	for ((i = 0; i < 4000; i++)); do
		printf '%*s\n' $((i * 7 % 90 + 6)) "$i"
	done >lines
	run -0 prockit map -j3 --line-buffer --tag -c 'dd bs=37 if=lines status=none' ::: a b c
	for tag in a b c; do
		sed -n "s/^$tag"$'\t//p' <<<"$output" | cmp - lines
	done
	[[ $(wc -l <<<"$output") == 12000 ]]
}

# Untouched

@test "map: with -u the jobs have prockit's own streams" {
	prockit map -u -j1 -c 'names=$(readlink /proc/$$/fd/1 /proc/$$/fd/2); echo "$names" >names' ::: a >out 2>err
	holds names "$PWD/out"$'\n'"$PWD/err"
	# Each writes as it likes: what comes from both is not in blocks.
	mkfifo ab ba
	prockit map --ungroup -j2 -c 'case $1 in
		a) printf 1; echo >ab; read -r _ <ba; printf 3 ;;
		b) read -r _ <ab; printf 2; echo >ba ;; esac' ::: a b >out
	[[ $(<out) == 123 ]]
	"$(helper pty-run)" -- prockit map -u -c 'test -t 1 && test -t 2 && echo terminal' ::: a >out
	[[ $(<out) == terminal* ]]
}

@test "map: -u excludes what would touch the output" {
	local option
	for option in -k --tag --results=dir; do
		run -125 --separate-stderr prockit map -u "$option" touch ran ::: a
		one_message exclude
	done
	run -125 --separate-stderr prockit map --json --tag touch ran ::: a
	one_message exclude
	[[ ! -e ran && ! -e dir ]]
}

# Tags

@test "map: --tag begins each line on both streams with the item and a tab" {
	run -0 --separate-stderr prockit map -k --tag -c 'echo "o$1"; echo; echo "e$1" >&2; printf x' ::: a 'b c'
	[[ $output == $'a\toa\na\t\na\txb c\tob c\nb c\t\nb c\tx' ]]
	[[ $stderr == $'a\tea\nb c\teb c' ]]
	run -0 prockit map -k --tag --line-buffer -c 'echo "$1"; printf x' ::: a b
	[[ $output == $'a\ta\na\tx\nb\tb\nb\tx' ]]
	run -0 prockit map -k --tag echo ::: a ::: 1 2
	[[ $output == $'a 1\ta 1\na 2\ta 2' ]]
}

@test "map: --tag takes a template" {
	run -0 prockit map -k --tag='{#}:{/.}' echo ::: x/a.b c
	[[ $output == $'1:a\tx/a.b\n2:c\tc' ]]
	run -0 prockit map -k --header --tag='{x}>' echo ::: x 1 2
	[[ $output == $'1>\t1\n2>\t2' ]]
	run -0 prockit map -k --tag=same echo ::: 1 2
	[[ $output == $'same\t1\nsame\t2' ]]
	run -0 prockit map -k -I @ --tag='@ {}' echo ::: 1
	[[ $output == $'1 {}\t1' ]]
	# Not taken from the next word.
	run -0 prockit map --tag echo ::: 1
	[[ $output == $'1\t1' ]]
}

@test "map: a tag stands before every line of a large output" {
	seq 300000 >numbers
	prockit map -k --tag cat ::: numbers numbers >out
	sed $'s/^/numbers\t/' numbers numbers | cmp - out
}

# --json

# each_record FILE: every line is a record, with map's keys too.
each_record()
{
	local line
	while IFS= read -r line; do
		printf '%s\n' "$line" >one.json
		is_record one.json || return
		says one.json '(.seq | type) == "number" and (.slot | type) == "number" and
			(.attempt | type) == "number" and (.item | type) == "string" and
			(.key | type) == "string" and (.failed | type) == "boolean"' || return
	done <"$1"
}

@test "map: --json prints a record for each job instead of what it wrote" {
	run -1 --separate-stderr prockit map -j1 --json -c 'echo "o$1"; echo "e$1" >&2; [ "$1" != b ] || exit 3' ::: a b c
	[[ -z $stderr ]]
	printf '%s\n' "$output" >r.jsonl
	each_record r.jsonl
	[[ $(jq -c '[.seq, .slot, .attempt, .item, .failed, .exit_status, .stdout, .stderr]' r.jsonl) == \
		'[1,1,1,"a",false,0,"oa\n","ea\n"]
[2,1,1,"b",true,3,"ob\n","eb\n"]
[3,1,1,"c",false,0,"oc\n","ec\n"]' ]]
	[[ $(jq -c '.argv[-1]' r.jsonl) == $'"a"\n"b"\n"c"' ]]
	run -0 prockit map --jsonl echo ::: a
	[[ $(jq -r .stdout <<<"$output") == a ]]
}

@test "map: --json is valid whatever is in items and output" {
	every_byte 0 255 >bytes
	printf '%s\0' $'a\xff' $'new\nline' '"q"\' 'é' '' $'\x01\x7f' >items
	prockit map --json -k -0 -c 'cat bytes; printf "a\0\"\n" >&2' <items >r.jsonl
	each_record r.jsonl
	[[ $(wc -l <r.jsonl) == 6 ]]
	[[ $(jq -r 'select(.seq == 2) | .item' r.jsonl) == $'new\nline' ]]
	[[ $(jq -c '.item' r.jsonl | head -n 1) == '"a�"' ]]
	jq -r 'select(.seq == 1) | .item_b64' r.jsonl | base64 -d >item
	printf 'a\xff' | cmp - item
	jq -r 'select(.seq == 1) | .stdout' r.jsonl | base64 -d | cmp - bytes
	[[ $(jq -c '[.stdout_encoding, .stderr_encoding, .stdout_bytes, .stderr]' r.jsonl | sort -u) == \
		'["base64","utf-8",256,"a\u0000\"\n"]' ]]
}

@test "map: --json with -k has the records in the order of the items" {
	prockit map -j4 --json -k -c 'sleep 0.$((4 - $1)); echo' ::: 1 2 3 >r.jsonl
	[[ $(jq -c .seq r.jsonl) == $'1\n2\n3' ]]
}

@test "map: --json tells tries, several items, signals, limits and what could not run" {
	prockit map --json -j1 --retries=2 -c '[ $PROCKIT_ATTEMPT = 3 ]' ::: a >r.jsonl
	says r.jsonl '.attempt == 3 and .failed == false and .tries == 3 and .attempts[1].attempt == 2'
	says r.jsonl '[.attempts[].failed] == [true, true] and .attempts[0].exit_status == 1'
	prockit map --json -n 2 true ::: a b >r.jsonl
	says r.jsonl '.item == "a b"'
	run -1 --separate-stderr prockit map --json -c 'kill -KILL $$' ::: a
	printf '%s\n' "$output" >r.jsonl
	each_record r.jsonl
	says r.jsonl '.failed and .signal == "SIGKILL" and .exit_status == 137'
	run -1 --separate-stderr prockit map --json -t 0.1 sleep ::: 1000
	printf '%s\n' "$output" >r.jsonl
	each_record r.jsonl
	says r.jsonl '.failed and .timed_out and .exit_status == 124'
	run -1 --separate-stderr prockit map --json {} x ::: nosuch
	printf '%s\n' "$output" >r.jsonl
	each_record r.jsonl
	says r.jsonl '.failed and .outcome == "not_started" and .error.errno == "ENOENT"'
}

@test "map: --json of an item that no word can hold is a record too" {
	head -c 131072 /dev/zero | tr '\0' x >in
	run -1 --separate-stderr prockit map --json echo <in
	printf '%s\n' "$output" >r.jsonl
	each_record r.jsonl
	says r.jsonl '.failed and .outcome == "not_started" and .error != null'
}

@test "map: --json holds a large output whole" {
	prockit map --json -c 'seq 400000; echo err >&2' ::: a b >r.jsonl
	[[ $(jq -c '[.stdout_bytes, .stderr]' r.jsonl | sort -u) == '[2688895,"err\n"]' ]]
	seq 400000 >expected
	jq -j 'select(.seq == 2) | .stdout' r.jsonl | cmp - expected
}

@test "map: a job's key is of the words, the folder and the items, not of its place" {
	prockit map --json -k echo ::: a b >r1.jsonl
	prockit map --json -k echo <<<$'b\nc\na' >r2.jsonl
	key()
	{
		jq -r "select(.item == \"$2\") | .key" "$1"
	}
	[[ -n $(key r1.jsonl a) && $(key r1.jsonl a) == "$(key r2.jsonl a)" ]]
	[[ $(key r1.jsonl b) == "$(key r2.jsonl b)" && $(key r1.jsonl a) != "$(key r1.jsonl b)" ]]
	prockit map --json printf ::: a >r3.jsonl
	[[ $(key r3.jsonl a) != "$(key r1.jsonl a)" ]]
	prockit map --json --chdir=/ echo ::: a >r3.jsonl
	[[ $(key r3.jsonl a) != "$(key r1.jsonl a)" ]]
	# The same text, but other items.
	prockit map --json echo ::: 'a b' >r3.jsonl
	prockit map --json -n 2 echo ::: a b >r4.jsonl
	[[ $(key r3.jsonl 'a b') != "$(key r4.jsonl 'a b')" ]]
}

# --dry-run

@test "map: --dry-run prints a line for each job and runs nothing" {
	run -0 --separate-stderr prockit map --dry-run touch ran ::: a 'b c'
	[[ $output == "touch ran a"$'\n'"touch ran 'b c'" && -z $stderr ]]
	run -0 prockit map --dry-run --log=log --joblog=jl --results=dir -j1 touch ran <<<$'a'
	[[ $output == 'touch ran a' && ! -e ran && ! -e log && ! -e jl && ! -e dir ]]
	run -0 prockit map --dry-run touch ran </dev/null
	[[ -z $output ]]
}

@test "map: what --dry-run prints runs the same again" {
	local -a options
	printf '%s\0' 'a b' "it's" '$(touch pwned)' '*' '' -n '{}' '#' '~' $'t\tab' '\' '!' 'é' $'\xff' >items
	while read -r options; do
		eval "options=($options)"
		prockit map -j1 -0 "${options[@]}" <items >expected
		prockit map --dry-run -0 "${options[@]}" <items >lines
		[[ $(wc -l <lines) == $(wc -l <expected) && -s expected ]]
		eval "$(<lines)" >out
		cmp expected out
		sh lines >out
		cmp expected out
	done <<-'END'
		printf '<%s>\n'
		printf '<%s><%s>\n' {#} x{.}y
		-c 'printf "<%s-%s>\n" "$@"' two
		-n 3 printf '<%s|%s|%s>\n'
	END
	[[ ! -e pwned ]]
	printf '%s\0' $'a\nb' | prockit map --dry-run -0 printf '<%s>' >lines
	[[ $(eval "$(<lines)") == $'<a\nb>' ]]
	prockit map --dry-run -c 'echo "$1; $0"' ::: a >lines
	[[ $(sh lines) == "$(prockit map -c 'echo "$1; $0"' ::: a)" ]]
}

# --progress

@test "map: --progress shows how far it is on a terminal, and wipes it at the end" {
	cat >run <<-'END'
		prockit map -j1 --progress -c 'echo "out $1"; [ "$1" != 2 ] || { read -r _ </dev/tty; exit 1; }' ::: 1 2 3 4
		echo "ended $?"
	END
	"$(helper pty-run)" --expect='[######' --expect='25% 1/4 done, 1 running, 0 failed' --send=$'\n' -- sh run >out
	# What stands behind the last wipe is what is left to see.
	wiped=$(<out)
	wiped=${wiped##*$'\r\033[K'}
	[[ $(<out) == *'out 1'*'1/4 done'*'out 4'*'ended 1'* ]]
	[[ $wiped == *'ended 1'* && $wiped != *done* ]]
	# No line of output stands behind the bar.
	run ! grep -a $'running[^\033]*out' out
}

@test "map: --progress without a total shows no bar, but numbers" {
	mkfifo items
	cat >run <<-'END'
		exec 8<>items
		echo 1 >&8
		prockit map -j1 --progress -c 'read -r _ </dev/tty' <items 8<&- &
		wait $!
	END
	"$(helper pty-run)" --expect='0 done, 1 running, 0 failed' --send=$'\n' --expect='1 done, 0 running' \
		--send=$'\003' -- sh run >out || true
	[[ $(<out) != *'['[#\ ]* && $(<out) != *%* ]]
}

@test "map: --progress shows nothing where stderr is no terminal, or without being asked" {
	run -0 --separate-stderr prockit map --progress -c 'sleep 0.3' ::: 1 2
	[[ -z $output && -z $stderr ]]
	run -0 "$(helper pty-run)" -- prockit map -c 'sleep 0.3' ::: 1 2
	[[ -z $output ]]
	run -0 "$(helper pty-run)" -- sh -c 'prockit map --progress -c "sleep 0.3" ::: 1 2 2>err'
	[[ -z $output && ! -s err ]]
}
