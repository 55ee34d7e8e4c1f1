#include "config.h"

#include "sysinfo/hwmon.h"

#include "base/cleanup.h"
#include "sysinfo/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The last part of what a link points to, into b; false where there is no such link. */
static bool link_name(struct source *s, const char *folder, const char *link,
		      struct buf *b)
{
	char path[PATH_MAX];
	char target[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", folder, link);

	if (n < 0 || (size_t)n >= sizeof(path))
		return false;

	ssize_t len = readlinkat(source_sys(s), path, target, sizeof(target) - 1);

	if (len <= 0)
		return false;
	target[len] = '\0';

	const char *slash = strrchr(target, '/');

	return buf_add_string(b, slash ? slash + 1 : target) == 0;
}

/* What no label of OpenMetrics or word of a shell would like, as node_exporter has it. */
static void clean(char *name)
{
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789:", *p))
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : '_';
}

/* "platform_coretemp_0", "nvme_nvme0", "thermal_thermal_zone0"; without a device the
 * folder's own name. */
static int chip_id(struct source *s, const char *folder, const char *entry,
		   struct buf *ret)
{
	ret->len = 0;
	if (link_name(s, folder, "device/subsystem", ret) &&
	    buf_add_char(ret, '_') == 0 && link_name(s, folder, "device", ret)) {
		clean(ret->data);
		return 0;
	}
	ret->len = 0;
	return buf_add_string(ret, entry);
}

static bool is_input(const char *file, const char *kind, size_t *ret_len)
{
	size_t len = strlen(kind);

	if (strncmp(file, kind, len) != 0)
		return false;

	size_t digits = strspn(file + len, "0123456789");

	*ret_len = len + digits;
	return digits > 0 && strcmp(file + len + digits, "_input") == 0;
}

static bool has_inputs(const struct folder *files, const char *kind)
{
	size_t len;

	for (size_t i = 0; i < files->n; i++)
		if (is_input(files->names[i], kind, &len))
			return true;
	return false;
}

/* The name of the chip, into r->buf; old drivers have it beside their channels, in the
 * device's folder. */
static const char *chip_name(struct reading *r, const char *entry)
{
	static const char *const places[] = {"name", "device/name"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int n = snprintf(path, sizeof(path), "class/hwmon/%s/%s", entry,
				 places[i]);

		if (n > 0 && (size_t)n < sizeof(path) &&
		    source_sys_line(r->source, path, &r->buf) == 0 && r->buf.len > 0)
			return r->buf.data;
	}
	return NULL;
}

static int visit_channels(struct reading *r, struct hwmon_channel *channel,
			  const char *kind, hwmon_visit *visit, struct table *t)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < channel->files->n; i++) {
		const char *file = channel->files->names[i];
		size_t len;

		if (!is_input(file, kind, &len))
			continue;

		auto_free char *sensor = strndup(file, len);

		if (!sensor)
			return -ENOMEM;
		channel->sensor = sensor;
		error = visit(r, channel, t);
	}
	return error;
}

static int visit_chip(struct reading *r, const char *entry, const char *kind,
		      hwmon_visit *visit, struct table *t)
{
	auto_buf struct buf folder = BUF_INIT;
	auto_buf struct buf chip = BUF_INIT;
	auto_folder struct folder files = {0};

	if (buf_add_format(&folder, "class/hwmon/%s", entry) < 0)
		return -ENOMEM;

	int error = folder_list(r->source, folder.data, &files);

	if (error == 0 && chip_id(r->source, folder.data, entry, &chip) < 0)
		return -ENOMEM;
	if (error == 0 && !has_inputs(&files, kind) && folder_has(&files, "device")) {
		folder_clear(&files);
		if (buf_add_string(&folder, "/device") < 0)
			return -ENOMEM;
		error = folder_list(r->source, folder.data, &files);
	}
	/* A chip that cannot be looked at is not the end of the others. */
	if (error < 0)
		return error == -ENOMEM ? error : 0;
	if (!has_inputs(&files, kind))
		return 0;

	const char *name = chip_name(r, entry);
	auto_free char *copy = name ? strdup(name) : NULL;

	if (name && !copy)
		return -ENOMEM;

	struct hwmon_channel channel = {
		.folder = folder.data,
		.chip = chip.data,
		.name = copy,
		.files = &files,
	};

	return visit_channels(r, &channel, kind, visit, t);
}

int hwmon_read(struct reading *r, const char *kind, hwmon_visit *visit, struct table *t)
{
	auto_folder struct folder chips = {0};
	int error = folder_list(r->source, "class/hwmon", &chips);

	if (error < 0)
		return error == -ENOMEM ? error : 0;
	for (size_t i = 0; error == 0 && i < chips.n; i++)
		error = visit_chip(r, chips.names[i], kind, visit, t);
	return error;
}

/* The path of a channel's file in path[]; false where it has none. */
static bool channel_file(const struct hwmon_channel *channel, const char *what,
			 char path[PATH_MAX])
{
	char file[64];
	int n = snprintf(file, sizeof(file), "%s_%s", channel->sensor, what);

	if (n < 0 || (size_t)n >= sizeof(file) || !folder_has(channel->files, file))
		return false;
	n = snprintf(path, PATH_MAX, "%s/%s", channel->folder, file);
	return n > 0 && n < PATH_MAX;
}

int hwmon_int(struct reading *r, const struct hwmon_channel *channel, const char *what,
	      int64_t *ret)
{
	char path[PATH_MAX];

	return channel_file(channel, what, path) ? source_sys_int(r->source, path, ret)
						 : -ENOENT;
}

void hwmon_set_label(struct reading *r, const struct hwmon_channel *channel,
		     struct row *row)
{
	char path[PATH_MAX];

	if (!channel_file(channel, "label", path))
		return;

	int error = source_sys_line(r->source, path, &r->buf);

	if (error < 0)
		row_null(row, HWMON_COLUMN_LABEL, why_from_error(error));
	else if (r->buf.len > 0)
		row_text(row, HWMON_COLUMN_LABEL, r->buf.data);
}
