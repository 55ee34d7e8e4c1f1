/*
 * os: what Python's os and platform tell of this process and this system.
 *
 * Ids and folder are prockit's own, which the shell that started it gave it. Name and
 * version of the kernel are uname(2)'s; with --proc those of that tree, and the
 * distribution is the one below its 1/root.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/cpu-stat.h"
#include "sysinfo/names.h"
#include "sysinfo/root-file.h"
#include "sysinfo/topic.h"
#include "sysinfo/virt.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
	OS_HOSTNAME,
	OS_SYSNAME,
	OS_RELEASE,
	OS_VERSION,
	OS_MACHINE,
	OS_DOMAINNAME,
	OS_DISTRIBUTION,
	OS_DISTRIBUTION_ID,
	OS_DISTRIBUTION_NAME,
	OS_DISTRIBUTION_VERSION,
	OS_CPU_COUNT,
	OS_CONTAINER,
	OS_VIRTUALIZATION,
	OS_USERNAME,
	OS_LOGIN,
	OS_UID,
	OS_GID,
	OS_EUID,
	OS_EGID,
	OS_PID,
	OS_PPID,
	OS_CWD,
};

static const struct column os_columns[] = {
	[OS_HOSTNAME] = {.name = "hostname",
			 .type = COLUMN_TEXT,
			 .aliases = "nodename",
			 .metric = "node_uname_info",
			 .label = "nodename",
			 .help = "name of the machine"},
	[OS_SYSNAME] = {.name = "sysname",
			.type = COLUMN_TEXT,
			.metric = "node_uname_info",
			.help = "name of the kernel"},
	[OS_RELEASE] = {.name = "release",
			.type = COLUMN_TEXT,
			.metric = "node_uname_info",
			.help = "release of the kernel"},
	[OS_VERSION] = {.name = "version",
			.type = COLUMN_TEXT,
			.metric = "node_uname_info",
			.help = "which build of the kernel, and when it was made"},
	[OS_MACHINE] = {.name = "machine",
			.type = COLUMN_TEXT,
			.metric = "node_uname_info",
			.help = "kind of processor"},
	[OS_DOMAINNAME] = {.name = "domainname",
			   .type = COLUMN_TEXT,
			   .flags = COLUMN_HIDDEN,
			   .metric = "node_uname_info",
			   .help = "the NIS domain"},
	[OS_DISTRIBUTION] = {.name = "distribution",
			     .type = COLUMN_TEXT,
			     .aliases = "pretty_name",
			     .cost = COST_CHEAP,
			     .metric = "node_os_info",
			     .label = "pretty_name",
			     .help = "the distribution, as it calls itself"},
	[OS_DISTRIBUTION_ID] = {.name = "distribution_id",
				.type = COLUMN_TEXT,
				.cost = COST_CHEAP,
				.metric = "node_os_info",
				.label = "id",
				.help = "the distribution in one word: debian, fedora"},
	[OS_DISTRIBUTION_NAME] = {.name = "distribution_name",
				  .type = COLUMN_TEXT,
				  .flags = COLUMN_HIDDEN,
				  .cost = COST_CHEAP,
				  .metric = "node_os_info",
				  .label = "name",
				  .help = "the distribution without its version"},
	[OS_DISTRIBUTION_VERSION] = {.name = "distribution_version",
				     .type = COLUMN_TEXT,
				     .cost = COST_CHEAP,
				     .metric = "node_os_info",
				     .label = "version_id",
				     .help = "version of the distribution: 12, 24.04"},
	[OS_CPU_COUNT] = {.name = "cpu_count",
			  .type = COLUMN_NUMBER,
			  .cost = COST_CHEAP,
			  .help = "CPUs that are online"},
	[OS_CONTAINER] = {.name = "container",
			  .type = COLUMN_TEXT,
			  .flags = COLUMN_HIDDEN,
			  .cost = COST_CHEAP,
			  .help = "docker, podman, lxc... or none"},
	[OS_VIRTUALIZATION] = {.name = "virtualization",
			       .type = COLUMN_TEXT,
			       .flags = COLUMN_HIDDEN,
			       .cost = COST_CHEAP,
			       .help = "kvm, vmware, xen... or none"},
	[OS_USERNAME] = {.name = "username",
			 .type = COLUMN_TEXT,
			 .flags = COLUMN_HIDDEN,
			 .cost = COST_CHEAP,
			 .help = "name of the user, by uid"},
	[OS_LOGIN] = {.name = "login",
		      .type = COLUMN_TEXT,
		      .flags = COLUMN_HIDDEN,
		      .cost = COST_CHEAP,
		      .help = "name that was used to log in"},
	[OS_UID] = {.name = "uid",
		    .type = COLUMN_NUMBER,
		    .flags = COLUMN_NAMING,
		    .help = "real user id"},
	[OS_GID] = {.name = "gid",
		    .type = COLUMN_NUMBER,
		    .flags = COLUMN_NAMING,
		    .help = "real group id"},
	[OS_EUID] = {.name = "euid",
		     .type = COLUMN_NUMBER,
		     .flags = COLUMN_NAMING,
		     .help = "effective user id"},
	[OS_EGID] = {.name = "egid",
		     .type = COLUMN_NUMBER,
		     .flags = COLUMN_NAMING,
		     .help = "effective group id"},
	[OS_PID] = {.name = "pid",
		    .type = COLUMN_NUMBER,
		    .flags = COLUMN_NAMING,
		    .help = "of prockit itself"},
	[OS_PPID] = {.name = "ppid",
		     .type = COLUMN_NUMBER,
		     .flags = COLUMN_NAMING,
		     .help = "of the process that started prockit"},
	[OS_CWD] = {.name = "cwd", .type = COLUMN_TEXT, .help = "current folder"},
};

/* A column that is a line of a file, or a member of struct utsname. */
static const struct kernel_text {
	int column;
	const char *path;
	size_t offset;
} kernel_texts[] = {
	{OS_HOSTNAME, "sys/kernel/hostname", offsetof(struct utsname, nodename)},
	{OS_SYSNAME, "sys/kernel/ostype", offsetof(struct utsname, sysname)},
	{OS_RELEASE, "sys/kernel/osrelease", offsetof(struct utsname, release)},
	{OS_VERSION, "sys/kernel/version", offsetof(struct utsname, version)},
	{OS_MACHINE, "sys/kernel/arch", offsetof(struct utsname, machine)},
	{OS_DOMAINNAME, "sys/kernel/domainname", offsetof(struct utsname, domainname)},
};

static void set_kernel_text(struct row *row, int column, const char *text)
{
	/* So the kernel says that it has none. */
	if (column == OS_DOMAINNAME && (*text == '\0' || strcmp(text, "(none)") == 0))
		row_null(row, OS_DOMAINNAME, WHY_NOT_APPLICABLE);
	else
		row_text(row, (size_t)column, text);
}

static void read_kernel(struct reading *r, struct row *row)
{
	struct utsname u;

	if (!r->source->other_proc && uname(&u) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(kernel_texts); i++)
			set_kernel_text(row, kernel_texts[i].column,
					(const char *)&u + kernel_texts[i].offset);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kernel_texts); i++) {
		char *cursor;
		const char *line;

		if (!r->wanted[kernel_texts[i].column] ||
		    source_read_proc_whole(r->source, kernel_texts[i].path, &r->buf) < 0)
			continue;
		cursor = r->buf.data;
		line = text_line(&cursor);
		if (line)
			set_kernel_text(row, kernel_texts[i].column, line);
	}
}

/*
 * Undo the quotes of os-release(5), which are the shell's, in place. Behind a blank
 * outside of them the shell would see another word.
 */
static void unquote(char *text)
{
	char *to = text;
	char quote = '\0';

	for (const char *p = text; *p; p++) {
		if (*p == quote && quote) {
			quote = '\0';
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else if (!quote && (*p == ' ' || *p == '\t' || *p == '\r')) {
			break;
		} else if (*p == '\\' && p[1] && quote != '\'' &&
			   (!quote || strchr("$\"\\`", p[1]))) {
			*to++ = *++p;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

static void parse_distribution(struct row *row, char *text)
{
	static const struct {
		const char *key;
		size_t column;
	} keys[] = {
		{"PRETTY_NAME", OS_DISTRIBUTION},
		{"ID", OS_DISTRIBUTION_ID},
		{"NAME", OS_DISTRIBUTION_NAME},
		{"VERSION_ID", OS_DISTRIBUTION_VERSION},
	};
	char *line;

	/* Rolling ones have no version. */
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		row_null(row, keys[i].column, WHY_NOT_APPLICABLE);
	while ((line = text_line(&text))) {
		char *value = strchr(line, '=');

		line += strspn(line, " \t");
		if (!value || value < line)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(line, keys[i].key) == 0) {
				unquote(value);
				if (*value)
					row_text(row, keys[i].column, value);
			}
	}
}

static void read_distribution(struct reading *r, struct row *row)
{
	int error = root_file_read(r->source, "etc/os-release", &r->buf);

	if (error == -ENOENT)
		error = root_file_read(r->source, "usr/lib/os-release", &r->buf);
	if (error == 0) {
		parse_distribution(row, r->buf.data);
	} else if (error != -ENOENT) {
		for (size_t i = OS_DISTRIBUTION; i <= OS_DISTRIBUTION_VERSION; i++)
			row_null(row, i, why_from_error(error));
	}
}

static void read_cpu_count(struct reading *r, struct row *row)
{
	uint64_t n;

	if (cpu_stat_online(r, &n) == 0)
		row_uint(row, OS_CPU_COUNT, n);
}

static void set_text(struct row *row, size_t column, const char *text, enum why why)
{
	if (text)
		row_text(row, column, text);
	else
		row_null(row, column, why);
}

static void read_process(struct reading *r, struct row *row)
{
	char text[LOGIN_NAME_MAX + 1];

	/* The kernel has told these at the start; we change none of them. */
	row_uint(row, OS_UID, getauxval(AT_UID));
	row_uint(row, OS_GID, getauxval(AT_GID));
	row_uint(row, OS_EUID, getauxval(AT_EUID));
	row_uint(row, OS_EGID, getauxval(AT_EGID));
	row_int(row, OS_PID, getpid());
	row_int(row, OS_PPID, getppid());
	if (r->wanted[OS_CWD]) {
		/* Of any length. */
		auto_free char *cwd = getcwd(NULL, 0);

		/* It was removed, or lies outside of our root folder. */
		set_text(row, OS_CWD, cwd && *cwd == '/' ? cwd : NULL,
			 cwd ? WHY_NOT_APPLICABLE : why_from_error(errno));
	}
	if (r->wanted[OS_USERNAME])
		set_text(row, OS_USERNAME, name_of_user(getuid()), WHY_UNSUPPORTED);
	if (r->wanted[OS_LOGIN])
		set_text(row, OS_LOGIN,
			 getlogin_r(text, sizeof(text)) == 0 && *text ? text : NULL,
			 WHY_NOT_APPLICABLE);
}

static int os_read(struct reading *r, struct table *t)
{
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	read_kernel(r, row);
	if (r->wanted[OS_DISTRIBUTION] || r->wanted[OS_DISTRIBUTION_ID] ||
	    r->wanted[OS_DISTRIBUTION_NAME] || r->wanted[OS_DISTRIBUTION_VERSION])
		read_distribution(r, row);
	if (r->wanted[OS_CPU_COUNT])
		read_cpu_count(r, row);
	if (r->wanted[OS_CONTAINER])
		set_text(row, OS_CONTAINER, virt_container(r->source, &r->buf),
			 WHY_UNSUPPORTED);
	if (r->wanted[OS_VIRTUALIZATION])
		set_text(row, OS_VIRTUALIZATION, virt_machine(r->source, &r->buf),
			 WHY_UNSUPPORTED);
	read_process(r, row);
	return t->error;
}

const struct topic topic_os = {
	.name = "os",
	.summary = "names and versions of this system, and ids of this process",
	.columns = os_columns,
	.n_columns = ARRAY_SIZE(os_columns),
	.flags = TOPIC_TALL,
	.read = os_read,
};
