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
	%D%/base/json.c \
	%D%/base/json.h \
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
	%D%/base/utf8.c \
	%D%/base/utf8.h \
	%D%/proc/capture.c \
	%D%/proc/capture.h \
	%D%/proc/child.c \
	%D%/proc/child.h \
	%D%/proc/ending.c \
	%D%/proc/exec-verb.c \
	%D%/proc/exec-verb.h \
	%D%/proc/handle.c \
	%D%/proc/handle.h \
	%D%/proc/job.c \
	%D%/proc/job.h \
	%D%/proc/loop.c \
	%D%/proc/loop.h \
	%D%/proc/pause.c \
	%D%/proc/pause.h \
	%D%/proc/pidfd.c \
	%D%/proc/pidfd.h \
	%D%/proc/procfs.c \
	%D%/proc/procfs.h \
	%D%/proc/program.c \
	%D%/proc/program.h \
	%D%/proc/result.c \
	%D%/proc/result.h \
	%D%/proc/run.h \
	%D%/proc/signals.c \
	%D%/proc/signals.h \
	%D%/proc/spawn.c \
	%D%/proc/spawn.h \
	%D%/proc/stop.c \
	%D%/proc/stop.h \
	%D%/proc/terminal.c \
	%D%/proc/terminal.h \
	%D%/proc/tree.c \
	%D%/proc/tree.h \
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
	%D%/drive/words.c

bin_PROGRAMS += prockit
prockit_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
prockit_SOURCES = \
	%D%/external.c \
	%D%/external.h \
	%D%/main.c \
	%D%/subcommands.c \
	%D%/subcommands.h \
	%D%/subcommands.def \
	%D%/cmd/call.c \
	%D%/cmd/check-output.c \
	%D%/cmd/getoutput.c \
	%D%/cmd/getstatusoutput.c \
	%D%/cmd/help.c \
	%D%/cmd/pipe.c \
	%D%/cmd/run.c \
	%D%/cmd/terminate.c
