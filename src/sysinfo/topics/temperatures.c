/*
 * temperatures: what the sensors of the hardware say, from hwmon, and where that has none
 * from the thermal zones.
 *
 * A sensor that cannot be read (a disk that sleeps, a card without power) is a row with a
 * null, and the others are there all the same. A limit that a sensor does not have is
 * null too; psutil shows the other limit in its place.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/folder.h"
#include "sysinfo/hwmon.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
	TEMPERATURE_HIGH = HWMON_COLUMNS,
	TEMPERATURE_CRITICAL,
	TEMPERATURE_CHIP,
	TEMPERATURE_SENSOR,
};

static const struct column temperature_columns[] = {
	[HWMON_COLUMN_NAME] = {.name = "name",
			       .type = COLUMN_TEXT,
			       .help = "the chip, as its driver calls it"},
	[HWMON_COLUMN_LABEL] = {.name = "label",
				.type = COLUMN_TEXT,
				.help = "what is measured"},
	[HWMON_COLUMN_CURRENT] = {.name = "current",
				  .type = COLUMN_CELSIUS,
				  .metric = "node_hwmon_temp_celsius",
				  .help = "the temperature"},
	[TEMPERATURE_HIGH] = {.name = "high",
			      .type = COLUMN_CELSIUS,
			      .metric = "node_hwmon_temp_max_celsius",
			      .help = "more than this is too hot"},
	[TEMPERATURE_CRITICAL] = {.name = "critical",
				  .type = COLUMN_CELSIUS,
				  .metric = "node_hwmon_temp_crit_celsius",
				  .help = "more than this is dangerous"},
	[TEMPERATURE_CHIP] = {.name = "chip",
			      .type = COLUMN_TEXT,
			      .flags = COLUMN_ID | COLUMN_HIDDEN,
			      .help = "the chip, by its bus and its place there"},
	[TEMPERATURE_SENSOR] = {.name = "sensor",
				.type = COLUMN_TEXT,
				.flags = COLUMN_ID | COLUMN_HIDDEN,
				.help = "the sensor, by its number in the chip"},
};

/* Below absolute zero stands for "none" with many drivers. */
static void set_celsius(struct row *row, size_t column, int error, int64_t thousandths)
{
	if (error < 0)
		row_null(row, column, why_of_file(error));
	else if (thousandths > -273150)
		row_real(row, column, (double)thousandths / 1000);
}

static int add_channel(struct reading *r, const struct hwmon_channel *channel,
		       struct table *t)
{
	static const struct {
		size_t column;
		const char *file;
	} figures[] = {
		{HWMON_COLUMN_CURRENT, "input"},
		{TEMPERATURE_HIGH, "max"},
		{TEMPERATURE_CRITICAL, "crit"},
	};
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	if (channel->name)
		row_text(row, HWMON_COLUMN_NAME, channel->name);
	hwmon_set_label(r, channel, row);
	row_text(row, TEMPERATURE_CHIP, channel->chip);
	row_text(row, TEMPERATURE_SENSOR, channel->sensor);
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		int64_t value = 0;
		int error = hwmon_int(r, channel, figures[i].file, &value);

		set_celsius(row, figures[i].column, error, value);
	}
	return 0;
}

static void zone_path(char path[PATH_MAX], const char *zone, const char *file)
{
	(void)snprintf(path, PATH_MAX, "class/thermal/%s/%s", zone, file);
}

/* A zone's trip points: at "critical" the system is switched off, at "hot" it is told. */
static void set_trip_points(struct reading *r, const char *zone, struct row *row)
{
	char path[PATH_MAX];
	char file[64];
	int64_t value = 0;

	for (unsigned i = 0;; i++) {
		(void)snprintf(file, sizeof(file), "trip_point_%u_type", i);
		zone_path(path, zone, file);
		if (source_sys_line(r->source, path, &r->buf) < 0)
			return;

		bool is_critical = strcmp(r->buf.data, "critical") == 0;

		if (!is_critical && strcmp(r->buf.data, "hot") != 0 &&
		    strcmp(r->buf.data, "high") != 0)
			continue;
		(void)snprintf(file, sizeof(file), "trip_point_%u_temp", i);
		zone_path(path, zone, file);

		int error = source_sys_int(r->source, path, &value);

		set_celsius(row, is_critical ? TEMPERATURE_CRITICAL : TEMPERATURE_HIGH,
			    error, value);
	}
}

static int add_zone(struct reading *r, const char *zone, struct table *t)
{
	struct row *row = table_add(t);
	char path[PATH_MAX];
	int64_t value = 0;

	if (!row)
		return -ENOMEM;
	row_text(row, TEMPERATURE_CHIP, zone);
	row_text(row, TEMPERATURE_SENSOR, "temp");
	zone_path(path, zone, "type");
	if (source_sys_line(r->source, path, &r->buf) == 0)
		row_text(row, HWMON_COLUMN_NAME, r->buf.data);
	zone_path(path, zone, "temp");

	int error = source_sys_int(r->source, path, &value);

	set_celsius(row, HWMON_COLUMN_CURRENT, error, value);
	set_trip_points(r, zone, row);
	return 0;
}

static int read_zones(struct reading *r, struct table *t)
{
	static const char prefix[] = "thermal_zone";
	auto_folder struct folder zones = {0};
	int error = folder_list(r->source, "class/thermal", &zones);

	if (error < 0)
		return error == -ENOMEM ? error : 0;
	for (size_t i = 0; error == 0 && i < zones.n; i++)
		if (strncmp(zones.names[i], prefix, strlen(prefix)) == 0)
			error = add_zone(r, zones.names[i], t);
	return error;
}

static int temperatures_read(struct reading *r, struct table *t)
{
	int error = hwmon_read(r, "temp", add_channel, t);

	if (error == 0 && t->n == 0)
		error = read_zones(r, t);
	return error < 0 ? error : t->error;
}

const struct topic topic_temperatures = {
	.name = "temperatures",
	.aliases = "sensors_temperatures",
	.summary = "temperatures that the hardware measures",
	.columns = temperature_columns,
	.n_columns = ARRAY_SIZE(temperature_columns),
	.flags = TOPIC_LIST,
	.read = temperatures_read,
};
