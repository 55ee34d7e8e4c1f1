# The man pages: prockit(1) and one for each subcommand.

dist_man_MANS += \
	%D%/prockit-call.1 \
	%D%/prockit-check-output.1 \
	%D%/prockit-getoutput.1 \
	%D%/prockit-getstatusoutput.1 \
	%D%/prockit-help.1 \
	%D%/prockit-map.1 \
	%D%/prockit-pipe.1 \
	%D%/prockit-ps.1 \
	%D%/prockit-run.1 \
	%D%/prockit-sysinfo.1 \
	%D%/prockit-terminate.1 \
	%D%/prockit.1

EXTRA_DIST += \
	%D%/options.mdoc \
	%D%/sync
