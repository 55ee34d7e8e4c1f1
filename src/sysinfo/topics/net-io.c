/*
 * net-io: what interfaces have carried.
 *
 * From net/dev, where the counters have 64 bits everywhere; getifaddrs(3) still gives
 * those of 32. The total has every interface, the loopback too, as psutil's has; what one
 * of them does not tell, nobody knows of all.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/net-dev.h"
#include "sysinfo/topic.h"

#include <errno.h>

enum {
	IO_NAME,
	IO_BYTES_SENT,
	IO_BYTES_RECV,
	IO_PACKETS_SENT,
	IO_PACKETS_RECV,
	IO_ERRIN,
	IO_ERROUT,
	IO_DROPIN,
	IO_DROPOUT,
	IO_COLUMNS,
};

static const struct column io_columns[] = {
	[IO_NAME] = {.name = "name",
		     .type = COLUMN_TEXT,
		     .flags = COLUMN_ID,
		     .label = "device",
		     .help = "the interface"},
	[IO_BYTES_SENT] = {.name = "bytes_sent",
			   .type = COLUMN_BYTES,
			   .flags = COLUMN_COUNTER,
			   .metric = "node_network_transmit_bytes_total",
			   .help = "bytes sent"},
	[IO_BYTES_RECV] = {.name = "bytes_recv",
			   .type = COLUMN_BYTES,
			   .flags = COLUMN_COUNTER,
			   .metric = "node_network_receive_bytes_total",
			   .help = "bytes received"},
	[IO_PACKETS_SENT] = {.name = "packets_sent",
			     .type = COLUMN_NUMBER,
			     .flags = COLUMN_COUNTER,
			     .metric = "node_network_transmit_packets_total",
			     .help = "packets sent"},
	[IO_PACKETS_RECV] = {.name = "packets_recv",
			     .type = COLUMN_NUMBER,
			     .flags = COLUMN_COUNTER,
			     .metric = "node_network_receive_packets_total",
			     .help = "packets received"},
	[IO_ERRIN] = {.name = "errin",
		      .type = COLUMN_NUMBER,
		      .flags = COLUMN_COUNTER,
		      .metric = "node_network_receive_errs_total",
		      .help = "errors while receiving"},
	[IO_ERROUT] = {.name = "errout",
		       .type = COLUMN_NUMBER,
		       .flags = COLUMN_COUNTER,
		       .metric = "node_network_transmit_errs_total",
		       .help = "errors while sending"},
	[IO_DROPIN] = {.name = "dropin",
		       .type = COLUMN_NUMBER,
		       .flags = COLUMN_COUNTER,
		       .metric = "node_network_receive_drop_total",
		       .help = "incoming packets dropped"},
	[IO_DROPOUT] = {.name = "dropout",
			.type = COLUMN_NUMBER,
			.flags = COLUMN_COUNTER,
			.metric = "node_network_transmit_drop_total",
			.help = "outgoing packets dropped"},
};

/* The fields of a line behind the name, as far as psutil has them. */
static const int field_columns[] = {
	IO_BYTES_RECV,
	IO_PACKETS_RECV,
	IO_ERRIN,
	IO_DROPIN,
	-1, /* fifo */
	-1, /* frame */
	-1, /* compressed */
	-1, /* multicast */
	IO_BYTES_SENT,
	IO_PACKETS_SENT,
	IO_ERROUT,
	IO_DROPOUT,
};

struct counters {
	bool known[IO_COLUMNS];
	uint64_t values[IO_COLUMNS];
};

/* More figures follow these; one at the very end may have lost digits and is none. */
static void parse_counters(const char *text, struct counters *ret)
{
	*ret = (struct counters){0};
	for (size_t i = 0; i < ARRAY_SIZE(field_columns); i++) {
		int column = field_columns[i];
		uint64_t value;

		if (!text_uint(&text, &value) || *text == '\0')
			return;
		if (column >= 0) {
			ret->known[column] = true;
			ret->values[column] = value;
		}
	}
}

static void set_counters(struct row *row, const struct counters *c)
{
	for (size_t i = IO_NAME + 1; i < IO_COLUMNS; i++)
		if (c->known[i])
			row_uint(row, i, c->values[i]);
}

static int io_read(struct reading *r, struct table *t)
{
	int error = net_dev_read(r->source, &r->buf);
	struct counters c;
	const char *name;
	const char *text;

	if (error < 0)
		return reading_fail(r, "net/dev", error);

	char *cursor = r->buf.data;

	while (net_dev_next(&cursor, &name, &text)) {
		struct row *row = table_add(t);

		if (!row)
			return -ENOMEM;
		row_text(row, IO_NAME, name);
		parse_counters(text, &c);
		set_counters(row, &c);
	}
	return t->error;
}

static int io_total(const struct table *devices, struct table *t)
{
	struct row *row = table_sum(t, devices, NULL, false);

	if (!row)
		return -ENOMEM;
	row_null(row, IO_NAME, WHY_NOT_APPLICABLE);
	return 0;
}

const struct topic topic_net_io = {
	.name = "net-io",
	.aliases = "net_io_counters",
	.summary = "bytes, packets and errors of the network interfaces",
	.per_option = "pernic",
	.columns = io_columns,
	.n_columns = ARRAY_SIZE(io_columns),
	.flags = TOPIC_PER,
	.read = io_read,
	.total = io_total,
};
