#include "config.h"

#include "sysinfo/history.h"

#include "base/cleanup.h"

#include <math.h>
#include <string.h>

enum {
	KEPT = 24,	  /* values of a row */
	LEVELS = 8,	  /* heights of a block */
	BLOCK_LENGTH = 3, /* bytes of one in UTF-8 */
};

static const struct column history_column = {.name = "history",
					     .flags = COLUMN_DRAWN,
					     .help = "the past"};

/* The past of a row. */
struct track {
	char *key;
	double values[KEPT]; /* the last n; NaN where it was null */
	size_t n;
	bool seen; /* in the record of now */
};

/* A part with a column more. */
struct decoration {
	struct topic topic;
	struct table table; /* its arena has the columns too */
	struct column *columns;
	size_t *shown;
};

struct history {
	struct track *tracks;
	size_t n;
	struct part *parts;
	struct decoration *decorations;
	size_t n_parts;
};

struct history *history_new(void)
{
	return calloc(1, sizeof(struct history));
}

static void forget_decorations(struct history *h)
{
	for (size_t i = 0; i < h->n_parts; i++)
		table_clear(&h->decorations[i].table);
	free(h->decorations);
	free(h->parts);
	h->decorations = NULL;
	h->parts = NULL;
	h->n_parts = 0;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	forget_decorations(h);
	for (size_t i = 0; i < h->n; i++)
		free(h->tracks[i].key);
	free(h->tracks);
	free(h);
}

/* The column whose past is shown: the first percentage; -1: there is none. */
static int tracked_column(const struct part *part)
{
	for (size_t i = 0; i < part->n_shown; i++)
		if (part->topic->columns[part->shown[i]].type == COLUMN_PERCENT)
			return (int)part->shown[i];
	return -1;
}

/* What a row is known by: its topic and its ids. */
static int make_key(struct buf *b, const struct part *part, const struct row *row)
{
	struct out o;
	int r;

	b->len = 0;
	r = buf_add_string(b, part->topic->name);
	out_init(&o, -1);
	for (size_t i = 0; i < part->topic->n_columns; i++) {
		const struct column *c = &part->topic->columns[i];

		if (!(c->flags & COLUMN_ID))
			continue;
		out_char(&o, ' ');
		format_scalar(&o, c, &row->values[i]);
	}
	if (r == 0)
		r = o.error;
	if (r == 0 && o.buf.len)
		r = buf_add_string(b, o.buf.data);
	(void)out_close(&o);
	return r;
}

static struct track *find_track(const struct history *h, const char *key)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->tracks[i].key, key) == 0)
			return &h->tracks[i];
	return NULL;
}

static struct track *add_track(struct history *h, const char *key)
{
	struct track *tracks = reallocarray(h->tracks, h->n + 1, sizeof(*tracks));

	if (!tracks)
		return NULL;
	h->tracks = tracks;
	tracks[h->n] = (struct track){.key = strdup(key)};
	return tracks[h->n].key ? &tracks[h->n++] : NULL;
}

static void note(struct track *track, const struct value *v)
{
	if (track->n == KEPT)
		memmove(track->values, track->values + 1,
			--track->n * sizeof(*track->values));
	track->values[track->n++] = value_is_null(v) ? NAN : value_number(v);
	track->seen = true;
}

static void forget_unseen(struct history *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (h->tracks[i].seen)
			h->tracks[kept++] = h->tracks[i];
		else
			free(h->tracks[i].key);
	}
	h->n = kept;
}

int history_add(struct history *h, const struct record *record)
{
	auto_buf struct buf key = BUF_INIT;

	for (size_t i = 0; i < h->n; i++)
		h->tracks[i].seen = false;
	for (size_t p = 0; p < record->n_parts; p++) {
		const struct part *part = &record->parts[p];
		int column = tracked_column(part);

		for (size_t i = 0; column >= 0 && i < part->table->n; i++) {
			const struct row *row = part->table->rows[i];
			int r = make_key(&key, part, row);
			struct track *track = r == 0 ? find_track(h, key.data) : NULL;

			if (r == 0 && !track)
				track = add_track(h, key.data);
			if (!track)
				return -ENOMEM;
			note(track, &row->values[column]);
		}
	}
	forget_unseen(h);
	return 0;
}

/* How much of the past is shown: it leaves room on the screen for what it is of. */
static size_t shown_length(unsigned width)
{
	enum { SHARE = 8 };

	return width && width / SHARE < KEPT ? width / SHARE : KEPT;
}

/* One block for each of the last values, right-aligned in the length of all; 100 and more
 * is a full one. */
static void draw_track(const struct track *track, size_t length, char *ret_text)
{
	char *p = ret_text;

	for (size_t i = track->n; i < length; i++)
		*p++ = ' ';
	for (size_t i = track->n > length ? track->n - length : 0; i < track->n; i++) {
		double value = track->values[i];

		if (isnan(value)) {
			*p++ = ' ';
			continue;
		}

		double share = value < 0 ? 0 : value > 100 ? 1 : value / 100;
		int level = (int)(share * (LEVELS - 1) + 0.5);

		/* U+2581 to U+2588, in UTF-8. */
		memcpy(p, "\342\226\201", BLOCK_LENGTH);
		p[BLOCK_LENGTH - 1] = (char)(p[BLOCK_LENGTH - 1] + level);
		p += BLOCK_LENGTH;
	}
	*p = '\0';
}

/* The topic of a part with the column of the past at its end, and a table for it. */
static int make_columns(struct decoration *d, const struct part *part)
{
	size_t n = part->topic->n_columns;

	table_init(&d->table, &d->topic);
	d->columns = arena_alloc(&d->table.arena, (n + 1) * sizeof(*d->columns));
	d->shown = arena_alloc(&d->table.arena, (part->n_shown + 1) * sizeof(*d->shown));
	if (!d->columns || !d->shown)
		return -ENOMEM;
	memcpy(d->columns, part->topic->columns, n * sizeof(*d->columns));
	d->columns[n] = history_column;
	memcpy(d->shown, part->shown, part->n_shown * sizeof(*d->shown));
	d->shown[part->n_shown] = n;
	d->topic = *part->topic;
	d->topic.columns = d->columns;
	d->topic.n_columns = n + 1;
	return 0;
}

static int decorate(const struct history *h, struct decoration *d, struct part *part,
		    size_t length)
{
	auto_buf struct buf key = BUF_INIT;
	const struct table *from = part->table;
	size_t n = part->topic->n_columns;
	int r = make_columns(d, part);

	if (r < 0)
		return r;
	for (size_t i = 0; i < from->n; i++) {
		char text[KEPT * BLOCK_LENGTH + 1];
		struct row *row = table_add(&d->table);

		r = make_key(&key, part, from->rows[i]);
		if (!row || r < 0)
			return -ENOMEM;
		memcpy(row->values, from->rows[i]->values, n * sizeof(*row->values));

		const struct track *track = find_track(h, key.data);

		if (track) {
			draw_track(track, length, text);
			row_text(row, n, text);
		}
	}
	d->table.depths = from->depths;
	part->topic = &d->topic;
	part->table = &d->table;
	part->shown = d->shown;
	part->n_shown++;
	return d->table.error;
}

int history_decorate(struct history *h, const struct record *record, unsigned width,
		     struct record *ret_record)
{
	size_t n = record->n_parts;

	forget_decorations(h);
	h->parts = calloc(n, sizeof(*h->parts));
	h->decorations = calloc(n, sizeof(*h->decorations));
	if (!h->parts || !h->decorations)
		return -ENOMEM;
	h->n_parts = n;
	for (size_t i = 0; i < n; i++) {
		h->parts[i] = record->parts[i];

		int r = tracked_column(&h->parts[i]) < 0
				? 0
				: decorate(h, &h->decorations[i], &h->parts[i],
					   shown_length(width));

		if (r < 0)
			return r;
	}
	*ret_record = *record;
	ret_record->parts = h->parts;
	return 0;
}
