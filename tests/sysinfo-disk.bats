#!/usr/bin/env bats
# prockit sysinfo disk-partitions, disk-usage and disk-io.
# shellcheck disable=SC2016,SC2154 # the dollars are jq's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p proc/self sys/block
}

teardown()
{
	end_leftovers
}

# read_topic OPTION...: from the trees proc and sys, into r.
read_topic()
{
	prockit sysinfo --json --proc="$PWD/proc" --sys="$PWD/sys" "$@" >r
}

need_psutil()
{
	/usr/bin/python3 -c 'import psutil' 2>/dev/null || skip 'python3-psutil is not installed'
}

psutil()
{
	/usr/bin/python3 -c "import json, psutil; print(json.dumps($1))"
}

# mountinfo LINE...: make proc/self/mountinfo of these, from the mount's root on.
mountinfo()
{
	local line number=20
	for line; do
		number=$((number + 1))
		printf '%s 1 8:1 %b\n' "$number" "$line"
	done >proc/self/mountinfo
	printf '%b\n' 'nodev\tsysfs' 'nodev\tproc' 'nodev\toverlay' 'nodev\ttmpfs' '\text4' \
		'\tsquashfs' '\tfuseblk' 'nodev\tfuse' 'nodev\tnfs4' 'nodev\tzfs' >proc/filesystems
}

# in_mounts COMMAND...: in a mount namespace of its own. can_mount skips where that is not allowed.
in_mounts()
{
	unshare -m --propagation private "$@"
}

can_mount()
{
	unshare -m true 2>/dev/null || skip 'mount namespaces are not allowed'
}

@test "disk-partitions: what needs a device, ZFS, and the mount on /, whatever it is" {
	mountinfo '/ / rw,relatime - overlay overlay rw,lowerdir=/a' \
		'/ /proc rw - proc proc rw' \
		'/ /home rw,nosuid shared:1 master:2 - ext4 /dev/sda2 rw,discard' \
		'/ /snap ro - squashfs /dev/loop0 ro' \
		'/ /win rw - fuseblk.ntfs /dev/sdb1 rw' \
		'/ /tank rw - zfs tank rw' \
		'/ /flash rw - ubifs ubi0:data rw' \
		'/ /srv rw - nfs4 host:/srv rw' \
		'/ /var/lib/docker/overlay2/1/merged rw - overlay overlay rw'
	read_topic disk-partitions
	says r '[.disk_partitions[] | .mountpoint] == ["/", "/home", "/snap", "/win", "/tank", "/flash"]'
	says r '.disk_partitions[1] == {device: "/dev/sda2", mountpoint: "/home", fstype: "ext4",
		opts: "rw,nosuid,discard"}'
	read_topic disk-partitions --all
	says r '.disk_partitions | length == 9'
}

@test "disk-partitions: read-only if the mount or the file system is" {
	mountinfo '/ /a ro,nosuid - ext4 /dev/sda1 rw,discard' '/ /b rw - ext4 /dev/sdb1 ro' \
		'/sub /c rw - ext4 /dev/sdc1 rw'
	read_topic disk-partitions -O
	says r '[.disk_partitions[] | [.opts, .read_only, .root]] ==
		[["ro,nosuid,discard", true, "/"], ["ro", true, "/"], ["rw", false, "/sub"]]'
}

@test "disk-partitions: mount points of any bytes" {
	mountinfo '/ /a\\040b rw - ext4 /dev/sda1 rw' '/ /new\\012line rw - ext4 /dev/sda2 rw' \
		'/ /tab\\011back\\134 rw - ext4 /dev/sda3 rw' '/ /latin\xe9 rw - ext4 /dev/sda4 rw'
	read_topic disk-partitions
	says r '[.disk_partitions[] | .mountpoint] ==
		["/a b", "/new\nline", "/tab\tback\\", "/latin\ufffd"]'
	says r '.disk_partitions[3].mountpoint_b64 == "L2xhdGlu6Q=="'
	run -0 prockit sysinfo disk-partitions --raw --noheadings -o mountpoint --proc="$PWD/proc"
	[[ ${#lines[@]} == 4 && ${lines[1]} == '/new\x0aline' ]]
}

@test "disk-partitions: of mounts on one place, the last" {
	mountinfo '/ /mnt rw - ext4 /dev/sda1 rw' '/ / rw - ext4 /dev/sda3 rw' \
		'/ /mnt rw - ext4 /dev/sda2 rw'
	read_topic disk-partitions
	says r '[.disk_partitions[] | .device] == ["/dev/sda3", "/dev/sda2"]'
	# An initial RAM disk below the real root.
	mountinfo '/ / rw - rootfs rootfs rw' '/ / rw - ext4 /dev/sda1 rw'
	read_topic disk-partitions --all
	says r '[.disk_partitions[] | .device] == ["/dev/sda1"]'
}

@test "disk-partitions: /dev/root by its real name" {
	mountinfo '/ / rw - ext4 /dev/root rw'
	read_topic disk-partitions
	says r '.disk_partitions[0].device == "/dev/root"'
	mkdir -p sys/dev/block/8:1
	printf '%s\n' MAJOR=8 MINOR=1 DEVNAME=sda1 DEVTYPE=partition >sys/dev/block/8:1/uevent
	read_topic disk-partitions
	says r '.disk_partitions[0].device == "/dev/sda1"'
}

@test "disk-partitions: without a list of file systems, devices that are paths" {
	mountinfo '/ /a rw - ext4 /dev/sda1 rw' '/ /proc rw - proc proc rw'
	rm proc/filesystems
	read_topic disk-partitions
	says r '[.disk_partitions[] | .mountpoint] == ["/a"]'
	rm proc/self/mountinfo
	run -125 --separate-stderr prockit sysinfo disk-partitions --proc="$PWD/proc"
	one_message mountinfo
}

@test "disk-partitions: agrees with findmnt and psutil" {
	prockit sysinfo disk-partitions --all --json >r
	findmnt -J -l -o SOURCE,TARGET,FSTYPE >theirs
	# findmnt shows covered mounts as well, and [/part] behind the source of a bind mount.
	jq -e --slurpfile theirs theirs '
		([$theirs[0].filesystems[] | {(.target): .fstype}] | add) ==
		([.disk_partitions[] | {(.mountpoint): .fstype}] | add)' r
	need_psutil
	prockit sysinfo disk-partitions --json >r
	psutil '[[p.device, p.mountpoint, p.fstype, sorted(p.opts.split(","))]
		for p in psutil.disk_partitions()]' >theirs
	# psutil leaves a root without a device out.
	jq -e --slurpfile theirs theirs '
		[.disk_partitions[] | [.device, .mountpoint, .fstype, (.opts / "," | unique)]] as $ours |
		($theirs[0] - $ours) == [] and all(($ours - $theirs[0])[]; .[1] == "/")' r
}

@test "disk-usage: agrees with df for each disk" {
	local path total used free percent
	prockit sysinfo disk-usage --json >r
	says r '[.disk_usage[] | .path] | index("/") != null'
	# Others write meanwhile.
	while IFS=$'\t' read -r path total used free percent; do
		df -P -B1 "$path" | awk -v total="$total" -v used="$used" -v free="$free" \
			-v percent="$percent" -v path="$path" '
			function off(a, b) { return a > b ? a - b : b - a }
			NR == 2 && ($2 != total || off($3, used) > 1e8 || off($4, free) > 1e8 ||
				off($5 + 0, percent) > 1) { print path ": " $0; exit 1 }'
	done < <(jq -r '.disk_usage[] | select(.total > 0 and (.path | test("[ \n]") | not)) |
		[.path, .total, .used, .free, .percent] | @tsv' r)
}

@test "disk-usage: agrees with psutil" {
	need_psutil
	prockit sysinfo disk-usage / --json >r
	psutil 'psutil.disk_usage("/")._asdict()' >theirs
	jq -e --slurpfile theirs theirs '.disk_usage[0] as $our | $theirs[0] as $their |
		$our.total == $their.total and ($our.used - $their.used | fabs) < 1e8 and
		($our.free - $their.free | fabs) < 1e8 and ($our.percent - $their.percent | fabs) <= 1' r
}

@test "disk-usage: a file system of known size" {
	can_mount
	mkdir 'a b'
	cat >script <<'END'
mount -t tmpfs -o size=1048576,nr_inodes=100 mine 'a b' || exit
head -c 262144 /dev/zero >'a b/file'
prockit sysinfo disk-usage 'a b/file' 'a b' -O --json >r
prockit sysinfo disk-usage --all -o path,total --json >all
df -P -i 'a b' >theirs
END
	in_mounts sh script
	says r '[.disk_usage[] | [.path, .device, .fstype, .total, .used, .free, .percent]] ==
		[["a b/file", "mine", "tmpfs", 1048576, 262144, 786432, 25],
		["a b", "mine", "tmpfs", 1048576, 262144, 786432, 25]]'
	says r '.disk_usage[0].mountpoint == "'"$PWD"'/a b"'
	says r '.disk_usage[0] | [.free_root, .inodes_total, .inodes_used, .inodes_free, .inodes_percent] ==
		[786432, 100, 2, 98, 2]'
	says all '[.disk_usage[] | select(.path == "'"$PWD"'/a b")] == [{path: "'"$PWD"'/a b", total: 1048576}]'
	[[ $(awk 'NR == 2 { print $2, $3, $4 }' theirs) == '100 2 98' ]]
}

@test "disk-usage: what has no size has no percentage" {
	prockit sysinfo disk-usage /proc --json -O >r
	says r '.disk_usage[0] | .total == 0 and .percent == null and .inodes_total == null and
		.unavailable.percent == "not_applicable" and .unavailable.inodes_total == "not_applicable"'
}

@test "disk-usage: a path that is not there is named, and the others still print" {
	run -1 --separate-stderr prockit sysinfo disk-usage --raw --noheadings -o path / ./nosuch /dev/null/x /proc
	[[ $output == $'/\n/proc' ]]
	[[ $stderr == *nosuch*'No such file'* && $stderr == */dev/null/x*'Not a directory'* ]]
	run -1 --separate-stderr prockit sysinfo disk-usage --json ./nosuch
	[[ $(jq -c .disk_usage <<<"$output") == '[]' ]]
}

@test "disk-usage: a folder that may not be entered is null" {
	((EUID == 0)) || skip 'only root can become another user'
	for_everyone
	mkdir -m 700 "$everyone/closed"
	as_user 12345 env PROCKIT_EXEC_PATH="$everyone" \
		"$everyone/prockit" sysinfo disk-usage "$everyone/closed/x" --json >r 2>error || local ended=$?
	no_more_everyone
	((${ended:-0} == 0))
	says r '.disk_usage[0] | .total == null and .unavailable.total == "permission"'
}

@test "disk-usage: mount points that this system does not have" {
	mountinfo '/ / rw - ext4 /dev/sda1 rw' "/ $PWD/none rw - ext4 /dev/sda2 rw" \
		"/ $PWD/auto rw - autofs systemd-1 rw"
	read_topic disk-usage --all
	says r '[.disk_usage[] | .device] == ["/dev/sda1", "/dev/sda2"]'
	says r '.disk_usage[0].total > 0 and .disk_usage[1].unavailable.total == "gone"'
	# Without any list.
	rm proc/self/mountinfo
	read_topic disk-usage
	says r '.disk_usage | length == 1 and .[0].path == "/" and .[0].total > 0 and .[0].device == null'
}

# dead_mount: make script, which mounts on dead/ a file system whose server never answers, and
# then runs what stands on stdin. The server is the script, and ends with it.
dead_mount()
{
	[[ $EUID == 0 && -w /dev/fuse ]] || skip 'FUSE is not there'
	can_mount
	mkdir dead
	{
		cat <<'END'
exec 9<>/dev/fuse
mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 server dead || exit
END
		cat
	} >script
}

@test "disk-usage: a dead mount is null after 5 s, and all others are there" {
	dead_mount <<'END'
prockit sysinfo disk-usage / "$PWD/dead" /nosuch "$PWD/dead" /proc --json 9<&-
echo $? >status
END
	start_clock
	# The pipe is at its end when nobody holds it any more.
	in_mounts sh script 2>error | cat >r
	local took
	took=$(elapsed_ms)
	echo "$took ms"
	((took >= 5000 && took < 6000))
	[[ $(<status) == 1 ]]
	says r '.disk_usage | length == 4 and .[0].total > 0 and .[3].total == 0'
	says r '.disk_usage[1] | .fstype == "fuse" and .device == "server" and .total == null and
		.unavailable.total == "gone"'
}

@test "disk-partitions: a dead mount costs nothing" {
	dead_mount <<'END'
timeout 3 prockit sysinfo disk-partitions --all --json 9<&-
END
	in_mounts sh script >r
	says r '[.disk_partitions[] | select(.device == "server")] | length == 1'
}

@test "disk-usage: the children that ask hold nothing of ours, and end with us" {
	dead_mount <<'END'
prockit sysinfo disk-usage "$PWD/dead" 9<&- &
echo $! >pid
wait
END
	in_mounts sh script 3>&- &
	local pid child
	wait_until 5 test -s pid
	pid=$(<pid)
	wait_until 4 pgrep -P "$pid"
	child=$(pgrep -P "$pid")
	# Between its start and its closing it has more.
	one_fd()
	{
		[[ $(ls "/proc/$child/fd") == +([0-9]) && $(readlink "/proc/$child/fd/"*) == pipe:* ]]
	}
	shopt -s extglob
	wait_until 4 one_fd
	# Not to be caught.
	kill -KILL "$pid"
	wait_until 4 is_gone "$child"
	wait
}

@test "disk-usage: without a child, what it cannot tell is null" {
	has_sanitizers && skip 'strace and the leak checker exclude each other'
	run -0 --separate-stderr strace -f -qq -o trace -e inject=clone,fork,vfork,clone3:error=EAGAIN \
		prockit sysinfo disk-usage / --json
	jq -e '.disk_usage[0] | .path == "/" and .total == null and .unavailable.total == "unsupported"' <<<"$output"
	grep INJECTED trace
}

# diskstats LINE...
diskstats()
{
	printf '%s\n' "$@" >proc/diskstats
}

@test "disk-io: every counter, in psutil's units" {
	diskstats '   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17'
	mkdir sys/block/sda
	read_topic disk-io
	says r '.disk_io == {read_count: 1, write_count: 5, read_bytes: 1536, write_bytes: 3584,
		read_time: 4, write_time: 8, read_merged_count: 2, write_merged_count: 6, busy_time: 10}'
	read_topic disk-io --perdisk -O
	says r '.disk_io == [{name: "sda", read_count: 1, write_count: 5, read_bytes: 1536,
		write_bytes: 3584, read_time: 4, write_time: 8, read_merged_count: 2,
		write_merged_count: 6, busy_time: 10, type: "disk", in_flight: 9, weighted_time: 11,
		discard_count: 12, discard_merged_count: 13, discard_bytes: 7168, discard_time: 15,
		flush_count: 16, flush_time: 17}]'
}

@test "disk-io: lines of all kernels" {
	diskstats '   8       0 sda 1 2 3 4 5 6 7 8 9 10 11' '   8       1 sda1 1 2 3 4' \
		'   8      16 sdb 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15' \
		'   8      32 sdc 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19' \
		' 259       0 a-device-with-a-name-of-more-than-thirty-four-bytes 1 2 3 4 5 6 7 8 9 10 11' \
		'  8 48 sdd' 'nonsense' ''
	read_topic disk-io --perdisk -O
	says r '[.disk_io[] | [.read_count, .read_bytes, .write_count, .write_bytes, .busy_time,
		.discard_count, .flush_count]] ==
		[[1, 1536, 5, 3584, 10, null, null], [1, 1024, 3, 2048, null, null, null],
		[1, 1536, 5, 3584, 10, 12, null], [1, 1536, 5, 3584, 10, 12, 16],
		[1, 1536, 5, 3584, 10, null, null], [null, null, null, null, null, null, null]]'
}

@test "disk-io: the total is that of whole disks" {
	diskstats '8 0 sda 10 0 20 0 30 0 40 0 0 0 0' '8 1 sda1 10 0 20 0 30 0 40 0 0 0 0' \
		'104 0 cciss/c0d0 1 0 2 0 3 0 4 0 0 0 0' '104 1 cciss/c0d0p1 1 0 2 0 3 0 4 0 0 0 0' \
		'7 0 loop0 100 0 200 0 300 0 400 0 0 0 0'
	mkdir sys/block/{sda,cciss!c0d0,loop0}
	read_topic disk-io
	says r '.disk_io | .read_count == 111 and .read_bytes == 222 * 512 and .write_count == 333'
	read_topic disk-io --perdisk -O
	says r '[.disk_io[] | [.name, .type]] == [["sda", "disk"], ["sda1", "partition"],
		["cciss/c0d0", "disk"], ["cciss/c0d0p1", "partition"], ["loop0", "disk"]]'
}

@test "disk-io: where /sys does not know the disks, names tell partitions" {
	local line
	for line in sda sda1 sdaa sdaa2 nvme0n1 nvme0n1p1 md127 md127p1 dm-0 dm-1 mmcblk0boot0 mmcblk0; do
		echo "8 0 $line 1 0 0 0 0 0 0 0 0 0 0"
	done >proc/diskstats
	rmdir sys/block
	read_topic disk-io --perdisk -o name,type
	says r '[.disk_io[] | select(.type == "partition") | .name] == ["sda1", "sdaa2", "nvme0n1p1", "md127p1"]'
	read_topic disk-io
	says r '.disk_io.read_count == 8'
}

@test "disk-io: the disks of another /proc are not looked up in this machine's /sys" {
	local here
	here=$(find /sys/block/ -mindepth 1 -maxdepth 1 -printf '%f\n' | sed 's/!/\//g;q')
	[[ -n $here ]] || here=sda
	diskstats "8 0 $here 1 0 0 0 10 0 0 0 0 0 0" '8 16 other0 2 0 0 0 20 0 0 0 0 0 0' \
		'8 17 other0p1 4 0 0 0 40 0 0 0 0 0 0'
	run -0 prockit sysinfo disk-io --proc="$PWD/proc" --get=write_count
	[[ $output == 30 ]]
	# Of one that is in neither of the two folders, the name tells.
	mkdir -p sys/block/other1 sys/class/block
	mkdir sys/class/block/{other1,alias}
	diskstats '8 0 other1 1 0 0 0 0 0 0 0 0 0 0' '8 1 other1p1 2 0 0 0 0 0 0 0 0 0 0' \
		'8 16 new 4 0 0 0 0 0 0 0 0 0 0' '8 17 alias 8 0 0 0 0 0 0 0 0 0 0'
	read_topic disk-io --perdisk -o name,type
	says r '[.disk_io[].type] == ["disk", "partition", "disk", "partition"]'
	read_topic disk-io
	says r '.disk_io.read_count == 5'
}

@test "disk-io: the rate of the total is that of its disks, and null where one was reset" {
	mkdir sys/block/sd{a,b}
	diskstats '8 0 sda 1000 0 0 0 50 0 0 0 0 0 0' '8 1 sda1 1000 0 0 0 50 0 0 0 0 0 0' \
		'8 16 sdb 0 0 0 0 5 0 0 0 0 0 0 7 0 0 0'
	read_topic disk-io --rate --state="$PWD/state"
	says r '.disk_io | .read_count_per_sec == null and .unavailable.read_count_per_sec == "not_applicable"'
	mkdir sys/block/sdc
	diskstats '8 0 sda 0 0 20 0 57 0 0 0 0 0 0' '8 1 sda1 1000 0 99 0 1 0 0 0 0 0 0' \
		'8 16 sdb 2000 0 0 0 8 0 0 0 0 0 0 12 0 0 0' '8 32 sdc 900000000 0 90000000 0 90000000 0 0 0 3 0 0 9 0 0 0'
	read_topic disk-io --rate --state="$PWD/state" -O
	says r '.disk_io | .read_count_per_sec == null and .unavailable.read_count_per_sec == "not_applicable"'
	# 10 writes and 20 sectors, 5 discards of the one disk that has any: the new disk has none yet.
	says r '.disk_io | (.read_bytes_per_sec / .write_count_per_sec - 1024 | fabs) < 20 and
		(.write_count_per_sec / .discard_count_per_sec - 2 | fabs) < 0.1 and .in_flight == 3'
}

@test "disk-io: counters of more than 32 bits, and none that would overflow" {
	diskstats '8 0 sda 5000000000 0 9000000000000 18446744073709551615 1 0 36028797018963968 99999999999999999999 0 0 0'
	mkdir sys/block/sda
	read_topic disk-io --perdisk
	says r '.disk_io[0] | .read_count == 5000000000 and .read_bytes == 4608000000000000 and .write_bytes == null'
	grep -F '"read_time":18446744073709551615,' r
}

@test "disk-io: without /proc/diskstats from /sys, and without that nothing" {
	mkdir -p sys/block/cciss!c0d0 sys/class/block/cciss!c0d0{,p1}
	echo '   1   0   2   0   3   0   4   0   0   5   0' >sys/class/block/cciss!c0d0/stat
	echo '   1   0   2   0   1   0   4   0   0   5   0' >sys/class/block/cciss!c0d0p1/stat
	read_topic disk-io --perdisk -O
	says r '[.disk_io[] | [.name, .type, .write_count]] == [["cciss/c0d0", "disk", 3], ["cciss/c0d0p1", "partition", 1]]'
	rm -r sys/class
	read_topic disk-io --perdisk
	says r '.disk_io == []'
	read_topic disk-io
	says r '.disk_io.read_count == null and .disk_io.unavailable.read_count == "unsupported"'
	# Not the disks of this machine in the place of those.
	prockit sysinfo disk-io --perdisk --json --proc="$PWD/proc" >r
	says r '.disk_io == []'
}

@test "disk-io: cut at any byte, what is there is right" {
	local text='   8       0 sda 11 22 33 44 55 66 77 88 99 110 121
' i
	mkdir sys/block/sda
	for ((i = 0; i <= ${#text}; i++)); do
		printf %s "${text:0:i}" >proc/diskstats
		read_topic disk-io --perdisk
		says r '.disk_io | length < 2 and all(.[]; [.read_count, .read_bytes, .write_count, .busy_time] |
			(.[0] | IN(null, 11)) and (.[1] | IN(null, 33 * 512)) and
			(.[2] | IN(null, 55)) and (.[3] | IN(null, 110)))'
	done
	says r '.disk_io[0].busy_time == 110'
}

@test "disk-io: --rate is null for a counter that went back" {
	mkdir sys/block/sda
	diskstats '8 0 sda 1000 0 2000 0 50 0 0 0 0 0 0'
	read_topic disk-io --perdisk --rate --state="$PWD/state"
	says r '.disk_io[0].read_count_per_sec == null'
	diskstats '8 0 sda 10 0 4000 0 60 0 0 0 0 0 0' '8 16 sdb 1 0 0 0 0 0 0 0 0 0 0'
	read_topic disk-io --perdisk --rate --state="$PWD/state"
	says r '.disk_io[0] | .read_count_per_sec == null and .read_bytes_per_sec > 0 and .write_count_per_sec > 0'
	says r '.disk_io[1].read_count_per_sec == null'
}

@test "disk-io: agrees with iostat and psutil" {
	local name=''
	prockit sysinfo disk-io --perdisk --json -O >r
	name=$(jq -r '[.disk_io[] | select(.type == "disk" and .read_bytes > 0)][0].name // ""' r)
	if [[ -n $name ]] && command -v iostat >/dev/null; then
		LC_ALL=C iostat -d -k "$name" >theirs
		# kB_read and kB_wrtn, and meanwhile others go on.
		prockit sysinfo disk-io --perdisk --json -O >r
		jq -e --arg name "$name" --argjson read "$(awk -v n="$name" '$1 == n { print $6 }' theirs)" \
			--argjson written "$(awk -v n="$name" '$1 == n { print $7 }' theirs)" '
			.disk_io[] | select(.name == $name) |
			(.read_bytes - $read * 1024 | fabs) < 2e7 and (.write_bytes - $written * 1024 | fabs) < 1e8' r
	fi
	need_psutil
	psutil '{k: v._asdict() for k, v in psutil.disk_io_counters(True, nowrap=False).items()}' >theirs
	prockit sysinfo disk-io --perdisk --json >r
	jq -e --slurpfile theirs theirs '
		([.disk_io[].name] | sort) == ($theirs[0] | keys) and
		all(.disk_io[]; . as $our | $theirs[0][.name] | to_entries |
			all(.[]; $our[.key] >= .value and $our[.key] < .value + 1e8))' r
	psutil 'psutil.disk_io_counters(nowrap=False)._asdict()' >theirs
	prockit sysinfo disk-io --json >r
	jq -e --slurpfile theirs theirs '.disk_io as $our | $theirs[0] | to_entries |
		all(.[]; $our[.key] >= .value and $our[.key] < .value + 1e8)' r
}

@test "disks: as OpenMetrics, with node_exporter's names" {
	diskstats '8 0 sda 1 0 2 3000 0 0 0 0 0 4500 0'
	mkdir sys/block/sda
	run -0 prockit sysinfo --openmetrics --perdisk --proc="$PWD/proc" --sys="$PWD/sys" disk-io
	[[ $output == *'node_disk_reads_completed_total{device="sda"} 1'$'\n'* ]]
	[[ $output == *'node_disk_read_bytes_total{device="sda"} 1024'$'\n'* ]]
	[[ $output == *'node_disk_read_time_seconds_total{device="sda"} 3'$'\n'* ]]
	[[ $output == *'node_disk_io_time_seconds_total{device="sda"} 4.5'$'\n'* ]]
	run -0 prockit sysinfo --openmetrics disk-usage /
	[[ $output == *'node_filesystem_size_bytes{'*'mountpoint="/"'* && $output == *node_filesystem_avail_bytes* ]]
}
