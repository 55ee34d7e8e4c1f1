/*
 * net-stats: the state of the network interfaces.
 *
 * Asked of the kernel by ioctl, interface by interface, because what /sys shows are those
 * of the network namespace in which it was mounted, which need not be ours. With --sys,
 * from that tree's class/net.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/topic.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { STATS_NAME, STATS_ISUP, STATS_DUPLEX, STATS_SPEED, STATS_MTU, STATS_FLAGS };

static const struct column stats_columns[] = {
	[STATS_NAME] = {.name = "name",
			.type = COLUMN_TEXT,
			.flags = COLUMN_ID,
			.label = "device",
			.help = "the interface"},
	/* Not node_network_up, which is 0 where the driver does not tell of the link. */
	[STATS_ISUP] = {.name = "isup",
			.type = COLUMN_BOOL,
			.help = "switched on, and there is a link"},
	[STATS_DUPLEX] = {.name = "duplex",
			  .type = COLUMN_TEXT,
			  .help = "full, half or unknown"},
	[STATS_SPEED] = {.name = "speed",
			 .type = COLUMN_NUMBER,
			 .unit = "Mbit/s",
			 .metric = "node_network_speed_bytes",
			 .metric_scale = 125000,
			 .help = "of the link"},
	[STATS_MTU] = {.name = "mtu",
		       .type = COLUMN_NUMBER,
		       .unit = "bytes",
		       .metric = "node_network_mtu_bytes",
		       .help = "the largest packet"},
	[STATS_FLAGS] = {.name = "flags",
			 .type = COLUMN_LIST,
			 .help = "up, broadcast, loopback, running..."},
};

/* psutil's words, which are those of netdevice(7). */
static const struct {
	unsigned flag;
	const char *word;
} flag_words[] = {
	{IFF_UP, "up"},
	{IFF_BROADCAST, "broadcast"},
	{IFF_DEBUG, "debug"},
	{IFF_LOOPBACK, "loopback"},
	{IFF_POINTOPOINT, "pointopoint"},
	{IFF_NOTRAILERS, "notrailers"},
	{IFF_RUNNING, "running"},
	{IFF_NOARP, "noarp"},
	{IFF_PROMISC, "promisc"},
	{IFF_ALLMULTI, "allmulti"},
	{IFF_MASTER, "master"},
	{IFF_SLAVE, "slave"},
	{IFF_MULTICAST, "multicast"},
	{IFF_PORTSEL, "portsel"},
	{IFF_AUTOMEDIA, "automedia"},
	{IFF_DYNAMIC, "dynamic"},
};

static void set_flags(struct row *row, unsigned flags)
{
	size_t n = 0;

	row_bool(row, STATS_ISUP, (flags & IFF_RUNNING) != 0);
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++)
		n += (flags & flag_words[i].flag) != 0;

	struct value *items = value_list(row->table, &row->values[STATS_FLAGS], n);

	for (size_t i = 0; items && i < ARRAY_SIZE(flag_words); i++)
		if (flags & flag_words[i].flag)
			value_text(row->table, items++, flag_words[i].word);
}

/* All ones (-1) are "unknown", also in 16 bits as old drivers have it; no link has 0. */
static void set_speed(struct row *row, int64_t speed)
{
	if (speed > 0 && speed <= INT32_MAX && speed != UINT16_MAX)
		row_int(row, STATS_SPEED, speed);
}

static struct row *add_row(struct table *t, const char *name)
{
	struct row *row = table_add(t);

	if (row) {
		row_text(row, STATS_NAME, name);
		row_text(row, STATS_DUPLEX, "unknown");
	}
	return row;
}

static void set_link(struct row *row, int fd, struct ifreq *request)
{
	struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};

	/* Of many devices nobody knows: loopback, bridges, virtual ones. */
	request->ifr_data = (char *)&command;

	int r = ioctl(fd, SIOCETHTOOL, request);

	request->ifr_data = NULL;
	if (r < 0)
		return;
	/* Not ethtool_cmd_speed(), which shifts a bit into the sign. */
	set_speed(row, (uint32_t)command.speed_hi << 16 | command.speed);
	if (command.duplex == DUPLEX_FULL)
		row_text(row, STATS_DUPLEX, "full");
	else if (command.duplex == DUPLEX_HALF)
		row_text(row, STATS_DUPLEX, "half");
}

static int ask_kernel(struct table *t, int fd, const char *name)
{
	struct ifreq request = {0};

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	/* It was taken away since the list was made. */
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return errno == ENODEV ? 0 : -errno;

	struct row *row = add_row(t, name);

	if (!row)
		return -ENOMEM;
	set_flags(row, (unsigned short)request.ifr_flags);
	if (ioctl(fd, SIOCGIFMTU, &request) == 0)
		row_int(row, STATS_MTU, request.ifr_mtu);
	set_link(row, fd, &request);
	return 0;
}

static int read_own(struct reading *r, struct table *t)
{
	/* Any socket knows them, and this kind every kernel has. */
	auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *list;
	int error = 0;

	if (fd < 0)
		return reading_fail(r, "network interfaces", -errno);
	list = if_nameindex();
	if (!list)
		return reading_fail(r, "network interfaces", -errno);
	for (size_t i = 0; list[i].if_name && error == 0; i++)
		error = ask_kernel(t, fd, list[i].if_name);
	if_freenameindex(list);
	return error < 0 ? reading_fail(r, "network interfaces", error) : t->error;
}

/* A file of the interface, without its newline, in r->buf; else 0 or -errno. */
static int read_line(struct reading *r, const char *name, const char *file)
{
	char path[NAME_MAX + 64];

	(void)snprintf(path, sizeof(path), "class/net/%s/%s", name, file);
	return source_sys_line(r->source, path, &r->buf);
}

static bool read_int(struct reading *r, const char *name, const char *file, int64_t *ret)
{
	const char *text;

	if (read_line(r, name, file) < 0)
		return false;
	text = r->buf.data;
	return text_int(&text, ret) && *text == '\0';
}

static void read_flags(struct reading *r, const char *name, struct row *row)
{
	char *end;
	int error = read_line(r, name, "flags");
	unsigned long flags;

	if (error < 0) {
		row_null(row, STATS_ISUP, why_of_file(error));
		row_null(row, STATS_FLAGS, why_of_file(error));
		return;
	}
	flags = strtoul(r->buf.data, &end, 16);
	if (end == r->buf.data || *end)
		return;
	/* Here this flag is not shown; the kernel makes it for the ioctl as follows. */
	if (flags & IFF_UP && read_line(r, name, "operstate") == 0 &&
	    (strcmp(r->buf.data, "up") == 0 || strcmp(r->buf.data, "unknown") == 0))
		flags |= IFF_RUNNING;
	set_flags(row, (unsigned)flags);
}

static int read_folder(struct reading *r, struct table *t, const char *name)
{
	struct row *row = add_row(t, name);
	int64_t number;

	if (!row)
		return -ENOMEM;
	read_flags(r, name, row);
	if (read_int(r, name, "mtu", &number))
		row_int(row, STATS_MTU, number);
	/* Where the link is down, reading these fails. */
	if (read_int(r, name, "speed", &number))
		set_speed(row, number);
	if (read_line(r, name, "duplex") == 0 &&
	    (strcmp(r->buf.data, "full") == 0 || strcmp(r->buf.data, "half") == 0))
		row_text(row, STATS_DUPLEX, r->buf.data);
	return 0;
}

/* Files, such as bonding_masters, are no interfaces. */
static int is_interface(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type != DT_REG;
}

static int read_tree(struct reading *r, struct table *t)
{
	struct dirent **list;
	int n = scandirat(source_sys(r->source), "class/net", &list, is_interface,
			  alphasort);
	int error = 0;

	if (n < 0)
		return errno == ENOENT ? 0 : reading_fail(r, "class/net", -errno);
	for (int i = 0; i < n; i++) {
		if (error == 0)
			error = read_folder(r, t, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return error < 0 ? error : t->error;
}

static int stats_read(struct reading *r, struct table *t)
{
	return r->source->other_sys ? read_tree(r, t) : read_own(r, t);
}

const struct topic topic_net_stats = {
	.name = "net-stats",
	.aliases = "net_if_stats",
	.summary = "state, speed and MTU of the network interfaces",
	.columns = stats_columns,
	.n_columns = ARRAY_SIZE(stats_columns),
	.flags = TOPIC_LIST,
	.read = stats_read,
};
