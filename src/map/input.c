#include "config.h"

#include "map/input.h"

#include "base/cleanup.h"
#include "map/input-source.h"

#include <string.h>

/* So many reads in one call at most, each of 64 KiB: signals, limits and the output of
 * jobs must not wait for a line that does not end. */
enum { READS_MAX = 64 };

void input_init(struct input *in, const struct input_options *options)
{
	*in = (struct input){.options = *options};
	if (in->options.per_job == 0)
		in->options.per_job = 1;
	if (in->options.ahead == 0)
		in->options.ahead = 1;
}

static int add_source(struct input *in, const struct input_source *source)
{
	if (source->combine == INPUT_LINKED && in->n_sources == 0)
		return -EINVAL;

	struct input_source *sources =
		reallocarray(in->sources, in->n_sources + 1, sizeof(*sources));

	if (!sources)
		return -ENOMEM;
	in->sources = sources;
	sources[in->n_sources] = *source;
	sources[in->n_sources].column = in->options.column;
	sources[in->n_sources].separator = in->options.separator;
	in->n_sources++;
	return 0;
}

int input_add_words(struct input *in, enum input_combine combine, char *const *words,
		    size_t n)
{
	return add_source(
		in, &(struct input_source){
			    .combine = combine, .words = words, .n_words = n, .fd = -1});
}

int input_add_file(struct input *in, enum input_combine combine, const char *name)
{
	if (strcmp(name, "-") == 0 && in->n_sources > 0 && input_uses_stdin(in))
		return -EEXIST;
	return add_source(
		in, &(struct input_source){.combine = combine, .name = name, .fd = -1});
}

int input_open(struct input *in, const char **ret_name)
{
	if (in->n_sources == 0) {
		int r = input_add_file(in, INPUT_PRODUCT, "-");

		if (r < 0) {
			*ret_name = NULL;
			return r;
		}
	}
	for (size_t i = 0; i < in->n_sources; i++) {
		struct input_source *s = &in->sources[i];
		int r = input_source_open(s);

		if (r < 0) {
			*ret_name = s->name;
			return r;
		}
	}
	return 0;
}

bool input_uses_stdin(const struct input *in)
{
	for (size_t i = 0; i < in->n_sources; i++)
		if (in->sources[i].name && strcmp(in->sources[i].name, "-") == 0)
			return true;
	return in->n_sources == 0;
}

/* A group is a source with those that are linked to it; it goes by its first one. */
static size_t group_of(const struct input *in, size_t i)
{
	while (in->sources[i].combine == INPUT_LINKED)
		i--;
	return i;
}

static size_t group_end(const struct input *in, size_t first)
{
	size_t i = first + 1;

	while (i < in->n_sources && in->sources[i].combine == INPUT_LINKED)
		i++;
	return i;
}

static bool is_kept(const struct input *in, const struct input_source *s)
{
	return in->n_kept_from <= (size_t)(s - in->sources);
}

/* Wait for what is wanted, and for no more. */
static void choose_events(struct input *in)
{
	for (size_t i = 0; in->loop && i < in->n_sources; i++) {
		struct input_source *s = &in->sources[i];
		bool wanted = is_kept(in, s) || s->n_items < in->wanted;

		/* A regular file is always ready; it is read when there is need, and
		 * here only to go on with what was too much for one call. */
		if (s->regular && !in->waiting)
			wanted = false;
		s->loop_source.events = wanted ? POLLIN : 0;
	}
}

static void on_ready(struct loop_source *source, short revents)
{
	struct input_source *s = source->data;
	struct input *in = s->input;

	(void)revents;
	if (!input_source_read(s))
		return;

	bool tell = in->waiting && (s->ended || (s->n_items > 0 && !is_kept(in, s)));

	if (tell)
		in->waiting = false;
	choose_events(in);
	/* The last thing we do: it may clear us. */
	if (tell)
		in->ready(in->data);
}

/* As many items as one source may have waiting: enough for the rows that may be read
 * ahead, of which each item makes so many. */
static void choose_wanted(struct input *in, uint64_t rows_an_item)
{
	size_t wanted;

	if (__builtin_mul_overflow(in->options.ahead, in->options.per_job, &wanted))
		wanted = SIZE_MAX;
	in->wanted = wanted / rows_an_item + (wanted % rows_an_item != 0);
}

int input_attach(struct input *in, struct loop *loop, void (*ready)(void *data),
		 void *data)
{
	in->loop = loop;
	in->ready = ready;
	in->data = data;
	if (!in->begun) {
		in->n_kept_from = group_end(in, 0);
		choose_wanted(in, 1);
	}
	for (size_t i = 0; i < in->n_sources; i++) {
		in->sources[i].input = in;

		int r = input_source_attach(&in->sources[i], loop, on_ready);

		if (r < 0)
			return r;
	}
	choose_events(in);
	return 0;
}

/* Whether each source of a group has a next item. One that has ended counts for more than
 * one that has to wait. */
static int group_peek(struct input *in, size_t first, unsigned *reads,
		      const char **ret_name)
{
	int outcome = INPUT_ROW;

	for (size_t i = first; i < group_end(in, first); i++) {
		int r = input_source_peek(&in->sources[i], reads);

		if (r < 0)
			*ret_name = in->sources[i].name;
		if (r < 0 || r == INPUT_END)
			return r;
		if (r == INPUT_WAIT)
			outcome = r;
	}
	return outcome;
}

static int add_item(struct input *in, const struct item *item)
{
	if (in->n_items == in->cap_items) {
		size_t cap = in->cap_items ? in->cap_items * 2 : 8;
		struct item *items = reallocarray(in->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		in->items = items;
		in->cap_items = cap;
	}
	in->items[in->n_items++] = *item;
	/* What follows may be read over it. */
	if (in->options.per_job > 1)
		return buf_add(&in->text, item->text, item->len);
	return 0;
}

/* Add the columns of a source's current item to the row that we make. */
static int add_columns(struct input *in, const struct input_source *s)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		struct item item = input_source_column(s, i);
		int r = add_item(in, &item);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The row of all items that were added; NULL where there is no memory. */
static struct row *finish_row(struct input *in)
{
	const char *text = in->text.data;

	for (size_t i = 0; in->options.per_job > 1 && i < in->n_items; i++) {
		in->items[i].text = text;
		text += in->items[i].len;
	}

	struct row *row = row_new(in->items, in->n_items);

	in->n_items = 0;
	in->n_joined = 0;
	in->text.len = 0;
	return row;
}

/* The names of all columns: an outcome or -errno. All sources must have their first item,
 * or none of them is used. */
static int read_header(struct input *in, unsigned *reads, const char **ret_name)
{
	for (size_t i = 0; i < in->n_sources; i++) {
		int r = input_source_peek(&in->sources[i], reads);

		if (r < 0)
			*ret_name = in->sources[i].name;
		if (r < 0 || r == INPUT_WAIT)
			return r;
	}
	for (size_t i = 0; i < in->n_sources; i++) {
		struct input_source *s = &in->sources[i];

		if (s->n_items == 0)
			continue;

		int r = input_source_advance(s);

		if (r == 0)
			r = add_columns(in, s);
		if (r < 0)
			return r;
	}
	in->header = finish_row(in);
	return in->header ? INPUT_ROW : -ENOMEM;
}

/* Everything that comes before the first row: an outcome or -errno. */
static int begin(struct input *in, unsigned *reads, const char **ret_name)
{
	uint64_t rows_an_item = 1;

	in->n_kept_from = group_end(in, 0);
	for (size_t i = in->n_kept_from; i < in->n_sources; i++) {
		int r = input_source_keep(&in->sources[i], reads);

		if (r < 0)
			*ret_name = in->sources[i].name;
		if (r < 0 || r == INPUT_WAIT)
			return r;
	}
	if (in->options.header) {
		int r = read_header(in, reads, ret_name);

		if (r != INPUT_ROW)
			return r;
	}
	for (size_t i = in->n_kept_from; i < in->n_sources; i = group_end(in, i)) {
		size_t n = SIZE_MAX;

		for (size_t j = i; j < group_end(in, i); j++) {
			input_source_mark(&in->sources[j]);
			if (in->sources[j].n_items < n)
				n = in->sources[j].n_items;
		}
		if (n == 0)
			return INPUT_END;
		if (__builtin_mul_overflow(rows_an_item, n, &rows_an_item))
			rows_an_item = UINT64_MAX;
	}
	choose_wanted(in, rows_an_item);
	in->begun = true;
	return INPUT_ROW;
}

/* Make the next items the current ones, as a counter does: the last group that has
 * another item moves on, and those behind it begin anew. An outcome or -errno. */
static int advance(struct input *in, unsigned *reads, const char **ret_name)
{
	size_t first = in->advanced ? group_of(in, in->n_sources - 1) : 0;
	int r;

	while ((r = group_peek(in, first, reads, ret_name)) != INPUT_ROW) {
		if (r != INPUT_END || first == 0)
			return r;
		first = group_of(in, first - 1);
	}
	in->advanced = true;

	size_t again = group_end(in, first);

	for (size_t i = first; i < in->n_sources; i++) {
		if (i >= again)
			input_source_rewind(&in->sources[i]);
		r = input_source_advance(&in->sources[i]);
		if (r < 0)
			return r;
	}
	return INPUT_ROW;
}

/* Bring together the items of one row: an outcome or -errno. */
static int collect(struct input *in, unsigned *reads, const char **ret_name)
{
	int r = in->begun ? INPUT_ROW : begin(in, reads, ret_name);

	while (r == INPUT_ROW && in->n_joined < in->options.per_job) {
		r = advance(in, reads, ret_name);
		if (r == INPUT_END && in->n_joined > 0)
			return INPUT_ROW;
		for (size_t i = 0; r == INPUT_ROW && i < in->n_sources; i++) {
			int added = add_columns(in, &in->sources[i]);

			if (added < 0)
				r = added;
		}
		in->n_joined += r == INPUT_ROW;
	}
	return r;
}

static void stop(struct input *in)
{
	in->ended = true;
	for (size_t i = 0; i < in->n_sources; i++)
		input_source_stop(&in->sources[i]);
}

int input_next(struct input *in, struct row **ret_row, const char **ret_name)
{
	unsigned reads = READS_MAX;
	const char *name = NULL;
	struct row *row = NULL;
	int r = in->ended ? INPUT_END : collect(in, &reads, &name);

	if (r == INPUT_ROW) {
		row = finish_row(in);
		if (!row)
			r = -ENOMEM;
	}
	in->waiting = r == INPUT_WAIT;
	if (r < 0 || r == INPUT_END)
		stop(in);
	else
		choose_events(in);
	if (r < 0)
		*ret_name = name;
	else if (row)
		*ret_row = row;
	return r;
}

const struct row *input_header(const struct input *in)
{
	return in->header;
}

bool input_total(struct input *in, uint64_t *ret_total)
{
	uint64_t total = 1;

	for (size_t i = 0; i < in->n_sources; i = group_end(in, i)) {
		uint64_t least = UINT64_MAX;

		for (size_t j = i; j < group_end(in, i); j++) {
			uint64_t n;

			if (!input_source_count(&in->sources[j], &n))
				return false;
			n -= in->options.header && n > 0;
			if (n < least)
				least = n;
		}
		if (__builtin_mul_overflow(total, least, &total))
			return false;
	}
	if (in->n_sources == 0)
		return false;
	*ret_total = total / in->options.per_job + (total % in->options.per_job != 0);
	return true;
}

void input_clear(struct input *in)
{
	for (size_t i = 0; i < in->n_sources; i++)
		input_source_clear(&in->sources[i]);
	free(in->sources);
	row_free(in->header);
	free(in->items);
	buf_clear(&in->text);
	*in = (struct input){.options = in->options, .ended = true};
}
