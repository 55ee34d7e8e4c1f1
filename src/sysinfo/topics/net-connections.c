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
#include "sysinfo/process.h"
#include "sysinfo/socket-holders.h"
#include "sysinfo/sockets.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
		     .flags = COLUMN_NAMING,
		     .cost = COST_DEAR,
		     .help = "the descriptor, in the process that holds it"},
	[CONN_FAMILY] = {.name = "family",
			 .type = COLUMN_TEXT,
			 .help = "AF_INET, AF_INET6 or AF_UNIX"},
	[CONN_TYPE] = {.name = "type",
		       .type = COLUMN_TEXT,
		       .help = "SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET"},
	[CONN_LADDR] = {.name = "laddr",
			.type = COLUMN_SOCKET,
			.help = "the local address: ip and port, or a path as a text"},
	[CONN_RADDR] = {.name = "raddr",
			.type = COLUMN_SOCKET,
			.help = "the remote address, where connected"},
	[CONN_STATUS] = {.name = "status",
			 .type = COLUMN_TEXT,
			 .help = "of TCP: ESTABLISHED, LISTEN...; else NONE"},
	[CONN_PID] = {.name = "pid",
		      .type = COLUMN_NUMBER,
		      .flags = COLUMN_NAMING,
		      .cost = COST_DEAR,
		      .help = "the process that holds it"},
};

/* Every socket of every process that we may look at. */
static int find_holders(struct reading *r, struct socket_holders *h)
{
	struct source *source = r->source;
	struct pid_list list = {0};
	bool has_init = false;
	int error = process_list_numbers(source->proc, ".", &list, &r->buf);

	if (error < 0)
		(void)reading_fail(r, source->proc_path, error);
	for (size_t i = 0; error == 0 && i < list.n; i++) {
		char path[32];

		has_init |= list.pids[i] == 1;
		(void)snprintf(path, sizeof(path), "%d/fd", (int)list.pids[i]);
		error = socket_holders_add(h, source->proc, path, list.pids[i], &r->buf);
		/* One that has ended meanwhile has none. A lack of descriptors would
		 * look like that of every process. */
		if (why_from_error(error) == WHY_PERMISSION) {
			h->denied = true;
			error = 0;
		} else if (error == -ENOENT || error == -ESRCH || error == -ENOTDIR) {
			error = 0;
		} else if (error < 0) {
			(void)reading_fail(r, path, error);
		}
	}
	free(list.pids);
	/* Mounted with hidepid, /proc does not even list the processes of others. */
	h->denied |= !has_init && !source->other_proc;
	socket_holders_sort(h);
	return error;
}

struct listing {
	struct table *table;
	struct socket_holders holders;
};

static void set_text(struct row *row, size_t column, const char *text)
{
	if (text)
		row_text(row, column, text);
}

static int add_row(struct listing *l, const struct socket_entry *e,
		   const struct socket_holder *holder)
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
		row_int(row, CONN_FD, holder->fd);
		row_int(row, CONN_PID, holder->pid);
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
	size_t n;
	const struct socket_holder *holder =
		socket_holders_find(&l->holders, e->inode, &n);
	int r;

	if (e->inode == 0 || n == 0)
		return add_row(l, e, NULL);
	do
		r = add_row(l, e, holder++);
	while (r == 0 && e->kind == SOCKETS_UNIX && --n > 0);
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
	socket_holders_clear(&l.holders);
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
