/*
 * The key of a job: what it is, whatever its place among the others.
 *
 * A hash of the command's words (with their replacement strings), the folder it runs in,
 * and its items; so --resume finds a job again in an edited list. 128 bits of FNV-1a
 * (Fowler, Noll, Vo; its published offset basis and prime): no secret is kept by it, and
 * for a million jobs two equal ones by accident are out of the question. Each part is
 * hashed with its length before it, so that no two lists of parts are the same text.
 */
#ifndef MAP_KEY_H
#define MAP_KEY_H

#include <stddef.h>

#include "map/row.h"

enum { KEY_SIZE = 33 }; /* 32 hexadecimal digits and a NUL */

struct key_base {
	unsigned __int128 hash; /* of what all jobs share */
};

/* The bare hash: go on from what earlier bytes gave, or from KEY_HASH_EMPTY. */
#define KEY_HASH_EMPTY \
	((unsigned __int128)0x6c62272e07bb0142u << 64 | 0x62b821756295c58du)

unsigned __int128 key_hash(unsigned __int128 hash, const void *data, size_t len);

/* words: NULL-terminated; cwd may be NULL. */
void key_begin(struct key_base *base, char *const *words, const char *cwd);
void key_format(const struct key_base *base, const struct row *row, char ret[KEY_SIZE]);

#endif
