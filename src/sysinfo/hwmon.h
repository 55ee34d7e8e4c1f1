/*
 * The channels of the hardware monitoring chips: temp1, temp2, fan1...
 *
 * /sys/class/hwmon/hwmonN has NAME, tempM_input, tempM_label and so on; drivers of old
 * kernels have them in hwmonN/device. A chip is called as node_exporter does, by its bus
 * and its place there ("platform_coretemp_0"), because two chips may have one name.
 */
#ifndef SYSINFO_HWMON_H
#define SYSINFO_HWMON_H

#include <stdbool.h>
#include <stdint.h>

#include "sysinfo/topic.h"
#include "sysinfo/value.h"

/* The first columns of a topic that shows channels. */
enum {
	HWMON_COLUMN_NAME,
	HWMON_COLUMN_LABEL,
	HWMON_COLUMN_CURRENT,
	HWMON_COLUMNS,
};

struct hwmon_channel {
	const char *folder; /* "class/hwmon/hwmon0" */
	const char *sensor; /* "temp1" */
	const char *chip;   /* "platform_coretemp_0" */
	const char *name;   /* of the chip, as its driver has it: "coretemp"; or NULL */
	const struct folder *files;
};

/*
 * Visit every channel of a kind ("temp", "fan") that has an _input: 0, or what visit
 * returned if that is not 0, or -ENOMEM. No chips are no error. Uses r->buf.
 */
typedef int hwmon_visit(struct reading *r, const struct hwmon_channel *channel,
			struct table *t);
int hwmon_read(struct reading *r, const char *kind, hwmon_visit *visit, struct table *t);

/* A channel's file, "input" or "crit", as a number: 0 or -errno, -ENOENT where it has
 * none. */
int hwmon_int(struct reading *r, const struct hwmon_channel *channel, const char *what,
	      int64_t *ret);
/* Its label, null where it has none. Uses r->buf. */
void hwmon_set_label(struct reading *r, const struct hwmon_channel *channel,
		     struct row *row);

#endif
