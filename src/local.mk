# The library (everything but the front door and the subcommands) and prockit itself.
# tests/floors.sh compares these lists with the files.

noinst_LIBRARIES += libprockit.a
libprockit_a_SOURCES = \
	%D%/base/buf.c \
	%D%/base/buf.h \
	%D%/base/cleanup.h \
	%D%/base/exit.h \
	%D%/base/fd.c \
	%D%/base/fd.h \
	%D%/base/file.c \
	%D%/base/file.h \
	%D%/base/json.c \
	%D%/base/json.h \
	%D%/base/keyed.c \
	%D%/base/keyed.h \
	%D%/base/message.c \
	%D%/base/message.h \
	%D%/base/nsec.h \
	%D%/base/out.c \
	%D%/base/out.h \
	%D%/base/parse.c \
	%D%/base/parse.h \
	%D%/base/quote.c \
	%D%/base/quote.h \
	%D%/base/signals.c \
	%D%/base/text.c \
	%D%/base/text.h \
	%D%/base/utf8.c \
	%D%/base/utf8.h \
	%D%/proc/capture.c \
	%D%/proc/capture.h \
	%D%/proc/cgroup.c \
	%D%/proc/cgroup.h \
	%D%/proc/child.c \
	%D%/proc/child.h \
	%D%/proc/cpus.c \
	%D%/proc/cpus.h \
	%D%/proc/ending.c \
	%D%/proc/exec-verb.c \
	%D%/proc/exec-verb.h \
	%D%/proc/handle.c \
	%D%/proc/handle.h \
	%D%/proc/job.c \
	%D%/proc/job.h \
	%D%/proc/jobserver.c \
	%D%/proc/jobserver.h \
	%D%/proc/loop.c \
	%D%/proc/loop.h \
	%D%/proc/mountinfo.c \
	%D%/proc/mountinfo.h \
	%D%/proc/pause.c \
	%D%/proc/pause.h \
	%D%/proc/pidfd.c \
	%D%/proc/pidfd.h \
	%D%/proc/pool-ahead.c \
	%D%/proc/pool-end.c \
	%D%/proc/pool-slot.h \
	%D%/proc/pool.c \
	%D%/proc/pool.h \
	%D%/proc/pressure.c \
	%D%/proc/pressure.h \
	%D%/proc/procfs.c \
	%D%/proc/procfs.h \
	%D%/proc/program.c \
	%D%/proc/program.h \
	%D%/proc/result.c \
	%D%/proc/result.h \
	%D%/proc/retry.c \
	%D%/proc/retry.h \
	%D%/proc/run.h \
	%D%/proc/signals.c \
	%D%/proc/signals.h \
	%D%/proc/spawn.c \
	%D%/proc/spawn.h \
	%D%/proc/stop.c \
	%D%/proc/stop.h \
	%D%/proc/terminal.c \
	%D%/proc/terminal.h \
	%D%/proc/throttle.c \
	%D%/proc/throttle.h \
	%D%/proc/tree.c \
	%D%/proc/tree.h \
	%D%/proc/wire.c \
	%D%/proc/wire.h \
	%D%/proc/worker-run.c \
	%D%/proc/worker.c \
	%D%/proc/worker.h \
	%D%/cli/door.c \
	%D%/cli/door.h \
	%D%/cli/help.c \
	%D%/cli/help.h \
	%D%/cli/options.c \
	%D%/cli/options.h \
	%D%/cli/run-codes.h \
	%D%/cli/run-options.c \
	%D%/cli/run-options.h \
	%D%/cli/run-tables.c \
	%D%/cli/stdout.c \
	%D%/cli/stdout.h \
	%D%/cli/subcommand.c \
	%D%/cli/subcommand.h \
	%D%/cli/suggest.c \
	%D%/cli/suggest.h \
	%D%/record/command.c \
	%D%/record/command.h \
	%D%/record/record.c \
	%D%/record/record.h \
	%D%/record/shell-words.c \
	%D%/record/shell-words.h \
	%D%/drive/build.c \
	%D%/drive/build.h \
	%D%/drive/drive.c \
	%D%/drive/drive.h \
	%D%/drive/guard.c \
	%D%/drive/guard.h \
	%D%/drive/report.c \
	%D%/drive/report.h \
	%D%/drive/status.c \
	%D%/drive/words.c \
	%D%/map/halt.c \
	%D%/map/halt.h \
	%D%/map/input-source.c \
	%D%/map/input-source.h \
	%D%/map/input.c \
	%D%/map/input.h \
	%D%/map/job.h \
	%D%/map/joblog.c \
	%D%/map/joblog.h \
	%D%/map/key.c \
	%D%/map/key.h \
	%D%/map/map-end.c \
	%D%/map/map-job.c \
	%D%/map/map-start.c \
	%D%/map/map.c \
	%D%/map/map.h \
	%D%/map/median.c \
	%D%/map/median.h \
	%D%/map/options.c \
	%D%/map/options.h \
	%D%/map/output.c \
	%D%/map/output.h \
	%D%/map/progress.c \
	%D%/map/progress.h \
	%D%/map/records.c \
	%D%/map/records.h \
	%D%/map/resume.c \
	%D%/map/resume.h \
	%D%/map/row.c \
	%D%/map/row.h \
	%D%/map/sink.c \
	%D%/map/sink.h \
	%D%/map/slots.c \
	%D%/map/slots.h \
	%D%/map/spool.c \
	%D%/map/spool.h \
	%D%/map/template.c \
	%D%/map/template.h \
	%D%/map/waiting.c \
	%D%/map/waiting.h

bin_PROGRAMS += prockit
prockit_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
prockit_SOURCES = \
	%D%/external.c \
	%D%/external.h \
	%D%/helpers.h \
	%D%/main.c \
	%D%/subcommands.c \
	%D%/subcommands.h \
	%D%/subcommands.def \
	%D%/cmd/call.c \
	%D%/cmd/check-output.c \
	%D%/cmd/getoutput.c \
	%D%/cmd/getstatusoutput.c \
	%D%/cmd/help.c \
	%D%/cmd/map.c \
	%D%/cmd/pipe.c \
	%D%/cmd/run.c \
	%D%/cmd/terminate.c

# What sysinfo and ps are: a program of its own, for the libraries it needs.
noinst_LIBRARIES += libsysinfo.a
libsysinfo_a_CPPFLAGS = $(AM_CPPFLAGS) $(SMARTCOLS_CFLAGS) $(PROC2_CFLAGS)
libsysinfo_a_SOURCES = \
	%D%/sysinfo/arrange.c \
	%D%/sysinfo/cgroup.c \
	%D%/sysinfo/cgroup.h \
	%D%/sysinfo/cmd-ps.c \
	%D%/sysinfo/cmd-sysinfo.c \
	%D%/sysinfo/columns.c \
	%D%/sysinfo/columns.h \
	%D%/sysinfo/commands.h \
	%D%/sysinfo/cpu-stat.c \
	%D%/sysinfo/cpu-stat.h \
	%D%/sysinfo/disk-mounts.c \
	%D%/sysinfo/disk-mounts.h \
	%D%/sysinfo/disk-stats.c \
	%D%/sysinfo/disk-stats.h \
	%D%/sysinfo/emit.c \
	%D%/sysinfo/emit.h \
	%D%/sysinfo/family.c \
	%D%/sysinfo/family.h \
	%D%/sysinfo/folder.c \
	%D%/sysinfo/folder.h \
	%D%/sysinfo/format-cell.c \
	%D%/sysinfo/format-cell.h \
	%D%/sysinfo/format-columns.c \
	%D%/sysinfo/format-grid.c \
	%D%/sysinfo/format-grid.h \
	%D%/sysinfo/format-json.c \
	%D%/sysinfo/format-json.h \
	%D%/sysinfo/format-openmetrics.c \
	%D%/sysinfo/format-summary.c \
	%D%/sysinfo/format-table.c \
	%D%/sysinfo/format-words.c \
	%D%/sysinfo/format.c \
	%D%/sysinfo/format.h \
	%D%/sysinfo/history.c \
	%D%/sysinfo/history.h \
	%D%/sysinfo/hwmon.c \
	%D%/sysinfo/hwmon.h \
	%D%/sysinfo/mount-guard.c \
	%D%/sysinfo/mount-guard.h \
	%D%/sysinfo/names.c \
	%D%/sysinfo/names.h \
	%D%/sysinfo/net-dev.c \
	%D%/sysinfo/net-dev.h \
	%D%/sysinfo/process-columns.c \
	%D%/sysinfo/process-columns.h \
	%D%/sysinfo/process-files.c \
	%D%/sysinfo/process-getters.c \
	%D%/sysinfo/process-getters.h \
	%D%/sysinfo/process-lists.c \
	%D%/sysinfo/process-scheduling.c \
	%D%/sysinfo/process.c \
	%D%/sysinfo/process.h \
	%D%/sysinfo/processes.c \
	%D%/sysinfo/processes.h \
	%D%/sysinfo/rate.c \
	%D%/sysinfo/rate.h \
	%D%/sysinfo/root-file.c \
	%D%/sysinfo/root-file.h \
	%D%/sysinfo/sample.c \
	%D%/sysinfo/sample.h \
	%D%/sysinfo/screen.c \
	%D%/sysinfo/screen.h \
	%D%/sysinfo/select.c \
	%D%/sysinfo/select.h \
	%D%/sysinfo/smartcols.c \
	%D%/sysinfo/smartcols.h \
	%D%/sysinfo/socket-holders.c \
	%D%/sysinfo/socket-holders.h \
	%D%/sysinfo/sockets.c \
	%D%/sysinfo/sockets.h \
	%D%/sysinfo/source.c \
	%D%/sysinfo/source.h \
	%D%/sysinfo/state.c \
	%D%/sysinfo/state.h \
	%D%/sysinfo/topic.c \
	%D%/sysinfo/topic.h \
	%D%/sysinfo/topics.def \
	%D%/sysinfo/topics/battery.c \
	%D%/sysinfo/topics/cpu-count.c \
	%D%/sysinfo/topics/cpu-freq.c \
	%D%/sysinfo/topics/cpu-percent.c \
	%D%/sysinfo/topics/cpu-stats.c \
	%D%/sysinfo/topics/cpu-times.c \
	%D%/sysinfo/topics/disk-io.c \
	%D%/sysinfo/topics/disk-partitions.c \
	%D%/sysinfo/topics/disk-usage.c \
	%D%/sysinfo/topics/fans.c \
	%D%/sysinfo/topics/limits.c \
	%D%/sysinfo/topics/load.c \
	%D%/sysinfo/topics/memory.c \
	%D%/sysinfo/topics/net-addrs.c \
	%D%/sysinfo/topics/net-connections.c \
	%D%/sysinfo/topics/net-io.c \
	%D%/sysinfo/topics/net-stats.c \
	%D%/sysinfo/topics/os.c \
	%D%/sysinfo/topics/pressure.c \
	%D%/sysinfo/topics/temperatures.c \
	%D%/sysinfo/topics/users.c \
	%D%/sysinfo/value.c \
	%D%/sysinfo/value.h \
	%D%/sysinfo/view-options.c \
	%D%/sysinfo/view.c \
	%D%/sysinfo/view.h \
	%D%/sysinfo/virt.c \
	%D%/sysinfo/virt.h \
	%D%/sysinfo/watch.c \
	%D%/sysinfo/watch.h

pkglibexec_PROGRAMS += prockit-sysinfo
prockit_sysinfo_SOURCES = %D%/sysinfo/main.c
prockit_sysinfo_LDADD = libsysinfo.a libprockit.a $(SYSINFO_LIBS)

# prockit-ps is another name of it.
noinst_DATA += prockit-ps
CLEANFILES += prockit-ps
prockit-ps: prockit-sysinfo$(EXEEXT)
	$(AM_V_GEN)rm -f $@ && $(LN_S) prockit-sysinfo$(EXEEXT) $@

# In a folder of its own it keeps its name, whatever --program-prefix makes of prockit.
install-exec-hook:
	cd '$(DESTDIR)$(pkglibexecdir)' && rm -f prockit-ps && \
		name=$$(echo prockit-sysinfo | sed '$(transform)') && \
		{ test "$$name" = prockit-sysinfo || mv -f "$$name" prockit-sysinfo; } && \
		$(LN_S) prockit-sysinfo$(EXEEXT) prockit-ps

uninstall-hook:
	cd '$(DESTDIR)$(pkglibexecdir)' && rm -f prockit-ps prockit-sysinfo$(EXEEXT)
