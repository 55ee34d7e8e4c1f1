/*
 * net-connections: the sockets of the network namespace, and who has them open.
 *
 * A socket's line in /proc/net has an inode, and so has the link in /proc/PID/fd of
 * whoever holds it. Only the processes that we may look at can be found: those of others
 * are null, for lack of permission. As in psutil an internet socket has one row, with the
 * lowest of the pids that share it, and a unix socket a row for each descriptor.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/sockets.h"
#include "sysinfo/topic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONN_FD,
	CONN_FAMILY,
	CONN_TYPE,
	CONN_LADDR,
	CONN_RADDR,
	CONN_STATUS,
	CONN_PID,
};

static const struct column conn_columns[] = {
	[CONN_FD] = {.name = "fd",
		     .type = COLUMN_NUMBER,
		     .cost = COST_DEAR,
		     .help = "the descriptor, in the process that holds it"},
	[CONN_FAMILY] = {.name = "family",
			 .type = COLUMN_TEXT,
			 .help = "AF_INET, AF_INET6 or AF_UNIX"},
	[CONN_TYPE] = {.name = "type",
		       .type = COLUMN_TEXT,
		       .help = "SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET"},
	[CONN_LADDR] = {.name = "laddr",
			.type = COLUMN_OBJECT,
			.help = "the local address: ip and port, or a path as a text"},
	[CONN_RADDR] = {.name = "raddr",
			.type = COLUMN_OBJECT,
			.help = "the remote address, where connected"},
	[CONN_STATUS] = {.name = "status",
			 .type = COLUMN_TEXT,
			 .help = "of TCP: ESTABLISHED, LISTEN...; else NONE"},
	[CONN_PID] = {.name = "pid",
		      .type = COLUMN_NUMBER,
		      .cost = COST_DEAR,
		      .help = "the process that holds it"},
};

struct holder {
	uint64_t inode;
	uint64_t pid;
	uint64_t fd;
};

struct holders {
	struct holder *list;
	size_t n;
	size_t cap;
	bool denied; /* some process could not be looked at */
};

static int add_holder(struct holders *h, const struct holder *holder)
{
	if (h->n == h->cap) {
		size_t cap = h->cap > 0 ? h->cap * 2 : 256;
		struct holder *list = reallocarray(h->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		h->list = list;
		h->cap = cap;
	}
	h->list[h->n++] = *holder;
	return 0;
}

static int compare_uint(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_holders(const void *a, const void *b)
{
	const struct holder *x = a;
	const struct holder *y = b;
	int r = compare_uint(x->inode, y->inode);

	if (r == 0)
		r = compare_uint(x->pid, y->pid);
	return r ? r : compare_uint(x->fd, y->fd);
}

/* A name that is a number and nothing else. */
static bool parse_number(const char *name, uint64_t *ret)
{
	return text_uint(&name, ret) && *name == '\0';
}

/* "socket:[12345]" */
static bool parse_link(int dirfd, const char *name, uint64_t *ret_inode, bool *denied)
{
	static const char prefix[] = "socket:[";
	char link[64];
	ssize_t n = readlinkat(dirfd, name, link, sizeof(link) - 1);

	if (n < 0) {
		*denied |= why_from_error(errno) == WHY_PERMISSION;
		return false;
	}
	link[n] = '\0';

	const char *number = link + sizeof(prefix) - 1;

	return strncmp(link, prefix, sizeof(prefix) - 1) == 0 &&
	       text_uint(&number, ret_inode) && *number == ']';
}

/* The sockets that a process has open. One that has ended meanwhile has none. */
static int look_at(struct holders *h, int proc, uint64_t pid)
{
	char path[32];
	struct holder holder = {.pid = pid};
	int r = 0;

	(void)snprintf(path, sizeof(path), "%ju/fd", (uintmax_t)pid);

	int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		h->denied |= why_from_error(errno) == WHY_PERMISSION;
		(void)fd_close(fd);
		return 0;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (parse_number(entry->d_name, &holder.fd) &&
		    parse_link(fd, entry->d_name, &holder.inode, &h->denied))
			r = add_holder(h, &holder);
	(void)closedir(dir);
	return r;
}

/* Every socket of every process that we may look at. */
static int find_holders(struct reading *r, struct holders *h)
{
	struct source *source = r->source;
	int fd = openat(source->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool has_init = false;
	uint64_t pid;
	int error = 0;

	if (!dir) {
		error = reading_fail(r, source->proc_path, -errno);
		(void)fd_close(fd);
		return error;
	}
	while (error == 0 && (entry = readdir(dir)))
		if (parse_number(entry->d_name, &pid)) {
			has_init |= pid == 1;
			error = look_at(h, source->proc, pid);
		}
	(void)closedir(dir);
	/* Mounted with hidepid, /proc does not even list the processes of others. */
	h->denied |= !has_init && !source->other_proc;
	if (h->n > 0)
		qsort(h->list, h->n, sizeof(*h->list), compare_holders);
	return error;
}

/* The first holder of an inode, or where it would be. */
static size_t holder_index(const struct holders *h, uint64_t inode)
{
	size_t low = 0;
	size_t high = h->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (h->list[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct listing {
	struct table *table;
	struct holders holders;
};

static void set_text(struct row *row, size_t column, const char *text)
{
	if (text)
		row_text(row, column, text);
}

static int add_row(struct listing *l, const struct socket_entry *e,
		   const struct holder *holder)
{
	struct row *row = table_add(l->table);

	if (!row)
		return -ENOMEM;
	set_text(row, CONN_FAMILY, e->family);
	set_text(row, CONN_TYPE, e->type);
	set_text(row, CONN_STATUS, e->status);
	sockets_local(l->table, &row->values[CONN_LADDR], e);
	sockets_remote(l->table, &row->values[CONN_RADDR], e);
	if (holder) {
		row_uint(row, CONN_FD, holder->fd);
		row_uint(row, CONN_PID, holder->pid);
	} else {
		/* Without an inode it is the kernel's, as in TIME_WAIT. */
		enum why why = e->inode != 0 && l->holders.denied ? WHY_PERMISSION
								  : WHY_NOT_APPLICABLE;

		row_null(row, CONN_FD, why);
		row_null(row, CONN_PID, why);
	}
	return 0;
}

static int visit_socket(const struct socket_entry *e, void *data)
{
	struct listing *l = data;
	const struct holders *h = &l->holders;
	size_t i = holder_index(h, e->inode);
	int r;

	if (e->inode == 0 || i == h->n || h->list[i].inode != e->inode)
		return add_row(l, e, NULL);
	do
		r = add_row(l, e, &h->list[i++]);
	while (r == 0 && e->kind == SOCKETS_UNIX && i < h->n &&
	       h->list[i].inode == e->inode);
	return r;
}

static int conn_read(struct reading *r, struct table *t)
{
	unsigned kinds = sockets_kinds(r->kind ? r->kind : "inet");
	struct listing l = {.table = t};
	const char *net = "net";
	int error = 0;

	/* Mounted with subset=pid, /proc has no net of its own. */
	if (faccessat(r->source->proc, net, F_OK, 0) < 0)
		net = "self/net";
	if (r->wanted[CONN_FD] || r->wanted[CONN_PID])
		error = find_holders(r, &l.holders);
	if (error == 0) {
		error = sockets_read(r->source->proc, net, kinds, visit_socket, &l,
				     &r->buf);
		if (error < 0)
			(void)reading_fail(r, net, error);
	}
	free(l.holders.list);
	return error < 0 ? error : t->error;
}

const struct topic topic_net_connections = {
	.name = "net-connections",
	.summary = "sockets, their addresses, and the processes that hold them",
	.columns = conn_columns,
	.n_columns = ARRAY_SIZE(conn_columns),
	.flags = TOPIC_LIST | TOPIC_KINDS,
	.read = conn_read,
};
