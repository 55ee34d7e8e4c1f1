#include "config.h"

#include "map/resume.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "map/key.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	FIRST_SLOTS = 64,
	HEAD_MEMBERS = 8, /* schema to failed, and one more for an "item_b64" */
};

enum state { STATE_NONE, STATE_FAILED, STATE_SUCCEEDED, STATE_MASK = 3 };

/* 126 bits of the key, and its state in the place of the last two: an empty slot is all
 * zeros. */
struct resume_entry {
	uint64_t high;
	uint64_t low;
};

static enum state entry_state(const struct resume_entry *e)
{
	return (enum state)(e->low & STATE_MASK);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Read a key, without a state: 0 or -EINVAL. */
static int entry_from_key(const char *key, struct resume_entry *ret)
{
	uint64_t parts[2] = {0, 0};

	for (size_t i = 0; i < KEY_SIZE - 1; i++) {
		int digit = hex_digit(key[i]);

		if (digit < 0)
			return -EINVAL;
		parts[i / 16] = parts[i / 16] << 4 | (uint64_t)digit;
	}
	if (key[KEY_SIZE - 1])
		return -EINVAL;
	*ret = (struct resume_entry){parts[0], parts[1] & ~(uint64_t)STATE_MASK};
	return 0;
}

/* Where a key stands, or would. There is always an empty slot. */
static struct resume_entry *find(struct resume_entry *entries, size_t n_slots,
				 const struct resume_entry *key)
{
	uint64_t mixed = (key->high ^ key->low) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)((unsigned __int128)mixed * n_slots >> 64);

	while (entry_state(&entries[i]) != STATE_NONE &&
	       (entries[i].high != key->high ||
		(entries[i].low & ~(uint64_t)STATE_MASK) != key->low))
		i = i + 1 < n_slots ? i + 1 : 0;
	return &entries[i];
}

/* Seven slots of eight may be in use; it grows by a third: 18 to 25 bytes a key. */
static int make_room(struct resume *r)
{
	size_t n_slots = r->n_slots ? r->n_slots + r->n_slots / 3 : FIRST_SLOTS;
	struct resume_entry *entries;

	if (r->n < r->n_slots / 8 * 7)
		return 0;
	entries = calloc(n_slots, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_slots; i++) {
		struct resume_entry key = r->entries[i];

		if (entry_state(&key) == STATE_NONE)
			continue;
		key.low &= ~(uint64_t)STATE_MASK;
		*find(entries, n_slots, &key) = r->entries[i];
	}
	free(r->entries);
	r->entries = entries;
	r->n_slots = n_slots;
	return 0;
}

static int set_state(struct resume *r, struct resume_entry key, enum state state)
{
	struct resume_entry *e;
	int result = make_room(r);

	if (result < 0)
		return result;
	e = find(r->entries, r->n_slots, &key);
	r->n += entry_state(e) == STATE_NONE;
	key.low |= state;
	*e = key;
	return 0;
}

/* Behind the string that begins at at; len where it does not end. */
static size_t skip_string(const char *line, size_t len, size_t at)
{
	for (at++; at < len; at++) {
		if (line[at] == '\\')
			at++;
		else if (line[at] == '"')
			return at + 1;
	}
	return len;
}

/*
 * Look at a line's brackets: where its first HEAD_MEMBERS members end, or 0 where it is
 * not one whole object.
 *
 * The library takes 15 us for a record, most of it for what nobody asks here: a million
 * of them would be a quarter of a minute, and captured output (--json) would be copied.
 * Our own records begin with what is wanted, so only their head is given to it.
 */
static size_t head_of(const char *line, size_t len)
{
	size_t depth = 0;
	size_t members = 0;
	size_t head = 0;

	for (size_t at = 0; at < len; at++) {
		char c = line[at];

		if (c == '"') {
			at = skip_string(line, len, at) - 1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth-- == 0)
				return 0;
			/* The object's end has to be the line's. */
			if (depth == 0)
				return at + 1 == len ? (head ? head : at) : 0;
		} else if (c == ',' && depth == 1 && ++members == HEAD_MEMBERS) {
			head = at;
		}
	}
	return 0;
}

/* The key and the state that an object has: 1; 0: it has none; -ENOMEM. */
static int read_object(const char *text, size_t len, struct resume_entry *ret_key,
		       enum state *ret_state)
{
	json_error_t error;
	json_t *object = json_loadb(text, len, 0, &error);
	int result = 0;

	if (!object)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : 0;

	const char *key = json_string_value(json_object_get(object, "key"));
	const json_t *failed = json_object_get(object, "failed");

	if (key && json_is_boolean(failed) && entry_from_key(key, ret_key) == 0) {
		*ret_state = json_is_true(failed) ? STATE_FAILED : STATE_SUCCEEDED;
		result = 1;
	}
	json_decref(object);
	return result;
}

/* One line without its newline: 0 or -ENOMEM. text is room for its head. */
static int read_line(struct resume *r, const char *line, size_t len, struct buf *text)
{
	struct resume_entry key;
	enum state state;
	size_t head = head_of(line, len);
	int result = 0;

	if (head) {
		text->len = 0;
		if (buf_add(text, line, head) < 0 || buf_add_char(text, '}') < 0)
			return -ENOMEM;
		result = read_object(text->data, text->len, &key, &state);
		/* Somebody may have put the members into another order. */
		if (result == 0)
			result = read_object(line, len, &key, &state);
	}
	if (result > 0)
		return set_state(r, key, state);
	r->bad_lines += result == 0;
	return result;
}

/* Blanks at its end are no part of a record. */
static size_t trim(const char *line, size_t len)
{
	while (len && strchr(" \t\r\n", line[len - 1]) && line[len - 1])
		len--;
	return len;
}

static int read_lines(struct resume *r, FILE *file)
{
	auto_buf struct buf text = BUF_INIT;
	auto_free char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int result = 0;

	while (result == 0 && (len = getline(&line, &cap, file)) >= 0) {
		size_t kept = trim(line, (size_t)len);

		/* Maps that share a log may leave an empty line. */
		if (kept)
			result = read_line(r, line, kept, &text);
	}
	if (result == 0 && !feof(file))
		return ferror(file) ? -errno : -ENOMEM;
	return result;
}

int resume_read(struct resume *r, const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return errno == ENOENT ? 0 : -errno;

	int result = read_lines(r, file);

	(void)fclose(file);
	return result;
}

static enum state state_of(const struct resume *r, const char *key)
{
	struct resume_entry entry;

	if (r->n == 0 || entry_from_key(key, &entry) < 0)
		return STATE_NONE;
	return entry_state(find(r->entries, r->n_slots, &entry));
}

bool resume_has_succeeded(const struct resume *r, const char *key)
{
	return state_of(r, key) == STATE_SUCCEEDED;
}

bool resume_has_failed(const struct resume *r, const char *key)
{
	return state_of(r, key) == STATE_FAILED;
}

void resume_clear(struct resume *r)
{
	free(r->entries);
	*r = (struct resume){0};
}
