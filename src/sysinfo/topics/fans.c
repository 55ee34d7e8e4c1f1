/*
 * fans: how fast they turn, from hwmon.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/hwmon.h"
#include "sysinfo/topic.h"

#include <errno.h>

enum {
	FAN_CHIP = HWMON_COLUMNS,
	FAN_SENSOR,
};

static const struct column fan_columns[] = {
	[HWMON_COLUMN_NAME] = {.name = "name",
			       .type = COLUMN_TEXT,
			       .help = "the chip, as its driver calls it"},
	[HWMON_COLUMN_LABEL] = {.name = "label",
				.type = COLUMN_TEXT,
				.help = "which fan"},
	[HWMON_COLUMN_CURRENT] = {.name = "current",
				  .type = COLUMN_NUMBER,
				  .unit = "RPM",
				  .metric = "node_hwmon_fan_rpm",
				  .help = "turns per minute"},
	[FAN_CHIP] = {.name = "chip",
		      .type = COLUMN_TEXT,
		      .flags = COLUMN_ID | COLUMN_HIDDEN,
		      .help = "the chip, by its bus and its place there"},
	[FAN_SENSOR] = {.name = "sensor",
			.type = COLUMN_TEXT,
			.flags = COLUMN_ID | COLUMN_HIDDEN,
			.help = "the fan, by its number in the chip"},
};

static int add_channel(struct reading *r, const struct hwmon_channel *channel,
		       struct table *t)
{
	struct row *row = table_add(t);
	int64_t value;

	if (!row)
		return -ENOMEM;
	if (channel->name)
		row_text(row, HWMON_COLUMN_NAME, channel->name);
	hwmon_set_label(r, channel, row);
	row_text(row, FAN_CHIP, channel->chip);
	row_text(row, FAN_SENSOR, channel->sensor);

	int error = hwmon_int(r, channel, "input", &value);

	if (error < 0)
		row_null(row, HWMON_COLUMN_CURRENT, why_from_error(error));
	else
		row_int(row, HWMON_COLUMN_CURRENT, value);
	return 0;
}

static int fans_read(struct reading *r, struct table *t)
{
	int error = hwmon_read(r, "fan", add_channel, t);

	return error < 0 ? error : t->error;
}

const struct topic topic_fans = {
	.name = "fans",
	.aliases = "sensors_fans",
	.summary = "how fast the fans turn",
	.columns = fan_columns,
	.n_columns = ARRAY_SIZE(fan_columns),
	.flags = TOPIC_LIST,
	.read = fans_read,
};
