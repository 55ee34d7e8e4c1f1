#!/usr/bin/env bats
# prockit sysinfo: CPUs and time. cpu-times, cpu-percent, cpu-times-percent, cpu-count, cpu-stats,
# cpu-freq, load, uptime, boot-time: made-up trees with every trap, and the real one beside the
# tools that tell the same.
# shellcheck disable=SC2154 # run sets variables
# shellcheck disable=SC2016 # the dollars are those of jq, sh and awk

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	hz=$(getconf CLK_TCK)
	cpus=sys/devices/system/cpu
}

teardown()
{
	end_leftovers
}

# proc_stat FOLDER LINE...: FOLDER/stat of these lines.
proc_stat()
{
	mkdir -p "$1"
	printf '%s\n' "${@:2}" >"$1/stat"
}

# put PATH TEXT: and the folders above it.
put()
{
	mkdir -p "${1%/*}"
	printf '%s\n' "$2" >"$1"
}

# window TOPIC [OPTION...]: what the topic says of the window from a/stat to b/stat, into "record".
window()
{
	rm -f state
	prockit sysinfo "$@" --json --proc=a --state=state >before
	prockit sysinfo "$@" --json --proc=b --state=state >record
}

# need_mounts: skip where nobody may put a folder in the place of /proc, which libproc2 needs.
need_mounts()
{
	unshare -m true 2>/dev/null || unshare -Urm true 2>/dev/null ||
		skip "mount namespaces are not allowed here"
	no_leak_check
}

# no_leak_check: the sanitizer's looks into /proc at the end, and may not be traced.
no_leak_check()
{
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

need_psutil()
{
	/usr/bin/python3 -c 'import psutil' 2>/dev/null || skip "python3-psutil is not installed"
}

psutil()
{
	/usr/bin/python3 -c "import json, psutil; print(json.dumps($1))"
}

# near A B TOLERANCE
near()
{
	jq -ne --argjson a "$1" --argjson b "$2" --argjson most "$3" '$a - $b | fabs <= $most' >/dev/null &&
		return
	echo "$1 and $2 differ by more than $3"
	return 1
}

@test "cpu-times: the total is the first line, ticks are seconds" {
	proc_stat a 'cpu  100 201 302 403 504 605 706 807 50 25' 'cpu0 1 1 1 1 1 1 1 1 1 1'
	prockit sysinfo cpu-times --json --proc=a >record
	jq -e --argjson hz "$hz" '.cpu_times |
		keys_unsorted == ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
			"guest", "guest_nice"] and
		([.[] * $hz | round] == [100, 201, 302, 403, 504, 605, 706, 807, 50, 25])' record
}

@test "cpu-times: --percpu has a row for each CPU, by its number, in order, with gaps" {
	proc_stat a 'cpu  9 9 9 9' 'cpu2 2 0 0 0 0 0 0 0 0 0' 'cpu10 10 0 0 0 0 0 0 0 0 0' \
		'cpu9 9 0 0 0 0 0 0 0 0 0' 'cpu9 8 0 0 0 0 0 0 0 0 0' 'cpux 1 1 1 1' 'cpu99999999999999999999 1 1'
	prockit sysinfo cpu-times --percpu --json --proc=a >record
	says record '[.cpu_times[].cpu] == [2, 9, 10]'
	jq -e --argjson hz "$hz" '.cpu_times[2].user * $hz | round == 10' record
}

@test "cpu-times: what an old kernel does not tell is null, and 0 is 0" {
	proc_stat a 'cpu  100 0 300 400'
	prockit sysinfo cpu-times --json --proc=a >record
	says record '.cpu_times | .nice == 0 and .idle > 0 and .iowait == null and .guest_nice == null and
		.unavailable.steal == "unsupported" and (.unavailable | has("idle") | not)'
}

@test "cpu-times: 300 CPUs and a line of 200,000 characters" {
	{
		printf 'cpu  %s\n' '3000 0 0 3000 0 0 0 0 0 0'
		for ((i = 0; i < 300; i++)); do
			echo "cpu$i $i 0 0 10 0 0 0 0 0 0"
		done
		printf 'intr 77'
		printf ' %d' {1..40000}
		printf '\nctxt 12\n'
	} >stat
	mkdir a
	mv stat a/
	prockit sysinfo cpu-times cpu-stats cpu-count --percpu --json --proc=a --sys=a >record
	says record '(.cpu_times | length == 300 and .[299].cpu == 299) and .cpu_count.logical == 300'
	says record '.cpu_stats | .interrupts == 77 and .ctx_switches == 12'
	jq -e --argjson hz "$hz" '[.cpu_times[].user * $hz | round] == [range(300)]' record
}

@test "cpu-times: a missing or unreadable /proc/stat is named, and ends with 125" {
	mkdir a
	run -125 --separate-stderr prockit sysinfo cpu-times --proc=a
	one_message a/stat 'No such file'
	mkdir a/stat
	for topic in cpu-times cpu-stats boot-time 'cpu-times --percpu' cpu-percent; do
		# shellcheck disable=SC2086 # words
		run -125 --separate-stderr prockit sysinfo $topic --proc=a
		one_message a/stat 'Is a directory'
	done
}

@test "cpu-times: cut at any byte, nothing is wrong that is not null" {
	proc_stat whole 'cpu  1100 1200 1300 1400 1500 1600 1700 1800 190 180' \
		'cpu0 100 200 300 400 500 600 700 800 90 80' \
		'cpu12 1000 1000 1000 1000 1000 1000 1000 1000 100 100' \
		'intr 12345 1 2 3' 'ctxt 23456' 'btime 1700000000' 'processes 34567' \
		'procs_running 45' 'procs_blocked 56' 'softirq 67890 1 2'
	mkdir cut
	local size
	size=$(wc -c <whole/stat)
	for ((i = size; i >= 0; i--)); do
		head -c "$i" whole/stat >cut/stat
		prockit sysinfo cpu-times cpu-stats boot-time --json --proc=cut
		prockit sysinfo cpu-times --percpu --json --proc=cut
	done >records
	[ "$(wc -l <records)" -eq $((2 * size + 2)) ]
	jq -se '
		(.[0].cpu_times + .[0].cpu_stats + .[0].boot_time) as $total |
		(.[1].cpu_times | map({key: "\(.cpu)", value: .}) | from_entries) as $cpus |
		def agrees($whole): del(.unavailable) | to_entries |
			all(.value == null or .value == $whole[.key]);
		($total | all(. != null)) and ($cpus | keys == ["0", "12"]) and
		all(.[]; if .cpu_times | type == "array"
			then all(.cpu_times[]; . as $row | $cpus["\(.cpu)"] as $whole | $whole and agrees($whole))
			else .cpu_times + .cpu_stats + .boot_time | agrees($total) end)' records >answer
	[ "$(<answer)" = true ]
	# A number that ends where the file does may be longer.
	printf 'cpu  100 200 300 400 5' >cut/stat
	prockit sysinfo cpu-times --json --proc=cut >record
	says record '.cpu_times | .idle > 0 and .iowait == null and .unavailable.iowait == "gone"'
}

@test "cpu-percent: busy is what is not idle or iowait; stolen time is busy" {
	proc_stat a 'cpu  100 100 100 1000 100 100 100 100 0 0'
	proc_stat b 'cpu  110 110 110 1030 110 110 110 110 0 0'
	window cpu-percent
	says before '.cpu_percent | .percent == null and .unavailable.percent == "not_applicable"'
	says record '.cpu_percent == {percent: 60}'
	run -0 prockit sysinfo cpu-percent --get percent --proc=b --state=state
	[ "$output" = "" ] # no time has passed
}

@test "cpu-percent: guest time is inside user time: 50 % is not 66.7 %" {
	proc_stat a 'cpu  1000 0 0 1000 0 0 0 0 1000 0'
	proc_stat b 'cpu  1100 0 0 1100 0 0 0 0 1100 0'
	window cpu-percent
	says record '.cpu_percent.percent == 50'
	window cpu-times-percent
	says record '.cpu_times_percent | .user == 50 and .guest == 50 and .idle == 50'
	# The same of low priority; and guest that runs ahead of user is not more than user.
	proc_stat a 'cpu  0 1000 0 1000 0 0 0 0 0 1000'
	proc_stat b 'cpu  0 1010 0 1030 0 0 0 0 0 1025'
	window cpu-times-percent
	says record '.cpu_times_percent | .nice == 25 and .guest_nice == 25 and .idle == 75'
}

@test "cpu-percent: iowait that goes backwards removes no idle time" {
	proc_stat a 'cpu  1000 0 0 5000 4000 0 0 0 0 0'
	proc_stat b 'cpu  1050 0 0 5050 3000 0 0 0 0 0'
	window cpu-percent
	says record '.cpu_percent.percent == 50'
	window cpu-times-percent
	says record '.cpu_times_percent | .user == 50 and .idle == 50 and .iowait == 0'
}

@test "cpu-percent: steal that falls to 0 is 0, and busy is not stuck at 100" {
	proc_stat a 'cpu  1000 0 0 5000 0 0 0 4000 0 0'
	proc_stat b 'cpu  1025 0 0 5075 0 0 0 0 0 0'
	window cpu-percent
	says record '.cpu_percent.percent == 25'
	window cpu-times-percent
	says record '.cpu_times_percent | .user == 25 and .idle == 75 and .steal == 0'
}

@test "cpu-percent: guest and other states that go backwards have had no time" {
	proc_stat a 'cpu  1000 500 500 5000 0 70 80 0 900 400'
	proc_stat b 'cpu  1040 490 510 5050 0 60 70 0 800 300'
	window cpu-times-percent
	says record '.cpu_times_percent | .user == 40 and .nice == 0 and .system == 10 and .idle == 50 and
		.irq == 0 and .softirq == 0 and .guest == 0 and .guest_nice == 0'
}

@test "cpu-percent: idle that turns into iowait is not busy" {
	proc_stat a 'cpu0 1000 0 0 500000 1000 0 0 0 0 0'
	proc_stat b 'cpu0 1020 0 0 499000 2080 0 0 0 0 0'
	window cpu-times-percent --percpu
	says record '.cpu_times_percent[0] | .idle == 0 and .iowait > 98 and .user < 2'
	# A few ticks back: jitter.
	proc_stat b 'cpu0 1020 0 0 499999 1000 0 0 0 0 0'
	window cpu-percent --percpu
	says record '.cpu_percent[0].percent == 100'
}

@test "cpu-percent: a CPU that counts anew is null, and others are not" {
	proc_stat a 'cpu0 10 0 0 500000 0 0 0 0 0 0' 'cpu1 1000 0 0 500000 0 0 0 0 0 0'
	proc_stat b 'cpu0 20 0 0 30 0 0 0 0 0 0' 'cpu1 1020 0 0 500080 0 0 0 0 0 0'
	window cpu-percent --percpu
	says record '.cpu_percent[0] | .percent == null and .unavailable.percent == "not_applicable"'
	says record '.cpu_percent[1] == {cpu: 1, percent: 20}'
	# All zero, as psutil tries it.
	proc_stat b 'cpu0 0 0 0 0 0 0 0 0 0 0'
	window cpu-times-percent --percpu
	says record '.cpu_times_percent[0] | .user == null and .steal == null'
}

@test "cpu-percent: CPUs are matched by number as they come and go" {
	proc_stat a 'cpu0 0 0 0 1000' 'cpu2 100 0 0 100' 'cpu3 50 0 0 700' 'cpu5 900 0 0 500'
	proc_stat b 'cpu0 0 0 0 1100' 'cpu1 300 0 0 300' 'cpu2 150 0 0 150' 'cpu3 60 0 0 790' 'cpu7 800 0 0 900'
	window cpu-percent --percpu
	says record '[.cpu_percent[] | [.cpu, .percent]] == [[0, 0], [1, null], [2, 50], [3, 10], [7, null]]'
	says record '[.cpu_percent[1, 4].unavailable.percent] == ["not_applicable", "not_applicable"]'
	window cpu-times-percent --percpu
	says record '[.cpu_times_percent[] | [.cpu, .user, .steal]] ==
		[[0, 0, null], [1, null, null], [2, 50, null], [3, 10, null], [7, null, null]]'
	# The neighbours of one that goes offline keep their own past.
	proc_stat a 'cpu0 0 0 0 1000' 'cpu1 900 0 0 500' 'cpu2 100 0 0 100' 'cpu3 50 0 0 700'
	proc_stat b 'cpu0 0 0 0 1100' 'cpu2 150 0 0 150' 'cpu3 60 0 0 790'
	window cpu-percent --percpu
	says record '[.cpu_percent[] | [.cpu, .percent]] == [[0, 0], [2, 50], [3, 10]]'
}

@test "cpu-percent: 300 CPUs, each with its own figure" {
	mkdir a b
	for ((i = 0; i < 300; i++)); do
		echo "cpu$((2 * i)) 1000 0 0 1000 0 0 0 0 0 0" >>a/stat
		echo "cpu$((2 * i)) $((1000 + i)) 0 0 $((1300 - i)) 0 0 0 0 0 0" >>b/stat
	done
	window cpu-percent --percpu
	says record '.cpu_percent | length == 300 and all(.percent - .cpu / 6 | fabs < 0.051)'
}

@test "cpu-percent: without a tick there is no percentage" {
	proc_stat a 'cpu  10 10 10 10 10 10 10 10 1 1'
	proc_stat b 'cpu  10 10 10 10 10 10 10 10 2 1'
	window cpu-percent
	says record '.cpu_percent | .percent == null and .unavailable.percent == "not_applicable"'
	window cpu-times-percent
	says record '.cpu_times_percent | del(.unavailable) | length == 10 and all(. == null)'
}

@test "cpu-percent: a line that is cut in one sample gives none" {
	proc_stat a 'cpu0 100 0 0 100 0 0 0 0 0 0' 'cpu1 100 0 0 100 0 0 0 0 0 0'
	mkdir b
	printf 'cpu0 110 0 0 110 0 0 0 0 0 0\ncpu1 110 0 0 11' >b/stat
	window cpu-percent --percpu
	says record '.cpu_percent[0].percent == 50 and .cpu_percent[1].percent == null'
	printf 'cpu0 110 0 0 110 0 0 0 0 0 0\ncpu1 110 0 0 110 0 0 ' >b/stat
	window cpu-percent --percpu
	says record '.cpu_percent[1].percent == null'
	window cpu-times-percent --percpu
	says record '.cpu_times_percent[1].user == null'
}

@test "cpu-times-percent: shares are of the time that was counted, below a second too" {
	proc_stat a 'cpu  1000 1000 1000 1000 1000 1000 1000 1000 0 0'
	proc_stat b 'cpu  1001 1001 1001 1001 1001 1001 1001 1001 0 0'
	window cpu-times-percent
	says record '.cpu_times_percent | .user == 12.5 and .steal == 12.5 and (add - .guest - .guest_nice == 100)'
}

@test "cpu-percent: a real window, all and each" {
	prockit sysinfo cpu-percent cpu-times-percent -i 0.2 -c 1 --json >record
	says record '.cpu_percent.percent | . >= 0 and . <= 100'
	says record '.cpu_times_percent | [.user, .nice, .system, .idle, .iowait, .irq, .softirq, .steal] |
		all(. >= 0) and (add - 100 | fabs < 0.5)'
	prockit sysinfo cpu-percent -i 0.2 -c 1 --percpu --json >record
	jq -e --argjson n "$(getconf _NPROCESSORS_ONLN)" '.cpu_percent | length == $n' record
}

@test "cpu-times: agrees with /proc/stat, adds up and does not fall" {
	prockit sysinfo cpu-times --json >record
	read -r _ user nice system idle iowait _ _ steal _ </proc/stat
	near "$(jq .cpu_times.user record)" "$(jq -n "$user / $hz")" 1
	near "$(jq .cpu_times.nice record)" "$(jq -n "$nice / $hz")" 1
	near "$(jq .cpu_times.system record)" "$(jq -n "$system / $hz")" 1
	near "$(jq .cpu_times.idle record)" "$(jq -n "$idle / $hz")" "$(getconf _NPROCESSORS_ONLN)"
	near "$(jq .cpu_times.iowait record)" "$(jq -n "$iowait / $hz")" 1
	near "$(jq .cpu_times.steal record)" "$(jq -n "$steal / $hz")" 1
	prockit sysinfo cpu-times --percpu --json >each
	# Where CPUs are offline, their time is in the total alone.
	if [[ ! -s /sys/devices/system/cpu/offline || -z $(</sys/devices/system/cpu/offline) ]]; then
		for state in user nice system irq softirq steal; do
			near "$(jq ".cpu_times.$state" record)" "$(jq "[.cpu_times[].$state] | add" each)" 2
		done
	fi
	prockit sysinfo cpu-times --json >later
	jq -se '(.[0].cpu_times | del(.iowait, .idle)) as $a | .[1].cpu_times as $b |
		$a | to_entries | all(.value <= $b[.key])' record later
}

@test "cpu-times: agrees with psutil" {
	need_psutil
	prockit sysinfo cpu-times --json >record
	psutil 'psutil.cpu_times()._asdict()' >theirs
	for state in user nice system irq softirq steal guest guest_nice; do
		near "$(jq ".cpu_times.$state" record)" "$(jq ".$state" theirs)" 1
	done
	prockit sysinfo cpu-count cpu-stats boot-time load --json >record
	psutil '{"logical": psutil.cpu_count(), "physical": psutil.cpu_count(False), "boot": psutil.boot_time(),
		"switches": psutil.cpu_stats().ctx_switches, "load": psutil.getloadavg()[0]}' >theirs
	[ "$(jq .cpu_count.logical record)" = "$(jq .logical theirs)" ]
	[ "$(jq .cpu_count.physical record)" = "$(jq .physical theirs)" ]
	near "$(jq .boot_time.boot_time record)" "$(jq .boot theirs)" 1
	near "$(jq .load.load1 record)" "$(jq .load theirs)" 1
	# Python itself switches some hundred times.
	near "$(jq .cpu_stats.ctx_switches record)" "$(jq .switches theirs)" 20000
}

@test "cpu-count: threads of a core count once" {
	proc_stat a 'cpu  1 1 1 1'
	put "$cpus/online" 0-3,8
	for cpu in 0 2; do
		put "$cpus/cpu$cpu/topology/core_cpus_list" 0,2
	done
	for cpu in 1 3; do
		put "$cpus/cpu$cpu/topology/core_cpus_list" 1,3
	done
	put "$cpus/cpu8/topology/core_cpus_list" 8
	put "$cpus/cpu9/topology/core_cpus_list" 9 # offline
	prockit sysinfo cpu-count --json --proc=a --sys=sys >record
	says record '.cpu_count | .logical == 5 and .physical == 3'
	# An older kernel.
	for cpu in 0 1 2 3 8; do
		mv "$cpus/cpu$cpu/topology/core_cpus_list" "$cpus/cpu$cpu/topology/thread_siblings_list"
	done
	prockit sysinfo cpu-count --json --proc=a --sys=sys >record
	says record '.cpu_count | .logical == 5 and .physical == 3'
}

@test "cpu-count: without /sys it asks /proc" {
	proc_stat a 'cpu  1 1 1 1' 'cpu0 1 1 1 1' 'cpu1 1 1 1 1' 'cpu5 1 1 1 1'
	mkdir empty
	prockit sysinfo cpu-count --json --proc=a --sys=empty >record
	says record '.cpu_count | .logical == 3 and .physical == null and .unavailable.physical == "unsupported"'
	says record '.cpu_count | .usable == null and .unavailable.usable == "unsupported"'
	for i in 0 1 2; do
		printf 'processor\t: %d\nphysical id\t: %d\ncore id\t\t: 0\ncpu cores\t: 1\n\n' "$i" $((i / 2))
	done >a/cpuinfo
	prockit sysinfo cpu-count --json --proc=a --sys=empty >record
	says record '.cpu_count | .logical == 3 and .physical == 2'
	# What this process may use is told in that tree, where some CPUs are offline.
	put a/self/status $'Name:\tx\nCpus_allowed_list:\t1-7'
	prockit sysinfo cpu-count --json --proc=a --sys=empty >record
	says record '.cpu_count.usable == 2'
	: >a/stat
	prockit sysinfo cpu-count --json --proc=a --sys=empty >record
	says record '.cpu_count.logical == null'
}

@test "cpu-count: agrees with nproc, lscpu, /sys and taskset" {
	prockit sysinfo cpu-count --json >record
	[ "$(jq .cpu_count.logical record)" -eq "$(getconf _NPROCESSORS_ONLN)" ]
	[ "$(jq .cpu_count.logical record)" -eq "$(lscpu -p | grep -cv '^#')" ]
	[ "$(jq .cpu_count.logical record)" -eq "$(prockit sysinfo cpu-times --percpu --json | jq '.cpu_times | length')" ]
	[ "$(jq .cpu_count.physical record)" -eq "$(lscpu -p=CORE,SOCKET | grep -v '^#' | sort -u | wc -l)" ]
	[ "$(jq .cpu_count.usable record)" -eq "$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)" ]
	local first
	first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
	[ "$(taskset -c "$first" prockit sysinfo cpu-count --get usable)" -eq 1 ]
	# Own affinity is told by another view of /proc in the same way.
	[ "$(taskset -c "$first" prockit sysinfo cpu-count --get usable --proc=/proc)" -eq 1 ]
}

@test "cpu-count: the control group's quota, in CPUs" {
	proc_stat a 'cpu  1 1 1 1' 'cpu0 1 1 1 1'
	put a/self/cgroup 0::/box
	put a/self/mountinfo '30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'
	put sys/fs/cgroup/box/cpu.max '50000 100000'
	put sys/fs/cgroup/box/cgroup.controllers cpu
	prockit sysinfo cpu-count --json --proc=a --sys=sys >record
	says record '.cpu_count | .quota == 0.5 and .logical == 1'
	put sys/fs/cgroup/box/cpu.max 'max 100000'
	prockit sysinfo cpu-count --json --proc=a --sys=sys >record
	says record '.cpu_count | .quota == null and .unavailable.quota == "not_applicable"'
}

@test "cpu-stats: each figure, and what is not there is null" {
	proc_stat a 'intr 11 5 6' 'ctxt 22' 'processes 33' 'procs_running 4' 'procs_blocked 0' 'softirq 66 1' 'ctxtual 9'
	prockit sysinfo cpu-stats --json --proc=a >record
	says record '.cpu_stats == {ctx_switches: 22, interrupts: 11, soft_interrupts: 66, forks: 33,
		running: 4, blocked: 0}'
	proc_stat a 'intr 18446744073709551615' 'ctxt 18446744073709551616' 'processes -1' 'procs_running 4x' 'procs_blocked'
	prockit sysinfo cpu-stats --json --proc=a >record
	run -0 jq -c '.cpu_stats | [.ctx_switches, .forks, .running, .blocked, .soft_interrupts]' record
	[ "$output" = '[null,null,null,null,null]' ]
	run -0 prockit sysinfo cpu-stats --get interrupts --proc=a
	[ "$output" = 18446744073709551615 ]
}

@test "cpu-stats: agrees with vmstat" {
	# The machine goes on counting: ours stand between two of theirs.
	vmstat -s >before
	prockit sysinfo cpu-stats --json >record
	vmstat -s >after
	between()
	{
		local low high
		low=$(awk "/$2\$/ {print \$1}" before)
		high=$(awk "/$2\$/ {print \$1}" after)
		jq -e --argjson low "$low" --argjson high "$high" ".cpu_stats.$1 | \$low <= . and . <= \$high" record
	}
	between ctx_switches 'CPU context switches'
	between interrupts interrupts
	between forks forks
}

@test "cpu-freq: a policy holds for each of its CPUs, and the order is that of numbers" {
	mkdir proc
	put "$cpus/online" 0-11
	for policy in 0 10 2; do
		put "$cpus/cpufreq/policy$policy/scaling_cur_freq" $((policy * 1000 + 500000))
		put "$cpus/cpufreq/policy$policy/scaling_min_freq" 400000
		put "$cpus/cpufreq/policy$policy/scaling_max_freq" 3000500
	done
	put "$cpus/cpufreq/policy0/affected_cpus" '0 1'
	put "$cpus/cpufreq/policy10/affected_cpus" '10 11 '
	put "$cpus/cpufreq/policy2/affected_cpus" '2 3 4 5 6 7 8 9'
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '[.cpu_freq[] | [.cpu, .current]] == [range(12) |
		[., (if . < 2 then 500 elif . < 10 then 502 else 510 end)]]'
	says record '.cpu_freq | all(.min == 400 and .max == 3000.5)'
	prockit sysinfo cpu-freq --json --proc=proc --sys=sys >record
	says record '.cpu_freq | .current == (500 * 2 + 502 * 8 + 510 * 2) / 12 and .min == 400 and .max == 3000.5'
}

@test "cpu-freq: offline CPUs are left out, and a policy without files is null" {
	mkdir proc
	put "$cpus/online" 0,3
	put "$cpus/cpufreq/policy0/related_cpus" '0 1'
	put "$cpus/cpufreq/policy0/cpuinfo_cur_freq" 1200000
	put "$cpus/cpufreq/policy0/scaling_min_freq" 800000
	put "$cpus/cpufreq/policy0/scaling_max_freq" '<unknown>'
	mkdir "$cpus/cpufreq/policy2" "$cpus/cpufreq/policyx" "$cpus/cpufreq/policy3"
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '[.cpu_freq[] | [.cpu, .current, .min, .max]] == [[0, 1200, 800, null], [3, null, null, null]]'
	# The mean is of those that are known.
	prockit sysinfo cpu-freq --json --proc=proc --sys=sys >record
	says record '.cpu_freq | .current == 1200 and .min == 800 and .max == null'
}

@test "cpu-freq: /proc/cpuinfo comes first, and alone has no bounds" {
	mkdir proc sys
	printf 'processor\t: %d\ncpu MHz\t\t: %d.250\nflags : x\n\n' 0 1000 9 2000 10 3000 >proc/cpuinfo
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '[.cpu_freq[] | [.cpu, .current]] == [[0, 1000.25], [9, 2000.25], [10, 3000.25]]'
	says record '.cpu_freq | all(.min == null and .max == null and .unavailable.max == "unsupported")'
	put "$cpus/cpufreq/policy9/scaling_cur_freq" 500000
	put "$cpus/cpufreq/policy9/scaling_min_freq" 400000
	put "$cpus/cpufreq/policy9/scaling_max_freq" 600000
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '.cpu_freq[1] == {cpu: 9, current: 2000.25, min: 400, max: 600}'
	# Half a number at the end of the file is none.
	printf 'processor : 0\ncpu MHz : 1000.0\nprocessor : 1\ncpu MHz : 20' >proc/cpuinfo
	rm -r sys/devices
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '[.cpu_freq[] | [.cpu, .current]] == [[0, 1000], [1, null]]'
}

@test "cpu-freq: other processors and an older kernel" {
	mkdir proc sys
	printf '%s\n' 'processor : 0' 'cpu : POWER9' 'clock : 3800.000000MHz' 'timebase : 512000000' >proc/cpuinfo
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '[.cpu_freq[] | [.cpu, .current]] == [[0, 3800]]'
	printf '%s\n' 'processor 0: version = 00,  identification = 1' '' 'cpu number      : 3' \
		'cpu MHz dynamic : 5000' 'cpu MHz static  : 5200' >proc/cpuinfo
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '[.cpu_freq[] | [.cpu, .current]] == [[3, 5000]]'
	rm proc/cpuinfo
	put "$cpus/online" 0-1
	for cpu in 0 1; do
		put "$cpus/cpu$cpu/cpufreq/scaling_cur_freq" 90000$cpu
		put "$cpus/cpu$cpu/cpufreq/scaling_min_freq" 800000
		put "$cpus/cpu$cpu/cpufreq/scaling_max_freq" 950000
		put "$cpus/cpu$cpu/cpufreq/affected_cpus" $cpu
	done
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '[.cpu_freq[] | [.cpu, .current, .min, .max]] == [[0, 900, 800, 950], [1, 900.001, 800, 950]]'
}

@test "cpu-freq: nothing is known of it" {
	mkdir proc sys
	prockit sysinfo cpu-freq --json --proc=proc --sys=sys >record
	says record '.cpu_freq | .current == null and .min == null and .max == null'
	prockit sysinfo cpu-freq --percpu --json --proc=proc --sys=sys >record
	says record '.cpu_freq == []'
}

@test "load: the three figures, and agrees with /proc/loadavg" {
	need_mounts
	put a/loadavg '0.05 12.34 300.00 2/345 6789'
	prockit sysinfo load --json --proc=a >record
	says record '.load == {load1: 0.05, load5: 12.34, load15: 300}'
	put a/loadavg 'junk'
	prockit sysinfo load --json --proc=a >record
	says record '.load | .load1 == null and .unavailable.load15 == "unsupported"'
	for junk in '-1 2 3' '1 inf 3' '1 2 0x5' '1e3 2 3' 'nan 2 3' '1 2' '1 2 3x'; do
		put a/loadavg "$junk 2/345 6789"
		prockit sysinfo load --json --proc=a >record
		says record '.load | .load1 == null and .unavailable.load15 == "unsupported"'
	done
	rm a/loadavg
	run -125 --separate-stderr prockit sysinfo load --proc=a
	one_message a/loadavg
	prockit sysinfo load --json >record
	read -r one five fifteen _ </proc/loadavg
	near "$(jq .load.load1 record)" "$one" 1
	near "$(jq .load.load5 record)" "$five" 1
	near "$(jq .load.load15 record)" "$fifteen" 1
}

@test "load and uptime: null where another /proc cannot be put in place" {
	put a/loadavg '0.05 12.34 300.00 2/345 6789'
	put a/uptime '100.50 200.25'
	command -v strace || skip "strace is not installed"
	no_leak_check
	strace -f -o trace -e trace=unshare,mount -e inject=unshare:error=ENOSYS \
		prockit sysinfo load uptime --json --proc=a >record
	says record '.load.load1 == null and .load.unavailable.load1 == "permission" and
		.uptime.unavailable.seconds == "permission"'
}

@test "uptime: of another tree, and of this one to the millisecond" {
	need_mounts
	put a/uptime '100.50 200.25'
	prockit sysinfo uptime --json --proc=a >record
	says record '.uptime == {seconds: 100.5, idle: 200.25}'
	for junk in '1e3 5' '-1.00 5' '0x10 5' '10.00 inf' "$(printf '9%.0s' {1..400}) 5"; do
		put a/uptime "$junk"
		prockit sysinfo uptime --json --proc=a >record
		says record '.uptime | .seconds == null and .unavailable.seconds == "unsupported"'
	done
	read -r before _ </proc/uptime
	prockit sysinfo uptime --json >record
	read -r after _ </proc/uptime
	jq -e --argjson before "$before" --argjson after "$after" \
		'.uptime | .seconds >= $before and .seconds <= $after + 0.01 and .idle > 0' record
}

@test "boot-time: of another tree, exact here, and agrees with vmstat and uptime" {
	proc_stat a 'btime 1600000000'
	prockit sysinfo boot-time --json --proc=a >record
	says record '.boot_time == {boot_time: 1600000000}'
	proc_stat a 'cpu  1 1 1 1'
	prockit sysinfo boot-time --json --proc=a >record
	says record '.boot_time | .boot_time == null and .unavailable.boot_time == "unsupported"'
	prockit sysinfo boot-time uptime --json >record
	near "$(jq .boot_time.boot_time record)" "$(vmstat -s | awk '/boot time/ {print $1}')" 1
	near "$(jq .boot_time.boot_time record)" "$(date -d "$(uptime -s)" +%s)" 2
	near "$(jq '.boot_time.boot_time + .uptime.seconds' record)" "$(jq .time record)" 0.5
}

@test "CPU topics: OpenMetrics has node_exporter's names" {
	proc_stat a 'cpu  100 0 0 100 0 0 0 0 0 0' 'cpu3 200 0 0 100 0 0 0 0 50 0' 'intr 5' 'ctxt 6' 'processes 7' \
		'procs_running 8' 'procs_blocked 9' 'btime 1600000000'
	put a/cpuinfo $'processor : 3\ncpu MHz : 1500.5'
	mkdir sys
	prockit sysinfo cpu-times cpu-stats cpu-freq boot-time --percpu --openmetrics --proc=a --sys=sys >metrics
	value_of()
	{
		awk -v name="$1" '$1 == name {print $2 + 0}' metrics
	}
	[ "$(value_of 'node_cpu_seconds_total{cpu="3",mode="user"}')" = "$(jq -n "200 / $hz")" ]
	[ "$(value_of 'node_cpu_guest_seconds_total{cpu="3",mode="user"}')" = "$(jq -n "50 / $hz")" ]
	[ "$(value_of node_intr_total)" = 5 ]
	[ "$(value_of node_context_switches_total)" = 6 ]
	[ "$(value_of node_forks_total)" = 7 ]
	[ "$(value_of node_procs_running)" = 8 ]
	[ "$(value_of node_procs_blocked)" = 9 ]
	[ "$(value_of node_boot_time_seconds)" = 1600000000 ]
	[ "$(value_of 'node_cpu_scaling_frequency_hertz{cpu="3"}')" = 1500500000 ]
}

@test "CPU topics: OpenMetrics has CPU times of each CPU, asked for or not" {
	proc_stat a 'cpu  100 0 0 100 0 0 0 0 0 0' 'cpu3 200 0 0 100 0 0 0 0 50 0'
	prockit sysinfo cpu-times --openmetrics --proc=a >metrics
	run -0 grep -c '^node_cpu_seconds_total{cpu="3",mode="' metrics
	[ "$output" -eq 8 ]
}

@test "CPU topics: a figure costs few system calls" {
	command -v strace || skip "strace is not installed"
	has_sanitizers && skip "the sanitizers make their own"
	for topic in cpu-times 'cpu-times --percpu' cpu-stats load uptime boot-time; do
		# shellcheck disable=SC2086 # words
		strace -o trace prockit sysinfo $topic --json >record
		# What the programs take to start stands before that, and is not for the topic to say.
		run -0 awk '/"\/proc", O_/ {on = 1} on {n++} END {print n}' trace
		echo "$topic: $output"
		[ "$output" -gt 3 ]
		[ "$output" -le 20 ]
	done
}
