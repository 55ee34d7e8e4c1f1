# What the tests of ps say of processes: live ones, and made-up ones in a tree for --proc.

# ps_json [WORD...]: prockit ps into the file r, as JSON, which has to be good.
ps_json()
{
	prockit ps --json "$@" >r || return
	jq -e 'type == "object" and (.processes | type == "array") and (.time | type == "number")' r >/dev/null
}

# says JQ: the expression is true of r; else show it.
says_r()
{
	jq -e "$1" r >/dev/null && return
	echo "not so: $1"
	jq -c . r || cat r
	return 1
}

# say_same WHAT OURS THEIRS
say_same()
{
	[[ $2 == "$3" ]] && return
	echo "$1: $2 instead of $3"
	return 1
}

# start_named COMM WORDS [ENVIRON]: a process of that very name, words and environment (each in
# printf's notation); its number is $named.
start_named()
{
	rm -f named.ready
	# shellcheck disable=SC2059 # that is what they are
	printf "$2" >named.words
	# shellcheck disable=SC2059
	printf "${3-}" >named.environ
	"$(helper named)" "$1" named.words named.environ named.ready 3>&- &
	named=$!
	named_all+=" $named"
	wait_until 10 test -e named.ready
}

# end_named: for teardown(), which cannot find them by their environment.
end_named()
{
	# shellcheck disable=SC2086 # a list of numbers
	[[ -z ${named_all-} ]] || kill -KILL $named_all 2>/dev/null || true
}

# fake PID PPID NAME [STATE [START [UTIME [STIME]]]]: a process in ./proc.
fake()
{
	mkdir -p "proc/$1"
	printf '%s (%s) %s %s 1 1 0 -1 4194304 10 20 1 2 %s %s 3 4 20 0 1 0 %s 8192000 100 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 5 0 0 0 0 0 0 0 0 0 0\n' \
		"$1" "$3" "${4:-S}" "$2" "${6:-100}" "${7:-50}" "${5:-1000}" >"proc/$1/stat"
}

# fake_system UPTIME: what stands beside the processes.
fake_system()
{
	mkdir -p proc
	echo "$1 0.00" >proc/uptime
	printf 'cpu 1 2 3 4\nbtime 1700000000\n' >proc/stat
	printf 'MemTotal:        4000 kB\nMemFree: 1 kB\n' >proc/meminfo
}

# need_psutil: or skip the test.
need_psutil()
{
	/usr/bin/python3 -c 'import psutil' 2>/dev/null || skip 'python3-psutil is not installed'
}
