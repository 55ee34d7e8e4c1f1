/*
 * show-state [-o FILE] [ARG...]: print, as JSON, what a process inherits: open
 * descriptors, signal masks, group and session, nice value, umask, words, directory,
 * limits.
 *
 * Strings are shown byte by byte: byte 0xe9 is \u00e9, whatever the encoding was, so that
 * nothing is lost. A limit of null is "unlimited".
 */
#include "config.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{"as", RLIMIT_AS},	 {"core", RLIMIT_CORE},	      {"cpu", RLIMIT_CPU},
	{"fsize", RLIMIT_FSIZE}, {"memlock", RLIMIT_MEMLOCK}, {"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC}, {"stack", RLIMIT_STACK},
};

/* More than anybody opens. */
enum { FDS = 65536 };

static void print_string(FILE *out, const char *text)
{
	putc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
			fprintf(out, "\\u%04x", *p);
		else
			putc(*p, out);
	putc('"', out);
}

/* The numbers of the bits that are set in a mask of /proc/self/status. */
static void print_signals(FILE *out, const char *key, const char *field)
{
	char line[256];
	uint64_t bits = 0;
	FILE *status = fopen("/proc/self/status", "re");
	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, field, strlen(field)) == 0)
			bits = strtoull(line + strlen(field), NULL, 16);
	if (status)
		fclose(status);
	fprintf(out, "\"%s\": [", key);
	const char *comma = "";
	for (int sig = 1; sig <= 64; sig++)
		if (bits >> (sig - 1) & 1) {
			fprintf(out, "%s%d", comma, sig);
			comma = ", ";
		}
	fputs("],\n", out);
}

static void print_limit(FILE *out, rlim_t limit)
{
	if (limit == RLIM_INFINITY)
		fputs("null", out);
	else
		fprintf(out, "%" PRIu64, (uint64_t)limit);
}

int main(int argc, char **argv)
{
	/* Before we open anything ourselves: which descriptors are there? */
	static bool is_open[FDS];
	DIR *dir = opendir("/proc/self/fd");
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd < FDS)
			is_open[fd] = true;
	}
	if (dir)
		closedir(dir);

	bool to_file = argc >= 3 && strcmp(argv[1], "-o") == 0;
	FILE *out = to_file ? fopen(argv[2], "we") : stdout;
	if (!out)
		return 1;
	fputs("{\"fds\": [", out);
	const char *comma = "";
	for (int fd = 0; fd < FDS; fd++)
		if (is_open[fd]) {
			fprintf(out, "%s%d", comma, fd);
			comma = ", ";
		}
	fputs("],\n", out);
	print_signals(out, "blocked", "SigBlk:");
	print_signals(out, "ignored", "SigIgn:");
	print_signals(out, "caught", "SigCgt:");

	mode_t mask = umask(0);
	fprintf(out, "\"pid\": %d, \"ppid\": %d, \"pgid\": %d, \"sid\": %d,\n", getpid(),
		getppid(), getpgrp(), getsid(0));
	fprintf(out, "\"nice\": %d, \"umask\": %u,\n", getpriority(PRIO_PROCESS, 0),
		(unsigned)mask);
	fputs("\"argv\": [", out);
	for (int i = 0; i < argc; i++) {
		fputs(i ? ", " : "", out);
		print_string(out, argv[i]);
	}
	char *cwd = getcwd(NULL, 0);
	fputs("],\n\"cwd\": ", out);
	print_string(out, cwd ? cwd : "");
	free(cwd);
	fputs(",\n\"rlimits\": {", out);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit = {0};
		getrlimit(limits[i].resource, &limit);
		fprintf(out, "%s\"%s\": [", i ? ", " : "", limits[i].name);
		print_limit(out, limit.rlim_cur);
		fputs(", ", out);
		print_limit(out, limit.rlim_max);
		fputs("]", out);
	}
	fputs("}}\n", out);
	return fclose(out) == 0 ? 0 : 1;
}
