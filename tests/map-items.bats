#!/usr/bin/env bats
# prockit map: where items come from, and how many of them a job gets.
# shellcheck disable=SC1003,SC1083,SC2016,SC2094,SC2154 # the braces and dollars are the command's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children

# show WORD...: each word in brackets, and a newline.
setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	cat >show <<-'END'
		#!/bin/sh
		for word; do printf '<%s>' "$word"; done
		echo
	END
	chmod +x show
}

teardown()
{
	end_leftovers
}

# gives TEXT MAP-WORD...: what the jobs print, in the order of the items.
gives()
{
	local expected=$1
	shift
	run -0 --separate-stderr prockit map -k "$@"
	[[ $output == "$expected" && -z $stderr ]] && return
	echo "prockit map -k $*"
	echo "stderr: $stderr"
	echo "instead of: $expected"
	echo "output: $output"
	return 1
}

# Standard input

@test "map: items are the lines of standard input, each one word" {
	gives $'<a b>\n< c >\n<d\te>' ./show <<<$'a b\n c \nd\te'
}

@test "map: the last line may lack its newline, and an empty one is an item" {
	printf 'a\n\nb' | prockit map -k ./show >out
	[[ $(<out) == $'<a>\n<>\n<b>' ]]
	printf 'a\n\n' | prockit map -k ./show >out
	[[ $(<out) == $'<a>\n<>' ]]
	printf '\n' | prockit map -k ./show >out
	[[ $(<out) == '<>' ]]
}

@test "map: without any item nothing is run, and that is success" {
	run -0 --separate-stderr prockit map touch ran </dev/null
	[[ -z $output && -z $stderr && ! -e ran ]]
	run -0 --separate-stderr prockit map -c 'touch ran' :::
	run -0 prockit map touch ran ::: :::: /dev/null
	run -0 prockit map touch ran ::: a ::: ::: b
	run -0 prockit map -0 -n 5 touch ran </dev/null
	run -0 prockit map --json touch ran </dev/null
	[[ -z $output && ! -e ran ]]
}

@test "map: a carriage return belongs to the item" {
	printf 'a\r\nb\r\n' | prockit map -k ./show >out
	[[ $(<out) == $'<a\r>\n<b\r>' ]]
}

@test "map: with -0 items end with a NUL, and newlines are of them" {
	printf 'a\nb\0\0c\0' | prockit map -k -0 ./show >out
	[[ $(<out) == $'<a\nb>\n<>\n<c>' ]]
	printf 'a\0b' | prockit map -k --null ./show >out
	[[ $(<out) == $'<a>\n<b>' ]]
}

@test "map: -d takes any character, and names for those that are hard to type" {
	printf 'a,b\nc,d' | prockit map -k -d , ./show >out
	[[ $(<out) == $'<a>\n<b\nc>\n<d>' ]]
	printf 'a\tb' | prockit map -k -d '\t' ./show >out
	[[ $(<out) == $'<a>\n<b>' ]]
	printf 'a\0b\0' | prockit map -k -d '\0' ./show >out
	[[ $(<out) == $'<a>\n<b>' ]]
	printf 'a\nb\n' | prockit map -k -d '\n' ./show >out
	[[ $(<out) == $'<a>\n<b>' ]]
	printf 'a\\b\\' | prockit map -k -d '\\' ./show >out
	[[ $(<out) == $'<a>\n<b>' ]]
	printf 'a\\b\\' | prockit map -k -d '\' ./show >out
	[[ $(<out) == $'<a>\n<b>' ]]
	printf 'a\x1fb' | prockit map -k --delimiter='\x1f' ./show >out
	[[ $(<out) == $'<a>\n<b>' ]]
}

@test "map: -d and -0 cut where xargs cuts" {
	local input
	for input in 'a,b,c\n' ',,' 'a,' ',' 'a b, c ,"d e"' "it's,\\\\n"; do
		# shellcheck disable=SC2059 # escapes
		printf "$input" >in
		# xargs runs its command once without any item.
		[[ -s in ]]
		xargs -d , -n 1 ./show <in >expected
		prockit map -j1 -d , ./show <in >out
		cmp expected out
	done
}

@test "map: a delimiter that is none is refused, and nothing is run" {
	local bad
	for bad in '' ab '\q' '\x' '\xfff' '\400' 'é'; do
		run -125 --separate-stderr prockit map -d "$bad" touch ran <<<a
		one_message --delimiter
	done
	[[ ! -e ran ]]
}

@test "map: a NUL within a line makes its job fail; the others run" {
	run -1 --separate-stderr prockit map -k ./show < <(printf 'a\nb\0c\nd\n')
	[[ $output == $'<a>\n<d>' ]]
	one_message NUL
}

@test "map: an item is run as soon as it has come, though more may follow" {
	mkfifo in
	prockit map -j2 touch <in 3>&- &
	exec 8>in
	printf 'one\n' >&8
	wait_until 20 test -e one
	printf 'tw' >&8
	printf 'o\n' >&8
	wait_until 20 test -e two
	# Without a newline it is not known whether the item has ended.
	printf 'three' >&8
	exec 8>&-
	wait $!
	[[ -e three && ! -e tw ]]
}

# Files and the command line

@test "map: ::: has the items on the command line, and standard input is left alone" {
	{
		prockit map -k ./show ::: a 'b c' ''
		cat
	} <<<rest >out
	[[ $(<out) == $'<a>\n<b c>\n<>\nrest' ]]
}

@test "map: -a and :::: read files, - is standard input" {
	printf '1\n2\n' >f
	gives $'<1>\n<2>' -a f ./show
	gives $'<1>\n<2>' --arg-file=f ./show
	gives $'<1>\n<2>' ./show :::: f
	gives $'<1>\n<2>' -a - ./show <f
	gives $'<1>\n<2>' ./show :::: - <f
	gives $'<1>\n<2>' ./show :::: <(cat f)
	printf 'a\nb\0c' >z
	gives $'<a\nb>\n<c>' -0 ./show :::: z
}

@test "map: several files are several sources" {
	printf '1\n2\n' >f
	printf 'x\ny' >g
	gives $'<1><x>\n<1><y>\n<2><x>\n<2><y>' -a f -a g ./show
	gives $'<1><x>\n<1><y>\n<2><x>\n<2><y>' ./show :::: f g
	gives $'<1><x>\n<1><y>\n<2><x>\n<2><y>' -a f ./show :::: g
	gives $'<x><1>\n<x><2>\n<y><1>\n<y><2>' -a - ./show :::: f <g
	gives $'<1><1>\n<1><2>\n<2><1>\n<2><2>' ./show :::: f :::: f
	gives $'<x><1>\n<x><2>' ./show ::: x :::: - <f
}

@test "map: a file that cannot be read is an error before anything runs" {
	run -125 --separate-stderr prockit map -a nosuch touch ran
	one_message nosuch 'No such file'
	run -125 --separate-stderr prockit map touch ran ::: a :::: . <<<a
	one_message "'.'"
	run -125 --separate-stderr prockit map touch ran ::: a ::::+ nosuch
	one_message nosuch
	run -125 --separate-stderr prockit map -a '' touch ran
	run -125 --separate-stderr prockit map touch ran <.
	one_message input
	run -125 --separate-stderr "$(helper closed-fds-run)" --close=0 -- prockit map touch ran
	one_message input
	[[ ! -e ran ]]
}

@test "map: standard input cannot be two sources" {
	run -125 --separate-stderr prockit map touch ran :::: - - <<<a
	one_message 'standard input'
	run -125 --separate-stderr prockit map -a - touch ran :::: - <<<a
	[[ ! -e ran ]]
}

@test "map: sources are combined in row order, the last changes fastest" {
	gives $'<a><1>\n<a><2>\n<b><1>\n<b><2>' ./show ::: a b ::: 1 2
	gives $'<a><1><x>\n<a><1><y>\n<a><2><x>\n<a><2><y>\n<b><1><x>\n<b><1><y>\n<b><2><x>\n<b><2><y>' \
		./show ::: a b ::: 1 2 ::: x y
	gives $'2:x:1\n3:x:1\n2:y:1\n3:y:1' echo {3}:{2}:{1} ::: 1 ::: x y ::: 2 3
}

@test "map: a linked source goes in step with the one before it, up to the shorter one" {
	gives $'<a><1>\n<b><2>' ./show ::: a b :::+ 1 2
	gives $'<a><1>\n<b><2>' ./show ::: a b c :::+ 1 2
	gives $'<a><1>\n<b><2>' ./show ::: a b :::+ 1 2 3
	gives $'<a><1><x>\n<b><2><y>' ./show ::: a b c :::+ 1 2 3 :::+ x y
	gives '' ./show ::: a b :::+
	gives $'<a><1><x>\n<a><1><y>\n<b><2><x>\n<b><2><y>' ./show ::: a b :::+ 1 2 ::: x y
	gives $'<x><a><1>\n<x><b><2>\n<y><a><1>\n<y><b><2>' ./show ::: x y ::: a b c :::+ 1 2
	printf '1\n2\n' >f
	gives $'<a><1>\n<b><2>' ./show ::: a b c ::::+ f
	gives $'<1><a>\n<2><b>' ./show :::: f :::+ a b c
	gives $'<1><a>\n<2><b>' -a f ./show :::+ a b c
	gives $'<1><a>\n<2><b>' ./show :::: - :::+ a b c <f
}

@test "map: an endless source linked to a short one ends with it" {
	run -0 timeout 20 prockit map -k ./show :::: - :::+ a b < <(yes)
	[[ $output == $'<y><a>\n<y><b>' ]]
	run -0 timeout 20 prockit map -k ./show ::: a b ::::+ - < <(yes)
	[[ $output == $'<a><y>\n<b><y>' ]]
}

@test "map: a wrong use of ::: is refused, and nothing is run" {
	run -125 --separate-stderr prockit map
	run -125 --separate-stderr prockit map ::: a
	one_message command
	run -125 --separate-stderr prockit map touch :::+ ran
	one_message :::+
	run -125 --separate-stderr prockit map touch ran ::::
	one_message ::::
	[[ ! -e ran ]]
}

@test "map: only the whole words ::: :::+ :::: ::::+ begin items" {
	gives '<::><:::::><:::x><::+><a>' ./show :: ::::: :::x ::+ ::: a
	gives '<--><-k><a>' -- ./show -- -k ::: a
	gives $'<:::>\n<-->' ./show <<<$':::\n--'
	gives '<--><a>' ./show ::: -- :::+ a
}

# Columns and headers

@test "map: -C takes items apart where the regular expression matches" {
	gives $'2-1\nd-c' -C , echo {2}-{1} <<<$'1,2\nc,d'
	gives '<a><b><c>' -C '[:;]+' ./show <<<'a:;b;c'
	gives '<a><b c>' -C '\t' ./show <<<$'a\tb c'
	gives '<a><b>' -C ' +' ./show <<<'a   b'
	gives '<a><><b><>' -C , ./show <<<a,,b,
	gives $'<><1>\n<x><1>' -C '[|]' ./show {2} {1} <<<$'1\n1|x'
	gives $'<ab>' -C 'x*' ./show <<<'ab'
	gives $'<a><b><1>\n<c><d><1>' -C , ./show ::: a,b c,d ::: 1
	run -125 --separate-stderr prockit map -C '(' touch ran <<<a
	one_message --colsep
	[[ ! -e ran ]]
}

@test "map: --header takes names from the first row" {
	printf 'name,size\nred shirt,M\nsocks,39\n' >f
	gives $'<M of red shirt>\n<39 of socks>' --header -C , ./show '{size} of {name}' <f
	gives $'<1><2><M>\n<2><2><39>' --header -C , ./show {#} 2 {size} :::: f
	gives $'<1-a>\n<1-b>\n<2-a>\n<2-b>' --header ./show {x}-{y} ::: x 1 2 ::: y a b
	gives '<b.c/d><d.e><b.c/d.e><b.c>' --header ./show {f.} {f/} {f} {f//} ::: f b.c/d.e
	gives '<{nosuch}><1>' --header ./show {nosuch} {1} ::: x 1
	gives '' --header ./show ::: x
	gives '' --header ./show </dev/null
}

@test "map: --header with names that look like something else" {
	gives '<1>' --header ./show '{a b}' ::: 'a b' 1
	gives $'<x><y>' --header -C , ./show {name} {names} <<<$'name,names\nx,y'
	gives '<v><v>' --header ./show {} {1} ::: '' v
}

# Several items a job

@test "map: -n gives a job several items, the last one the rest" {
	gives $'<1><2>\n<3><4>\n<5>' -n 2 ./show <<<$'1\n2\n3\n4\n5'
	gives $'<1><2><3>' -n 100 ./show ::: 1 2 3
	gives $'<x><1><2><y>\n<x><3><y>' --max-args=2 ./show x {} y ::: 1 2 3
	gives $'<1 2!>\n<3!>' -n 2 ./show '{}!' ::: 1 2 3
	gives $'<2><1><2>\n<><3><3>' -n 2 ./show {2} {1} {-1} ::: 1 2 3
	gives $'<a b>' -n 2 -c 'echo "<$PROCKIT_ITEM>"' ::: a b
	gives $'2 a b' -n 2 -c 'echo $# "$@"' ::: a b
	local bad
	for bad in 0 -1 x '' 1.5 99999999999999999999; do
		run -125 --separate-stderr prockit map -n "$bad" touch ran ::: a
		one_message --max-args
	done
	[[ ! -e ran ]]
}

@test "map: -n spreads each part of the items too" {
	gives '<a><b><x/a.c><y/b.d>' -n 2 ./show {/.} {} ::: x/a.c y/b.d
	gives '<a c.d x/a><x=>' -n 2 ./show '{/} {1}' 'x={3}' ::: x/a c.d
}

@test "map: -n with more words than the system takes fails that job, not the others" {
	head -c 130000 /dev/zero | tr '\0' x >long
	# 130000 bytes by 100 are more than a command may have in all.
	{
		for ((i = 0; i < 100; i++)); do
			cat long
			echo
		done
		echo short
	} >in
	run -1 --separate-stderr prockit map -n 100 -c 'echo $#' <in
	[[ $output == 1 ]]
	one_message 'too long'
}

# Reading ahead

# stuck PID FILE: the process sleeps, and FILE has not grown for a while.
stuck()
{
	local size state i
	size=$(stat -c %s "$2")
	for ((i = 0; i < 30; i++)); do
		state=$(ps -o stat= -p "$1") || return
		[[ $state == S* && $(stat -c %s "$2") == "$size" ]] || return
		sleep 0.01
	done
}

@test "map: an endless producer is read only as far as jobs need" {
	mkfifo go.{1..4} in
	head -c 65536 /dev/zero | tr '\0' x >kilobytes
	cat >producer <<-'END'
		#!/bin/bash
		item=$(<kilobytes)
		while printf '%s.x\n' "$item"; do echo >>written; done
	END
	# Each item fills a pipe; {#} so that it is no word of the job's.
	bash producer >in 3>&- &
	local producer=$!
	prockit map -j1 --buffer=3 --halt=soon,done=4 -c 'echo $1 >>started; read -r _ <go.$1' {#} \
		<in 3>&- &
	local map=$!
	wait_until 20 test -s started
	wait_until 20 stuck "$producer" written
	# One that runs, three that wait, and what is in the pipe and on its way.
	echo "written while the first one runs: $(wc -l <written)"
	(($(wc -l <written) <= 7))
	for i in 1 2 3 4; do
		echo >go.$i
	done
	wait "$map"
	[[ $(<started) == $'1\n2\n3\n4' ]]
	wait "$producer" || true
	echo "written in all: $(wc -l <written)"
	(($(wc -l <written) <= 10))
}

@test "map: an endless producer costs no memory" {
	if has_sanitizers; then
		skip 'AddressSanitizer needs memory of its own'
	fi
	yes | "$(helper peak-memory)" kib prockit map -j2 --halt soon,done=100 echo >out
	[[ $(sort -u out) == y && $(wc -l <out) == 10[01] ]]
	echo "peak: $(<kib) KiB"
	(($(<kib) < 10 * 1024))
}

@test "map: --buffer is a number above 0" {
	local bad
	for bad in 0 -1 x ''; do
		run -125 --separate-stderr prockit map --buffer="$bad" touch ran ::: a
		one_message --buffer
	done
	[[ ! -e ran ]]
	gives $'<1>\n<2>\n<3>' --buffer 1 ./show ::: 1 2 3
}

@test "map: ten thousand items each come once, in their order" {
	seq 10000 >expected
	prockit map -n 100 -k printf '%s\n' <expected >out
	cmp expected out
	prockit map -n 7 -j3 printf '%s\n' <expected | sort -n | cmp expected -
}

# Long items

# letters N: so many.
letters()
{
	head -c "$1" /dev/zero | tr '\0' x
}

@test "map: an item as long as a word may be arrives whole, a longer one fails alone" {
	{
		letters 131071
		echo
		letters 131072
		echo
		echo last
	} >in
	run -1 --separate-stderr prockit map -k -c 'printf %s "$1" | wc -c' <in
	[[ $output == $'131071\n4' ]]
	one_message '128 KiB'
	run -1 --separate-stderr prockit map -k ./show '{}{}' ::: "$(letters 70000)" a
	[[ $output == '<aa>' ]]
}

@test "map: of a huge item its short parts can be used, without PROCKIT_ITEM" {
	{
		printf 'dir/name.'
		letters 500000
		echo
		letters 500000
		printf '/base\n'
	} >in
	run -0 prockit map -k -c 'echo "$1 ${PROCKIT_ITEM-none}"' {/.} <in
	[[ $output == $'name none\nbase none' ]]
	run -1 --separate-stderr prockit map -k ./show {.} <in
	[[ $output == '<dir/name>' ]]
}

@test "map: PROCKIT_ITEM is there as long as there is room for it" {
	# The variable's name, the =, the NUL at its end: 14 bytes.
	{
		letters 131058
		echo
		letters 131059
		echo
	} >in
	run -0 prockit map -k -c 'echo ${#PROCKIT_ITEM}' {#} <in
	[[ $output == $'131058\n0' ]]
}

@test "map: an item of 64 MiB fails its job, the others run, and memory stays small" {
	if has_sanitizers; then
		skip 'AddressSanitizer needs memory of its own'
	fi
	{
		echo first
		letters 64M
		echo
		echo last
	} >in
	run -1 --separate-stderr "$(helper peak-memory)" kib prockit map -k ./show <in
	[[ $output == $'<first>\n<last>' ]]
	[[ $stderr == 'prockit map'* && $stderr != *xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx* ]]
	echo "peak: $(<kib) KiB"
	(($(<kib) < 16 * 1024))
}
