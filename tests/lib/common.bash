# What every test file needs: the helper programs, waiting with a deadline, clocks, and a clean end.

set -u

# "make check" itself may run under a jobserver, which is not for what is tested.
unset MAKEFLAGS MFLAGS MAKELEVEL

# helper NAME: the path of a program of tests/helpers.
helper()
{
	echo "$PROCKIT_TESTS_BUILDDIR/helpers/$1"
}

# wait_until SECONDS COMMAND [ARG...]: try until the command succeeds; fail when it does not in time.
# The only place where tests sleep and look again.
wait_until()
{
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= end)); then
			echo "waited in vain: $*"
			return 1
		fi
		sleep 0.01
	done
}

# alive PID: there is such a process, and it has not ended (as a zombie has).
alive()
{
	local line
	[[ $1 =~ ^[0-9]+$ ]] || return
	read -r line 2>/dev/null <"/proc/$1/stat" || return
	# The state stands behind the name, which may hold anything.
	line=${line##*) }
	[[ $line != [ZX]* ]]
}

# gone FILE: numbers stand in FILE, and none of these processes is alive.
gone()
{
	local pid
	if [[ ! -s $1 ]]; then
		echo "nothing in $1"
		return 1
	fi
	while read -r pid; do
		if alive "$pid"; then
			echo "alive: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
			return 1
		fi
	done <"$1"
}

# field FILE JQ: what jq finds in a record.
field()
{
	jq -r "$2" "$1"
}

# start_clock; ...; elapsed_ms: whole milliseconds since then, by the clock that nobody can set.
start_clock()
{
	clock_start=$("$(helper monotonic)")
}

elapsed_ms()
{
	jq -n "$("$(helper monotonic)") - $clock_start | floor"
}

# For teardown(): kill whatever this test has started and left, as it does when it fails midway.
# A process is known by the name of the test's folder in its environment.
end_leftovers()
{
	local end=$((SECONDS + 10)) left
	while left=$(grep -lzFx -- "BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ 2>/dev/null |
		sed 's,^/proc/,,; s,/.*,,' | while read -r pid; do ! alive "$pid" || echo "$pid"; done) &&
		[[ -n $left ]] && ((SECONDS < end)); do
		# shellcheck disable=SC2086 # a list of numbers
		kill -KILL $left 2>/dev/null || true
		sleep 0.01
	done
}
