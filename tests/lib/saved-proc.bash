# A /proc of real files, saved for --proc: it stands still, and a test may damage it.

# save_proc FOLDER PID [BYTES]: the files of the system, and those of one process; of each not more
# than so many bytes.
save_proc()
{
	local file
	local -a of_system of_process
	of_system=(stat meminfo vmstat diskstats loadavg uptime filesystems cpuinfo version partitions
		swaps softirqs net/dev net/tcp net/tcp6 net/udp net/udp6 net/unix pressure/cpu
		pressure/memory pressure/io sys/kernel/random/boot_id self/mountinfo self/cgroup
		self/stat self/status)
	of_process=(stat status statm cmdline comm environ io smaps_rollup smaps limits cgroup
		oom_score oom_score_adj loginuid sched schedstat wchan mountinfo net/tcp net/tcp6
		net/udp net/udp6 net/unix fdinfo/0 fdinfo/1 "task/$2/stat" "task/$2/status"
		"task/$2/children")
	mkdir -p "$1"/{pressure,self,net,sys/kernel/random} "$1/$2"/{fd,fdinfo,net,"task/$2"}
	# Some may be denied, or be missing in this kernel.
	for file in "${of_system[@]}" "${of_process[@]/#/$2/}"; do
		head -c "${3:-1M}" "/proc/$file" >"$1/$file" 2>/dev/null || rm -f "$1/$file"
	done
	ln -s /etc/passwd "$1/$2/fd/0"
	ln -s 'socket:[1]' "$1/$2/fd/1"
	# What libproc2 reads has this in the place of /proc, where a search for leaks finds nothing
	# of the process.
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	[[ -s $1/stat && -s $1/meminfo && -s $1/$2/stat && -s $1/$2/status ]]
}
