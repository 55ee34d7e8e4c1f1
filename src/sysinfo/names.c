#include "config.h"

#include "sysinfo/names.h"

#include "base/parse.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names by number: open addressing, at most half full. A slot without a name is free. */
struct names {
	struct name {
		uint32_t id;
		char *name;
	} * slots;
	size_t size; /* a power of two */
	size_t n;
	const char *(*look_up)(uint32_t id); /* NULL: nobody knows */
};

static const char *look_up_user(uint32_t id)
{
	const struct passwd *user = getpwuid(id);

	return user ? user->pw_name : NULL;
}

static const char *look_up_group(uint32_t id)
{
	const struct group *group = getgrgid(id);

	return group ? group->gr_name : NULL;
}

static struct names users = {.look_up = look_up_user};
static struct names groups = {.look_up = look_up_group};

/* Where this id is, or where it would be. There is always a free slot. */
static struct name *find_slot(const struct names *names, uint32_t id)
{
	/* Ids come in runs; a multiplication spreads them (Knuth's constant). */
	size_t i = (id * UINT32_C(2654435761)) & (names->size - 1);

	while (names->slots[i].name && names->slots[i].id != id)
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
			*find_slot(&larger, names->slots[i].id) = names->slots[i];
	free(names->slots);
	*names = larger;
	return true;
}

static const char *name_of(struct names *names, uint32_t id)
{
	char number[16];

	if (!make_room(names))
		return NULL;

	struct name *slot = find_slot(names, id);

	if (slot->name)
		return slot->name;

	const char *name = names->look_up(id);

	if (!name) {
		(void)snprintf(number, sizeof(number), "%u", id);
		name = number;
	}
	slot->name = strdup(name);
	if (!slot->name)
		return NULL;
	slot->id = id;
	names->n++;
	return slot->name;
}

const char *name_of_user(uid_t uid)
{
	return name_of(&users, uid);
}

const char *name_of_group(gid_t gid)
{
	return name_of(&groups, gid);
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

static void clear(struct names *names)
{
	for (size_t i = 0; i < names->size; i++)
		free(names->slots[i].name);
	free(names->slots);
	*names = (struct names){.look_up = names->look_up};
}

void names_clear(void)
{
	clear(&users);
	clear(&groups);
}
