#include "config.h"

#include "sysinfo/cgroup.h"

#include "base/cleanup.h"
#include "sysinfo/keyed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const controller_names[] = {
	[CGROUP_CPU] = "cpu",	    [CGROUP_CPUACCT] = "cpuacct",
	[CGROUP_CPUSET] = "cpuset", [CGROUP_MEMORY] = "memory",
	[CGROUP_PIDS] = "pids",
};

/*
 * "No limit" in version 1 is the largest multiple of the page size below 2^63, and a page
 * has at most 64 KiB; some kernels have 2^63-1.
 */
#define V1_NO_LIMIT UINT64_C(0x7fffffffffff0000)

/* A group on the way from ours up to the mount point, and one of its files. */
struct level {
	const struct cgroup_place *place;
	size_t below_len; /* how much of place->below leads to it */
	struct buf path;
	struct buf text;
};

static void level_clear(struct level *l)
{
	buf_clear(&l->path);
	buf_clear(&l->text);
}

#define auto_level __attribute__((cleanup(level_clear)))

#define LEVEL_OWN(p)                                                           \
	{                                                                      \
		.place = (p), .below_len = (p)->below ? strlen((p)->below) : 0 \
	}

static int level_path(struct level *l, const char *file)
{
	l->path.len = 0;
	return buf_add_format(&l->path, "%s%.*s%s%s", l->place->point, (int)l->below_len,
			      l->place->below, *file ? "/" : "", file);
}

/* Read a file of this level into l->text: 0 or -errno. */
static int level_read(struct level *l, const char *file)
{
	if (level_path(l, file) < 0)
		return -ENOMEM;
	return source_read_whole_at(l->place->dirfd, l->path.data, &l->text);
}

static bool level_is_own(const struct level *l)
{
	return l->place->below[l->below_len] == '\0';
}

/* On to the group above; false at the mount point. */
static bool level_up(struct level *l)
{
	if (l->below_len == 0)
		return false;
	do
		l->below_len--;
	while (l->below_len > 0 && l->place->below[l->below_len] != '/');
	return true;
}

/* A file that is not there, in a group that is: the controller is not at work here. */
static enum why why_missing(struct level *l)
{
	if (level_path(l, "") < 0 ||
	    faccessat(l->place->dirfd, l->path.data, F_OK, 0) < 0)
		return WHY_GONE;
	return WHY_NOT_APPLICABLE;
}

static void null_from_error(struct level *l, int error, struct value *ret)
{
	value_null(ret, error == -ENOENT ? why_missing(l) : why_from_error(error));
}

/* Whether the controller can be read at all; else ret says why not. */
static bool place_is_reachable(const struct cgroup_place *p, struct value *ret)
{
	if (!p->point)
		value_null(ret, p->why);
	return p->point != NULL;
}

/* One whole number, or "max": false where it is neither. */
static bool parse_number_or_max(const char *text, uint64_t *ret, bool *ret_max)
{
	*ret_max = strncmp(text, "max", 3) == 0;
	if (*ret_max)
		text += 3;
	else if (!text_uint(&text, ret))
		return false;
	return *text == '\n' || *text == ' ' || *text == '\0';
}

/*
 * What limits one level: ret stays null where nothing does. 0 or -errno; -ENOENT where
 * this level has no such file.
 */
typedef int level_limit(struct level *l, const char *file, struct value *ret);

static int number_limit(struct level *l, const char *file, struct value *ret)
{
	uint64_t number;
	bool max;
	int r = level_read(l, file);

	if (r < 0)
		return r;
	if (!parse_number_or_max(l->text.data, &number, &max))
		return -EINVAL;
	if (!max && number < V1_NO_LIMIT)
		value_uint(ret, number);
	return 0;
}

/* cpu.max: "max 100000", "50000 100000". */
static int cpu_max_limit(struct level *l, const char *file, struct value *ret)
{
	uint64_t quota;
	uint64_t period;
	bool max;
	int r = level_read(l, file);

	if (r < 0)
		return r;
	if (!parse_number_or_max(l->text.data, &quota, &max))
		return -EINVAL;
	if (max)
		return 0;

	const char *p = l->text.data;

	if (!text_uint(&p, &quota) || !text_uint(&p, &period) || period == 0)
		return -EINVAL;
	value_real(ret, (double)quota / (double)period);
	return 0;
}

/* -1 is no limit. */
static int cfs_quota_limit(struct level *l, const char *file, struct value *ret)
{
	int64_t quota;
	uint64_t period;
	int r = level_read(l, file);
	const char *p = l->text.data;

	if (r < 0)
		return r;
	if (!text_int(&p, &quota))
		return -EINVAL;
	if (quota < 0)
		return 0;
	r = level_read(l, "cpu.cfs_period_us");
	p = l->text.data;
	if (r < 0)
		return r;
	if (!text_uint(&p, &period) || period == 0)
		return -EINVAL;
	value_real(ret, (double)quota / (double)period);
	return 0;
}

/*
 * The smallest limit from our group up to the mount point. A level that cannot be
 * understood makes the whole unknown: a guess would be too large.
 */
static void find_smallest(const struct cgroup_place *p, level_limit *limit,
			  const char *file, struct value *ret)
{
	if (!place_is_reachable(p, ret))
		return;

	auto_level struct level l = LEVEL_OWN(p);

	value_null(ret, WHY_NOT_APPLICABLE);
	do {
		struct value here;

		value_null(&here, WHY_NOT_APPLICABLE);

		int r = limit(&l, file, &here);

		if (r == -ENOENT && level_is_own(&l) && why_missing(&l) == WHY_GONE)
			r = -ENODEV;
		if (r < 0 && r != -ENOENT) {
			value_null(ret, why_from_error(r));
			return;
		}
		if (value_compare(&here, ret) < 0)
			*ret = here;
	} while (level_up(&l));
}

void cgroup_cpu_quota(const struct cgroups *c, struct value *ret)
{
	const struct cgroup_place *p = &c->places[CGROUP_CPU];

	if (p->version == 1)
		find_smallest(p, cfs_quota_limit, "cpu.cfs_quota_us", ret);
	else
		find_smallest(p, cpu_max_limit, "cpu.max", ret);
}

void cgroup_pids_limit(const struct cgroups *c, struct value *ret)
{
	find_smallest(&c->places[CGROUP_PIDS], number_limit, "pids.max", ret);
}

/* A number of our own group. */
static void read_own_number(const struct cgroup_place *p, const char *file,
			    struct value *ret)
{
	if (!place_is_reachable(p, ret))
		return;

	auto_level struct level l = LEVEL_OWN(p);
	uint64_t number;
	int r = level_read(&l, file);
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

	auto_level struct level l = LEVEL_OWN(p);
	struct keyed usage = {.key = "usage_usec"};
	int r = level_read(&l, "cpu.stat");

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

	auto_level struct level l = LEVEL_OWN(p);
	uint64_t n;
	int r;

	do {
		r = level_read(&l, p->version == 1 ? "cpuset.effective_cpus"
						   : "cpuset.cpus.effective");
		if (r == -ENOENT && p->version == 1)
			r = level_read(&l, "cpuset.cpus");
		if (r != -ENOENT || (level_is_own(&l) && why_missing(&l) == WHY_GONE))
			break;
	} while (level_up(&l));
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
	auto_level struct level l = LEVEL_OWN(p);

	if (level_read(&l, "memory.stat") == 0)
		keyed_find(l.text.data, stat, KEYS);
	if (stat[LIMIT].known)
		set_v1_limit(&stat[LIMIT], &ret->limit);
	else
		find_smallest(p, number_limit, "memory.limit_in_bytes", &ret->limit);
	if (stat[BOTH_LIMIT].known)
		set_v1_limit(&stat[BOTH_LIMIT], &both);
	else
		find_smallest(p, number_limit, "memory.memsw.limit_in_bytes", &both);
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
	auto_level struct level l = LEVEL_OWN(p);

	find_smallest(p, number_limit, "memory.max", &ret->limit);
	find_smallest(p, number_limit, "memory.high", &ret->high);
	find_smallest(p, number_limit, "memory.swap.max", &ret->swap_limit);
	read_own_number(p, "memory.current", &ret->usage);
	if (!value_is_null(&ret->usage) && level_read(&l, "memory.stat") == 0)
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

/* Whether a word is one of a comma-separated list. */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");

		if (n == len && strncmp(p, word, n) == 0)
			return true;
		p += n;
		p += *p == ',';
	}
	return false;
}

/* What is left of path when root is taken away from its begin, or NULL. */
static const char *path_below(const char *path, const char *root)
{
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;

	const char *below = strcmp(path + len, "/") == 0 ? "" : path + len;

	/* Up and out of what is mounted. */
	for (const char *p = below; (p = strstr(p, "/..")); p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return NULL;
	return below;
}

/*
 * Of several mounts of a hierarchy, the one that shows most of it, for the limits of the
 * groups above ours.
 */
static void find_mount(struct source *s, const struct mounts *mounts,
		       const char *controller, struct cgroup_place *p)
{
	const struct mount *best = NULL;

	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount *m = &mounts->list[i];

		if (m->hidden || strcmp(m->fstype, controller ? "cgroup" : "cgroup2") ||
		    (controller && !list_has(m->super_options, controller)) ||
		    !path_below(p->path, m->root))
			continue;
		if (!best || strlen(m->root) < strlen(best->root))
			best = m;
	}
	if (!best)
		return;
	p->below = path_below(p->path, best->root);
	p->point = best->point;
	p->dirfd = AT_FDCWD;
	/* A saved tree has the mounts of /sys within it. */
	if (strncmp(p->point, "/sys/", 5) == 0) {
		p->point += 5;
		p->dirfd = source_sys(s);
	}
}

/* One line of /proc/self/cgroup: "4:memory:/a/b", "1:cpu,cpuacct:/a", "0::/a". */
static void parse_line(struct cgroups *c, char *line, bool *has_v1)
{
	char *list = strchr(line, ':');
	char *path = list ? strchr(list + 1, ':') : NULL;

	if (!path || path[1] != '/')
		return;
	*list++ = '\0';
	*path++ = '\0';

	bool unified = *list == '\0';

	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		struct cgroup_place *p = &c->places[i];

		if (unified ? p->version == 0 : list_has(list, controller_names[i])) {
			p->version = unified ? 2 : 1;
			p->path = path;
		}
	}
	*has_v1 |= !unified && strncmp(list, "name=", 5) != 0;
}

static bool has_unified_mount(const struct mounts *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->list[i].hidden && strcmp(m->list[i].fstype, "cgroup2") == 0)
			return true;
	return false;
}

static void set_version(struct cgroups *c, bool has_v1)
{
	bool has_v2 = has_unified_mount(&c->mounts);

	c->version = has_v1 && has_v2 ? "hybrid" : has_v1 ? "1" : has_v2 ? "2" : NULL;
}

int cgroups_find(struct source *s, struct cgroups *ret)
{
	struct cgroups c = {0};
	bool has_v1 = false;
	int r = source_read_proc_whole(s, "self/cgroup", &c.text);
	/* This kernel has none of it, and nothing is limited. */
	bool none = r == -ENOENT;

	if (r == 0)
		r = mounts_read(s, &c.mounts);
	if (r == -ENOMEM) {
		cgroups_clear(&c);
		return r;
	}
	if (r < 0) {
		for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
			c.places[i].why = none		 ? WHY_NOT_APPLICABLE
					  : r == -ENOENT ? WHY_UNSUPPORTED
							 : why_from_error(r);
		*ret = c;
		return 0;
	}

	char *cursor = c.text.data;
	char *line;

	while ((line = text_line(&cursor)))
		parse_line(&c, line, &has_v1);
	set_version(&c, has_v1);
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		struct cgroup_place *p = &c.places[i];

		/* No controller, no limit; but one that is out of reach may have some. */
		p->why = p->version == 0 ? WHY_NOT_APPLICABLE : WHY_UNSUPPORTED;
		if (p->version != 0)
			find_mount(s, &c.mounts,
				   p->version == 1 ? controller_names[i] : NULL, p);
	}
	*ret = c;
	return 0;
}

void cgroups_clear(struct cgroups *c)
{
	buf_clear(&c->text);
	mounts_clear(&c->mounts);
	*c = (struct cgroups){0};
}
