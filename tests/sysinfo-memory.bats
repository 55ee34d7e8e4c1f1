#!/usr/bin/env bats
# prockit sysinfo memory, swap and pressure.
# shellcheck disable=SC2016,SC2154 # the dollars are jq's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/readers
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	mkdir proc
}

teardown()
{
	end_leftovers
}

# read_topic TOPIC: from the tree in proc, into r.
read_topic()
{
	prockit sysinfo "$1" --json --proc="$PWD/proc" >r
}

# meminfo KIB_LINE...: make proc/meminfo of these lines.
meminfo()
{
	printf '%s\n' "$@" >proc/meminfo
}

# A machine with all of it; MemAvailable is 600 of 1000 MiB.
whole_meminfo=(
	'MemTotal:        1024000 kB'
	'MemFree:          204800 kB'
	'MemAvailable:     614400 kB'
	'Buffers:           10240 kB'
	'Cached:           307200 kB'
	'SwapCached:            0 kB'
	'Active:           256000 kB'
	'Inactive:         128000 kB'
	'Active(file):     153600 kB'
	'Inactive(file):   102400 kB'
	'SwapTotal:        512000 kB'
	'SwapFree:         128000 kB'
	'Shmem:             20480 kB'
	'Slab:              51200 kB'
	'SReclaimable:      30720 kB'
	'HugePages_Total:       3'
)

# without KEY...: the lines above but for those of these keys.
without()
{
	local line
	for line in "${whole_meminfo[@]}"; do
		[[ " $* " == *" ${line%%:*} "* ]] || printf '%s\n' "$line"
	done >proc/meminfo
}

# is_null FILE TOPIC REASON FIELD...: these fields are null, and REASON stands beside them.
is_null()
{
	local file=$1 topic=$2 reason=$3 name
	for name in "${@:4}"; do
		says "$file" ".$topic | .$name == null and .unavailable.$name == \"$reason\"" || return
	done
}

@test "memory: the formulas" {
	meminfo "${whole_meminfo[@]}"
	read_topic memory
	says r '.memory | .total == 1048576000 and .available == 629145600 and .free == 209715200'
	says r '.memory | .used == .total - .available and .percent == 40'
	says r '.memory | .active == 262144000 and .inactive == 131072000 and .buffers == 10485760'
	says r '.memory.cached == (307200 + 30720) * 1024'
	says r '.memory | .shared == 20971520 and .slab == 52428800'
	says r '.memory | has("unavailable") | not'
	says r '.memory | keys_unsorted == ["total", "available", "percent", "used", "free",
		"active", "inactive", "buffers", "cached", "shared", "slab"]'
}

@test "memory: psutil's name is an alias, and one figure is one word" {
	meminfo "${whole_meminfo[@]}"
	prockit sysinfo virtual-memory --json --proc="$PWD/proc" >a
	prockit sysinfo virtual_memory --json --proc="$PWD/proc" >b
	says a '.memory.total == 1048576000'
	says b '.memory.total == 1048576000'
	run -0 prockit sysinfo memory --get=percent --proc="$PWD/proc"
	[[ $output == 40.0 ]]
	run -0 prockit sysinfo swap-memory --get=used --proc="$PWD/proc"
	[[ $output == 393216000 ]]
}

@test "memory: what the file does not tell is null, not 0" {
	without Buffers Cached Shmem Slab SReclaimable Active Inactive
	read_topic memory
	is_null r memory unsupported buffers cached shared slab active inactive
	says r '.memory | .total == 1048576000 and .percent == 40'
	without MemTotal
	read_topic memory
	is_null r memory unsupported total used percent
	says r '.memory.available == 629145600'
	: >proc/meminfo
	read_topic memory
	says r '.memory | (.unavailable | length) == 11 and (del(.unavailable) | all(. == null))'
}

@test "memory: a measured 0 stays 0" {
	without Buffers
	echo 'Buffers: 0 kB' >>proc/meminfo
	read_topic memory
	says r '.memory.buffers == 0'
}

# A missing Buffers, Shmem or Slab is 0 for libproc2, and a missing MemAvailable is MemFree. This
# is why there is a reader of our own.
@test "memory: where a key is missing, free shows what was not measured" {
	unshare -m true 2>/dev/null || skip 'no mount namespace'
	without MemAvailable Buffers Shmem
	read_topic memory
	unshare -m sh -c 'mount --bind "$1" /proc/meminfo && free -b' - "$PWD/proc/meminfo" >seen
	[[ $(awk '$1 == "Mem:" { print $5, $7 }' seen) == "0 $((204800 * 1024))" ]]
	is_null r memory unsupported buffers shared
	says r '.memory.available > 209715200'
}

@test "memory: no blank behind the colon, no unit, tabs, more blanks" {
	meminfo MemTotal:1024000 'MemFree:204800 kB' $'MemAvailable:\t614400\tkB' \
		'Buffers:                         10240' 'Cached 7 kB' 'Slab:1kB'
	read_topic memory
	says r '.memory | .total == 1048576000 and .free == 209715200 and .available == 629145600'
	says r '.memory | .buffers == 10485760 and .cached == 7168'
	is_null r memory unsupported slab
}

@test "memory: of a key that only begins alike nothing is taken" {
	meminfo 'MemTotalX: 5 kB' 'XMemTotal: 6 kB' 'MemTotal: 1024000 kB' 'MemFreeCma: 9 kB' 'Mem: 1 kB'
	read_topic memory
	says r '.memory | .total == 1048576000 and .free == null'
}

# estimate PAGES: what the kernel estimates when its low watermarks are so many pages.
estimate()
{
	local low=$(($1 * $(getconf PAGESIZE))) unused=$((204800 * 1024))
	local cache=$((256000 * 1024)) slab=$((30720 * 1024))
	local sum=$((unused - low + cache - (cache / 2 < low ? cache / 2 : low) +
		slab - (slab / 2 < low ? slab / 2 : low)))
	echo $((sum > 0 ? sum : 0))
}

@test "memory: without MemAvailable it is estimated as the kernel does" {
	for pages in 1000 20000 36000; do
		printf '%s\n' 'Node 0, zone DMA' '  pages free     100' '        min      5' \
			"        low      $((pages - 7))" '        high     2000' 'Node 0, zone Normal' \
			'        low      7' '        lowest 7' >proc/zoneinfo
		without MemAvailable
		read_topic memory
		says r ".memory | .available == $(estimate "$pages") and .used == .total - .available"
	done
	for line in 'MemAvailable: 0 kB' 'MemAvailable: -1 kB'; do
		without MemAvailable
		echo "$line" >>proc/meminfo
		read_topic memory
		says r ".memory.available == $(estimate 36000)"
	done
}

@test "memory: without the means for an estimate, what is free and the file cache" {
	without MemAvailable
	read_topic memory
	says r '.memory.available == (204800 + 307200) * 1024'
	echo '        low      1' >proc/zoneinfo
	without MemAvailable 'Active(file)'
	read_topic memory
	says r '.memory.available == (204800 + 307200) * 1024'
	without MemAvailable Cached 'Active(file)'
	read_topic memory
	says r '.memory.available == 204800 * 1024'
	without MemAvailable MemFree
	read_topic memory
	is_null r memory unsupported available used percent free
}

@test "memory: watermarks above all memory leave nothing available" {
	without MemAvailable
	echo '        low      900000000' >proc/zoneinfo
	read_topic memory
	says r '.memory | .available == 0 and .percent == 100'
}

@test "memory: the estimate is near what the kernel says" {
	grep -v '^MemAvailable' /proc/meminfo >proc/meminfo
	cp /proc/zoneinfo proc/
	read_topic memory
	available=$(awk '/^MemAvailable/ { print $2 * 1024 }' /proc/meminfo)
	says r ".memory.available / $available | . > 0.85 and . < 1.15"
}

@test "memory: in a container whose figures are mixed, available is what is free" {
	without MemTotal
	echo 'MemTotal: 409600 kB' >>proc/meminfo
	read_topic memory
	says r '.memory | .available == 209715200 and .used == 209715200 and .percent == 50'
	without MemTotal
	echo 'MemTotal: 100 kB' >>proc/meminfo
	read_topic memory
	is_null r memory unsupported used percent
	without MemTotal
	echo 'MemTotal: 0 kB' >>proc/meminfo
	read_topic memory
	says r '.memory | .total == 0 and .percent == null'
}

@test "memory: huge numbers are exact, and those that no integer holds are null" {
	meminfo 'MemTotal: 18014398509481983 kB' 'MemFree: 18014398509481984 kB' \
		'MemAvailable: 9007199254740993 kB' 'Buffers: 18446744073709551615 kB' \
		'Slab: 99999999999999999999999 kB'
	read_topic memory
	[[ $(<r) == *'"total":18446744073709550592,'* ]]
	[[ $(<r) == *'"available":9223372036854776832,'* ]]
	says r '.memory.percent == 50'
	is_null r memory unsupported free buffers slab
}

@test "memory: old kernels' names" {
	without Inactive Shmem SReclaimable
	printf '%s\n' 'Inact_dirty: 10 kB' 'Inact_clean: 20 kB' 'Inact_laundry: 30 kB' \
		'MemShared: 40 kB' >>proc/meminfo
	read_topic memory
	says r '.memory | .inactive == 61440 and .shared == 40960 and .cached == 307200 * 1024'
}

@test "memory: a file that is cut anywhere never gives a number that is cut" {
	meminfo "${whole_meminfo[@]}"
	read_topic memory
	mv r whole
	cp proc/meminfo all
	for ((i = 0; i < $(wc -c <all); i++)); do
		head -c "$i" all >proc/meminfo
		read_topic memory || return
		cat r >>cuts
		printf '\n' >>cuts
	done
	# What follows from others may differ; a figure of its own is whole or null.
	jq -es --slurpfile whole whole '
		length > 400 and all(.[].memory;
			. as $m | ["total", "free", "active", "inactive", "buffers", "shared", "slab"] |
			all(.[]; $m[.] == null or $m[.] == $whole[0].memory[.]))' cuts
}

@test "memory: junk is no number" {
	meminfo "${whole_meminfo[@]}"
	head -c 100000 /dev/urandom >>proc/meminfo
	read_topic memory
	says r '.memory.total == 1048576000'
	head -c 1000 /dev/zero >proc/meminfo
	read_topic memory
	says r '.memory.total == null'
	meminfo 'MemTotal: abc kB' 'MemFree: 12abc kB' 'MemTotal' ':' ': 5 kB' ''
	read_topic memory
	says r '.memory | .total == null and .free == null'
}

@test "memory: without a readable meminfo there is nothing to tell" {
	for topic in memory swap limits; do
		run -125 --separate-stderr prockit sysinfo "$topic" --proc="$PWD/proc"
		one_message meminfo 'No such file'
		[[ -z $output ]]
	done
	mkdir proc/meminfo
	run -125 --separate-stderr prockit sysinfo memory --proc="$PWD/proc"
	one_message meminfo 'Is a directory'
}

# Tolerances are those of psutil's own tests: 5 MB, four times that on a busy machine.
near='def near($a; $b): $a - $b | fabs < 20000000;'

agrees_with_free()
{
	prockit sysinfo memory --json >r
	free -b >seen
	read -r total used unused shared _ available < <(awk '$1 == "Mem:" { print $2, $3, $4, $5, $6, $7 }' seen)
	says r "$near .memory | .total == $total and near(.used; $used) and near(.free; $unused) and
		near(.shared; $shared) and near(.available; $available)"
}

@test "memory: agrees with free" {
	wait_until 10 agrees_with_free
}

agrees_with_vmstat()
{
	prockit sysinfo memory swap --json >r
	vmstat -s -S K >seen
	local name column
	while read -r name column; do
		kib=$(awk -v name="$name" '{ n = $1; $1 = $2 = ""; sub("^ *", ""); gsub(" ", "_") } $0 == name { print n }' seen)
		says r "$near near(.$column; $kib * 1024)" || return
	done <<-END
		total_memory memory.total
		used_memory memory.used
		active_memory memory.active
		inactive_memory memory.inactive
		free_memory memory.free
		buffer_memory memory.buffers
		total_swap swap.total
		used_swap swap.used
		free_swap swap.free
	END
}

@test "memory: agrees with vmstat -s" {
	wait_until 10 agrees_with_vmstat
}

agrees_with_meminfo()
{
	prockit sysinfo memory --json >r
	jq -Rn '[inputs | capture("^(?<key>[^:]*): *(?<value>[0-9]+)") | .value |= tonumber * 1024] | from_entries' \
		/proc/meminfo >meminfo
	jq -e --slurpfile info meminfo "$near"' .memory as $m | $info[0] |
		$m.total == .MemTotal and near($m.cached; .Cached + .SReclaimable) and
		near($m.buffers; .Buffers) and near($m.slab; .Slab) and near($m.shared; .Shmem) and
		near($m.active; .Active) and near($m.inactive; .Inactive)' r
}

@test "memory: agrees with /proc/meminfo" {
	wait_until 10 agrees_with_meminfo
}

agrees_with_psutil()
{
	prockit sysinfo memory swap --json >r
	/usr/bin/python3 -c 'import json, psutil
print(json.dumps([psutil.virtual_memory()._asdict(), psutil.swap_memory()._asdict()]))' >psutil
	jq -e --slurpfile p psutil --argjson page "$(getconf PAGESIZE)" "$near"' . as $r | $p[0] | .[0] as $m | .[1] as $s |
		$r.memory.total == $m.total and ($r.memory.percent - $m.percent | fabs < 1) and
		all("available", "free", "active", "inactive", "buffers", "cached", "shared", "slab";
			. as $k | near($r.memory[$k]; $m[$k])) and
		$r.swap.total == $s.total and near($r.swap.used; $s.used) and near($r.swap.free; $s.free) and
		($r.swap.percent - $s.percent | fabs < 1) and
		near($r.swap.sin; $s.sin / 4096 * $page) and near($r.swap.sout; $s.sout / 4096 * $page)' r
}

# But for used, which psutil before 7.1 makes of other figures than percent. And it takes every
# page of swap for 4 KiB.
@test "memory and swap: agree with psutil" {
	/usr/bin/python3 -c 'import psutil'
	wait_until 20 agrees_with_psutil
}

@test "memory: figures of this machine are within its memory" {
	prockit sysinfo memory --json >r
	says r '.memory | has("unavailable") | not'
	says r '.memory | .total as $t | del(.percent) | all(. >= 0 and . <= $t)'
	says r '.memory | .percent >= 0 and .percent <= 100'
	says r '.memory | .percent - 100 * (.total - .available) / .total | fabs <= 0.051'
}

@test "swap: the formulas, with the real size of a page" {
	meminfo "${whole_meminfo[@]}"
	printf '%s\n' 'nr_free_pages 5' 'pswpin 12' 'pswpout 34' 'pswpin_more 9' >proc/vmstat
	read_topic swap
	says r '.swap | .total == 524288000 and .free == 131072000 and .used == 393216000 and .percent == 75'
	says r ".swap | .sin == 12 * $(getconf PAGESIZE) and .sout == 34 * $(getconf PAGESIZE)"
	says r '.swap | keys_unsorted == ["total", "used", "free", "percent", "sin", "sout"]'
}

@test "swap: none at all is 0 percent" {
	meminfo 'SwapTotal: 0 kB' 'SwapFree: 0 kB'
	printf '%s\n' 'pswpin 0' 'pswpout 0' >proc/vmstat
	read_topic swap
	[[ $(jq -c .swap r) == '{"total":0,"used":0,"free":0,"percent":0'*',"sin":0,"sout":0}' ]]
	meminfo 'SwapTotal: 0 kB'
	read_topic swap
	says r '.swap | .total == 0 and .percent == 0 and .free == null'
}

@test "swap: what the files do not tell is null" {
	meminfo "${whole_meminfo[@]}"
	read_topic swap
	is_null r swap unsupported sin sout
	echo 'pswpin 5' >proc/vmstat
	read_topic swap
	is_null r swap unsupported sout
	says r ".swap.sin == 5 * $(getconf PAGESIZE)"
	printf '%s\n' 'pswpin 18446744073709551615' 'pswpout -1' >proc/vmstat
	read_topic swap
	is_null r swap unsupported sin sout
	printf 'pswpin 5\npswpout 1' >proc/vmstat # and more digits, cut off
	read_topic swap
	is_null r swap unsupported sout
	meminfo 'MemTotal: 1 kB' 'SwapTotal: 5 kB'
	read_topic swap
	is_null r swap unsupported free used percent
	meminfo 'SwapTotal: 5 kB' 'SwapFree: 6 kB'
	read_topic swap
	is_null r swap unsupported used percent
}

agrees_with_vmstat_file()
{
	prockit sysinfo swap --json >r
	says r ".swap | .sin == $(awk '$1 == "pswpin" { print $2 }' /proc/vmstat) * $(getconf PAGESIZE) and
		.sout == $(awk '$1 == "pswpout" { print $2 }' /proc/vmstat) * $(getconf PAGESIZE)"
	read -r total used unused < <(free -b | awk '$1 == "Swap:" { print $2, $3, $4 }')
	says r "$near .swap | .total == $total and near(.used; $used) and near(.free; $unused)"
}

@test "swap: agrees with /proc/vmstat and free" {
	grep -w pswpin /proc/vmstat >seen || skip 'a kernel without swap'
	wait_until 10 agrees_with_vmstat_file
}

# pressure RESOURCE LINE...: make a file of it.
pressure()
{
	mkdir -p proc/pressure
	printf '%s\n' "${@:2}" >"proc/pressure/$1"
}

@test "pressure: a row for each resource and kind" {
	pressure cpu 'some avg10=1.52 avg60=0.35 avg300=0.10 total=123456' \
		'full avg10=0.00 avg60=0.00 avg300=0.00 total=0'
	pressure memory 'some avg10=100.00 avg60=0.00 avg300=0.00 total=18446744073709551615' \
		'full avg10=0.00 avg60=0.00 avg300=0.00 total=0'
	pressure irq 'full avg10=0.01 avg60=0.02 avg300=0.03 total=4'
	read_topic pressure
	says r '.pressure | map([.resource, .kind]) == [["cpu", "some"], ["cpu", "full"],
		["memory", "some"], ["memory", "full"], ["irq", "full"]]'
	says r '.pressure[0] | .avg10 == 1.52 and .avg60 == 0.35 and .avg300 == 0.1 and .total == 123456'
	says r '.pressure[3] | .avg10 == 0 and .total == 0 and (has("unavailable") | not)'
	says r '.pressure[4] | .avg10 == 0.01 and .total == 4'
	[[ $(<r) == *'"avg10":100.00,'*'"total":18446744073709551615}'* ]]
}

# The kernel has written zeros there since 5.13, and calls them undefined.
@test "pressure: all tasks waiting for a CPU has no meaning, and is null" {
	pressure cpu 'full avg10=0.00 avg60=0.00 avg300=0.00 total=0'
	read_topic pressure
	says r '.pressure[0] | .avg10 == null and .total == null and .unavailable.total == "not_applicable"'
	pressure cpu 'full avg10=0.00 avg60=0.00 avg300=0.00 total=9'
	read_topic pressure
	says r '.pressure[0] | .avg10 == 0 and .total == 9'
}

@test "pressure: a kernel without it has no rows" {
	read_topic pressure
	says r '.pressure == []'
}

@test "pressure: a file that cannot be read is null" {
	mkdir -p proc/pressure/io proc/pressure/irq
	read_topic pressure
	says r '.pressure | map([.resource, .kind, .total]) ==
		[["io", "some", null], ["io", "full", null], ["irq", "full", null]]'
	says r '.pressure | all(.unavailable.avg10 == "unsupported")'
}

@test "pressure: junk and new fields are passed over" {
	pressure io 'most avg10=1.00 total=5' 'some avg10=x avg60= avg300 total=-4 avg10=nan' '' \
		'full avg5=1.00 avg10=2.00 avg60=3.00 avg300=4.00 new=7 total=5 more'
	read_topic pressure
	says r '.pressure | length == 2 and (.[0].unavailable | length) == 4'
	says r '.pressure[1] | .avg10 == 2 and .avg300 == 4 and .total == 5'
	pressure io "some avg10=-0.01 avg60=1e3 avg300=-1 total=5" \
		"full avg10=$(printf '9%.0s' {1..400}).00 avg60=0x5 avg300=inf total=5"
	read_topic pressure
	says r '.pressure | length == 2 and all(.avg10 == null and .avg60 == null and .avg300 == null and
		.total == 5 and .unavailable == {avg10: "unsupported", avg60: "unsupported", avg300: "unsupported"})'
}

@test "pressure: a file that is cut anywhere never gives a number that is cut" {
	pressure io 'some avg10=12.34 avg60=23.45 avg300=34.56 total=123456' \
		'full avg10=12.34 avg60=23.45 avg300=34.56 total=123456'
	cp proc/pressure/io all
	for ((i = 0; i < $(wc -c <all); i++)); do
		head -c "$i" all >proc/pressure/io
		read_topic pressure || return
		cat r >>cuts
	done
	jq -es 'length > 100 and all(.[].pressure[]; IN(.kind; "some", "full") and
		IN(.avg10; null, 12.34) and IN(.avg60; null, 23.45) and IN(.avg300; null, 34.56) and
		IN(.total; null, 123456))' cuts
}

@test "pressure: agrees with /proc/pressure" {
	cat /proc/pressure/memory >seen || skip 'a kernel without it'
	prockit sysinfo pressure --json >r
	while read -r kind _ _ _ total; do
		says r ".pressure[] | select(.resource == \"memory\" and .kind == \"$kind\") |
			.total - ${total#total=} | . >= 0 and . < 1000000"
	done <seen
}

@test "memory, swap, pressure: node_exporter's names" {
	meminfo "${whole_meminfo[@]}"
	printf '%s\n' 'pswpin 1' 'pswpout 2' >proc/vmstat
	pressure cpu 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7' 'full avg10=0.00 avg60=0.00 avg300=0.00 total=0'
	pressure memory 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0' 'full avg10=0.00 avg60=0.00 avg300=0.00 total=187894'
	pressure io 'some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000' 'full avg10=0.00 avg60=0.00 avg300=0.00 total=1'
	pressure irq 'full avg10=0.00 avg60=0.00 avg300=0.00 total=2000000'
	prockit sysinfo memory swap pressure --openmetrics --proc="$PWD/proc" >m
	grep -xE 'node_memory_MemTotal_bytes 1\.?0?48576000(e\+09)?' m
	grep -E '^node_memory_(MemAvailable|MemFree|Active|Inactive|Buffers|Shmem|Slab)_bytes ' m >names
	(($(wc -l <names) == 7))
	grep -xE 'node_memory_SwapTotal_bytes 524288000' m
	grep -xE "prockit_swap_out_bytes_total $((2 * $(getconf PAGESIZE)))" m
	is_openmetrics m
	grep -F '# TYPE node_pressure' m >types
	diff - types <<-'END'
		# TYPE node_pressure_cpu_waiting_seconds counter
		# TYPE node_pressure_memory_waiting_seconds counter
		# TYPE node_pressure_memory_stalled_seconds counter
		# TYPE node_pressure_io_waiting_seconds counter
		# TYPE node_pressure_io_stalled_seconds counter
		# TYPE node_pressure_irq_stalled_seconds counter
	END
	grep '^node_pressure' m >samples
	diff - samples <<-'END'
		node_pressure_cpu_waiting_seconds_total 7e-06
		node_pressure_memory_waiting_seconds_total 0
		node_pressure_memory_stalled_seconds_total 0.187894
		node_pressure_io_waiting_seconds_total 1.5
		node_pressure_io_stalled_seconds_total 1e-06
		node_pressure_irq_stalled_seconds_total 2
	END
}
