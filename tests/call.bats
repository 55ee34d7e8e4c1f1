#!/usr/bin/env bats
# prockit call: how a command is started, what it is handed, and what becomes of its status.
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

# script FILE LINE...: an executable file of these lines.
script()
{
	local file=$1
	shift
	printf '%s\n' "$@" >"$file"
	chmod +x "$file"
}

# refused TEXT... -- WORD...: "prockit call WORD..." ends with 125 and one message that has each
# TEXT, and runs nothing. WORD... ends in a command that would leave a file "ran".
refused()
{
	local texts=()
	while [[ $1 != -- ]]; do
		texts+=("$1")
		shift
	done
	shift
	run -125 --separate-stderr prockit call "$@"
	one_message "${texts[@]}"
	[[ -z $output ]]
	[[ ! -e ran ]]
}

# as_inherited OPTION...: started in the state that closed-fds-run makes with OPTION..., the
# command sees all of it as if prockit were not there; without a limit, with one, and with prockit
# doing the last steps itself.
as_inherited()
{
	local run seen
	# 32 and 33 are the C library's own; its posix_spawn() ignores them in every child.
	local same='.ignored -= [32, 33] | {fds, blocked, ignored, pgid, sid, nice, umask, cwd, rlimits}'
	run=$(helper closed-fds-run)
	seen=$(helper show-state)
	"$run" --close-from=3 "$@" -- "$seen" -o direct
	"$run" --close-from=3 "$@" -- prockit call -- "$seen" -o plain
	"$run" --close-from=3 "$@" -- prockit call -t 100 -- "$seen" -o limited
	"$run" --close-from=3 "$@" -- prockit call --nice=0 -- "$seen" -o prepared
	jq -S "$same" direct >direct.json
	local way
	for way in plain limited prepared; do
		diff -u direct.json <(jq -S "$same" "$way")
	done
}

@test "call: every exit status from 0 to 255 passes" {
	local want ended
	for ((want = 0; want < 256; want++)); do
		ended=0
		prockit call sh -c "exit $want" || ended=$?
		if ((ended != want)); then
			echo "$ended instead of $want"
			return 1
		fi
	done
}

@test "call: the command has our very stdin, stdout and stderr" {
	echo in >in
	prockit call -- sh -c 'readlink /proc/self/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 >links' \
		<in >out 2>err
	prockit call sh -c 'cat; echo o; echo e >&2' <in >out 2>err
	[[ $(<links) == "$PWD/in"* ]]
	[[ $(<out) == $'in\no' ]]
	[[ $(<err) == e ]]
}

@test "call: output is not copied; it goes to the very file that we have" {
	prockit call readlink /proc/self/fd/1 >out
	[[ $(<out) == "$PWD/out" ]]
	prockit call -t 100 readlink /proc/self/fd/1 >out
	[[ $(<out) == "$PWD/out" ]]
}

@test "call: a command that is not found is 127, and the message names it" {
	run -127 --separate-stderr prockit call nosuch-command
	[[ $stderr == 'prockit call: nosuch-command: command not found' ]]
	run -127 --separate-stderr prockit call -t 5 nosuch-command arg
	[[ $stderr == 'prockit call: nosuch-command: command not found' ]]
	run -127 --separate-stderr prockit call ./nosuch
	one_message ./nosuch
	run -127 --separate-stderr prockit call ''
	one_message
}

@test "call: a file that may not be executed is 126" {
	echo text >file
	run -126 --separate-stderr prockit call ./file
	one_message ./file 'Permission denied'
	mkdir dir
	run -126 --separate-stderr prockit call ./dir
	one_message ./dir
	run -126 --separate-stderr prockit call /dev/null/x
	one_message /dev/null/x 'Not a directory'
}

@test "call: a file in PATH that may not be executed is 126, unless a later one may" {
	mkdir one two
	echo text >one/tool
	run -126 --separate-stderr env PATH="$PWD/one:$PATH" prockit call tool
	one_message tool 'Permission denied'
	script two/tool '#!/bin/sh' 'echo two'
	run -0 env PATH="$PWD/one:$PWD/two:$PATH" prockit call tool
	[[ $output == two ]]
}

@test "call: a loop of links is 126" {
	ln -s loop loop
	run -126 --separate-stderr prockit call ./loop
	one_message ./loop 'symbolic links'
}

@test "call: a missing interpreter is 127, and the message names it" {
	script broken '#!/no/such/interpreter -x' 'echo ran'
	run -127 --separate-stderr prockit call ./broken
	one_message ./broken /no/such/interpreter
	run -127 --separate-stderr prockit call -t 5 ./broken
	one_message ./broken /no/such/interpreter
}

@test "call: an executable text without #! is run by sh" {
	script text 'echo "$0|$1|$2"'
	run -0 prockit call ./text 'a b' c
	[[ $output == './text|a b|c' ]]
	run -0 prockit call -t 100 ./text 'a b' c
	[[ $output == './text|a b|c' ]]
	PATH=$PWD:$PATH run -0 prockit call text x
	[[ $output == *'/text|x|' ]]
}

@test "call: an executable file of nothing succeeds, as in a shell" {
	script empty
	: >empty
	run -0 prockit call ./empty
	[[ -z $output ]]
}

@test "call: an executable file of no known format is 126" {
	script binary
	printf '\0\1\2\3' >binary
	run -126 --separate-stderr prockit call ./binary
	one_message ./binary 'Exec format error'
}

@test "call: options end at the first operand" {
	run -0 prockit call echo -t 0 --help -- -c
	[[ $output == '-t 0 --help -- -c' ]]
	run -0 prockit call -- echo --
	[[ $output == -- ]]
	run -127 --separate-stderr prockit call -- --version
	one_message --version
}

@test "call: a command with = in its name is a command" {
	script A=B '#!/bin/sh' 'echo "ran $1"'
	run -0 prockit call ./A=B x
	[[ $output == 'ran x' ]]
	PATH=$PWD:$PATH run -0 prockit call A=B y
	[[ $output == 'ran y' ]]
}

@test "call: arguments of any bytes arrive as they are" {
	local word
	every_byte 1 255 >want
	word=$(every_byte 1 255 && echo .)
	prockit call printf %s "${word%.}" >got
	cmp want got
	prockit call -t 100 printf %s "${word%.}" >got
	cmp want got
	run -0 prockit call -- printf '<%s>' '' ' ' '' '*' '$(x)'
	[[ $output == '<>< ><><*><$(x)>' ]]
}

@test "call: 200 KiB of arguments arrive" {
	local half
	half=$(head -c 102400 /dev/zero | tr '\0' x)
	prockit call printf %s%s "$half" "$half" >got
	[[ $(wc -c <got) == 204800 ]]
}

@test "call: too long arguments are 126, and the message says so" {
	local half
	half=$(head -c 102400 /dev/zero | tr '\0' x)
	# A quarter of the stack's limit may be arguments, and always 128 KiB.
	run -126 --separate-stderr prockit call --rlimit=stack=256K -- touch ran "$half" "$half"
	one_message touch 'too long'
	[[ ! -e ran ]]
}

@test "call: without a command it is a usage error" {
	run -125 --separate-stderr prockit call
	one_message
	run -125 --separate-stderr prockit call -t 5 --
	one_message
}

@test "call: unknown options are refused by name, nothing is run" {
	refused --nosuch -- --nosuch touch ran
	refused -Z -- -Z touch ran
	# Not shortened, and not those of subcommands that capture.
	refused --time -- --time=5 touch ran
	refused --max-output -- --max-output=5 touch ran
	refused --idle-timeout -- --idle-timeout=5 touch ran
	refused --drain -- --drain=5 touch ran
	refused --verbose -- --verbose=1 touch ran
}

@test "call: --chdir is where the command runs" {
	mkdir dir
	run -0 prockit call -C dir pwd
	[[ $output == "$PWD/dir" ]]
	run -0 prockit call -t 100 --chdir="$PWD/dir" pwd
	[[ $output == "$PWD/dir" ]]
	run -0 prockit call -C / -C dir pwd
	[[ $output == "$PWD/dir" ]]
}

@test "call: a bad --chdir is 125, and the message names it, not the command" {
	refused /no/such/dir 'No such file or directory' -- -C /no/such/dir touch "$PWD/ran"
	[[ $stderr != *touch* ]]
	echo text >file
	refused file 'Not a directory' -- -C file touch "$PWD/ran"
	refused -- --chdir= touch "$PWD/ran"
}

@test "call: a relative command is looked up in the directory of --chdir" {
	mkdir -p dir/bin
	script dir/tool '#!/bin/sh' 'echo found in $PWD'
	cp dir/tool dir/bin/other
	run -0 prockit call -C dir ./tool
	[[ $output == "found in $PWD/dir" ]]
	PATH=bin:$PATH run -0 prockit call -C dir other
	[[ $output == "found in $PWD/dir" ]]
	run -127 prockit call -C dir dir/tool
}

@test "call: -E, -u and -i take effect from left to right" {
	run -0 prockit call -E A=1 -i -E B=2 env
	[[ $output == B=2 ]]
	run -0 prockit call -i -E A=1 -u A -E C=3 env
	[[ $output == C=3 ]]
	run -0 prockit call -i -E A=1 -E A=2 env
	[[ $output == A=2 ]]
	run -0 prockit call -i -E A= -E B=x=y env
	[[ $output == $'A=\nB=x=y' ]]
	X=1 run -0 prockit call -u X -- sh -c 'echo "${X-unset}"'
	[[ $output == unset ]]
}

@test "call: -E NAME copies a variable past -i" {
	KEPT='a b' run -0 prockit call -i -E KEPT env
	[[ $output == 'KEPT=a b' ]]
	run -0 prockit call -i -E NOT_THERE env
	[[ -z $output ]]
}

@test "call: names that no variable can have are refused" {
	refused --env =x -- -E =x touch ran
	refused --env -- -E '' touch ran
	refused --unset a=b -- -u a=b touch ran
	refused --unset -- -u '' touch ran
}

@test "call: the PATH that the command gets decides which one it is" {
	mkdir other
	script other/tool '#!/bin/sh' 'echo other'
	run -0 prockit call -E PATH="$PWD/other:$PATH" tool
	[[ $output == other ]]
	run -127 prockit call -E PATH="$PWD/nosuch" ls
	run -0 prockit call -u PATH ls -d /
	[[ $output == / ]]
}

@test "call: --argv0 is what the command takes for its name" {
	run -0 prockit call -a other sh -c 'echo $0'
	[[ $output == other ]]
	run -0 prockit call -t 100 --argv0='a b' "$(helper show-state)" x
	echo "$output" >state
	says state '.argv == ["a b", "x"]'
}

@test "call: -c hands a string to the shell, and the other operands as its parameters" {
	run -0 prockit call -c 'echo "$1|$2|$#"' 'a b' c
	[[ $output == 'a b|c|2' ]]
	run -5 prockit call -c 'exit 5'
	run -0 prockit call -c 'echo one; echo two | tr o 0'
	[[ $output == $'one\ntw0' ]]
	run -0 prockit call --shell -t 100 -- 'echo "$1"' -t
	[[ $output == -t ]]
}

@test "call: the issue's example of -c runs as typed" {
	LC_ALL=C run -0 prockit call -c 'date -u'
	[[ $output == *UTC* ]]
}

@test "call: --shell-path picks another shell" {
	run -0 prockit call -c --shell-path="$BASH" '[[ a == a ]] && echo "$BASH_VERSION"'
	[[ $output == "$BASH_VERSION" ]]
	refused --shell-path -- --shell-path= -c 'touch ran'
	run -127 --separate-stderr prockit call -c --shell-path=/no/such/shell 'touch ran'
	one_message /no/such/shell
}

@test "call: --stdin is a file, nothing, or ours" {
	echo from-file >in
	run -0 prockit call --stdin=in cat <<<ours
	[[ $output == from-file ]]
	run -0 prockit call --stdin=null cat <<<ours
	[[ -z $output ]]
	run -0 prockit call --stdin=inherit cat <<<ours
	[[ $output == ours ]]
	refused /no/such/file -- --stdin=/no/such/file touch ran
}

@test "call: --input is the text that the command reads, byte for byte" {
	run -0 prockit call --input='a text' cat
	[[ $output == 'a text' ]]
	run -0 prockit call --input= wc -c
	[[ $output == 0 ]]
	run -0 prockit call --input=$'two\nlines\n' -t 100 wc -l
	[[ $output == 2 ]]
}

@test "call: --input of 100 KiB reaches a command that reads late, or not at all" {
	local text
	text=$(head -c 102400 /dev/zero | tr '\0' x)
	run -0 prockit call --input="$text" -- sh -c 'head -c 102400 /dev/zero >&2; wc -c' 2>/dev/null
	[[ $output == *102400 ]]
	run -0 prockit call --input="$text" true
}

@test "call: --input-file is read for the command; - is our stdin" {
	head -c 300000 /dev/urandom >in
	prockit call --input-file=in cat >got
	cmp in got
	prockit call --input-file=- cat <in >got
	cmp in got
	mkfifo pipe
	cat in >pipe 3>&- &
	prockit call --input-file=- cat <pipe >got
	cmp in got
	refused /no/such/file -- --input-file=/no/such/file touch ran
}

@test "call: --stdin, --input and --input-file exclude each other" {
	echo text >in
	refused --stdin --input -- --stdin=null --input=x touch ran
	refused --input --input-file -- --input=x --input-file=in touch ran
	refused --stdin --input-file -- --stdin=in --input-file=in touch ran
}

@test "call: --stdout and --stderr are files, made anew or appended to" {
	run -0 prockit call --stdout=out --stderr=err -- sh -c 'echo o; echo e >&2'
	[[ -z $output ]]
	[[ $(<out) == o && $(<err) == e ]]
	prockit call --stdout=out --stderr=err -- sh -c 'echo 2'
	[[ $(<out) == 2 && ! -s err ]]
	prockit call --append --stdout=out --stderr=err -- sh -c 'echo 3; echo f >&2'
	[[ $(<out) == $'2\n3' && $(<err) == f ]]
	run -0 prockit call --stdout=null --stderr=null -- sh -c 'echo o; echo e >&2'
	[[ -z $output ]]
}

@test "call: --stderr=stdout is one stream, also when stdout is a file" {
	prockit call --stderr=stdout -- sh -c 'echo o; echo e >&2' >got 2>none
	[[ $(<got) == $'o\ne' && ! -s none ]]
	prockit call --stdout=got --stderr=stdout -- sh -c 'echo o; echo e >&2; echo p' 2>none
	[[ $(<got) == $'o\ne\np' && ! -s none ]]
}

@test "call: files that cannot be opened are named, nothing is run" {
	refused /no/such/dir/out -- --stdout=/no/such/dir/out touch ran
	refused /no/such/dir/err -- --stderr=/no/such/dir/err touch ran
	mkdir dir
	refused dir -- --stdout=dir touch ran
	refused --stdout -- --stdout= touch ran
}

@test "call: --umask, in octal" {
	prockit call --umask=027 touch file
	[[ $(stat -c %a file) == 640 ]]
	prockit call -t 100 --umask=0 touch other
	[[ $(stat -c %a other) == 666 ]]
	local bad
	for bad in 8 1000 -1 '' x 0x7 ' 7'; do
		refused --umask -- --umask="$bad" touch ran
	done
}

@test "call: --nice adds to the nice value" {
	run -0 nice -n 3 prockit call --nice=4 nice
	[[ $output == 7 ]]
	run -0 nice -n 3 prockit call --nice=0 nice
	[[ $output == 3 ]]
	refused --nice -- --nice=x touch ran
	refused --nice -- --nice= touch ran
}

@test "call: --rlimit sets what the command may use" {
	run -0 prockit call --rlimit=nofile=100:200 --rlimit=CORE=0 "$(helper show-state)"
	echo "$output" >state
	says state '.rlimits.nofile == [100, 200] and .rlimits.core == [0, 0]'
	run -0 prockit call -t 100 --rlimit=fsize=1M:unlimited "$(helper show-state)"
	echo "$output" >state
	says state '.rlimits.fsize == [1048576, null]'
	run -0 prockit call --rlimit=nofile=50: "$(helper show-state)"
	echo "$output" >state
	says state '.rlimits.nofile[0] == 50 and .rlimits.nofile[1] != 50'
}

@test "call: bad limits are refused" {
	local bad
	for bad in nosuch=1 nofile nofile= nofile=x nofile=2:1 nofile=1:2:3 =5 nofile=-2 ''; do
		refused --rlimit -- --rlimit="$bad" touch ran
	done
}

@test "call: a limit that may not be set is 125, nothing is run" {
	# Nobody raises a hard limit without privilege.
	if ((EUID == 0)); then
		setpriv --reuid=54321 --regid=54321 --clear-groups true || skip 'cannot become another user'
		run -125 --separate-stderr prlimit --core=0:0 setpriv --reuid=54321 --regid=54321 \
			--clear-groups "$(type -P prockit)" call --rlimit=core=1 /bin/echo ran
	else
		run -125 --separate-stderr prlimit --core=0:0 prockit call --rlimit=core=1 echo ran
	fi
	[[ -z $output ]]
	one_message rlimit
}

@test "call: --close-fds closes all descriptors above 2, but for those named" {
	"$(helper closed-fds-run)" --close-from=3 -- bash -c \
		'exec 5</dev/null 7</dev/null 300</dev/null; prockit call --close-fds "$0"' \
		"$(helper show-state)" >state
	says state '.fds == [0, 1, 2]'
	"$(helper closed-fds-run)" --close-from=3 -- bash -c \
		'exec 5</dev/null 7</dev/null 300</dev/null; prockit call -t 100 --close-fds=7,300 "$0"' \
		"$(helper show-state)" >state
	says state '.fds == [0, 1, 2, 7, 300]'
	refused --close-fds -- --close-fds=x touch ran
	refused --close-fds -- --close-fds=3,,4 touch ran
}

@test "call: descriptors that we inherited pass, none of ours does" {
	echo text >in
	run -0 prockit call -- sh -c 'cat <&9' 9<in
	[[ $output == text ]]
	"$(helper closed-fds-run)" --close-from=3 -- bash -c \
		'exec 5</dev/null 9</dev/null; prockit call --report=r --guard -t 100 "$0"' \
		"$(helper show-state)" >state
	says state '.fds == [0, 1, 2, 5, 9]'
}

@test "call: the state that we inherit is the command's" {
	as_inherited
	as_inherited --nofile=64
	umask 077
	as_inherited
}

@test "call: closed standard descriptors stay closed, every subset of them" {
	local closed
	for closed in 0 1 2 0,1 0,2 1,2 0,1,2; do
		as_inherited --close="$closed"
	done
}

@test "call: the status comes through closed standard descriptors" {
	local closed
	for closed in 0 1 2 0,1 0,2 1,2 0,1,2; do
		run -3 "$(helper closed-fds-run)" --close="$closed" -- prockit call sh -c 'exit 3'
		run -127 "$(helper closed-fds-run)" --close="$closed" -- prockit call nosuch-command
		run -3 "$(helper closed-fds-run)" --close="$closed" -- \
			prockit call -t 100 --report=r sh -c 'exit 3'
		is_record r
		says r '.exit_code == 3'
	done
}

@test "call: the caller's signal mask and ignored signals are the command's" {
	as_inherited --ignore=HUP,PIPE,USR1,XFSZ,RTMIN --block=USR2,TERM,INT,RTMAX
	as_inherited --ignore=CHLD,TTIN,TTOU,TSTP,INT,QUIT --block=CHLD,ALRM,TTOU,CONT
}

@test "call: a caller that ignores SIGCHLD does not lose the status" {
	run -3 "$(helper closed-fds-run)" --ignore=CHLD -- prockit call sh -c 'exit 3'
	run -3 "$(helper closed-fds-run)" --ignore=CHLD --block=CHLD -- \
		prockit call -t 100 sh -c 'exit 3'
}

@test "call: --default-signal gives signals their default back" {
	"$(helper closed-fds-run)" --ignore=PIPE,USR1 -- \
		prockit call --default-signal=PIPE "$(helper show-state)" >state
	says state '.ignored - [32, 33] == [10]'
	"$(helper closed-fds-run)" --ignore=PIPE,USR1 -- \
		prockit call -t 100 --default-signal "$(helper show-state)" >state
	says state '.ignored - [32, 33] == []'
}

@test "call: --ignore-signal and --block-signal take lists, or all" {
	"$(helper closed-fds-run)" -- prockit call --ignore-signal=usr1,SIGHUP --block-signal=15 \
		"$(helper show-state)" >state
	says state '.ignored - [32, 33] == [1, 10] and .blocked == [15]'
	"$(helper closed-fds-run)" -- prockit call -t 100 --ignore-signal --block-signal \
		"$(helper show-state)" >state
	says state '(.ignored | length) >= 55 and (.blocked | length) >= 60'
	"$(helper closed-fds-run)" --block=USR2 -- prockit call --block-signal=TERM \
		"$(helper show-state)" >state
	says state '.blocked == [12, 15]'
}

@test "call: signals that there are not are refused" {
	local bad
	for bad in NOSUCH 0 65 'TERM,' ,TERM TERM,,INT; do
		refused --ignore-signal -- --ignore-signal="$bad" touch ran
	done
	refused --ignore-signal KILL -- --ignore-signal=KILL touch ran
	refused --default-signal STOP -- --default-signal=INT,STOP touch ran
}

@test "call: the command stays in our group and session, unless told otherwise" {
	local seen
	seen=$(helper show-state)
	prockit call --new-group "$seen" >state
	says state ".pgid == .pid and .sid == $(ps -o sid= $$)"
	prockit call -t 100 --new-group "$seen" >state
	says state ".pgid == .pid and .sid == $(ps -o sid= $$)"
	prockit call --new-session "$seen" >state
	says state '.pgid == .pid and .sid == .pid'
}

@test "call: prockit dies of the signal that the command died of" {
	local name
	for name in TERM INT HUP QUIT KILL USR1 SEGV ABRT PIPE RTMIN RTMAX; do
		run -0 "$(helper how-ended)" prockit call "$(helper die-of)" "$name"
		[[ $output == "signaled $(kill -l "${name/RTMIN/SIGRTMIN}")" ]]
		run -0 "$(helper how-ended)" prockit call -t 100 "$(helper die-of)" "$name"
		[[ $output == "signaled $(kill -l "$name")" ]]
	done
}

@test "call: it dies of that signal also where it was blocked or ignored" {
	run -0 "$(helper how-ended)" "$(helper closed-fds-run)" --ignore=TERM --block=TERM -- \
		prockit call "$(helper die-of)" TERM
	[[ $output == 'signaled 15' ]]
}

@test "call: --no-reraise ends with 128+N instead" {
	run -0 "$(helper how-ended)" prockit call --no-reraise "$(helper die-of)" TERM
	[[ $output == 'exited 143' ]]
	run -0 "$(helper how-ended)" prockit call --no-reraise -t 100 "$(helper die-of)" RTMIN
	[[ $output == 'exited 162' ]]
}

@test "call: prockit dumps no core of its own" {
	ulimit -c unlimited || skip 'core dumps cannot be allowed'
	run -0 "$(helper how-ended)" "$(helper die-of)" SEGV core
	[[ $output == 'signaled 11 core' ]] || skip 'no core dumps here'
	run -0 "$(helper how-ended)" prockit call --report=r "$(helper die-of)" SEGV core
	[[ $output == 'signaled 11' ]]
	says r '.core_dumped == true and .signal == "SIGSEGV"'
	prockit call --no-reraise --report=r "$(helper die-of)" SEGV || true
	says r '.core_dumped == false'
}

@test "call: --ok-codes says what counts as success; the report keeps the real status" {
	run -0 prockit call --ok-codes=0,1 --report=r false
	is_record r
	says r '.exit_code == 1 and .exit_status == 1'
	run -2 prockit call --ok-codes=0,1 -- sh -c 'exit 2'
	run -0 prockit call --ok-codes=1-3,77 -- sh -c 'exit 77'
	run -143 prockit call --ok-codes=0,1 -- sh -c 'kill $$'
	local bad
	for bad in x 256 -1 '1,' 3-1 1--2; do
		refused --ok-codes -- --ok-codes="$bad" touch ran
	done
}

@test "call: --retries runs it again while it fails, and the report has each try" {
	run -0 prockit call --retries=5 --report=r -- \
		sh -c 'echo x >>tries; n=$(wc -l <tries); echo "try $n"; test "$n" -ge 3 || exit "$n"'
	[[ $output == $'try 1\ntry 2\ntry 3' ]]
	is_record r
	says r '.tries == 3 and [.attempts[].exit_code] == [1, 2] and .exit_code == 0'
	says r 'all(.attempts[]; .attempts == null)'
}

@test "call: when the last retry fails too, its status is the status" {
	run -3 prockit call --retries=2 --report=r -- \
		sh -c 'echo x >>tries; n=$(wc -l <tries); exit "$n"'
	says r '.tries == 3 and .exit_code == 3'
	run -0 prockit call --retries=3 --report=r true
	says r '.tries == 1 and .attempts == null'
	local bad
	for bad in x -1 '' 1.5; do
		refused --retries -- --retries="$bad" touch ran
	done
}

@test "call: a status of --ok-codes is not retried" {
	run -0 prockit call --retries=3 --ok-codes=1 -- sh -c 'echo x >>tries; exit 1'
	[[ $(<tries) == x ]]
}

@test "call: --retry-delay is waited before each retry, twice as long each time" {
	start_clock
	run -1 prockit call --retries=2 --retry-delay=200ms false
	(($(elapsed_ms) >= 600))
}

@test "call: --retry-delay=...,x3 waits three times as long each time" {
	start_clock
	run -1 prockit call --retries=2 --retry-delay=200ms,x3 false
	(($(elapsed_ms) >= 800))
}

@test "call: --retry-delay=...,max= is the longest wait" {
	run -1 prockit call -t 100 --retries=30 --retry-delay=1ms,x10,max=2ms,jitter=0.5 --report=r false
	says r '.tries == 31'
	run -1 prockit call -t 100 --retries=2 --retry-delay=inf,max=1ms --report=r false
	says r '.tries == 3'
}

@test "call: a --retry-delay that is none is refused, and nothing runs" {
	local bad
	for bad in 1s,x 1s,x0.5 1s,2 '1s,' ,x2 1s,,x2 1s,x2,x2 1s,max=0 1s,max=x 1s,jitter=2 1s,min=1 \
		'1s, x2' x2 max=1; do
		refused --retry-delay -- --retries=1 --retry-delay="$bad" touch ran
	done
}

@test "call: every try gets the whole input" {
	run -1 prockit call --retries=1 --input=ab -- sh -c 'cat >>got; false'
	[[ $(<got) == abab ]]
	head -c 100000 /dev/urandom >in
	run -1 prockit call --retries=1 --input-file=in -- sh -c 'cat >>copies; false'
	cmp <(cat in in) copies
	run -1 prockit call --retries=1 --stdin=in -- sh -c 'cat >>twice; false'
	cmp <(cat in in) twice
}

@test "call: a thousand tries leak nothing" {
	if has_sanitizers; then
		skip 'needs more than these descriptors'
	fi
	run -1 "$(helper closed-fds-run)" --close-from=3 --nofile=16 -- prlimit --as=1000000000 \
		prockit call -t 100 --retries=999 --retry-delay=0 --report=r false
	(($(stat -c %s r) < 4000000))
	says r '.tries == 1000 and (.attempts | length) == 999'
}

@test "call: a retry that cannot be started ends it, and says why" {
	script vanishing '#!/bin/sh' 'rm vanishing; exit 1'
	run -127 --separate-stderr prockit call --retries=5 --report=r ./vanishing
	one_message ./vanishing
	is_record r
	says r '.outcome == "not_started" and .tries == 2 and [.attempts[].exit_code] == [1]'
}

@test "call: --report is one record of how the command ended" {
	run -3 prockit call --report=r -- sh -c 'echo out; exit 3'
	[[ $output == out ]]
	is_record r
	says r '.outcome == "exited" and .exit_code == 3 and .exit_status == 3 and .timed_out == false'
	says r '.argv == ["sh", "-c", "echo out; exit 3"] and .stdout == null and .stderr == null'
	run -143 prockit call --report=r -- sh -c 'kill $$'
	is_record r
	says r '.outcome == "signaled" and .signal == "SIGTERM" and .returncode == -15'
}

@test "call: the report tells a command's own 124 to 127 from ours" {
	local code
	for code in 124 125 126 127; do
		run "-$code" prockit call --report=r -- sh -c "exit $code"
		is_record r
		says r ".outcome == \"exited\" and .exit_code == $code and .error == null"
	done
	run -127 prockit call --report=r nosuch-command
	is_record r
	says r '.outcome == "not_started" and .error.step == "exec" and .error.errno == "ENOENT"'
	run -126 prockit call --report=r /dev/null/x
	says r '.outcome == "not_started" and .error.errno == "ENOTDIR"'
	run -125 prockit call --report=r -C /no/such/dir true
	says r '.outcome == "not_started" and .error.step == "chdir" and .error.path == "/no/such/dir"'
}

@test "call: --report-fd writes to a descriptor, --report-append adds a line" {
	run -3 prockit call --report-fd=9 -- sh -c 'exit 3' 9>r
	is_record r
	says r '.exit_code == 3'
	run -4 prockit call --report=r --report-append -- sh -c 'exit 4'
	[[ $(jq -c .exit_code r) == $'3\n4' ]]
	run -5 prockit call --report=r -- sh -c 'exit 5'
	[[ $(jq -c .exit_code r) == 5 ]]
}

@test "call: a report that cannot be written is found before anything runs" {
	refused /no/such/dir/r -- --report=/no/such/dir/r touch ran
	mkdir dir
	refused dir -- --report=dir touch ran
	refused 999 'Bad file descriptor' -- --report-fd=999 touch ran
	refused --report-fd -- --report-fd=x touch ran
	refused --report -- --report= touch ran
	refused --report --report-fd -- --report=r --report-fd=1 touch ran
	refused --report-append -- --report-append touch ran
}

@test "call: a report that a full disk cuts is 125" {
	run -125 --separate-stderr prockit call --report=/dev/full true
	one_message report 'No space left on device'
}

@test "call: --dry-run prints what would run, so that eval runs it" {
	local words=(printf '%s|' 'a b' "it's" $'two\nlines' '$HOME' '*' '' -- $'\t\\' é)
	run -0 --separate-stderr prockit call --dry-run -- "${words[@]}"
	[[ -z $stderr ]]
	[[ $(eval "$output") == "$("${words[@]}")" ]]
	run -0 prockit call --dry-run -- touch ran
	[[ $output == 'touch ran' ]]
	[[ ! -e ran ]]
}

@test "call: --dry-run with a report leaves no torn one" {
	run -0 prockit call --dry-run --report=r -- touch ran
	[[ ! -e ran ]]
	[[ ! -s r ]] || is_record r
}

@test "call: it runs in a deleted directory" {
	mkdir dir
	cd dir
	rmdir ../dir
	run -0 --separate-stderr prockit call echo hello
	[[ $output == hello && -z $stderr ]]
	run -0 prockit call -t 100 --report=../r echo hello
	is_record ../r
}

@test "call: with few descriptors it runs the command, or says why not and runs nothing" {
	if has_sanitizers; then
		skip 'needs more than these descriptors'
	fi
	local n words status
	for n in 4 5 6 7 8; do
		for words in '' '-t 100' '-t 100 --report=r' --tree=wait --guard; do
			rm -f ran
			# shellcheck disable=SC2086 # several words
			run --separate-stderr "$(helper closed-fds-run)" --close-from=3 --nofile=$n -- \
				prockit call $words -- sh -c 'echo x >ran; exit 3'
			echo "$n descriptors, ${words:-no options}: $status $stderr"
			if [[ -e ran ]]; then
				((status == 3))
			else
				((status == 125))
				one_message 'Too many open files'
			fi
		done
	done
	# Eight are enough for what most people do.
	run -3 "$(helper closed-fds-run)" --close-from=3 --nofile=8 -- \
		prockit call -t 100 sh -c 'exit 3'
}

@test "call: where no process can be made, it says so" {
	((EUID == 0)) || skip 'needs another user'
	setpriv --reuid=54321 --regid=54321 --clear-groups true || skip 'cannot become another user'
	local open
	open=$(mktemp -d)
	chmod 755 "$open"
	cp "$(type -P prockit)" "$open"
	# The sanitizer's search for leaks would need a process too.
	run --separate-stderr env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		setpriv --reuid=54321 --regid=54321 --clear-groups \
		prlimit --nproc=0 "$open/prockit" call -t 100 echo ran
	rm -r "$open"
	echo "$status $stderr"
	((status == 125))
	[[ -z $output ]]
	one_message 'Resource temporarily unavailable'
}

@test "call: a reader that went away ends the command, and prockit, quietly of SIGPIPE" {
	run -141 --separate-stderr "$(helper pipe-hold)" gone prockit call seq 1000000
	[[ -z $stderr ]]
	run -141 --separate-stderr "$(helper pipe-hold)" 1 prockit call -t 100 seq 1000000
	[[ -z $stderr ]]
}

@test "call: without a limit it does not wait for what the command left behind" {
	run -4 --separate-stderr prockit call "$(helper linger)" close left.pid 4
	alive "$(<left.pid)"
	prockit call "$(helper linger)" keep also-left.pid >file 2>&1
	alive "$(<also-left.pid)"
}
