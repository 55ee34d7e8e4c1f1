#!/usr/bin/env bats
# prockit sysinfo limits: what control groups of both versions allow.
# shellcheck disable=SC2154 # run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

# The host of the fixtures.
TOTAL=$((8 * 1024 * 1024 * 1024))
NONE_V1=9223372036854771712

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	groups=()
	mkdir -p proc/self sys/devices/system/cpu
	printf '%s\n' 'MemTotal: 8388608 kB' 'MemAvailable: 4194304 kB' 'SwapTotal: 1048576 kB' >proc/meminfo
	echo 0-3,6 >sys/devices/system/cpu/online
	: >proc/self/mountinfo
}

# No group that a test made is left.
teardown()
{
	local i
	end_leftovers
	for ((i = ${#groups[@]} - 1; i >= 0; i--)); do
		wait_until 10 rmdir "${groups[i]}"
	done
}

# membership LINE...: make proc/self/cgroup.
membership()
{
	printf '%s\n' "$@" >proc/self/cgroup
}

# mounted ROOT POINT TYPE OPTIONS: another line of mountinfo.
mounted()
{
	echo "36 25 0:31 $1 $2 rw,nosuid,relatime shared:9 - $3 $3 rw,$4" >>proc/self/mountinfo
}

# group FOLDER FILE=TEXT...: the files of a group, below sys/fs/cgroup.
group()
{
	local word folder=sys/fs/cgroup/$1
	mkdir -p "$folder"
	for word in "${@:2}"; do
		printf '%s\n' "${word#*=}" >"$folder/${word%%=*}"
	done
}

limits()
{
	prockit sysinfo limits --json --proc="$PWD/proc" --sys="$PWD/sys" >r
}

# null_for REASON FIELD...: these are null for that reason.
null_for()
{
	local name
	for name in "${@:2}"; do
		says r ".limits | .$name == null and .unavailable.$name == \"$1\"" || return
	done
}

# A container of today: version 2, in a namespace.
container_v2()
{
	membership 0::/
	mounted / /sys/fs/cgroup cgroup2 nsdelegate
	group . memory.max=268435456 memory.high=max memory.swap.max=0 memory.current=104857600 \
		memory.stat=$'anon 1\nfile 5\ninactive_file 4857600\nactive_file 3' 'cpu.max=50000 100000' \
		cpu.stat=$'usage_usec 1234567\nuser_usec 1' cpuset.cpus.effective=0-1 pids.max=100 pids.current=7
}

@test "limits: a container of version 2 with 256 MiB and half a CPU, beside the host's values" {
	container_v2
	limits
	says r '.limits | .memory_limit == 268435456 and .cpu_quota == 0.5'
	says r ".limits | .memory_total == $TOTAL and .swap_total == 1073741824 and .cpus_online == 5"
	says r '.limits | .memory_effective == 268435456 and .cpus_effective == 0.5'
	says r '.limits | .memory_usage == 104857600 and .memory_working_set == 100000000'
	says r '.limits | .memory_swap_limit == 0 and .cpuset_cpus == 2 and .cpu_usage == 1.234567'
	says r '.limits | .pids_limit == 100 and .pids_current == 7 and .cgroup_version == "2"'
	says r '.limits.cgroup_paths == {cpu: "/", cpuset: "/", memory: "/", pids: "/"}'
	null_for not_applicable memory_high
	prockit sysinfo memory --json --proc="$PWD/proc" >r
	says r ".memory.total == $TOTAL"
}

@test "limits: one figure is one word" {
	container_v2
	run -0 prockit sysinfo limits --get=cpu_quota --proc="$PWD/proc" --sys="$PWD/sys"
	[[ $output == 0.5 ]]
	run -0 prockit sysinfo limits --get=memory_effective --proc="$PWD/proc" --sys="$PWD/sys"
	[[ $output == 268435456 ]]
	run -0 prockit sysinfo limits --get=cpus_effective --proc="$PWD/proc" --sys="$PWD/sys"
	[[ $output == 0.5 ]]
	run -0 prockit sysinfo limits --get=pids_limit --proc="$PWD/proc" --sys="$PWD/sys"
	[[ $output == 100 ]]
}

@test "limits: a limit that is not set is null, and the host's value stays" {
	container_v2
	group . memory.max=max 'cpu.max=max 100000' memory.swap.max=max pids.max=max
	limits
	null_for not_applicable memory_limit memory_high cpu_quota memory_swap_limit pids_limit
	says r ".limits | .memory_effective == $TOTAL and .cpus_effective == 2 and .memory_total == $TOTAL"
}

@test "limits: a limit above what the machine has is shown, but has no effect" {
	container_v2
	group . memory.max=$((TOTAL * 2)) 'cpu.max=6400000 100000' cpuset.cpus.effective=0-3,6
	limits
	says r ".limits | .memory_limit == $((TOTAL * 2)) and .memory_effective == $TOTAL"
	says r '.limits | .cpu_quota == 64 and .cpus_effective == 5'
}

# The host's own view: our group lies deep below the mount.
@test "limits: version 2, the smallest of our group and those above" {
	membership 0::/kube/pod/app
	mounted / /sys/fs/cgroup cgroup2 nsdelegate
	group kube memory.max=500000000 memory.high=400000000 'cpu.max=150000 100000' pids.max=max \
		cpuset.cpus.effective=0-3
	group kube/pod memory.max=300000000 memory.high=max 'cpu.max=max 100000' pids.max=50
	group kube/pod/app memory.max=900000000 memory.high=max 'cpu.max=20000 10000' pids.max=60 \
		memory.current=5 pids.current=1
	limits
	says r '.limits | .memory_limit == 300000000 and .memory_high == 400000000'
	says r '.limits | .cpu_quota == 1.5 and .pids_limit == 50 and .pids_current == 1'
	# Those files are missing where the controller is not at work: the one above decides.
	says r '.limits | .cpuset_cpus == 4 and .cpus_effective == 1.5'
	null_for not_applicable memory_swap_limit cpu_usage
	null_for unsupported memory_working_set
	rm sys/fs/cgroup/kube/pod/app/{memory,pids}.*
	limits
	says r '.limits | .memory_limit == 300000000 and .pids_limit == 50'
	null_for not_applicable memory_usage memory_working_set pids_current
}

@test "limits: version 2, the root group has no limits" {
	membership 0::/
	mounted / /sys/fs/cgroup cgroup2 nsdelegate
	group . cpu.stat='usage_usec 5000000' cpuset.cpus.effective=0-3,6 cgroup.procs=1
	limits
	null_for not_applicable memory_limit memory_high memory_swap_limit memory_usage cpu_quota pids_limit pids_current
	says r '.limits | .cpu_usage == 5 and .cpuset_cpus == 5 and .cpus_effective == 5'
}

# Docker of old: no namespace, and the mounts show our groups alone.
container_v1()
{
	local controller
	membership 9:name=systemd:/docker/abc 5:memory:/docker/abc 4:cpuset:/docker/abc \
		3:cpu,cpuacct:/docker/abc 2:pids:/docker/abc
	for controller in memory cpuset cpu,cpuacct pids; do
		mounted /docker/abc "/sys/fs/cgroup/$controller" cgroup "$controller"
	done
	group memory memory.limit_in_bytes=268435456 memory.usage_in_bytes=104857600 \
		memory.memsw.limit_in_bytes=400000000 memory.stat=$'inactive_file 9\ntotal_inactive_file 4857600'
	group cpu,cpuacct cpu.cfs_quota_us=50000 cpu.cfs_period_us=100000 cpuacct.usage=1234567890
	group cpuset cpuset.cpus=0-3 cpuset.effective_cpus=0-1
	group pids pids.max=100 pids.current=7
}

@test "limits: a container of version 1 with 256 MiB and half a CPU" {
	container_v1
	limits
	says r '.limits | .memory_limit == 268435456 and .cpu_quota == 0.5'
	says r ".limits | .memory_total == $TOTAL and .cpus_online == 5"
	says r '.limits | .memory_effective == 268435456 and .cpus_effective == 0.5'
	says r '.limits | .memory_usage == 104857600 and .memory_working_set == 100000000'
	says r '.limits | .cpuset_cpus == 2 and .cpu_usage == 1.23456789'
	says r '.limits | .pids_limit == 100 and .pids_current == 7 and .cgroup_version == "1"'
	says r '.limits.cgroup_paths.memory == "/docker/abc"'
	null_for not_applicable memory_high
}

# There it limits memory and swap together.
@test "limits: version 1, swap without memory" {
	container_v1
	limits
	says r '.limits.memory_swap_limit == 400000000 - 268435456'
	group memory memory.memsw.limit_in_bytes=$NONE_V1
	limits
	null_for not_applicable memory_swap_limit
	rm sys/fs/cgroup/memory/memory.memsw.limit_in_bytes
	limits
	null_for not_applicable memory_swap_limit
	group memory memory.memsw.limit_in_bytes=5
	limits
	null_for unsupported memory_swap_limit
}

@test "limits: version 1, no limit" {
	container_v1
	group memory memory.memsw.limit_in_bytes=$NONE_V1
	group cpu,cpuacct cpu.cfs_quota_us=-1
	group pids pids.max=max
	# By page size, and as older kernels had it.
	for none in $NONE_V1 9223372036854710272 9223372036854775807; do
		group memory memory.limit_in_bytes="$none"
		limits
		null_for not_applicable memory_limit memory_swap_limit cpu_quota pids_limit
		says r ".limits | .memory_effective == $TOTAL and .cpus_effective == 2"
	done
}

# What the kernel works out itself holds above the mount as well, where nobody can look.
@test "limits: version 1, the limit of all groups above from memory.stat" {
	container_v1
	group memory memory.limit_in_bytes=$NONE_V1 memory.stat="hierarchical_memory_limit 200000000
hierarchical_memsw_limit 300000000
inactive_file 5
total_inactive_file 57600"
	limits
	says r '.limits | .memory_limit == 200000000 and .memory_swap_limit == 100000000'
	says r '.limits.memory_working_set == 104800000'
	group memory memory.stat="hierarchical_memory_limit $NONE_V1
hierarchical_memsw_limit $NONE_V1"
	limits
	null_for not_applicable memory_limit memory_swap_limit
}

@test "limits: version 1, the smallest of our group and those above" {
	membership 3:memory:/a/b/c 2:cpu:/a/b 1:pids:/a
	for controller in memory cpu pids; do
		mounted / "/sys/fs/cgroup/$controller" cgroup "$controller"
	done
	group memory memory.limit_in_bytes=$NONE_V1
	group memory/a memory.limit_in_bytes=100000
	group memory/a/b memory.limit_in_bytes=$NONE_V1
	group memory/a/b/c memory.limit_in_bytes=200000 memory.usage_in_bytes=7 memory.stat='total_inactive_file 9'
	group cpu cpu.cfs_quota_us=-1 cpu.cfs_period_us=100000
	group cpu/a cpu.cfs_quota_us=25000 cpu.cfs_period_us=100000
	group cpu/a/b cpu.cfs_quota_us=300000 cpu.cfs_period_us=100000
	group pids/a pids.max=9 pids.current=2
	limits
	says r '.limits | .memory_limit == 100000 and .cpu_quota == 0.25 and .pids_limit == 9'
	says r '.limits | .memory_usage == 7 and .memory_working_set == 0'
}

@test "limits: hybrid, each controller where it is" {
	membership 4:memory:/m 2:cpuset:/ 1:name=systemd:/x 0::/u
	mounted / /sys/fs/cgroup/memory cgroup memory
	mounted / /sys/fs/cgroup/cpuset cgroup cpuset
	mounted / /sys/fs/cgroup/systemd cgroup xattr,name=systemd
	mounted / /sys/fs/cgroup/unified cgroup2 nsdelegate
	group memory/m memory.limit_in_bytes=268435456 memory.usage_in_bytes=5
	group cpuset cpuset.cpus=2
	group unified/u 'cpu.max=50000 100000' cpu.stat='usage_usec 3000000' memory.max=1 pids.max=4
	limits
	says r '.limits | .memory_limit == 268435456 and .cpu_quota == 0.5 and .cpu_usage == 3'
	says r '.limits | .pids_limit == 4 and .cpuset_cpus == 1 and .cgroup_version == "hybrid"'
	says r '.limits.cgroup_paths == {cpu: "/u", cpuset: "/", memory: "/m", pids: "/u"}'
}

@test "limits: cpu is not cpuset, and not cpuacct" {
	membership 3:cpuset:/s 2:cpuacct:/t 1:cpu:/c
	mounted / /sys/fs/cgroup/cpuset cgroup cpuset
	mounted / /sys/fs/cgroup/cpuacct cgroup cpuacct
	mounted / /sys/fs/cgroup/cpu cgroup cpu
	group cpuset/s cpuset.cpus=1
	group cpuacct/t cpuacct.usage=2000000000 cpu.cfs_quota_us=1
	group cpu/c cpu.cfs_quota_us=70000 cpu.cfs_period_us=100000
	limits
	says r '.limits | .cpu_quota == 0.7 and .cpu_usage == 2 and .cpuset_cpus == 1'
}

@test "limits: in a cgroup namespace whose root is not ours" {
	# Outside of the namespace's root, with a mount that shows it.
	membership 0::/../other
	mounted /.. /sys/fs/cgroup cgroup2 nsdelegate
	group . memory.max=900
	group other memory.max=1000 memory.current=1
	limits
	says r '.limits | .memory_limit == 900 and .memory_usage == 1'
	# A mount that does not show it.
	: >proc/self/mountinfo
	mounted / /sys/fs/cgroup cgroup2 nsdelegate
	limits
	null_for unsupported memory_limit memory_usage cpu_quota pids_limit memory_effective cpus_effective
	says r ".limits.memory_total == $TOTAL"
	# A mount from before the namespace: what our group is called there, nobody tells.
	membership 0::/
	: >proc/self/mountinfo
	mounted /../.. /sys/fs/cgroup cgroup2 nsdelegate
	limits
	null_for unsupported memory_limit memory_effective
	says r '.limits | .cgroup_version == "2" and .cgroup_paths.memory == "/"'
}

@test "limits: the root of a mount is taken off as a path, not as a text" {
	membership 0::/docker/abcdef
	mounted /docker/abc /sys/fs/cgroup cgroup2 x
	group def memory.max=5
	group . memory.max=5
	limits
	null_for unsupported memory_limit
	membership 0::/docker/abc/def
	limits
	says r '.limits.memory_limit == 5'
	membership 0::/docker/abc/../../..
	limits
	null_for unsupported memory_limit
}

@test "limits: of several mounts the one that shows most" {
	membership 0::/a/b
	mounted /a/b /sys/fs/cgroup/narrow cgroup2 x
	mounted / /sys/fs/cgroup/wide cgroup2 x
	group narrow memory.max=500
	group wide/a/b memory.max=500
	group wide/a memory.max=400
	limits
	says r '.limits.memory_limit == 400'
}

@test "limits: a mount point anywhere, with blanks in its name" {
	membership 0::/a:b/c
	mounted / "$PWD/my\\040groups" cgroup2 x
	mkdir -p 'my groups/a:b/c'
	echo 700 >'my groups/a:b/c/memory.max'
	limits
	says r '.limits | .memory_limit == 700 and .cgroup_paths.memory == "/a:b/c"'
}

@test "limits: a mount that another one covers does not count" {
	membership 0::/
	mounted / /sys/fs/cgroup cgroup2 x
	mounted / /sys/fs/cgroup tmpfs mode=755
	group . memory.max=5
	limits
	null_for unsupported memory_limit
}

@test "limits: a group that is gone" {
	membership 0::/was/here 1:memory:/too
	mounted / /sys/fs/cgroup/unified cgroup2 x
	mounted / /sys/fs/cgroup/memory cgroup memory
	group unified/was 'cpu.max=50000 100000'
	group memory memory.limit_in_bytes=5
	limits
	null_for gone cpu_quota cpuset_cpus cpu_usage pids_limit pids_current memory_limit memory_usage \
		memory_effective cpus_effective
}

@test "limits: files that make no sense are null, and nothing is guessed from the others" {
	container_v2
	group . memory.max=lots 'cpu.max=50000' cpu.stat=usage_usec cpuset.cpus.effective=9-0 pids.max=-1 \
		memory.current=x memory.swap.max= pids.current=
	limits
	null_for unsupported memory_limit cpu_quota cpu_usage cpuset_cpus pids_limit memory_usage \
		memory_working_set memory_swap_limit pids_current memory_effective cpus_effective
	group . 'cpu.max=50000 0' cpuset.cpus.effective=0-99999999999 memory.max=maximum
	limits
	null_for unsupported cpu_quota cpuset_cpus memory_limit
	group . memory.max=99999999999999999999999 memory.stat='inactive_file -1' memory.current=5
	limits
	null_for unsupported memory_limit memory_working_set
	says r '.limits.memory_usage == 5'
}

@test "limits: a kernel without control groups limits nothing" {
	limits
	null_for not_applicable memory_limit cpu_quota cpuset_cpus pids_limit cpu_usage
	says r ".limits | .memory_effective == $TOTAL and .cpus_effective == 5"
	null_for unsupported cgroup_version
}

@test "limits: control groups that are mounted nowhere are unknown" {
	membership 1:memory:/a 0::/
	limits
	null_for unsupported memory_limit cpu_quota memory_effective cpus_effective
	says r '.limits | .cgroup_version == "1" and .cgroup_paths.memory == "/a"'
	rm proc/self/mountinfo
	limits
	null_for unsupported memory_limit cpu_quota
}

@test "limits: without the list of CPUs" {
	container_v2
	rm sys/devices/system/cpu/online
	limits
	null_for unsupported cpus_online cpus_effective
	says r '.limits | .cpu_quota == 0.5 and .cpuset_cpus == 2'
	echo 3-1 >sys/devices/system/cpu/online
	limits
	null_for unsupported cpus_online cpus_effective
	# As cpu-count has them then.
	printf '%s\n' 'cpu  3 3 3 3' 'cpu0 1 1 1 1' 'cpu1 1 1 1 1' 'cpu5 1 1 1 1' >proc/stat
	limits
	says r '.limits | .cpus_online == 3 and .cpus_effective == 0.5'
	rm sys/devices/system/cpu/online
	limits
	says r '.limits | .cpus_online == 3 and .cpus_effective == 0.5'
	run -0 prockit sysinfo os --get=cpu_count --proc="$PWD/proc" --sys="$PWD/sys"
	[[ $output == 3 ]]
}

@test "limits: files that are cut anywhere" {
	container_v1
	mounted / '/x\040y' ext4 errors=continue
	for file in proc/self/cgroup proc/self/mountinfo; do
		cp "$file" all
		for ((i = 0; i < $(wc -c <all) && i < 250; i++)); do
			head -c "$i" all >"$file"
			limits || return
			cat r >>cuts
		done
		cp all "$file"
	done
	jq -es "length > 300 and all(.[].limits; .memory_total == $TOTAL and
		IN(.memory_limit; null, 268435456) and IN(.cpu_quota; null, 0.5))" cuts
	for junk in : :: ::: 0: 0:: '0::x' '0:memory' ':memory:/' '1:,,:/' "$(head -c 300 /dev/urandom | tr -d '\0')"; do
		membership "$junk"
		mounted "$junk" "$junk" cgroup2 "$junk"
		limits
		says r ".limits.memory_total == $TOTAL"
	done
}

# For real, on this machine, as far as it allows.

# own_group CONTROLLER: the folder in which a child of our group of that controller can be made.
own_group()
{
	local line path point
	if line=$(grep -E "^[0-9]+:([^:]*,)?$1(,[^:]*)?:" /proc/self/cgroup); then
		path=${line#*:*:}
		point=$(awk -v c="$1" '$(NF - 2) == "cgroup" && $4 == "/" && ("," $NF ",") ~ ("," c ",") { print $5; exit }' \
			/proc/self/mountinfo)
		[[ -n $point ]] || return
		echo "$point${path%/}"
		return
	fi
	# In version 2 a group with processes gives its children nothing, unless it is the root.
	point=$(awk '$(NF - 2) == "cgroup2" && $4 == "/" { print $5; exit }' /proc/self/mountinfo)
	[[ -n $point ]] && grep -w "$1" "$point/cgroup.subtree_control" >/dev/null && echo "$point"
}

# make_group CONTROLLER FILE=TEXT...: make a child of it, and set $made to its folder; teardown
# removes it.
make_group()
{
	local folder word
	folder=$(own_group "$1") || return
	made=$folder/prockit-test-$$-$BATS_TEST_NUMBER-${#groups[@]}
	mkdir "$made" 2>/dev/null || return
	groups+=("$made")
	for word in "${@:2}"; do
		echo "${word#*=}" >"$made/${word%%=*}" || return
	done
}

# in_groups WORD...: run prockit in the groups that were made.
in_groups()
{
	# shellcheck disable=SC2016 # its own dollars
	sh -c 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done; shift; exec prockit "$@"' - \
		"${groups[@]}" -- "$@"
}

@test "limits: a real group with 256 MiB and half a CPU" {
	make_group memory || skip 'no memory group can be made here'
	memory=$made
	if [[ -e $memory/memory.max ]]; then
		echo 268435456 >"$memory/memory.max"
		echo '50000 100000' >"$memory/cpu.max" || skip 'no CPU quota can be set here'
	else
		echo 268435456 >"$memory/memory.limit_in_bytes"
		make_group cpu cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000 || skip 'no CPU group can be made here'
	fi
	in_groups sysinfo limits memory --json >r
	says r '.limits | .memory_limit == 268435456 and .cpu_quota == 0.5'
	says r '.limits | .memory_effective == 268435456 and .cpus_effective == 0.5'
	says r ".limits.cpus_online == $(getconf _NPROCESSORS_ONLN)"
	says r ".limits.memory_total == .memory.total and .memory.total == $(free -b | awk '$1 == "Mem:" { print $2 }')"
	says r '.limits | .memory_usage > 0 and .memory_working_set > 0 and .memory_working_set <= .memory_usage'
	says r '.limits.memory_usage < 268435456'
	says r ".limits.cgroup_paths.memory | endswith(\"/${memory##*/}\")"
}

@test "limits: a real group below one with a smaller limit" {
	make_group memory || skip 'no memory group can be made here'
	outer=$made
	[[ ! -e $outer/memory.max ]] || echo +memory >"$outer/cgroup.subtree_control"
	inner=$outer/inner
	mkdir "$inner"
	groups+=("$inner")
	for file in memory.limit_in_bytes memory.max; do
		[[ ! -e $outer/$file ]] || echo 300M >"$outer/$file"
		[[ ! -e $inner/$file ]] || echo 500M >"$inner/$file"
	done
	groups=("$inner")
	in_groups sysinfo limits --get=memory_limit >got || ended=$?
	groups=("$outer" "$inner")
	[[ ${ended:-0} == 0 && $(<got) == $((300 * 1024 * 1024)) ]]
}

@test "limits: a real group of processes" {
	make_group pids pids.max=50 || skip 'no group of processes can be made here'
	in_groups sysinfo limits --json >r
	says r '.limits | .pids_limit == 50 and .pids_current >= 1 and .pids_current < 50'
}

@test "limits: a real set of CPUs" {
	folder=$(own_group cpuset) || skip 'no set of CPUs can be made here'
	make_group cpuset || skip 'no set of CPUs can be made here'
	first=$(sed 's/[-,].*//' "$folder/cpuset.cpus.effective" 2>/dev/null ||
		sed 's/[-,].*//' "$folder/cpuset.effective_cpus")
	echo 0 >"$made/cpuset.mems" || skip 'no memory node 0'
	echo "$first" >"$made/cpuset.cpus"
	in_groups sysinfo limits --json >r
	says r '.limits | .cpuset_cpus == 1 and .cpus_effective == 1'
	says r ".limits.cpus_online == $(getconf _NPROCESSORS_ONLN)"
}

@test "limits: this machine's figures" {
	prockit sysinfo limits --json >r
	says r '.limits | .memory_effective == null or .memory_effective <= .memory_total'
	says r '.limits | .cpus_effective == null or .cpus_effective <= .cpus_online'
	says r ".limits.cpus_online == $(getconf _NPROCESSORS_ONLN)"
	says r '.limits | del(.cgroup_version, .cgroup_paths, .unavailable) | all(. == null or . >= 0)'
}

@test "limits: a cgroup namespace that hides our group's name" {
	unshare -C true 2>/dev/null || skip 'no cgroup namespace'
	unshare -C prockit sysinfo limits --json >r
	says r '.limits | .memory_total > 0 and .cpus_online > 0'
	says r '.limits | .memory_effective == null or .memory_effective <= .memory_total'
}
