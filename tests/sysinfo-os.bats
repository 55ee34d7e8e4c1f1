#!/usr/bin/env bats
# prockit sysinfo os and users.
# shellcheck disable=SC2016,SC2154 # the dollars are jq's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/readers
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p proc/sys/kernel proc/1/root/{etc,run/systemd,usr/lib} sys/devices/system/cpu
}

teardown()
{
	end_leftovers
	no_more_everyone
}

# get FIELD [OPTION...]: that one of os.
get()
{
	prockit sysinfo os --get="$1" "${@:2}"
}

# read_tree TOPIC [OPTION...]: from the trees in proc and sys, into r.
read_tree()
{
	prockit sysinfo "$1" --json --proc="$PWD/proc" --sys="$PWD/sys" "${@:2}" >r
}

# os_release LINE...: make the file of these lines.
os_release()
{
	printf '%s\n' "$@" >proc/1/root/etc/os-release
}

# login TYPE USER LINE HOST PID SECONDS: a record of utmp.
login()
{
	"$(helper write-utmp)" proc/1/root/run/utmp "$@"
}

# session ID LINE...: logind's file of a session.
session()
{
	mkdir -p proc/1/root/run/systemd/sessions
	printf '%s\n' '# This is private data. Do not parse.' "${@:2}" \
		>"proc/1/root/run/systemd/sessions/$1"
}

@test "os: what uname, hostname, id, pwd and getconf say" {
	local name option
	for name in sysname=-s hostname=-n release=-r version=-v machine=-m; do
		option=${name#*=}
		[[ $(get "${name%=*}") == "$(uname "$option")" ]]
	done
	[[ $(get nodename) == "$(uname -n)" ]]
	[[ $(get uid) == "$(id -ru)" && $(get euid) == "$(id -u)" ]]
	[[ $(get gid) == "$(id -rg)" && $(get egid) == "$(id -g)" ]]
	[[ $(get username) == "$(id -run)" ]]
	[[ $(get cwd) == "$(pwd -P)" ]]
	[[ $(get cpu_count) == "$(getconf _NPROCESSORS_ONLN)" ]]
}

@test "os: what Python's os and platform say" {
	/usr/bin/python3 -c '
import json, os, platform
u = os.uname()
d = platform.freedesktop_os_release()
print(json.dumps({"hostname": u.nodename, "sysname": u.sysname, "release": u.release,
	"version": u.version, "machine": u.machine, "cpu_count": os.cpu_count(),
	"uid": os.getuid(), "gid": os.getgid(), "euid": os.geteuid(), "egid": os.getegid(),
	"cwd": os.getcwd(), "distribution": d["PRETTY_NAME"], "distribution_id": d["ID"],
	"distribution_version": d.get("VERSION_ID")}))' >python
	prockit sysinfo os --json >r
	jq -se '.[0] as $python | .[1].os as $os | $python | all(to_entries[]; .value == $os[.key])' \
		python r
}

@test "os: pid is that of prockit, and ppid of who started it" {
	run -0 sh -c 'echo $$; exec prockit sysinfo os --get=pid'
	[[ ${lines[0]} == "${lines[1]}" ]]
	run -0 sh -c 'prockit sysinfo os --get=ppid; echo $$'
	[[ ${lines[0]} == "${lines[1]}" ]]
}

@test "os: another user's ids, and a number where nobody has the name" {
	((EUID == 0)) || skip 'only root can be another user'
	for_everyone
	(cd "$everyone" && PROCKIT_EXEC_PATH=$everyone as_user 54321 ./prockit sysinfo os --json -O) >r
	says r '.os | .uid == 54321 and .euid == 54321 and .gid == 54321 and .egid == 54321'
	says r '.os.username == "54321"'
}

@test "os: effective ids are not the real ones" {
	((EUID == 0)) || skip 'only root can be two users'
	for_everyone
	[[ $(PROCKIT_EXEC_PATH=$everyone setpriv --euid=65534 "$everyone/prockit" \
		sysinfo os -o uid,euid --raw | tail -1) == $'0\t65534' ]]
}

@test "os: a folder that is gone is null" {
	mkdir lost
	(cd lost && rmdir ../lost && prockit sysinfo os --json >../r)
	says r '.os | .cwd == null and .unavailable.cwd == "gone"'
}

@test "os: a folder whose name is no UTF-8 keeps its bytes" {
	mkdir $'caf\xe9'
	(cd $'caf\xe9' && prockit sysinfo os -o cwd --json >../r)
	says r ".os.cwd == \"$PWD/caf\\ufffd\""
	[[ $(jq -r .os.cwd_b64 r | base64 -d) == "$PWD/"$'caf\xe9' ]]
}

@test "os: with --proc, the names of that system" {
	echo there >proc/sys/kernel/hostname
	echo Other >proc/sys/kernel/ostype
	echo 9.9.9 >proc/sys/kernel/osrelease
	echo '#1 SMP' >proc/sys/kernel/version
	echo riscv64 >proc/sys/kernel/arch
	echo '(none)' >proc/sys/kernel/domainname
	echo 0-3,8 >sys/devices/system/cpu/online
	read_tree os -O
	says r '.os | .hostname == "there" and .sysname == "Other" and .release == "9.9.9" and
		.version == "#1 SMP" and .machine == "riscv64" and .cpu_count == 5'
	says r '.os | .domainname == null and .unavailable.domainname == "not_applicable"'
	# Of this process all the same.
	says r ".os | .uid == $(id -ru) and .cwd == \"$PWD\""
}

@test "os: what that system does not tell is null" {
	read_tree os -O
	says r '.os | [.hostname, .sysname, .release, .version, .machine, .distribution,
		.distribution_id, .distribution_version, .cpu_count] | all(. == null)'
	says r '.os.unavailable | .hostname == "unsupported" and .distribution == "unsupported"'
	# No kernel writes such a list.
	echo 0-3,2 >sys/devices/system/cpu/online
	read_tree os
	says r '.os.cpu_count == null'
	echo junk >sys/devices/system/cpu/online
	read_tree os
	says r '.os.cpu_count == null'
}

@test "os: the quotes of os-release" {
	os_release '# a comment' '' 'PRETTY_NAME="A \"quoted\" \$name \\ with \`all\` \x"' \
		"NAME='single \\ \$quotes'" 'ID=plain' 'VERSION_ID="12"' 'ID_LIKE="ID=other"' junk '=x'
	read_tree os -O
	says r '.os.distribution == "A \"quoted\" $name \\ with `all` \\x"'
	says r '.os.distribution_name == "single \\ $quotes"'
	says r '.os | .distribution_id == "plain" and .distribution_version == "12"'
	os_release ID=one ID=two '  NAME=indented' 'PRETTY_NAME="Open' VERSION_ID=
	read_tree os -O
	says r '.os | .distribution_id == "two" and .distribution_name == "indented"'
	says r '.os | .distribution == "Open" and .distribution_version == null'
	says r '.os.unavailable.distribution_version == "not_applicable"'
}

@test "os: os-release in /usr/lib, where /etc has none" {
	echo ID=fallback >proc/1/root/usr/lib/os-release
	read_tree os
	says r '.os.distribution_id == "fallback"'
}

@test "os: files cut at any byte never break the JSON" {
	local size whole
	os_release 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"' 'ID=debian' $'NAME=caf\xc3\xa9' \
		'VERSION_ID="12"'
	cp proc/1/root/etc/os-release whole
	whole=$(stat -c %s whole)
	for ((size = 0; size < whole; size++)); do
		head -c "$size" whole >proc/1/root/etc/os-release
		read_tree os -O
		cat r >>all
	done
	jq -se --argjson n "$whole" 'length == $n and all(.[]; .os.pid > 0)' all
}

@test "os: the kind of container" {
	read_tree os -O
	says r '.os.container == "none"'
	mkdir proc/1/root/run/host
	: >proc/1/root/.dockerenv
	read_tree os -O
	says r '.os.container == "docker"'
	echo systemd-nspawn >proc/1/root/run/systemd/container
	read_tree os -O
	says r '.os.container == "systemd-nspawn"'
	echo of-the-future >proc/1/root/run/host/container-manager
	read_tree os -O
	says r '.os.container == "container-other"'
	rm -r proc/1/root/.dockerenv proc/1/root/run/systemd/container proc/1/root/run/host
	printf 'A=1\0container=lxc\0' >proc/1/environ
	read_tree os -O
	says r '.os.container == "lxc"'
	rm proc/1/environ
	echo 0::/system.slice/libpod-0123.scope/container >proc/1/cgroup
	echo 1:name=systemd:/machine/libpod-0123 >>proc/1/cgroup
	read_tree os -O
	says r '.os.container == "podman"'
	rm proc/1/cgroup
	echo 5.15.0-microsoft-standard-WSL2 >proc/sys/kernel/osrelease
	read_tree os -O
	says r '.os.container == "wsl"'
}

@test "os: the kind of machine" {
	read_tree os -O
	says r '.os | .virtualization == null and .unavailable.virtualization == "unsupported"'
	mkdir -p sys/class/dmi/id
	echo 'Some Board' >sys/class/dmi/id/product_name
	read_tree os -O
	says r '.os.virtualization == "none"'
	echo QEMU >sys/class/dmi/id/sys_vendor
	read_tree os -O
	says r '.os.virtualization == "qemu"'
	echo 'VMware7,1' >sys/class/dmi/id/product_name
	read_tree os -O
	says r '.os.virtualization == "vmware"'
}

@test "os: whether it is a virtual machine, as lscpu says" {
	local vendor
	vendor=$(LC_ALL=C lscpu | sed -n 's/^Hypervisor vendor: *//p')
	run -0 get virtualization
	if [[ $vendor ]]; then
		[[ $output != none ]]
	else
		[[ $output == none || -z $output ]]
	fi
}

@test "users: what who says of the same file" {
	login 2 reboot '~' 6.1.0 0 1700000000
	login 6 LOGIN tty2 '' 300 1700000001
	login 7 alice tty1 '' 301 1700000002
	login 7 bob pts/0 192.0.2.7 302 1700000003
	login 8 carol pts/1 '' 303 1700000004
	read_tree users
	says r '.users == [
		{name: "alice", terminal: "tty1", pid: 301, host: null, started: 1700000002,
			unavailable: {host: "not_applicable"}},
		{name: "bob", terminal: "pts/0", pid: 302, host: "192.0.2.7", started: 1700000003}]'
	LC_ALL=C TZ=UTC who -u proc/1/root/run/utmp | awk '{ print $1, $2, $7 }' >theirs
	jq -r '.users[] | "\(.name) \(.terminal) \(.pid)"' r >ours
	diff ours theirs
	run -0 prockit sysinfo users --proc="$PWD/proc" --raw --noheadings -o user,tty
	[[ ${lines[0]} == $'alice\ttty1' && ${#lines[@]} == 2 ]]
}

@test "users: texts that fill their field, and times beyond 2038" {
	local long
	long=$(printf 'u%.0s' {1..40})
	login 7 "$long" "$long" "$long" 1 4000000000
	read_tree users
	says r '.users[0] | (.name | length) == 32 and (.terminal | length) == 32'
	says r '.users[0] | (.host | length) == 40 and .started == 4000000000'
}

@test "users: a record that is cut off is none" {
	login 7 alice tty1 '' 301 1700000002
	login 7 bob tty2 '' 302 1700000002
	truncate -s -1 proc/1/root/run/utmp
	read_tree users
	says r '.users | map(.name) == ["alice"]'
	head -c 10000 /dev/urandom >proc/1/root/run/utmp
	read_tree users
	says r '.users | type == "array"'
}

@test "users: logind's sessions, where utmp has nobody" {
	read_tree users
	says r '.users == []'
	login 2 reboot '~' 6.1.0 0 1700000000
	session 10 UID=1000 USER=alice ACTIVE=1 STATE=active REMOTE=1 CLASS=user TTY=pts/0 \
		REMOTE_HOST=192.0.2.7 LEADER=1234 REALTIME=1700000000250000 MONOTONIC=5
	session 2 USER=bob STATE=online CLASS=user TTY=tty2 LEADER=77 REALTIME=1600000000000000
	session c1 USER=gdm CLASS=greeter LEADER=5 REALTIME=1
	session c2 USER=alice CLASS=manager LEADER=6 REALTIME=1
	session 3 USER=carol STATE=closing CLASS=user LEADER=7 REALTIME=1
	session 4 UID=7
	mkfifo proc/1/root/run/systemd/sessions/10.ref
	read_tree users
	says r '.users == [
		{name: "bob", terminal: "tty2", pid: 77, host: null, started: 1600000000,
			unavailable: {host: "not_applicable"}},
		{name: "alice", terminal: "pts/0", pid: 1234, host: "192.0.2.7",
			started: 1700000000.25}]'
}

@test "users: logind's escapes, and figures that are none" {
	session 1 'USER=a\040b\\c' 'REMOTE_HOST=caf\303\251\n' LEADER=x REALTIME= TTY=
	read_tree users
	says r '.users[0] | .name == "a b\\c" and .host == "café\n" and .pid == null'
	says r '.users[0] | .started == null and .terminal == null'
	says r '.users[0].unavailable | .terminal == "not_applicable" and .pid == "unsupported"'
}

@test "users: who is logged in here, as who says" {
	prockit sysinfo users --json >r
	# Where there is no utmp, who knows nobody, and logind may.
	if [[ -s /run/utmp ]]; then
		who -u | awk '{ print $1, $2 }' | sort >theirs
		jq -r '.users[] | "\(.name) \(.terminal)"' r | sort >ours
		diff ours theirs
	else
		says r '.users | type == "array"'
	fi
}

@test "users: a login whose process is gone is not there any more" {
	((EUID == 0)) || skip 'only root can put a file in the place of another'
	unshare -m true 2>/dev/null || skip 'mount namespaces are not allowed'
	sleep 1000 3>&- &
	login 7 alice tty1 '' "$!" 1700000002
	login 7 bob tty2 '' 4194305 1700000002
	# In a mount namespace of its own.
	run -0 unshare -m sh -c 'mount -t tmpfs none /run && cp "$1" /run/utmp &&
		exec prockit sysinfo users --json' - proc/1/root/run/utmp
	echo "$output" >r
	says r '.users | map(.name) == ["alice"]'
}

@test "os: OpenMetrics has its names, and no ids as if they were figures" {
	prockit sysinfo os --openmetrics >metrics
	is_openmetrics metrics
	grep -E "^node_uname_info\{nodename=\"$(uname -n)\",sysname=\"Linux\"," metrics
	grep -Fx "prockit_os_cpu_count $(getconf _NPROCESSORS_ONLN)" metrics
	run -1 grep -E '^prockit_os_(e?[ug]id|p?pid)\b' metrics
}
