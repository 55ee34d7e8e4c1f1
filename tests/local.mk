# The tests: bats files (what a user can see), unit tests (what a shell cannot reach), and
# small programs that misbehave on purpose. Each test is a line of its own in "make check".

TEST_EXTENSIONS = .bats .sh

# Nothing here depends on another: "make -j" runs them side by side, in this order.
TESTS += \
	%D%/call.bats \
	%D%/check-output.bats \
	%D%/completions.bats \
	%D%/contract.bats \
	%D%/faults.bats \
	%D%/front-door.bats \
	%D%/getoutput.bats \
	%D%/getstatusoutput.bats \
	%D%/help.bats \
	%D%/json.bats \
	%D%/kill-points.bats \
	%D%/limits.bats \
	%D%/man.bats \
	%D%/map-ending.bats \
	%D%/map-faults.bats \
	%D%/map-items.bats \
	%D%/map-jobserver.bats \
	%D%/map-output.bats \
	%D%/map-quick.bats \
	%D%/map-records.bats \
	%D%/map-running.bats \
	%D%/map-streams.bats \
	%D%/map-torture.bats \
	%D%/map-words.bats \
	%D%/map.bats \
	%D%/pipe.bats \
	%D%/ps-columns.bats \
	%D%/ps-select.bats \
	%D%/ps.bats \
	%D%/readme.bats \
	%D%/regressions.bats \
	%D%/report.bats \
	%D%/run.bats \
	%D%/signals.bats \
	%D%/sysinfo-cpu.bats \
	%D%/sysinfo-disk.bats \
	%D%/sysinfo-limits.bats \
	%D%/sysinfo-memory.bats \
	%D%/sysinfo-net.bats \
	%D%/sysinfo-os.bats \
	%D%/sysinfo-sensors.bats \
	%D%/sysinfo-topics.bats \
	%D%/sysinfo-view.bats \
	%D%/sysinfo.bats \
	%D%/terminal.bats \
	%D%/terminate.bats \
	%D%/tree.bats \
	%D%/unit/test-buf-out \
	%D%/unit/test-capture \
	%D%/unit/test-cpus \
	%D%/unit/test-handle \
	%D%/unit/test-input \
	%D%/unit/test-input-wait \
	%D%/unit/test-jobserver \
	%D%/unit/test-json \
	%D%/unit/test-loop \
	%D%/unit/test-map-numbers \
	%D%/unit/test-map-words \
	%D%/unit/test-message \
	%D%/unit/test-output \
	%D%/unit/test-parse \
	%D%/unit/test-procfs \
	%D%/unit/test-program \
	%D%/unit/test-quote \
	%D%/unit/test-records \
	%D%/unit/test-resume \
	%D%/unit/test-retry \
	%D%/unit/test-sink \
	%D%/unit/test-spawn \
	%D%/unit/test-sysinfo-format \
	%D%/unit/test-template \
	%D%/unit/test-throttle \
	%D%/unit/test-tree \
	%D%/unit/test-utf8 \
	%D%/unit/test-waiting \
	%D%/unit/test-wire \
	%D%/floors.sh

check_PROGRAMS += \
	%D%/helpers/closed-fds-run \
	%D%/helpers/die-of \
	%D%/helpers/family \
	%D%/helpers/handle-of \
	%D%/helpers/how-ended \
	%D%/helpers/ignore-signal \
	%D%/helpers/linger \
	%D%/helpers/log-signals \
	%D%/helpers/monotonic \
	%D%/helpers/named \
	%D%/helpers/open-sockets \
	%D%/helpers/outlast \
	%D%/helpers/peak-memory \
	%D%/helpers/pipe-hold \
	%D%/helpers/pty-run \
	%D%/helpers/show-state \
	%D%/helpers/write-bytes \
	%D%/helpers/write-utmp \
	%D%/unit/test-buf-out \
	%D%/unit/test-capture \
	%D%/unit/test-cpus \
	%D%/unit/test-handle \
	%D%/unit/test-input \
	%D%/unit/test-input-wait \
	%D%/unit/test-jobserver \
	%D%/unit/test-json \
	%D%/unit/test-loop \
	%D%/unit/test-map-numbers \
	%D%/unit/test-map-words \
	%D%/unit/test-message \
	%D%/unit/test-output \
	%D%/unit/test-parse \
	%D%/unit/test-procfs \
	%D%/unit/test-program \
	%D%/unit/test-quote \
	%D%/unit/test-records \
	%D%/unit/test-resume \
	%D%/unit/test-retry \
	%D%/unit/test-sink \
	%D%/unit/test-spawn \
	%D%/unit/test-sysinfo-format \
	%D%/unit/test-template \
	%D%/unit/test-throttle \
	%D%/unit/test-tree \
	%D%/unit/test-utf8 \
	%D%/unit/test-waiting \
	%D%/unit/test-wire \
	%D%/unit/json-bytes \
	%D%/unit/json-check

%C%_unit_test_sysinfo_format_LDADD = libsysinfo.a $(LDADD) $(SYSINFO_LIBS)

EXTRA_DIST += \
	%D%/call.bats \
	%D%/check-output.bats \
	%D%/completions.bats \
	%D%/contract.bats \
	%D%/faults.bats \
	%D%/front-door.bats \
	%D%/getoutput.bats \
	%D%/getstatusoutput.bats \
	%D%/help.bats \
	%D%/json.bats \
	%D%/kill-points.bats \
	%D%/limits.bats \
	%D%/man.bats \
	%D%/map-ending.bats \
	%D%/map-faults.bats \
	%D%/map-items.bats \
	%D%/map-jobserver.bats \
	%D%/map-output.bats \
	%D%/map-quick.bats \
	%D%/map-records.bats \
	%D%/map-running.bats \
	%D%/map-streams.bats \
	%D%/map-torture.bats \
	%D%/map-words.bats \
	%D%/map.bats \
	%D%/pipe.bats \
	%D%/ps-columns.bats \
	%D%/ps-select.bats \
	%D%/ps.bats \
	%D%/readme.bats \
	%D%/regressions.bats \
	%D%/report.bats \
	%D%/run.bats \
	%D%/signals.bats \
	%D%/sysinfo-cpu.bats \
	%D%/sysinfo-disk.bats \
	%D%/sysinfo-limits.bats \
	%D%/sysinfo-memory.bats \
	%D%/sysinfo-net.bats \
	%D%/sysinfo-os.bats \
	%D%/sysinfo-sensors.bats \
	%D%/sysinfo-topics.bats \
	%D%/sysinfo-view.bats \
	%D%/sysinfo.bats \
	%D%/terminal.bats \
	%D%/terminate.bats \
	%D%/tree.bats \
	%D%/floors.sh \
	%D%/leave-nothing \
	%D%/lib/beside-psutil \
	%D%/lib/children.bash \
	%D%/lib/common.bash \
	%D%/lib/kill-points \
	%D%/lib/map-kill-points \
	%D%/lib/processes.bash \
	%D%/lib/readers.bash \
	%D%/lib/record.bash \
	%D%/lib/saved-proc.bash \
	%D%/run-bats \
	%D%/unit/fixture.h \
	%D%/unit/input-tap.h \
	%D%/unit/output-jobs.h \
	%D%/unit/streams.h \
	%D%/unit/tap.h

# The fresh prockit comes first in PATH. A report of a sanitizer is an exit status of its own,
# so that no test can mistake it for one that it waits for.
AM_TESTS_ENVIRONMENT = \
	PATH='$(abs_top_builddir)':"$$PATH"; export PATH; \
	PROCKIT_EXEC_PATH='$(abs_top_builddir)'; export PROCKIT_EXEC_PATH; \
	PROCKIT_TESTS_BUILDDIR='$(abs_top_builddir)/tests'; export PROCKIT_TESTS_BUILDDIR; \
	PROCKIT_TESTS_SRCDIR='$(abs_top_srcdir)/tests'; export PROCKIT_TESTS_SRCDIR; \
	PROCKIT_SANITIZERS='$(enable_sanitizers)'; export PROCKIT_SANITIZERS; \
	ASAN_OPTIONS="exitcode=86:$$ASAN_OPTIONS"; export ASAN_OPTIONS; \
	UBSAN_OPTIONS="exitcode=86:print_stacktrace=1:$$UBSAN_OPTIONS"; export UBSAN_OPTIONS;

BATS_LOG_COMPILER = $(srcdir)/%D%/run-bats
SH_LOG_COMPILER = $(srcdir)/%D%/leave-nothing
LOG_COMPILER = $(srcdir)/%D%/leave-nothing

# bats fails as a whole when one of its tests does, and each of them has its own line.
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
BATS_LOG_DRIVER = $(tap_driver) --ignore-exit
SH_LOG_DRIVER = $(tap_driver)
LOG_DRIVER = $(tap_driver)
