# Side-by-side measurements against the tools people use now. They print ratios and never
# pass or fail.

EXTRA_PROGRAMS = \
	%D%/floor \
	%D%/forest \
	%D%/sleepers \
	%D%/spawner \
	%D%/stopwatch \
	%D%/uproot
CLEANFILES += $(EXTRA_PROGRAMS)

EXTRA_DIST += \
	%D%/README.md \
	%D%/map.bash \
	%D%/run

bench: all $(EXTRA_PROGRAMS)
	PROCKIT='$(abs_top_builddir)/prockit' BENCH_PROGRAMS='$(abs_top_builddir)/%D%' \
		$(srcdir)/%D%/run $(BENCH_FLAGS)

.PHONY: bench
