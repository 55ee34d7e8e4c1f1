#include "config.h"

#include "sysinfo/smartcols.h"

#include "base/cleanup.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* The names, in the order of the members. */
static const char *const names[] = {
#define SMARTCOLS_NAME(name) "scols_" #name,
	SMARTCOLS_FUNCTIONS(SMARTCOLS_NAME)
#undef SMARTCOLS_NAME
};

static bool load(struct smartcols *ret)
{
	void *library = dlopen("libsmartcols.so.1", RTLD_LAZY | RTLD_LOCAL);
	void *addresses[ARRAY_SIZE(names)];

	_Static_assert(sizeof(addresses) == sizeof(*ret), "one address a member");
	if (!library)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		addresses[i] = dlsym(library, names[i]);
		if (!addresses[i])
			return false;
	}
	memcpy(ret, addresses, sizeof(*ret));
	return true;
}

const struct smartcols *smartcols_load(void)
{
	static struct smartcols functions;
	static enum { UNKNOWN, PRESENT, MISSING } state;

	if (state == UNKNOWN)
		state = load(&functions) ? PRESENT : MISSING;
	return state == PRESENT ? &functions : NULL;
}
