/*
 * net-addrs: the addresses of the network interfaces.
 *
 * They come from the kernel by netlink, as no file has all of them. Another system's,
 * whose files are below --proc, can therefore not be told: its interfaces are listed, and
 * their addresses are null.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/net-dev.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ADDRS_NAME,
	ADDRS_FAMILY,
	ADDRS_ADDRESS,
	ADDRS_NETMASK,
	ADDRS_BROADCAST,
	ADDRS_PTP,
};

static const struct column addrs_columns[] = {
	[ADDRS_NAME] = {.name = "name",
			.type = COLUMN_TEXT,
			.flags = COLUMN_ID,
			.label = "device",
			.help = "the interface"},
	[ADDRS_FAMILY] = {.name = "family",
			  .type = COLUMN_TEXT,
			  .flags = COLUMN_ID,
			  .help = "AF_INET, AF_INET6 or AF_PACKET"},
	[ADDRS_ADDRESS] = {.name = "address",
			   .type = COLUMN_TEXT,
			   .flags = COLUMN_ID,
			   .help = "the address; of AF_PACKET the hardware's (MAC)"},
	[ADDRS_NETMASK] = {.name = "netmask",
			   .type = COLUMN_TEXT,
			   .help = "which part of it is the network's"},
	[ADDRS_BROADCAST] = {.name = "broadcast",
			     .type = COLUMN_TEXT,
			     .help = "the address of all in the network"},
	[ADDRS_PTP] = {.name = "ptp",
		       .type = COLUMN_TEXT,
		       .help = "the other end of a point-to-point link"},
};

/* The C library has room for longer ones (InfiniBand) than struct sockaddr_ll shows. */
static bool format_hardware(const struct sockaddr *address, char *text, size_t size)
{
	enum { MOST = 24 };
	unsigned char length;
	const unsigned char *bytes = (const unsigned char *)address;

	memcpy(&length, bytes + offsetof(struct sockaddr_ll, sll_halen), 1);
	bytes += offsetof(struct sockaddr_ll, sll_addr);
	if (length == 0 || length > MOST || (size_t)length * 3 > size)
		return false;
	for (size_t i = 0; i < length; i++)
		(void)snprintf(text + i * 3, 4, "%02x:", bytes[i]);
	text[length * 3 - 1] = '\0';
	return true;
}

static bool format_address(const struct sockaddr *address, int family, char *text,
			   size_t size)
{
	size_t len = family == AF_INET ? sizeof(struct sockaddr_in)
				       : sizeof(struct sockaddr_in6);

	if (!address)
		return false;
	if (family == AF_PACKET)
		return address->sa_family == AF_PACKET &&
		       format_hardware(address, text, size);
	/* It knows the %eth0 of link-local addresses. */
	return getnameinfo(address, (socklen_t)len, text, (socklen_t)size, NULL, 0,
			   NI_NUMERICHOST) == 0;
}

static void set_address(struct row *row, size_t column, const struct sockaddr *address,
			int family)
{
	char text[NI_MAXHOST];

	if (format_address(address, family, text, sizeof(text)))
		row_text(row, column, text);
	else
		row_null(row, column, WHY_NOT_APPLICABLE);
}

static const char *family_name(int family)
{
	switch (family) {
	case AF_INET:
		return "AF_INET";
	case AF_INET6:
		return "AF_INET6";
	case AF_PACKET:
		return "AF_PACKET";
	default:
		return NULL;
	}
}

static int add_row(struct table *t, const struct ifaddrs *a, int family)
{
	char text[NI_MAXHOST];

	/* A tunnel has no hardware. */
	if (!format_address(a->ifa_addr, family, text, sizeof(text)))
		return 0;

	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	row_text(row, ADDRS_NAME, a->ifa_name);
	row_text(row, ADDRS_FAMILY, family_name(family));
	row_text(row, ADDRS_ADDRESS, text);
	set_address(row, ADDRS_NETMASK, a->ifa_netmask, family);
	/* One place for both: which of them it is stands in the flags. */
	set_address(row, ADDRS_BROADCAST,
		    a->ifa_flags & IFF_BROADCAST ? a->ifa_broadaddr : NULL, family);
	set_address(row, ADDRS_PTP,
		    !(a->ifa_flags & IFF_BROADCAST) && a->ifa_flags & IFF_POINTOPOINT
			    ? a->ifa_dstaddr
			    : NULL,
		    family);
	return 0;
}

/* An address and its place: interfaces in the kernel's order, AF_INET first in each. */
struct entry {
	const struct ifaddrs *address;
	int family;
	size_t order; /* in the kernel's list */
	size_t rank;  /* of its interface: the order of the first of that name */
};

static int compare_names(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	int r = strcmp(x->address->ifa_name, y->address->ifa_name);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int compare_places(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void sort_entries(struct entry *list, size_t n)
{
	qsort(list, n, sizeof(*list), compare_names);
	for (size_t i = 0; i < n; i++)
		list[i].rank = i > 0 && strcmp(list[i].address->ifa_name,
					       list[i - 1].address->ifa_name) == 0
				       ? list[i - 1].rank
				       : list[i].order;
	qsort(list, n, sizeof(*list), compare_places);
}

static int add_rows(struct table *t, const struct ifaddrs *addresses)
{
	auto_free struct entry *list = NULL;
	size_t n = 0;

	for (const struct ifaddrs *a = addresses; a; a = a->ifa_next)
		n++;
	list = calloc(n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	n = 0;
	for (const struct ifaddrs *a = addresses; a; a = a->ifa_next) {
		int family = a->ifa_addr ? a->ifa_addr->sa_family : AF_UNSPEC;

		if (family_name(family)) {
			list[n] = (struct entry){a, family, n, 0};
			n++;
		}
	}
	sort_entries(list, n);
	for (size_t i = 0; i < n; i++) {
		int r = add_row(t, list[i].address, list[i].family);

		if (r < 0)
			return r;
	}
	return t->error;
}

static int read_own(struct reading *r, struct table *t)
{
	struct ifaddrs *addresses;
	int error;

	if (getifaddrs(&addresses) < 0)
		return reading_fail(r, "network interfaces", -errno);
	error = add_rows(t, addresses);
	freeifaddrs(addresses);
	return error;
}

static int read_other(struct reading *r, struct table *t)
{
	int error = net_dev_read(r->source, &r->buf);
	const char *name;
	const char *counters;

	if (error < 0)
		return reading_fail(r, "net/dev", error);

	char *cursor = r->buf.data;

	while (net_dev_next(&cursor, &name, &counters)) {
		struct row *row = table_add(t);

		if (!row)
			return -ENOMEM;
		row_text(row, ADDRS_NAME, name);
	}
	return t->error;
}

static int addrs_read(struct reading *r, struct table *t)
{
	return r->source->other_proc ? read_other(r, t) : read_own(r, t);
}

const struct topic topic_net_addrs = {
	.name = "net-addrs",
	.aliases = "net_if_addrs",
	.summary = "addresses of the network interfaces",
	.columns = addrs_columns,
	.n_columns = ARRAY_SIZE(addrs_columns),
	.flags = TOPIC_LIST,
	.read = addrs_read,
};
