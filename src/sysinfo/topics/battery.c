/*
 * battery: how full each battery is, and how long it will last.
 *
 * Every supply of the type Battery in /sys/class/power_supply is a row, where psutil
 * knows the first one only; those of the machine first, and then those of mice and
 * keyboards. No battery, no row.
 *
 * Energies are in microwatt hours and powers in microwatts, or, with other drivers,
 * charges in microampere hours and currents in microamperes; what is missing of a pair
 * comes from the other by way of the voltage. Some drivers have a negative power while
 * the battery is discharging. time_to_empty_now is in seconds (psutil takes it for
 * minutes).
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/folder.h"
#include "sysinfo/topic.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	BATTERY_NAME,
	BATTERY_PERCENT,
	BATTERY_SECSLEFT,
	BATTERY_POWER_PLUGGED,
	BATTERY_STATUS,
	BATTERY_SCOPE,
};

static const struct column battery_columns[] = {
	[BATTERY_NAME] = {.name = "name",
			  .type = COLUMN_TEXT,
			  .flags = COLUMN_ID,
			  .label = "power_supply",
			  .help = "the battery, as its driver calls it"},
	[BATTERY_PERCENT] = {.name = "percent",
			     .type = COLUMN_PERCENT,
			     .metric = "node_power_supply_capacity",
			     .help = "how full it is"},
	[BATTERY_SECSLEFT] = {.name = "secsleft",
			      .type = COLUMN_SECONDS,
			      .help = "how long it will last; null while plugged in"},
	[BATTERY_POWER_PLUGGED] = {.name = "power_plugged",
				   .type = COLUMN_BOOL,
				   .help = "whether the machine gets power from outside"},
	[BATTERY_STATUS] = {.name = "status",
			    .type = COLUMN_TEXT,
			    .help = "charging, discharging, not charging or full"},
	[BATTERY_SCOPE] = {.name = "scope",
			   .type = COLUMN_TEXT,
			   .flags = COLUMN_HIDDEN,
			   .help = "system, or device: a mouse, a keyboard"},
};

/* One folder of power_supply. */
struct supply {
	const char *name;
	struct buf uevent; /* all its properties, where the kernel has that */
};

/*
 * A property ("energy_now") as a text in b; false where there is none. uevent has all of
 * them in one file; what it lacks may have a file of its own.
 */
static bool property(struct reading *r, const struct supply *s, const char *name,
		     struct buf *b)
{
	static const char prefix[] = "POWER_SUPPLY_";
	char path[PATH_MAX];

	for (const char *line = s->uevent.data; line && *line;) {
		size_t len = strcspn(line, "\n");
		const char *key = line + strlen(prefix);
		size_t key_len = strlen(name);

		if (strncmp(line, prefix, strlen(prefix)) == 0 &&
		    strncasecmp(key, name, key_len) == 0 && key[key_len] == '=') {
			const char *value = key + key_len + 1;

			b->len = 0;
			return buf_add(b, value, (size_t)(line + len - value)) == 0;
		}
		line += len + (line[len] == '\n');
	}

	int n = snprintf(path, sizeof(path), "class/power_supply/%s/%s", s->name, name);

	return n > 0 && (size_t)n < sizeof(path) &&
	       source_sys_line(r->source, path, b) == 0;
}

/* NAN where there is none. */
static double number(struct reading *r, const struct supply *s, const char *name)
{
	int64_t value;
	const char *text;

	if (!property(r, s, name, &r->buf))
		return NAN;
	text = r->buf.data;
	return text_int(&text, &value) ? (double)value : NAN;
}

static bool is_word(struct reading *r, const struct supply *s, const char *name,
		    const char *word)
{
	return property(r, s, name, &r->buf) && strcasecmp(r->buf.data, word) == 0;
}

/* A saved tree may lack the type; then the name tells, as in psutil. */
static bool is_battery(struct reading *r, const struct supply *s)
{
	if (property(r, s, "type", &r->buf))
		return strcasecmp(r->buf.data, "Battery") == 0;
	return strncmp(s->name, "BAT", 3) == 0 || strcasestr(s->name, "battery");
}

static bool is_of_device(struct reading *r, const struct supply *s)
{
	return is_word(r, s, "scope", "Device");
}

/* What is known of a property that has two values. */
enum known { UNKNOWN, NO, YES };

/*
 * Whether any supply that is no battery is online: mains, or USB, where 2 stands for a
 * voltage that was agreed on. A USB port that is not says nothing, as there may be
 * others.
 */
static enum known is_online(struct reading *r, const struct supply *supplies, size_t n)
{
	enum known known = UNKNOWN;

	for (size_t i = 0; i < n; i++) {
		const struct supply *s = &supplies[i];

		if (is_battery(r, s) || is_of_device(r, s))
			continue;

		double online = number(r, s, "online");

		if (online > 0)
			return YES;
		if (online == 0 && !(property(r, s, "type", &r->buf) &&
				     strncmp(r->buf.data, "USB", 3) == 0))
			known = NO;
	}
	return known;
}

static enum known is_plugged_by_status(const char *status)
{
	if (strcmp(status, "discharging") == 0)
		return NO;
	if (strcmp(status, "charging") == 0 || strcmp(status, "full") == 0 ||
	    strcmp(status, "not charging") == 0)
		return YES;
	return UNKNOWN;
}

static void set_percent(struct reading *r, const struct supply *s, struct row *row)
{
	double now = number(r, s, "energy_now");
	double full = number(r, s, "energy_full");

	if (isnan(now) || isnan(full)) {
		now = number(r, s, "charge_now");
		full = number(r, s, "charge_full");
	}

	double percent = 100 * now / full;

	/* No more than a whole number, but it is what there is. */
	if (isnan(percent) || full <= 0)
		percent = number(r, s, "capacity");
	if (isnan(percent) || percent < 0)
		return;
	row_real(row, BATTERY_PERCENT, percent > 100 ? 100 : percent);
}

/* Hours, or NAN. */
static double hours_left(struct reading *r, const struct supply *s)
{
	double volts = number(r, s, "voltage_now") / 1e6;
	double energy = number(r, s, "energy_now");
	double charge = number(r, s, "charge_now");
	double power = fabs(number(r, s, "power_now"));
	double current = fabs(number(r, s, "current_now"));

	if (!isnan(energy) && !isnan(power))
		return power > 0 ? energy / power : NAN;
	if (!isnan(charge) && !isnan(current))
		return current > 0 ? charge / current : NAN;
	if (isnan(energy))
		energy = charge * volts;
	if (isnan(power))
		power = current * volts;
	return power > 0 ? energy / power : NAN;
}

static void set_secsleft(struct reading *r, const struct supply *s, struct row *row,
			 enum known plugged)
{
	if (plugged == YES) {
		row_null(row, BATTERY_SECSLEFT, WHY_NOT_APPLICABLE);
		return;
	}

	double seconds = 3600 * hours_left(r, s);

	if (isnan(seconds))
		seconds = number(r, s, "time_to_empty_now");
	/* Drivers say 65535 minutes, and the like, for "unknown". */
	if (seconds >= 0 && seconds < 65535.0 * 60)
		row_int(row, BATTERY_SECSLEFT, (int64_t)seconds);
}

static void set_status(struct row *row, const char *status)
{
	if (*status && strcmp(status, "unknown") != 0)
		row_text(row, BATTERY_STATUS, status);
}

static int add_battery(struct reading *r, struct table *t, const struct supply *s,
		       bool of_device, enum known online)
{
	struct row *row = table_add(t);
	char status[32] = "";

	if (!row)
		return -ENOMEM;
	row_text(row, BATTERY_NAME, s->name);
	row_text(row, BATTERY_SCOPE, of_device ? "device" : "system");
	if (property(r, s, "status", &r->buf))
		(void)snprintf(status, sizeof(status), "%s", r->buf.data);
	for (char *p = status; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	set_status(row, status);

	/* The machine's cable is none of a mouse's. */
	enum known plugged = of_device ? UNKNOWN : online;

	if (plugged == UNKNOWN)
		plugged = is_plugged_by_status(status);
	if (plugged != UNKNOWN)
		row_bool(row, BATTERY_POWER_PLUGGED, plugged == YES);
	set_percent(r, s, row);
	set_secsleft(r, s, row, plugged);
	return 0;
}

/* All uevents first, because whether one is online concerns all batteries. */
static void read_supplies(struct reading *r, const struct folder *folder,
			  struct supply *supplies)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < folder->n; i++) {
		supplies[i].name = folder->names[i];
		(void)snprintf(path, sizeof(path), "class/power_supply/%s/uevent",
			       folder->names[i]);
		(void)source_read_sys(r->source, path, &supplies[i].uevent);
	}
}

static int add_batteries(struct reading *r, struct table *t,
			 const struct supply *supplies, size_t n)
{
	enum known online = is_online(r, supplies, n);
	int error = 0;

	for (int of_device = 0; of_device <= 1; of_device++)
		for (size_t i = 0; error == 0 && i < n; i++)
			if (is_battery(r, &supplies[i]) &&
			    is_of_device(r, &supplies[i]) == of_device)
				error = add_battery(r, t, &supplies[i], of_device,
						    online);
	return error;
}

static int battery_read(struct reading *r, struct table *t)
{
	auto_folder struct folder folder = {0};
	int error = folder_list(r->source, "class/power_supply", &folder);

	if (error < 0)
		return error == -ENOMEM ? error : 0;

	auto_free struct supply *supplies = calloc(folder.n + 1, sizeof(*supplies));

	if (!supplies)
		return -ENOMEM;
	read_supplies(r, &folder, supplies);
	error = add_batteries(r, t, supplies, folder.n);
	for (size_t i = 0; i < folder.n; i++)
		buf_clear(&supplies[i].uevent);
	return error < 0 ? error : t->error;
}

const struct topic topic_battery = {
	.name = "battery",
	.aliases = "batteries sensors_battery",
	.summary = "how full batteries are, and how long they will last",
	.columns = battery_columns,
	.n_columns = ARRAY_SIZE(battery_columns),
	.flags = TOPIC_LIST,
	.read = battery_read,
};
