#!/usr/bin/env bats
# prockit sysinfo net-io, net-addrs, net-stats and net-connections.
# shellcheck disable=SC2016,SC2154 # the dollars are jq's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/readers
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p proc/net sys/class/net
}

teardown()
{
	end_leftovers
	no_more_everyone
}

# read_tree TOPIC [OPTION...]: from the tree in proc, into r.
read_tree()
{
	prockit sysinfo "$1" --json --proc="$PWD/proc" "${@:2}" >r
}

# psutil EXPRESSION: what it is in psutil, as JSON; words for its constants.
psutil()
{
	/usr/bin/python3 -c '
import json, sys, psutil
def plain(v):
	if isinstance(v, dict):
		return {k: plain(e) for k, e in v.items()}
	if hasattr(v, "_asdict"):
		return plain(v._asdict())
	if isinstance(v, (list, tuple, set)):
		return [plain(e) for e in v]
	return getattr(v, "name", v)
json.dump(plain(eval(sys.argv[1])), sys.stdout)' "$1"
}

# net_dev LINE...: make proc/net/dev of these lines.
net_dev()
{
	printf '%s\n' \
		'Inter-|   Receive                                                |  Transmit' \
		' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed' \
		"$@" >proc/net/dev
}

two_interfaces=(
	'    lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0'
	'  eth0: 5000000000  200    3    4    5     6          7         8  18446744073709551000  400   9   11   12    13      14         15'
)

@test "net-io: each interface, with counters of 64 bits" {
	net_dev "${two_interfaces[@]}"
	read_tree net-io --pernic
	says r '.net_io[0] == {name: "lo", bytes_sent: 1000, bytes_recv: 1000, packets_sent: 10,
		packets_recv: 10, errin: 0, errout: 0, dropin: 0, dropout: 0}'
	says r '.net_io[1] | .name == "eth0" and .bytes_recv == 5000000000 and .packets_recv == 200 and
		.errin == 3 and .dropin == 4 and .packets_sent == 400 and .errout == 9 and .dropout == 11'
	# jq rounds it.
	[[ $(<r) == *'"bytes_sent":18446744073709551000,'* ]]
}

@test "net-io: the total has the loopback too, as psutil's" {
	net_dev "${two_interfaces[@]/18446744073709551000/3000}"
	read_tree net-io
	says r '.net_io == {bytes_sent: 4000, bytes_recv: 5000001000, packets_sent: 410,
		packets_recv: 210, errin: 3, errout: 9, dropin: 4, dropout: 11}'
	run -0 prockit sysinfo net_io_counters --get=bytes_recv --proc="$PWD/proc"
	[[ $output == 5000001000 ]]
}

@test "net-io: names with a colon, and figures right behind it" {
	net_dev 'eth0:1:  1 2 3 4 5 6 7 8  9 10 11 12 13 14 15 16' \
		'veth9:7 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16' junk '  no colon 1 2 3' ': 1 2 3'
	read_tree net-io --pernic
	says r '.net_io | map([.name, .bytes_recv, .bytes_sent]) == [["eth0:1", 1, 9], ["veth9", 7, 9]]'
}

@test "net-io: what a line does not tell is null, and so is its total" {
	net_dev "${two_interfaces[0]}" 'eth0: 5 6 7 8 0 0 0 0' 'eth1: 99999999999999999999 1 1'
	read_tree net-io --pernic
	says r '.net_io[1] | .bytes_recv == 5 and .bytes_sent == null'
	says r '.net_io[1].unavailable.bytes_sent == "unsupported"'
	says r '.net_io[2] | .bytes_recv == null and .packets_recv == null'
	read_tree net-io
	says r '.net_io | .bytes_recv == null and .unavailable.bytes_recv == "unsupported"'
}

@test "net-io: a system without a network" {
	read_tree net-io
	says r '.net_io | (.unavailable | length) == 8 and (del(.unavailable) | all(. == null))'
	read_tree net-io --pernic
	says r '.net_io == []'
}

@test "net-io: a /proc that shows only processes has it in self" {
	mkdir -p proc/self/net
	net_dev "${two_interfaces[@]}"
	mv proc/net/dev proc/self/net
	rmdir proc/net
	read_tree net-io --pernic
	says r '.net_io | map(.name) == ["lo", "eth0"]'
}

@test "net-io: a file that cannot be read is a failure" {
	mkdir proc/net/dev
	run -125 --separate-stderr prockit sysinfo net-io --proc="$PWD/proc"
	one_message net/dev
}

@test "net-io: cut at any byte, it never gives a wrong figure" {
	local size whole
	net_dev "${two_interfaces[@]}"
	cp proc/net/dev whole
	whole=$(stat -c %s whole)
	for ((size = 0; size < whole; size++)); do
		head -c "$size" whole >proc/net/dev
		read_tree net-io --pernic
		cat r >>all
	done
	jq -se --argjson n "$whole" 'length == $n and all(.[]; .net_io | type == "array" and
		all(.[]; .bytes_recv | IN(null, 1000, 5000000000)) and
		all(.[]; .packets_recv | IN(null, 10, 200)))' all
}

@test "net-io: rates, and none where a counter went backwards" {
	net_dev 'eth0: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0' \
		'eth1: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0'
	read_tree net-io --pernic --rate --state=state
	says r '.net_io[0] | .bytes_recv_per_sec == null'
	net_dev 'eth2: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0' \
		'eth1: 900 20 0 0 0 0 0 0 1000 30 0 0 0 0 0 0' \
		'eth0: 5000000000 20 0 0 0 0 0 0 1000 30 0 0 0 0 0 0'
	read_tree net-io --pernic --rate --state=state
	says r '.net_io | map(.name) == ["eth2", "eth1", "eth0"]'
	says r '.net_io[0].bytes_recv_per_sec == null'
	says r '.net_io[1] | .bytes_recv_per_sec == null and .packets_recv_per_sec > 0'
	says r '.net_io[2] | .bytes_recv_per_sec > 0 and .bytes_sent_per_sec == 0'
}

@test "net-io: the rate of the total is that of its interfaces, and null where one was reset" {
	net_dev 'lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0' \
		'eth0: 1000000000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0'
	read_tree net-io --rate --state=state
	says r '.net_io | .bytes_recv_per_sec == null and .unavailable.bytes_recv_per_sec == "not_applicable"'
	# eth0 begins anew, what lo has carried makes up for it, and one is new.
	net_dev 'lo: 1000000010 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0' \
		'eth0: 0 20 0 0 0 0 0 0 1000 10 0 0 0 0 0 0' \
		'eth1: 500000000000 500 0 0 0 0 0 0 500000000000 500 0 0 0 0 0 0'
	read_tree net-io --rate --state=state
	says r '.net_io | .bytes_recv_per_sec == null and .unavailable.bytes_recv_per_sec == "not_applicable"'
	# The other counters know nothing of eth1 before it was there.
	says r '.net_io | .bytes_sent_per_sec == 0 and .packets_recv_per_sec > 0'
	# 10 packets, and not 510: as many as a rate of bytes.
	net_dev 'lo: 1000000010 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0' \
		'eth1: 500000000070 507 0 0 0 0 0 0 500000000000 500 0 0 0 0 0 0' \
		'eth2: 9000000000000 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0'
	read_tree net-io --rate --state=state
	says r '.net_io | .bytes_recv_per_sec > 0 and
		(.bytes_recv_per_sec / .packets_recv_per_sec - 10 | fabs) < 0.1 and .bytes_sent_per_sec == 0'
	# Nobody is left whom anything is known of.
	net_dev 'eth3: 5 5 5 5 0 0 0 0 5 5 5 5 0 0 0 0'
	read_tree net-io --rate --state=state
	says r '.net_io | .bytes_recv_per_sec == null and .unavailable.bytes_recv_per_sec == "not_applicable"'
}

@test "net-io: a total that no 64 bits hold is null" {
	net_dev 'eth0: 18446744073709551615 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0' \
		'eth1: 2 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0' 'eth2: 7 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0'
	read_tree net-io
	says r '.net_io | .bytes_recv == null and .unavailable.bytes_recv == "unsupported" and .bytes_sent == 15'
}

@test "net-io: what psutil says here" {
	psutil 'psutil.net_io_counters(pernic=True)' >before
	prockit sysinfo net-io --pernic --json >r
	psutil 'psutil.net_io_counters(pernic=True)' >after
	jq -se '.[0] as $before | .[2] as $after | .[1].net_io |
		(map(.name) | sort) == ($before | keys) and
		all(.[]; . as $row | all($before[.name] | to_entries[];
			.value <= $row[.key] and $row[.key] <= $after[$row.name][.key]))' before r after
}

@test "net-io: node_exporter's names" {
	net_dev "${two_interfaces[@]}"
	prockit sysinfo net-io --pernic --openmetrics --proc="$PWD/proc" >metrics
	is_openmetrics metrics
	grep -Fx 'node_network_receive_bytes_total{device="eth0"} 5000000000' metrics
	grep -Fx 'node_network_transmit_packets_total{device="lo"} 10' metrics
	grep -Fx 'node_network_receive_errs_total{device="eth0"} 3' metrics
	grep -Fx 'node_network_transmit_drop_total{device="eth0"} 11' metrics
}

@test "net-addrs: what ip says" {
	prockit sysinfo net-addrs --json >r
	ip -j addr | jq -c '.[] | .ifname as $name | .address as $mac |
		(.addr_info[] | [.label // $name, (if .family == "inet" then "AF_INET" else "AF_INET6" end),
			.local + (if .scope == "link" and .family == "inet6" then "%" + $name else "" end)]),
		(select($mac != null and .link_type == "ether") | [$name, "AF_PACKET", $mac])' |
		sort >theirs
	jq -c '.net_addrs[] | [.name, .family, .address]' r |
		{ grep -v '"lo","AF_PACKET"' || true; } | sort >ours
	diff ours theirs
}

@test "net-addrs: what psutil says" {
	psutil 'psutil.net_if_addrs()' >theirs
	prockit sysinfo net_if_addrs --json >r
	jq -se '.[0] as $theirs | [.[1].net_addrs[] | del(.unavailable)] as $ours |
		($ours | map(.name) | unique) == ($theirs | keys) and
		($theirs | all(to_entries[]; . as $interface |
			[$ours[] | select(.name == $interface.key) | del(.name)] == .value))' theirs r
}

@test "net-addrs: point-to-point, netmask and broadcast" {
	((EUID == 0)) || skip 'only root can make an interface'
	unshare -n sh -c 'ip link set lo up && ip link add v0 type veth peer name v1 &&
		ip addr add 192.0.2.5/28 broadcast 192.0.2.15 dev v0 &&
		ip addr add 2001:db8::5/33 dev v0 && ip link set v0 address 02:00:5e:00:53:01 &&
		prockit sysinfo net-addrs --json' >r
	says r '.net_addrs | map(select(.name == "v0")) | map(del(.unavailable)) == [
		{name: "v0", family: "AF_INET", address: "192.0.2.5", netmask: "255.255.255.240",
			broadcast: "192.0.2.15", ptp: null},
		{name: "v0", family: "AF_INET6", address: "2001:db8::5",
			netmask: "ffff:ffff:8000::", broadcast: null, ptp: null},
		{name: "v0", family: "AF_PACKET", address: "02:00:5e:00:53:01", netmask: null,
			broadcast: "ff:ff:ff:ff:ff:ff", ptp: null}]'
	says r '[.net_addrs[] | select(.name == "v0").unavailable | .[]] | unique == ["not_applicable"]'
	unshare -n ip tuntap add mode tun dev t0 || skip 'no tunnels here'
	unshare -n sh -c 'ip tuntap add mode tun dev t0 &&
		ip addr add 192.0.2.1 peer 192.0.2.2 dev t0 && prockit sysinfo net-addrs --json' >r
	says r '.net_addrs | map(select(.name == "t0")) | map(del(.unavailable)) == [
		{name: "t0", family: "AF_INET", address: "192.0.2.1", netmask: "255.255.255.255",
			broadcast: null, ptp: "192.0.2.2"}]'
}

@test "net-addrs: of another system, names alone" {
	net_dev "${two_interfaces[@]}"
	read_tree net-addrs
	says r '.net_addrs | map([.name, .family, .address]) == [["lo", null, null], ["eth0", null, null]]'
	says r '.net_addrs[0].unavailable.address == "unsupported"'
}

@test "net-stats: what psutil says, but for an unknown speed, which is null" {
	psutil 'psutil.net_if_stats()' >theirs
	prockit sysinfo net_if_stats --json >r
	jq -se '.[0] as $theirs | .[1].net_stats |
		(map(.name) | sort) == ($theirs | keys) and
		all(.[]; $theirs[.name] as $t | .isup == $t.isup and .mtu == $t.mtu and
			(.flags | join(",")) == $t.flags and
			.duplex == ($t.duplex | sub("NIC_DUPLEX_"; "") | ascii_downcase) and
			(if $t.speed | IN(0, 65535) then .speed == null else .speed == $t.speed end))' theirs r
}

@test "net-stats: what /sys says" {
	local name
	prockit sysinfo net-stats --json >r
	for name in $(jq -r '.net_stats[].name' r); do
		jq -e --arg name "$name" --argjson mtu "$(<"/sys/class/net/$name/mtu")" \
			'.net_stats[] | select(.name == $name) | .mtu == $mtu' r
		# The tree is read by another way.
		prockit sysinfo net-stats --sys=/sys --json >tree
		jq -se --arg name "$name" 'map(.net_stats[] | select(.name == $name)) | .[0] == .[1]' r tree
	done
}

@test "net-stats: another network namespace, whatever /sys shows" {
	((EUID == 0)) || skip 'only root can make a namespace'
	unshare -n prockit sysinfo net-stats --json >r
	says r '.net_stats | map(.name) | index("lo") != null'
	says r '.net_stats[] | select(.name == "lo") | .isup == false and .flags == ["loopback"]'
}

# interface NAME FILE=TEXT...: in the tree in sys.
interface()
{
	local word
	mkdir "sys/class/net/$1"
	for word in "${@:2}"; do
		printf '%s\n' "${word#*=}" >"sys/class/net/$1/${word%%=*}"
	done
}

@test "net-stats: from a tree of files" {
	interface eth0 flags=0x1003 operstate=up mtu=9000 speed=100000 duplex=full
	interface eth1 flags=0x1003 operstate=down mtu=1500 speed=-1 duplex=unknown
	interface eth2 flags=0x1002 operstate=down mtu=junk speed=65535 duplex=half
	interface lo flags=0x9 operstate=unknown mtu=65536
	interface odd flags=0xzz
	echo bond0 >sys/class/net/bonding_masters
	prockit sysinfo net-stats --sys="$PWD/sys" --json >r
	says r '.net_stats | map(del(.unavailable)) == [
		{name: "eth0", isup: true, duplex: "full", speed: 100000, mtu: 9000,
			flags: ["up", "broadcast", "running", "multicast"]},
		{name: "eth1", isup: false, duplex: "unknown", speed: null, mtu: 1500,
			flags: ["up", "broadcast", "multicast"]},
		{name: "eth2", isup: false, duplex: "half", speed: null, mtu: null,
			flags: ["broadcast", "multicast"]},
		{name: "lo", isup: true, duplex: "unknown", speed: null, mtu: 65536,
			flags: ["up", "loopback", "running"]},
		{name: "odd", isup: null, duplex: "unknown", speed: null, mtu: null, flags: null}]'
	says r '.net_stats[1].unavailable == {speed: "unsupported"}'
	mkdir sys/class/net/zero
	prockit sysinfo net-stats --sys="$PWD/sys" --json >r
	says r '.net_stats[5] | .name == "zero" and .unavailable ==
		{isup: "unsupported", speed: "unsupported", mtu: "unsupported", flags: "unsupported"}'
	prockit sysinfo net-stats --sys="$PWD/sys" --openmetrics >metrics
	is_openmetrics metrics
	grep -Fx 'prockit_net_stats_isup{device="lo"} 1' metrics
	# There it is 0 for the loopback.
	run -1 grep node_network_up metrics
	grep -Fx 'node_network_mtu_bytes{device="eth0"} 9000' metrics
	grep -Ex 'node_network_speed_bytes\{device="eth0"\} (12500000000|1.25e\+10)' metrics
	rm -r sys/class
	prockit sysinfo net-stats --sys="$PWD/sys" --json >r
	says r '.net_stats == []'
}

# open_sockets: start a process with sockets of every kind: $pid, and what they are in list.
open_sockets()
{
	mkfifo hold
	"$(helper open-sockets)" list <hold 3>&- &
	pid=$!
	exec 7>hold
	wait_until 10 test -s list
}

# same_sockets FILE SELECT: those of the process are those of the list that SELECT selects.
same_sockets()
{
	jq -cS "select($2)" list | sort >theirs
	jq -cS ".net_connections[] | select(.pid == $pid) | del(.pid, .unavailable)" "$1" | sort >ours
	[[ -s theirs ]]
	diff ours theirs
}

@test "net-connections: sockets of every kind are found with their addresses" {
	local kind
	local -A of=(
		[all]=true
		[inet]='.family != "AF_UNIX"'
		[inet4]='.family == "AF_INET"'
		[inet6]='.family == "AF_INET6"'
		[tcp]='.family != "AF_UNIX" and .type == "SOCK_STREAM"'
		[tcp4]='.family == "AF_INET" and .type == "SOCK_STREAM"'
		[tcp6]='.family == "AF_INET6" and .type == "SOCK_STREAM"'
		[udp]='.family != "AF_UNIX" and .type == "SOCK_DGRAM"'
		[udp4]='.family == "AF_INET" and .type == "SOCK_DGRAM"'
		[udp6]='.family == "AF_INET6" and .type == "SOCK_DGRAM"'
		[unix]='.family == "AF_UNIX"'
	)
	open_sockets
	for kind in "${!of[@]}"; do
		prockit sysinfo net-connections --kind="$kind" --json >r
		if [[ $kind != *6 || -e /proc/net/if_inet6 ]]; then
			same_sockets r "${of[$kind]}"
		fi
		says r ".net_connections | all(.[]; ${of[$kind]})"
	done
	# Not these words are the default.
	prockit sysinfo net-connections --json >r
	same_sockets r "${of[inet]}"
}

@test "net-connections: what psutil says" {
	open_sockets
	psutil "[c for c in psutil.net_connections('all') if c.pid == $pid]" >theirs.json
	prockit sysinfo net-connections --kind=all --json >r
	# psutil has empty texts and tuples for what does not apply, and cuts off a path at a blank or newline.
	jq -cS '.[] | .laddr |= if IN("", []) then null else . end |
		.raddr |= if IN("", []) then null else . end | [.fd, .family, .type, .status, .pid,
		(if .family == "AF_UNIX" then empty else .laddr, .raddr end)]' theirs.json | sort >theirs
	jq -cS ".net_connections[] | select(.pid == $pid) | [.fd, .family, .type, .status, .pid,
		(if .family == \"AF_UNIX\" then empty else .laddr, .raddr end)]" r | sort >ours
	[[ -s ours ]]
	diff ours theirs
}

@test "net-connections: who listens, as ss says" {
	open_sockets
	# Local addresses may be 127.0.0.1:80, [::1]:80 and *:80.
	ss -Htlnp | awk -v holder="pid=$pid,fd=" 'index($0, holder) {
		fd = substr($0, index($0, holder) + length(holder))
		sub(/.*:/, "", $4)
		print $4, fd + 0
	}' | sort >theirs
	prockit sysinfo net-connections --json >r
	jq -r ".net_connections[] | select(.status == \"LISTEN\" and .pid == $pid) |
		\"\(.laddr.port) \(.fd)\"" r | sort >ours
	[[ -s ours ]]
	diff ours theirs
}

@test "net-connections: no process is looked at when nobody asks for it" {
	has_sanitizers && skip 'the sanitizers do not bear it'
	strace -f -o trace prockit sysinfo net-connections -o laddr,status --json >r
	[[ $(grep -c readlinkat trace) == 0 ]]
	says r '.net_connections | all(.[]; keys - ["unavailable"] == ["laddr", "status"])'
	strace -f -o trace prockit sysinfo net-connections -o laddr,pid --json >r
	(($(grep -c readlinkat trace) > 0))
}

# inet FILE LINE...: a file of proc/net with its heading; each line is LOCAL REMOTE STATE INODE.
inet()
{
	local n=0 line words
	echo '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode' \
		>"proc/net/$1"
	for line in "${@:2}"; do
		read -ra words <<<"$line"
		printf '%4d: %s %s %s 00000000:00000000 00:00000000 00000000     0        0 %s 1 0000000000000000 100 0 0 10 0\n' \
			"$n" "${words[@]}" >>"proc/net/$1"
		n=$((n + 1))
	done
}

# holds PID FD INODE: in the tree in proc.
holds()
{
	mkdir -p "proc/$1/fd"
	ln -s "socket:[$3]" "proc/$1/fd/$2"
}

# The words of /proc/net are numbers of this machine.
is_little_endian()
{
	[[ $(printf '\1\0' | od -An -td2 | tr -d ' ') == 1 ]]
}

@test "net-connections: every state has its word, and an unknown one is null" {
	is_little_endian || skip 'these addresses are of a little-endian machine'
	inet tcp '0100007F:0050 0200007F:C001 '{01,02,03,04,05,06,07,08,09,0A,0B,0C,0D,FF}' 5'
	read_tree net-connections
	says r '.net_connections | map(.status) == ["ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1",
		"FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV",
		null, null]'
	says r '.net_connections | all(.[]; .laddr == {ip: "127.0.0.1", port: 80} and
		.raddr == {ip: "127.0.0.2", port: 49153})'
	says r '.net_connections[13].unavailable.status == "unsupported"'
}

@test "net-connections: addresses, and none without a port" {
	is_little_endian || skip 'these addresses are of a little-endian machine'
	inet tcp6 '0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000200007F:0001 01 5' \
		'B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 6'
	inet udp '00000000:0044 00000000:0000 07 7'
	inet udp6 '00000000000000000000000000000000:0222 00000000000000000000000000000000:0000 07 8'
	read_tree net-connections
	says r '.net_connections | map([.family, .type, .laddr, .raddr, .status]) == [
		["AF_INET6", "SOCK_STREAM", {ip: "::ffff:127.0.0.1", port: 8080},
			{ip: "::ffff:127.0.0.2", port: 1}, "ESTABLISHED"],
		["AF_INET6", "SOCK_STREAM", {ip: "2001:db8::1", port: 22}, null, "LISTEN"],
		["AF_INET", "SOCK_DGRAM", {ip: "0.0.0.0", port: 68}, null, "NONE"],
		["AF_INET6", "SOCK_DGRAM", {ip: "::", port: 546}, null, "NONE"]]'
	says r '.net_connections[1].unavailable.raddr == "not_applicable"'
}

@test "net-connections: who holds them" {
	inet tcp '0100007F:0001 00000000:0000 0A 11' '0100007F:0002 00000000:0000 0A 12' \
		'0100007F:0003 0100007F:0001 06 0'
	printf '%s\n' 'Num       RefCount Protocol Flags    Type St Inode Path' \
		'0000000000000000: 00000002 00000000 00010000 0001 01 21 /run/a' \
		'0000000000000000: 00000003 00000000 00000000 0002 01 22' >proc/net/unix
	# 12 is shared, and so is 21.
	holds 20 7 11
	holds 100 5 12
	holds 20 10 12
	holds 20 9 12
	holds 100 6 21
	holds 20 4 21
	ln -s 'socket:[11' proc/20/fd/30
	ln -s 'pipe:[11]' proc/20/fd/31
	ln -s '/socket:[11]' proc/20/fd/32
	ln -s 'socket:[99]' proc/20/fd/x
	read_tree net-connections --kind=all
	says r '.net_connections | map([.pid, .fd]) ==
		[[20, 7], [20, 9], [null, null], [20, 4], [100, 6], [null, null]]'
	says r '.net_connections | map(.laddr) | .[3:] == ["/run/a", "/run/a", null]'
	says r '.net_connections[2].unavailable | .pid == "not_applicable" and .fd == "not_applicable"'
	read_tree net-connections --kind=unix -o type,laddr
	says r '.net_connections | length == 2'
}

@test "net-connections: lines that make no sense, and paths with blanks and newlines" {
	{
		echo 'Num       RefCount Protocol Flags    Type St Inode Path'
		# As psutil's test has it.
		echo '0: 00000003 000 000 0001 03 462170 @/tmp/dbus-Qw2hMPIU3n'
		echo '0000000000000000: 00000002 00000000 00010000 0001 01 1 /run/with  blanks '
		printf '0000000000000000: 00000002 00000000 00010000 0001 01 2 one\n\ntwo: 3\n'
		echo '0000000000000000: 00000002 00000000 00010000 0005 01 3'
		echo '000000000000000000000000000000000000000000000000000000'
		echo '0000000000000000: 00000002 00000000 00010000 0009 01 4 @x'
		echo "0000000000000000: 00000002 00000000 00010000 0001 01 5 /$(printf 'a%.0s' {1..100})"
		echo 'more than a path can be'
		printf '0000000000000000: 00000002 00000000 00010000 0001 01 6 /no-end'
	} >proc/net/unix
	read_tree net-connections --kind=unix
	says r '.net_connections | map([.type, .laddr]) | .[:5] == [
		["SOCK_STREAM", "@/tmp/dbus-Qw2hMPIU3n"], ["SOCK_STREAM", "/run/with  blanks "],
		["SOCK_STREAM", "one\n\ntwo: 3"], ["SOCK_SEQPACKET", null], [null, "@x"]]'
	says r '.net_connections | length == 6 and (.[5].laddr | length) == 101'
	inet tcp 'junk 0100007F:0001 0A 1' '0100007F:0001 0100007F:00001 0A 1' '0100007F:1 : 0A 1' \
		'0100007F:0001 00000000:0000 0A x' '0100007:0001 00000000:0000 0A 1'
	echo '0: 0100007F:0001 00000000:0000 0A' >>proc/net/tcp
	read_tree net-connections --kind=tcp4
	says r '.net_connections == []'
}

@test "net-connections: a line that is cut off is none" {
	local name size whole
	inet tcp '0100007F:0050 0200007F:C001 01 123456'
	printf '%s\n' 'Num       RefCount Protocol Flags    Type St Inode Path' \
		'0000000000000000: 00000002 00000000 00010000 0001 01 21 /run/a' >proc/net/unix
	mv proc/net whole
	mkdir proc/net
	for name in tcp unix; do
		whole=$(stat -c %s "whole/$name")
		for ((size = 0; size < whole; size++)); do
			head -c "$size" "whole/$name" >"proc/net/$name"
			read_tree net-connections --kind=all
			cat r >>all
		done
		jq -se --argjson n "$whole" 'length == $n and all(.[]; .net_connections == [])' all
		rm all
		rm "proc/net/$name"
	done
}

@test "net-connections: a system without any" {
	read_tree net-connections --kind=all
	says r '.net_connections == []'
}

@test "net-connections: in OpenMetrics a description each, and no number that counts nothing" {
	open_sockets
	prockit sysinfo net-connections --kind=all --openmetrics >metrics
	exec 7>&-
	wait "$pid"
	is_openmetrics metrics
	grep -Fx '# TYPE prockit_net_connections info' metrics
	run -0 grep -c "^prockit_net_connections_info{.*,pid=\"$pid\"} 1\$" metrics
	((output >= 5))
	grep -E "^prockit_net_connections_info\{fd=\"[0-9]+\",family=\"AF_INET\",type=\"SOCK_STREAM\",laddr=\"127.0.0.1:[0-9]+\",status=\"LISTEN\",pid=\"$pid\"\} 1\$" metrics
	run -1 grep -E '^prockit_net_connections_(fd|pid)' metrics
}

@test "net-connections: those of others are null for lack of permission" {
	((EUID == 0)) || skip 'only root can be another user'
	for_everyone
	open_sockets
	PROCKIT_EXEC_PATH=$everyone as_user 65534 "$everyone/prockit" sysinfo net-connections \
		--kind=all --json >r
	# All that the list has, whoever holds it.
	jq -cS 'select(.family != "AF_UNIX" or .laddr != null) | del(.fd)' list | sort >theirs
	jq -cS '.net_connections[] | select(.pid == null and .unavailable.pid == "permission" and
		.unavailable.fd == "permission") | del(.pid, .fd, .unavailable)' r | sort >ours
	[[ -s theirs ]]
	[[ -z $(comm -23 theirs ours) ]]
}

@test "net-connections: a lack of descriptors is said, and takes nobody's sockets from him" {
	has_sanitizers && skip 'they need descriptors of their own'
	run -125 --separate-stderr bash -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 4
		exec "$PROCKIT_EXEC_PATH/prockit-sysinfo" net-connections --json -o pid'
	[[ -z $output && $stderr == 'prockit sysinfo: /proc'*': Too many open files' ]]
	# Of one process alone.
	command -v strace >/dev/null || skip 'no strace'
	run -125 --separate-stderr strace -f -qq -o trace -P "$$/fd" -e trace=openat \
		-e inject=openat:error=EMFILE prockit sysinfo net-connections --json -o pid
	[[ -z $output && $stderr == "prockit sysinfo: /proc/$$/fd: Too many open files" ]]
}

@test "net-connections: a kind that is none is refused" {
	run -125 --separate-stderr prockit sysinfo net-connections --kind=icmp
	one_message --kind icmp
}
