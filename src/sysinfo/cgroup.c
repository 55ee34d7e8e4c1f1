#include "config.h"

#include "sysinfo/cgroup.h"

#include "base/keyed.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

/*
 * "No limit" in version 1 is the largest multiple of the page size below 2^63, and a page
 * has at most 64 KiB; some kernels have 2^63-1.
 */
#define V1_NO_LIMIT UINT64_C(0x7fffffffffff0000)

enum why cgroup_place_why(const struct cgroup_place *p)
{
	return p->error == -ENOENT ? WHY_NOT_APPLICABLE : why_from_error(p->error);
}

/* A file that is not there, in a group that is: the controller is not at work here. */
static void null_from_error(struct cgroup_level *l, int error, struct value *ret)
{
	if (error == -ENOENT && cgroup_level_exists(l))
		value_null(ret, WHY_NOT_APPLICABLE);
	else
		value_null(ret, why_from_error(error));
}

/* Whether the controller can be read at all; else ret says why not. */
static bool place_is_reachable(const struct cgroup_place *p, struct value *ret)
{
	if (!p->point)
		value_null(ret, cgroup_place_why(p));
	return p->point != NULL;
}

/* The smallest of what one file says on the way up. */
struct smallest {
	const char *file;
	struct value value; /* null where nothing limits */
};

static int visit_number(struct cgroup_level *l, void *data)
{
	struct smallest *s = data;
	struct value here;
	uint64_t number;
	bool max;
	int r = cgroup_level_read(l, s->file);

	if (r < 0)
		return r;
	if (!cgroup_parse_limit(l->text.data, &number, &max))
		return -EINVAL;
	if (max || number >= V1_NO_LIMIT)
		return 0;
	value_uint(&here, number);
	if (value_compare(&here, &s->value) < 0)
		s->value = here;
	return 0;
}

static void find_smallest(const struct cgroup_place *p, const char *file,
			  struct value *ret)
{
	struct smallest s = {.file = file};

	if (!place_is_reachable(p, ret))
		return;
	value_null(&s.value, WHY_NOT_APPLICABLE);

	int r = cgroup_walk(p, visit_number, &s);

	if (r < 0)
		value_null(ret, why_from_error(r));
	else
		*ret = s.value;
}

void cgroup_cpu_quota(const struct cgroups *c, struct value *ret)
{
	double cpus;

	if (!place_is_reachable(&c->places[CGROUP_CPU], ret))
		return;

	int r = cgroup_quota(c, &cpus);

	if (r < 0)
		value_null(ret, why_from_error(r));
	else if (r == 0)
		value_null(ret, WHY_NOT_APPLICABLE);
	else
		value_real(ret, cpus);
}

void cgroup_pids_limit(const struct cgroups *c, struct value *ret)
{
	find_smallest(&c->places[CGROUP_PIDS], "pids.max", ret);
}

/* A number of our own group. */
static void read_own_number(const struct cgroup_place *p, const char *file,
			    struct value *ret)
{
	if (!place_is_reachable(p, ret))
		return;

	auto_cgroup_level struct cgroup_level l = CGROUP_LEVEL_OWN(p);
	uint64_t number;
	int r = cgroup_level_read(&l, file);
	const char *text = l.text.data;

	if (r < 0)
		null_from_error(&l, r, ret);
	else if (text_uint(&text, &number))
		value_uint(ret, number);
	else
		value_null(ret, WHY_UNSUPPORTED);
}

void cgroup_pids_current(const struct cgroups *c, struct value *ret)
{
	read_own_number(&c->places[CGROUP_PIDS], "pids.current", ret);
}

void cgroup_cpu_usage(const struct cgroups *c, struct value *ret)
{
	const struct cgroup_place *p = &c->places[CGROUP_CPUACCT];

	if (p->version == 1) {
		read_own_number(p, "cpuacct.usage", ret);
		if (!value_is_null(ret))
			value_real(ret, (double)ret->natural / 1e9);
		return;
	}
	if (!place_is_reachable(p, ret))
		return;

	auto_cgroup_level struct cgroup_level l = CGROUP_LEVEL_OWN(p);
	struct keyed usage = {.key = "usage_usec"};
	int r = cgroup_level_read(&l, "cpu.stat");

	if (r < 0) {
		null_from_error(&l, r, ret);
		return;
	}
	keyed_find(l.text.data, &usage, 1);
	if (usage.known)
		value_real(ret, (double)usage.value / 1e6);
	else
		value_null(ret, WHY_UNSUPPORTED);
}

/* The group itself may leave the choice to one above it; its file is missing then. */
void cgroup_cpuset_cpus(const struct cgroups *c, struct value *ret)
{
	const struct cgroup_place *p = &c->places[CGROUP_CPUSET];

	if (!place_is_reachable(p, ret))
		return;

	auto_cgroup_level struct cgroup_level l = CGROUP_LEVEL_OWN(p);
	uint64_t n;
	int r;

	do {
		r = cgroup_level_read(&l, p->version == 1 ? "cpuset.effective_cpus"
							  : "cpuset.cpus.effective");
		if (r == -ENOENT && p->version == 1)
			r = cgroup_level_read(&l, "cpuset.cpus");
		if (r != -ENOENT || (cgroup_level_is_own(&l) && !cgroup_level_exists(&l)))
			break;
	} while (cgroup_level_up(&l));
	if (r < 0)
		null_from_error(&l, r, ret);
	else if (text_cpu_count(l.text.data, &n) < 0)
		value_null(ret, WHY_UNSUPPORTED);
	else
		value_uint(ret, n);
}

/* Usage without what the kernel would give back first. */
static void set_working_set(struct cgroup_memory *m, const struct keyed *inactive)
{
	if (value_is_null(&m->usage))
		m->working_set = m->usage;
	else if (inactive->known)
		value_uint(&m->working_set, m->usage.natural > inactive->value
						    ? m->usage.natural - inactive->value
						    : 0);
	else
		value_null(&m->working_set, WHY_UNSUPPORTED);
}

static void set_v1_limit(const struct keyed *k, struct value *ret)
{
	if (k->value < V1_NO_LIMIT)
		value_uint(ret, k->value);
	else
		value_null(ret, WHY_NOT_APPLICABLE);
}

/*
 * Version 1 works the smallest limit on the way up out itself, in memory.stat, and knows
 * what lies above the mount point as well. Its limit for swap is one for both together.
 */
static void read_memory_v1(const struct cgroup_place *p, struct cgroup_memory *ret)
{
	enum { LIMIT, BOTH_LIMIT, INACTIVE, KEYS };
	struct keyed stat[KEYS] = {
		[LIMIT] = {.key = "hierarchical_memory_limit"},
		[BOTH_LIMIT] = {.key = "hierarchical_memsw_limit"},
		[INACTIVE] = {.key = "total_inactive_file"},
	};
	struct value both;
	auto_cgroup_level struct cgroup_level l = CGROUP_LEVEL_OWN(p);

	if (cgroup_level_read(&l, "memory.stat") == 0)
		keyed_find(l.text.data, stat, KEYS);
	if (stat[LIMIT].known)
		set_v1_limit(&stat[LIMIT], &ret->limit);
	else
		find_smallest(p, "memory.limit_in_bytes", &ret->limit);
	if (stat[BOTH_LIMIT].known)
		set_v1_limit(&stat[BOTH_LIMIT], &both);
	else
		find_smallest(p, "memory.memsw.limit_in_bytes", &both);
	if (value_is_null(&both))
		ret->swap_limit = both;
	else if (!value_is_null(&ret->limit) && both.natural >= ret->limit.natural)
		value_uint(&ret->swap_limit, both.natural - ret->limit.natural);
	else
		value_null(&ret->swap_limit, WHY_UNSUPPORTED);
	value_null(&ret->high, WHY_NOT_APPLICABLE);
	read_own_number(p, "memory.usage_in_bytes", &ret->usage);
	set_working_set(ret, &stat[INACTIVE]);
}

static void read_memory_v2(const struct cgroup_place *p, struct cgroup_memory *ret)
{
	struct keyed inactive = {.key = "inactive_file"};
	auto_cgroup_level struct cgroup_level l = CGROUP_LEVEL_OWN(p);

	find_smallest(p, "memory.max", &ret->limit);
	find_smallest(p, "memory.high", &ret->high);
	find_smallest(p, "memory.swap.max", &ret->swap_limit);
	read_own_number(p, "memory.current", &ret->usage);
	if (!value_is_null(&ret->usage) && cgroup_level_read(&l, "memory.stat") == 0)
		keyed_find(l.text.data, &inactive, 1);
	set_working_set(ret, &inactive);
}

void cgroup_memory(const struct cgroups *c, struct cgroup_memory *ret)
{
	const struct cgroup_place *p = &c->places[CGROUP_MEMORY];
	struct value null;

	if (!place_is_reachable(p, &null))
		*ret = (struct cgroup_memory){null, null, null, null, null};
	else if (p->version == 1)
		read_memory_v1(p, ret);
	else
		read_memory_v2(p, ret);
}
