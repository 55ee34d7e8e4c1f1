#!/usr/bin/env bats
# prockit map: how items get into the words of the command, and what else a job gets.
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

# Replacement strings

@test "map: the parts of an item are those of GNU parallel" {
	local item all='<{.}><{/}><{//}><{/.}>'
	gives '<a/b.tar><b.tar.gz><a><b.tar>' ./show {.} {/} {//} {/.} ::: a/b.tar.gz
	while IFS='|' read -r item expected; do
		gives "<$expected>" ./show "$all" ::: "$item"
	done <<-'END'
		a.c|<a><a.c><.><a>
		a|<a><a><.><a>
		a.b/c|<a.b/c><c><a.b><c>
		/a|</a><a></><a>
		/a/b.c|</a/b><b.c></a><b>
		./x.y|<./x><x.y><.><x>
		a.|<a><a.><.><a>
		.bashrc|<><.bashrc><.><>
		a/.bashrc|<a/><.bashrc><a><>
		a b.c d|<a b><a b.c d><.><a b>
		é.ü|<é><é.ü><.><é>
	END
}

@test "map: each string of a part agrees with parallel, where that is installed" {
	local string
	parallel --version 2>/dev/null | head -n 1 | tee version
	[[ $(<version) == 'GNU parallel'* ]] || skip 'GNU parallel is not installed'
	for string in {} {.} {/} {//} {/.} {#} {1} {1.} {1/} {1//} {1/.} {-1} {-1/.} x{}y{.}z {#}{} {5}a {..}{}; do
		parallel --will-cite -k -j1 printf '%s\\n' "$string" ::: a/b.c d e/f/ ../g.h.i >expected
		prockit map -k printf '%s\n' "$string" ::: a/b.c d e/f/ ../g.h.i >out
		diff expected out
	done
}

@test "map: strings are replaced within words, more than once, and in the first word" {
	gives '<pre-a-mid-a-post><a>' ./show pre-{}-mid-{}-post {} ::: a
	gives $'<x>' './s{}' x ::: how
	gives 'b' {1} {2} ::: echo ::: b
	gives 'a b x' {} x ::: echo ::: a ::: b
	gives '<a.png><{a.jpg}><{ a.jpg }>' ./show {.}.png '{{}}' '{ {} }' ::: a.jpg
}

@test "map: what is no replacement string is text" {
	gives '<{0}><{nosuch}><a}><{><}><{ }><{..}><a>' ./show {0} {nosuch} '{}}' '{' '}' '{ }' {..} {} ::: a
}

@test "map: items of one job are counted from the front and from the back" {
	gives $'<a><1><1><a><>\n<a><2><2><a><>' ./show {1} {2} {-1} {-2} {3} ::: a ::: 1 2
	gives '<x/y><y.z><x><y><x/y.z>' ./show {2.} {2/} {2//} {2/.} {-1} ::: a ::: x/y.z
	gives '<1 a>' ./show '{2} {1}' ::: a ::: 1
	gives '<a 1!>' ./show '{}!' ::: a ::: 1
}

@test "map: {#} counts the jobs" {
	gives $'<1>\n<2>' ./show {#} ::: a b
	gives $'<a><1>\n<b><2>\n<c><3>' ./show {} {#} ::: a b c
	gives $'1 a\n2 b' -c 'echo $PROCKIT_SEQ "$1"' ::: a b
}

@test "map: {%} is a slot, which no other job has at the same time" {
	run -0 prockit map -j3 -c 'mkdir "slot.$1" && echo "$1" && rmdir "slot.$1"' {%} < <(seq 60)
	[[ $(sort -u <<<"$output") =~ ^[123]($'\n'[23])*$ && $(wc -l <<<"$output") == 60 ]]
	run -0 prockit map -j3 -c '[ "$1" = "$PROCKIT_SLOT" ]' {%} < <(seq 20)
}

@test "map: -I changes {}, the other strings stay" {
	gives '<a.b><pre-a.b><{}><a><1>' -I @ ./show @ pre-@ {} {.} {#} ::: a.b
	gives '<a><{}>' --replace=XX ./show XX {} ::: a
	gives '<{}><a>' -I @ ./show {} ::: a
	run -125 --separate-stderr prockit map -I '' touch ran ::: a
	one_message --replace
	[[ ! -e ran ]]
}

@test "map: an item is not replaced again" {
	gives $'<{}><x{#}y>\n<{#}><x{#}y>\n<{1}><x{#}y>' ./show {1} {2} ::: {} {#} {1} ::: 'x{#}y'
	gives '<{.}>' ./show ::: {.}
	gives $'<$1>\n<"$@">' -c './show "$1"' ::: '$1' '"$@"'
}

# No shell

# hard_items: NUL-separated.
hard_items()
{
	printf '%s\0' 'a b' '  lead and trail  ' "it's" '"quoted"' $'new\nline' $'\n' $'\t' '' '*' '?' '[a-z]*' \
		'~' '~root' '$HOME' '$(touch pwned)' '`touch pwned`' '; touch pwned' '| touch pwned' '& touch pwned' \
		'&& touch pwned' '> pwned' $'\ntouch pwned\n' "'; touch pwned; '" '#' '!' '!!' '\' '\\' '\n' '%s' '%n' '-n' '-e' \
		'-' '--' '--help' '-k' '=' 'a=b' '{}' '{.}' '{#}' '{1}' '{a,b}' '<(touch pwned)' ':::' '::::' 'é' '日本' \
		$'\xff\xfe' $'a\xc3' $'\x01\x02\x7f\x1b[31m' $'\r' '${IFS}' '$((1+1))' 'a;b' '\$(touch pwned)'
}

@test "map: an item is one word, whatever is in it" {
	hard_items >items
	prockit map -k -0 printf '%s\0' <items >out
	cmp items out
	prockit map -k -0 -j4 -n 3 printf '%s\0' {} <items >out
	cmp items out
	prockit map -k -0 printf '<%s>\0' 'x{}y' <items >out
	sed -z 's/^/<x/; s/$/y>/' items | cmp - out
	[[ ! -e pwned ]]
}

@test "map: with -c items are words too, and never text of the string" {
	hard_items >items
	prockit map -k -0 -c 'printf "%s\0" "$1"' <items >out
	cmp items out
	prockit map -k -0 -n 4 -c 'printf "%s\0" "$@"' <items >out
	cmp items out
	prockit map -k -0 -c 'printf "%s\0" "$PROCKIT_ITEM"' <items >out
	cmp items out
	prockit map -0 -c 'echo {} {.} {#}' <items | sort -u >out
	[[ $(<out) == '{} {.} {#}' && ! -e pwned ]]
}

@test "map: an item that begins with a dash is no option of prockit" {
	gives $'<-k>\n<--help>\n<-->' ./show ::: -k --help --
	gives $'<-j0>' ./show <<<-j0
}

@test "map: -c hands more operands on before the item" {
	gives $'first-a\nfirst-b' -c 'echo "$1-$2"' first ::: a b
	gives '3 x y a' -c 'echo $# "$@"' x y ::: a
	gives '<a>-x' -c 'echo "$1-$2"' '<{}>' x ::: a
	gives 'a b' --shell -n 2 -c 'echo "$@"' ::: a b
	gives '-n' -c 'printf "%s\n" "$1"' ::: -n
}

@test "map: -c takes another shell with --shell-path" {
	gives 'a: bash' --shell-path=/bin/bash -c 'echo "$1: ${BASH_VERSION:+bash}"' ::: a
	double() { echo "$1$1"; }
	export -f double
	gives $'aa\nbb' --shell-path=/bin/bash -c 'double "$1"' ::: a b
}

@test "map: a single word that a shell would take apart is refused, with a hint" {
	local word
	for word in 'touch ran' 'touch	ran' 'a|b' 'a;b' 'a&' 'a>ran' 'a<b' '$a' '`a`' "it's" '"a"' '(a)' 'a*' \
		$'touch\nran' 'touch ran {}'; do
		run -125 --separate-stderr prockit map "$word" ::: a
		[[ -z $output && $stderr == 'prockit map: '*'-c'* ]]
		run -125 --separate-stderr prockit map -- "$word" <<<a
		[[ $stderr == 'prockit map: '*'-c'* ]]
	done
	[[ ! -e ran && ! -e b ]]
}

@test "map: a suspicious word is the command's name when others follow" {
	cp show 'my show'
	PATH=$PWD:$PATH gives '<x><a>' 'my show' x ::: a
	gives '<a>' './my show' {} ::: a
	gives '<a>' ./show ::: a
}

# The command itself

@test "map: a command that is not there is said once, and nothing is run" {
	run -127 --separate-stderr prockit map nosuch x ::: a b c
	one_message 'nosuch: command not found'
	: >plain
	run -126 --separate-stderr prockit map ./plain ::: a b c
	one_message ./plain
	run -126 --separate-stderr prockit map . ::: a b c
	run -127 --separate-stderr prockit map ./nosuch ::: a b
}

@test "map: where the first word varies, each job may run another program, or none" {
	gives $'x a\na' {1} {2} ::: echo printf :::+ 'x a' 'a\n'
	run -1 --separate-stderr prockit map -k '{}' x ::: echo nosuch printf
	[[ $output == $'x\nx' ]]
	one_message nosuch
}

# What a job gets

@test "map: jobs see their number, slot, attempt and item" {
	gives $'1 1 1 <a b>\n2 1 1 <>\n3 1 1 <c>' -j1 \
		-c 'echo "$PROCKIT_SEQ $PROCKIT_SLOT $PROCKIT_ATTEMPT <$PROCKIT_ITEM>"' ::: 'a b' '' c
	gives $'<a 1>\n<a 2>' -c 'echo "<$PROCKIT_ITEM>"' ::: a ::: 1 2
	run -0 prockit map --retries=2 -c 'echo $PROCKIT_ATTEMPT >>tries; [ $PROCKIT_ATTEMPT = 3 ]' ::: a
	[[ $(<tries) == $'1\n2\n3' ]]
}

@test "map: a job's variables are its own, also within another map and without environment" {
	PROCKIT_SEQ=7 PROCKIT_ITEM=old gives '1 a' -c 'echo $PROCKIT_SEQ $PROCKIT_ITEM' ::: a
	gives '1 b x' -c 'prockit map -c "echo \$PROCKIT_SEQ \$PROCKIT_ITEM \$0" ::: b | sed "s, [^ ]*$, x,"' ::: a
	gives '1 a' -i -c 'echo $PROCKIT_SEQ $PROCKIT_ITEM' ::: a
	head -c 200000 /dev/zero | tr '\0' x >in
	PROCKIT_ITEM=old gives 'none' -c 'echo ${PROCKIT_ITEM-none}' {#} <in
}

@test "map: what prockit was started with reaches a job" {
	x='a  b' gives 'a  b' -c 'echo "$x"' ::: a
	gives '9' -c 'cat <&9' ::: a 9<<<9
	gives 'not' --close-fds -c '[ -e /proc/$$/fd/9 ] || echo not' ::: a 9<<<9
	cat >run <<-'END'
		umask 027
		ulimit -S -n 100
		exec prockit map -c 'umask; ulimit -n' ::: a
	END
	run -0 sh run
	[[ $output == $'0027\n100' ]]
}

@test "map: standard input is empty for the jobs, and ours stays whole" {
	{
		prockit map -k -c 'wc -c; readlink /proc/self/fd/0' ::: a b
		cat
	} <<<rest >out
	[[ $(<out) == $'0\n/dev/null\n0\n/dev/null\nrest' ]]
	gives $'a\nb' -c 'cat; echo "$1"' <<<$'a\nb'
}

@test "map: --stdin=first gives ours to the first job, =inherit to all" {
	gives $'1 data\n2 ' --stdin=first -j2 -c 'echo "$1 $(cat)"' ::: 1 2 <<<data
	gives $'1 a\n2 b\n3 c' --stdin=inherit -j1 -c 'read -r line; echo "$1 $line"' ::: 1 2 3 < <(printf 'a\nb\nc\n')
	gives $'1 ' --stdin=null -c 'echo "$1 $(cat)"' ::: 1 <<<data
	echo 5 >f
	gives $'5 data' --stdin=first -a f -c 'echo "$1 $(cat)"' <<<data
}

@test "map: --stdin that cannot be is refused" {
	local way
	for way in first inherit; do
		run -125 --separate-stderr prockit map --stdin=$way touch ran <<<a
		one_message --stdin 'standard input'
		run -125 --separate-stderr prockit map --stdin=$way touch ran :::: - <<<a
		one_message --stdin
	done
	run -125 --separate-stderr prockit map --stdin=nosuch touch ran ::: a
	one_message --stdin nosuch
	[[ ! -e ran ]]
}

@test "map: -E, --unset and -i work from left to right, as in env" {
	x=old gives 'new' -E x=new -c 'echo "$x"' ::: a
	x=old gives 'none' --unset x -c 'echo "${x-none}"' ::: a
	x=old gives 'old none' -i -E x -c 'echo "$x ${HOME-none}"' ::: a
	x=old gives 'none' -E x=1 --unset=x -c 'echo "${x-none}"' ::: a
	x=old gives '1' --unset=x -E x=1 -c 'echo "${x-none}"' ::: a
	gives '{}' -E 'x={}' -c 'echo "$x"' ::: a
	run -125 --separate-stderr prockit map -E =x touch ran ::: a
	[[ ! -e ran ]]
}

@test "map: the jobs' PATH finds the command" {
	mkdir bin
	cp show bin/only-here
	gives '<a>' -E "PATH=$PWD/bin:$PATH" only-here ::: a
}

@test "map: --chdir is where the jobs run, not where files of ours are" {
	mkdir dir
	cp show dir/inside
	echo a >items
	gives "$PWD/dir a" --chdir dir -a items -c 'echo "$(pwd) $1"'
	gives '<a>' --chdir=dir ./inside :::: items
	run -125 --separate-stderr prockit map --chdir=nosuch touch "$PWD/ran" ::: a b
	one_message nosuch
	[[ ! -e ran ]]
}

@test "map: --argv0 is what the command sees as its name" {
	gives 'foo' --argv0=foo head -c 3 ::: /proc/self/cmdline
	gives 'foo' --argv0=foo {} -c 3 /proc/self/cmdline ::: head
}

@test "map: --umask, --nice, --rlimit and --new-session are the jobs'" {
	gives 0077 --umask=077 -c umask ::: a
	gives $(($(nice) + 5)) --nice=5 -c nice ::: a
	gives 64 --rlimit=nofile=64 -c 'ulimit -n' ::: a
	gives same --new-session -c '[ $(ps -o sid= -p $$) -eq $$ ] && echo same' ::: a
	gives same --new-group -c '[ $(ps -o pgid= -p $$) -eq $$ ] && echo same' ::: a
	umask 022
	gives 0022 -c umask ::: a
}

@test "map: jobs have the signals that prockit was started with, or was told" {
	# Of SigIgn, in hexadecimal: USR1 is bit 9, PIPE bit 12.
	ignored='read_mask() { sed -n "s/SigIgn:.//p" /proc/self/status; }; echo $((0x$(read_mask) >> 9 & 1)) $((0x$(read_mask) >> 12 & 1))'
	gives '0 0' --default-signal --shell-path=/bin/bash -c "$ignored" ::: a
	gives '1 0' --default-signal=PIPE --ignore-signal=USR1 --shell-path=/bin/bash -c "$ignored" ::: a
	run -0 "$(helper closed-fds-run)" --ignore=PIPE -- prockit map --shell-path=/bin/bash -c "$ignored" ::: a
	[[ $output == '0 1' ]]
	run -0 "$(helper closed-fds-run)" --block=USR2,TERM -- \
		prockit map --shell-path=/bin/bash -c 'sed -n "s/SigBlk:.//p" /proc/self/status' ::: a
	[[ $output == 0000000000004800 ]]
}

@test "map: --ok-codes are successes" {
	run -0 prockit map --ok-codes=0,3 -c 'exit $1' ::: 0 3
	run -1 prockit map --ok-codes=3 -c 'exit $1' ::: 0 3 4
}

@test "map: the letters -a -C -k -u -n -d -I are its own" {
	echo x >f
	# cli's: --argv0, --chdir, --kill-after=5, --unset.
	gives '<x>' -a f ./show
	gives '<x><y>' -C , ./show <<<x,y
	run -0 prockit map -k echo ::: 5
	[[ $output == 5 ]]
	run -0 prockit map -u echo ::: HOME
	[[ $output == HOME ]]
	gives '<1><2>' -n2 ./show ::: 1 2
	gives $'<1>\n<2>' -d, ./show < <(printf 1,2)
	gives '<1>' -IX ./show X ::: 1
	run -125 prockit map --ignore-environment=x touch ran ::: a
	run -125 --separate-stderr prockit map --report=r touch ran ::: a
	run -125 --separate-stderr prockit map --input=x touch ran ::: a
	[[ ! -e ran ]]
}
