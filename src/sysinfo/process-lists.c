/*
 * Columns of ps that have several elements: threads, files, connections, limits.
 */
#include "config.h"

#include "sysinfo/process-getters.h"

#include "base/cleanup.h"
#include "sysinfo/family.h"
#include "sysinfo/socket-holders.h"
#include "sysinfo/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

static void free_pids(struct pid_list *list)
{
	free(list->pids);
}

#define auto_pids __attribute__((cleanup(free_pids)))

void get_rlimits(struct process *p, struct row *row, size_t column)
{
	enum { N = 16 };
	static const char *const lines[N] = {
		"Max address space ",	  "Max core file size ",   "Max cpu time ",
		"Max data size ",	  "Max file size ",	   "Max file locks ",
		"Max locked memory ",	  "Max msgqueue size ",	   "Max nice priority ",
		"Max open files ",	  "Max processes ",	   "Max resident set ",
		"Max realtime priority ", "Max realtime timeout ", "Max pending signals ",
		"Max stack size ",
	};
	static const char *const names[N] = {
		"as",	   "core",     "cpu",	     "data",   "fsize", "locks",
		"memlock", "msgqueue", "nice",	     "nofile", "nproc", "rss",
		"rtprio",  "rttime",   "sigpending", "stack",
	};
	static const char *const both[] = {"soft", "hard"};
	struct buf *b = &p->host->file;
	int r = process_read(p, "limits", b);

	if (r < 0) {
		process_null(p, &row->values[column], r);
		return;
	}

	struct table *t = row->table;
	struct value *items = value_object(t, &row->values[column], N, names);
	char *cursor = b->data;

	for (char *line; items && (line = text_line(&cursor));)
		for (size_t i = 0; i < N; i++) {
			if (strncmp(line, lines[i], strlen(lines[i])) != 0)
				continue;

			struct value *pair = value_object(t, &items[i], 2, both);
			char *rest = line + strlen(lines[i]);

			for (size_t k = 0; pair && k < 2; k++) {
				char *word = text_word(&rest);
				const char *number = word;
				uint64_t limit;

				/* As psutil's RLIM_INFINITY: a number, like all. */
				if (word && strcmp(word, "unlimited") == 0)
					value_int(&pair[k], -1);
				else if (word && text_uint(&number, &limit) && !*number)
					value_uint(&pair[k], limit);
			}
		}
}

void get_threads(struct process *p, struct row *row, size_t column)
{
	static const char *const names[] = {"id", "user_time", "system_time"};
	auto_pids struct pid_list list = {0};
	struct table *t = row->table;

	if (p->is_thread) {
		row_null(row, column, WHY_NOT_APPLICABLE);
		return;
	}

	int r = process_list(p, "task", &list);

	if (r < 0) {
		process_null(p, &row->values[column], r);
		return;
	}

	struct value *items = value_list(t, &row->values[column], list.n);
	size_t n = 0;

	if (!items)
		return;
	for (size_t i = 0; i < list.n; i++) {
		struct procfs_fields stat;
		char file[40];

		(void)snprintf(file, sizeof(file), "task/%d/stat", (int)list.pids[i]);
		/* One that has ended since is no thread any more. */
		if (process_read(p, file, &p->host->file) < 0 ||
		    procfs_parse_stat(p->host->file.data, &stat) < 0 ||
		    !procfs_has(&stat, PROCFS_SYSTEM_TIME))
			continue;

		struct value *thread = value_object(t, &items[n], 3, names);

		if (!thread)
			return;
		value_int(&thread[0], list.pids[i]);
		value_real(&thread[1],
			   (double)stat.value[PROCFS_USER_TIME] / p->host->ticks);
		value_real(&thread[2],
			   (double)stat.value[PROCFS_SYSTEM_TIME] / p->host->ticks);
		n++;
	}
	row->values[column].list.n = n;
}

static bool take_number(const char *line, const char *key, int base, uint64_t *ret)
{
	size_t len = strlen(key);
	char *end;

	if (strncmp(line, key, len) != 0)
		return false;
	line += len;
	line += strspn(line, " \t");
	if (*line < '0' || *line > '9')
		return false;
	errno = 0;
	*ret = strtoull(line, &end, base);
	return errno == 0;
}

/* As open(2) in Python would have been told. */
static const char *mode_of(uint64_t flags)
{
	bool append = flags & O_APPEND;

	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return "r";
	case O_WRONLY:
		return append ? "a" : "w";
	default:
		return append ? "a+" : "r+";
	}
}

/* Whether a descriptor is of a regular file. Its server need not be asked. */
static bool is_regular(int dirfd, const char *link)
{
	struct statx st;

	return statx(dirfd, link, AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0 &&
	       S_ISREG(st.stx_mode);
}

/* Fill an element of open_files: 1; 0, where the descriptor is none of a regular file, or
 * closed by now; or -EACCES or -EPERM. */
static int fill_file(struct process *p, struct table *t, int fd, struct value *v)
{
	static const char *const names[] = {"path", "fd",    "position",
					    "mode", "flags", "deleted"};
	char link[24];
	bool deleted;

	(void)snprintf(link, sizeof(link), "fd/%d", fd);

	int r = process_link(p, link, &deleted);

	if (r < 0)
		return r == -EACCES || r == -EPERM ? r : 0;
	/* A pipe is "pipe:[1]": only paths are worth the question what they name. */
	if (p->host->file.data[0] != '/' || !is_regular(p->dirfd, link))
		return 0;

	struct value *items = value_object(t, v, ARRAY_SIZE(names), names);

	if (!items)
		return 0;
	value_text(t, &items[0], p->host->file.data);
	value_int(&items[1], fd);
	value_bool(&items[5], deleted);

	(void)snprintf(link, sizeof(link), "fdinfo/%d", fd);
	if (process_read(p, link, &p->host->file) < 0)
		return 1;

	char *cursor = p->host->file.data;

	for (char *line; (line = text_line(&cursor));) {
		uint64_t number;

		if (take_number(line, "pos:", 10, &number))
			value_uint(&items[2], number);
		if (take_number(line, "flags:", 8, &number)) {
			value_text(t, &items[3], mode_of(number));
			value_uint(&items[4], number);
		}
	}
	return 1;
}

void get_open_files(struct process *p, struct row *row, size_t column)
{
	auto_pids struct pid_list list = {0};
	int r = process_list(p, "fd", &list);

	if (r < 0) {
		process_null(p, &row->values[column], r);
		return;
	}

	struct value *items = value_list(row->table, &row->values[column], list.n);
	size_t n = 0;

	for (size_t i = 0; items && i < list.n; i++) {
		r = fill_file(p, row->table, list.pids[i], &items[n]);
		if (r < 0) {
			row_null(row, column, WHY_PERMISSION);
			return;
		}
		n += (size_t)r;
	}
	if (items)
		row->values[column].list.n = n;
}

struct join {
	struct table *table;
	struct value *v; /* the list */
	const struct socket_holders *holders;
};

static int join_socket(const struct socket_entry *entry, void *data)
{
	static const char *const names[] = {"fd",    "family", "type",
					    "laddr", "raddr",  "status"};
	struct join *join = data;
	struct value *v = join->v;
	size_t n;
	const struct socket_holder *holder =
		socket_holders_find(join->holders, entry->inode, &n);

	/* Each inode stands once in these tables, but they are not read in one moment. */
	if (!holder || v->list.n == join->holders->n)
		return 0;

	struct value *items = value_object(join->table, &v->list.items[v->list.n],
					   ARRAY_SIZE(names), names);

	if (!items)
		return -ENOMEM;
	v->list.n++;
	value_int(&items[0], holder->fd);
	value_text(join->table, &items[1], entry->family);
	if (entry->type)
		value_text(join->table, &items[2], entry->type);
	sockets_local(join->table, &items[3], entry);
	sockets_remote(join->table, &items[4], entry);
	if (entry->status)
		value_text(join->table, &items[5], entry->status);
	return 0;
}

void get_net_connections(struct process *p, struct row *row, size_t column)
{
	auto_socket_holders struct socket_holders holders = {0};
	struct join join = {
		.table = row->table,
		.v = &row->values[column],
		.holders = &holders,
	};
	int r = process_folder(p);

	if (r >= 0)
		r = process_note(p, "fd",
				 socket_holders_add(&holders, r, "fd", p->pid,
						    &p->host->file));
	if (r == -ENOMEM)
		row->table->error = r;
	/* The folder may be open to us where its links are not. */
	if (r >= 0 && holders.denied)
		r = -EACCES;
	if (r < 0) {
		process_null(p, join.v, r);
		return;
	}
	socket_holders_sort(&holders);
	if (!value_list(row->table, join.v, holders.n))
		return;
	join.v->list.n = 0;
	if (holders.n == 0)
		return;
	/* Of its own network namespace, which need not be ours. */
	r = sockets_read(p->dirfd, "net", sockets_kinds("inet"), join_socket, &join,
			 &p->host->file);
	if (process_note(p, "net", r) < 0 && r != -ENOMEM)
		process_null(p, join.v, r);
}

/* Whether the size of fd/ is the number of descriptors: Linux 6.2, and it is procfs. */
static bool counts_fds(struct process_host *host)
{
	enum { PROC_MAGIC = 0x9fa0 };
	struct statfs fs;
	struct utsname system;

	if (host->counts_fds == 0) {
		uint64_t major = 0;
		uint64_t minor = 0;

		host->counts_fds = -1;
		if (fstatfs(host->source->proc, &fs) == 0 && fs.f_type == PROC_MAGIC &&
		    uname(&system) == 0) {
			const char *text = system.release;

			if (text_uint(&text, &major) && *text++ == '.' &&
			    text_uint(&text, &minor) &&
			    (major > 6 || (major == 6 && minor >= 2)))
				host->counts_fds = 1;
		}
	}
	return host->counts_fds > 0;
}

void get_num_fds(struct process *p, struct row *row, size_t column)
{
	auto_pids struct pid_list list = {0};
	struct stat st;
	int r = process_folder(p);

	if (r >= 0 && counts_fds(p->host)) {
		r = fstatat(p->dirfd, "fd", &st, 0) < 0 ? -errno : 0;
		list.n = r < 0 ? 0 : (size_t)st.st_size;
	} else if (r >= 0) {
		r = process_list(p, "fd", &list);
	}
	if (r < 0)
		process_null(p, &row->values[column], r);
	else
		row_uint(row, column, list.n);
}

/* Add the numbers of a status file; false where one is missing. */
static bool add_switches(const char *text, uint64_t total[2])
{
	static const char *const keys[] = {"\nvoluntary_ctxt_switches:",
					   "\nnonvoluntary_ctxt_switches:"};

	for (size_t i = 0; i < 2; i++) {
		const char *number = strstr(text, keys[i]);
		uint64_t value;

		if (!number)
			return false;
		number += strlen(keys[i]);
		if (!text_uint(&number, &value))
			return false;
		total[i] += value;
	}
	return true;
}

/* status has only those of the first thread. */
static int sum_switches(struct process *p, uint64_t total[2])
{
	auto_pids struct pid_list list = {0};
	int r = process_list(p, "task", &list);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		char file[40];

		(void)snprintf(file, sizeof(file), "task/%d/status", (int)list.pids[i]);
		if (process_read(p, file, &p->host->file) == 0)
			(void)add_switches(p->host->file.data, total);
	}
	return r;
}

void get_ctx_switches(struct process *p, struct row *row, size_t column)
{
	static const char *const names[] = {"voluntary", "involuntary"};
	uint64_t total[2] = {0, 0};
	int r;

	if (!p->is_thread && procfs_has(&p->stat, PROCFS_THREADS) &&
	    p->stat.value[PROCFS_THREADS] > 1)
		r = sum_switches(p, total);
	else if (process_status(p, "voluntary_ctxt_switches", &r))
		r = add_switches(p->host->status.data, total) ? 0 : -ENODATA;
	if (r < 0) {
		if (r != -ENODATA)
			process_null(p, &row->values[column], r);
		return;
	}

	struct value *items = value_object(row->table, &row->values[column], 2, names);

	for (size_t i = 0; items && i < 2; i++)
		value_uint(&items[i], total[i]);
}

void get_cgroup(struct process *p, struct row *row, size_t column)
{
	struct buf *b = &p->host->file;
	int r = process_read(p, "cgroup", b);
	size_t n = 0;

	if (r < 0) {
		process_null(p, &row->values[column], r);
		return;
	}
	for (const char *c = b->data; (c = strchr(c, '\n')); c++)
		n++;

	char *cursor = b->data;
	struct value *items = value_list(row->table, &row->values[column], n);

	/* A line without a newline was cut. */
	for (size_t i = 0; items && i < n; i++)
		value_text(row->table, &items[i], text_line(&cursor));
}

void get_nspid(struct process *p, struct row *row, size_t column)
{
	enum { DEEPEST = 32 }; /* levels of namespaces that Linux allows */
	int error;
	uint64_t pids[DEEPEST];
	size_t n = 0;
	const char *text = process_status(p, "NSpid", &error);

	if (!text) {
		if (error != -ENODATA)
			process_null(p, &row->values[column], error);
		return;
	}
	while (n < DEEPEST && text_uint(&text, &pids[n]))
		n++;

	struct value *items = value_list(row->table, &row->values[column], n);

	for (size_t i = 0; items && i < n; i++)
		value_uint(&items[i], pids[i]);
}

void get_children(struct process *p, struct row *row, size_t column)
{
	size_t n;

	if (!p->host->family)
		return;
	/* Any of those that were hidden may be one. */
	if (p->host->family->denied) {
		row_null(row, column, WHY_PERMISSION);
		return;
	}

	const struct family_member *children =
		family_children(p->host->family, p->pid, &n);
	struct value *items = value_list(row->table, &row->values[column], n);
	size_t kept = 0;

	for (size_t i = 0; items && i < n; i++)
		if (family_is_child(&children[i], process_start(p)))
			value_int(&items[kept++], children[i].pid);
	if (items)
		row->values[column].list.n = kept;
}
