#include "config.h"

#include "map/key.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* FNV's prime of 128 bits: 2^88 + 2^8 + 0x3b. */
#define KEY_PRIME (((unsigned __int128)1 << 88) + 0x13b)

unsigned __int128 key_hash(unsigned __int128 hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * KEY_PRIME;
	return hash;
}

/* Eight bytes, the lowest first on every machine: logs are taken from one to another. */
static unsigned __int128 hash_number(unsigned __int128 hash, uint64_t number)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
	return key_hash(hash, bytes, sizeof(bytes));
}

static unsigned __int128 hash_part(unsigned __int128 hash, const char *data, size_t len)
{
	return key_hash(hash_number(hash, len), data, len);
}

void key_begin(struct key_base *base, char *const *words, const char *cwd)
{
	unsigned __int128 hash = KEY_HASH_EMPTY;
	uint64_t n = 0;

	while (words[n])
		n++;
	hash = hash_number(hash, n);
	for (uint64_t i = 0; i < n; i++)
		hash = hash_part(hash, words[i], strlen(words[i]));
	/* A list as well, of none or one: no folder is not the empty name. */
	hash = hash_number(hash, cwd != NULL);
	if (cwd)
		hash = hash_part(hash, cwd, strlen(cwd));
	base->hash = hash;
}

void key_format(const struct key_base *base, const struct row *row, char ret[KEY_SIZE])
{
	unsigned __int128 hash = hash_number(base->hash, row->n);

	for (size_t i = 0; i < row->n; i++)
		hash = hash_part(hash, row->items[i].text, row->items[i].len);
	(void)snprintf(ret, KEY_SIZE, "%016llx%016llx", (unsigned long long)(hash >> 64),
		       (unsigned long long)hash);
}
