#include "config.h"

#include "proc/mountinfo.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The next field of a line, which a single blank ends, or NULL. Not text_word(): old
 * kernels leave the device empty, and two blanks stand side by side there.
 */
static char *next_field(char **cursor)
{
	char *field = *cursor;

	if (!field)
		return NULL;

	char *end = strchrnul(field, ' ');

	*cursor = *end ? end + 1 : NULL;
	*end = '\0';
	return field;
}

static bool parse_device_number(const char *text, struct mount *ret)
{
	uint64_t major;
	uint64_t minor;

	if (!text || !text_uint(&text, &major) || *text++ != ':' ||
	    !text_uint(&text, &minor) || *text != '\0')
		return false;
	ret->major = (unsigned)major;
	ret->minor = (unsigned)minor;
	return true;
}

/* "36 35 98:0 /root /point rw,noatime master:1 shared:2 - ext3 /dev/root rw" */
static bool parse_line(char *line, struct mount *ret)
{
	char *cursor = line;
	const char *id = next_field(&cursor);
	const char *parent = next_field(&cursor);

	if (!id || !parent || !parse_device_number(next_field(&cursor), ret))
		return false;

	char *root = next_field(&cursor);
	char *point = next_field(&cursor);
	char *options = next_field(&cursor);
	const char *optional;

	/* Any number of optional fields, up to a lone "-". */
	do
		optional = next_field(&cursor);
	while (optional && strcmp(optional, "-") != 0);

	char *fstype = next_field(&cursor);
	char *device = next_field(&cursor);

	/* A NULL before them makes these NULL too. The rest of the line is one field. */
	if (!device || !cursor || *point == '\0')
		return false;
	text_unescape_octal(root);
	text_unescape_octal(point);
	text_unescape_octal(fstype);
	text_unescape_octal(device);
	ret->root = root;
	ret->point = point;
	ret->options = options;
	ret->fstype = fstype;
	ret->device = device;
	ret->super_options = cursor;
	ret->hidden = false;
	return true;
}

/* By mount point, and in the kernel's order where that is the same. */
static int compare_points(const void *a, const void *b)
{
	const struct mount *x = *(struct mount *const *)a;
	const struct mount *y = *(struct mount *const *)b;
	int r = strcmp(x->point, y->point);

	return r ? r : (x > y) - (x < y);
}

/* Sorted, because a host of containers has thousands of mounts. */
static int mark_hidden(struct mounts *m)
{
	struct mount **sorted = reallocarray(NULL, m->n + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < m->n; i++)
		sorted[i] = &m->list[i];
	qsort(sorted, m->n, sizeof(struct mount *), compare_points);
	for (size_t i = 1; i < m->n; i++)
		if (strcmp(sorted[i - 1]->point, sorted[i]->point) == 0)
			sorted[i - 1]->hidden = true;
	free(sorted);
	return 0;
}

static int parse_all(struct mounts *m)
{
	char *cursor = m->text.data;
	size_t cap = 0;
	char *line;

	while ((line = text_line(&cursor))) {
		if (m->n == cap) {
			size_t more = cap > 0 ? cap * 2 : 64;
			struct mount *list =
				reallocarray(m->list, more, sizeof(struct mount));

			if (!list)
				return -ENOMEM;
			m->list = list;
			cap = more;
		}
		if (parse_line(line, &m->list[m->n]))
			m->n++;
	}
	return mark_hidden(m);
}

int mounts_read(int proc, struct mounts *ret)
{
	struct mounts m = {0};
	int r = file_read_at(proc, "self/mountinfo", &m.text);

	if (r == 0)
		r = parse_all(&m);
	if (r < 0) {
		mounts_clear(&m);
		return r;
	}
	*ret = m;
	return 0;
}

void mounts_clear(struct mounts *m)
{
	free(m->list);
	buf_clear(&m->text);
	*m = (struct mounts){0};
}
