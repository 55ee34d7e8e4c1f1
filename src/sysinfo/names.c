#include "config.h"

#include "sysinfo/names.h"

#include "base/parse.h"

#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names by number: open addressing, at most half full. A slot without a name is free. */
struct names {
	struct name {
		uid_t uid;
		char *name;
	} * slots;
	size_t size; /* a power of two */
	size_t n;
};

static struct names users;

/* Where this user is, or where it would be. There is always a free slot. */
static struct name *find_slot(const struct names *names, uid_t uid)
{
	/* Ids come in runs; a multiplication spreads them (Knuth's constant). */
	size_t i = (uid * UINT32_C(2654435761)) & (names->size - 1);

	while (names->slots[i].name && names->slots[i].uid != uid)
		i = (i + 1) & (names->size - 1);
	return &names->slots[i];
}

static bool make_room(struct names *names)
{
	struct names larger = *names;

	if (names->n < names->size / 2)
		return true;
	larger.size = names->size > 0 ? names->size * 2 : 64;
	larger.slots = calloc(larger.size, sizeof(struct name));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < names->size; i++)
		if (names->slots[i].name)
			*find_slot(&larger, names->slots[i].uid) = names->slots[i];
	free(names->slots);
	*names = larger;
	return true;
}

const char *name_of_user(uid_t uid)
{
	char number[16];

	if (!make_room(&users))
		return NULL;

	struct name *slot = find_slot(&users, uid);

	if (slot->name)
		return slot->name;

	const struct passwd *user = getpwuid(uid);

	(void)snprintf(number, sizeof(number), "%u", uid);
	slot->name = strdup(user ? user->pw_name : number);
	if (!slot->name)
		return NULL;
	slot->uid = uid;
	users.n++;
	return slot->name;
}

bool name_find_user(const char *name, uid_t *ret)
{
	/* As chown(1): a name may consist of digits, so names come first. */
	const struct passwd *user = getpwnam(name);
	int64_t number;

	if (user) {
		*ret = user->pw_uid;
		return true;
	}
	/* The last number means "no user". One without a name may own processes. */
	if (parse_number(name, 0, (int64_t)UINT32_MAX - 1, &number) < 0)
		return false;
	*ret = (uid_t)number;
	return true;
}

void names_clear(void)
{
	for (size_t i = 0; i < users.size; i++)
		free(users.slots[i].name);
	free(users.slots);
	users = (struct names){0};
}
