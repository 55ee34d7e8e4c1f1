#include "config.h"

#include "proc/cgroup.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const controller_names[] = {
	[CGROUP_CPU] = "cpu",	    [CGROUP_CPUACCT] = "cpuacct",
	[CGROUP_CPUSET] = "cpuset", [CGROUP_MEMORY] = "memory",
	[CGROUP_PIDS] = "pids",
};

void cgroup_level_clear(struct cgroup_level *l)
{
	buf_clear(&l->path);
	buf_clear(&l->text);
}

static int level_path(struct cgroup_level *l, const char *file)
{
	l->path.len = 0;
	return buf_add_format(&l->path, "%s%.*s%s%s", l->place->point, (int)l->below_len,
			      l->place->below, *file ? "/" : "", file);
}

int cgroup_level_read(struct cgroup_level *l, const char *file)
{
	if (level_path(l, file) < 0)
		return -ENOMEM;
	return file_read_whole_at(l->place->dirfd, l->path.data, &l->text);
}

static bool level_has(struct cgroup_level *l, const char *file)
{
	return level_path(l, file) == 0 &&
	       faccessat(l->place->dirfd, l->path.data, F_OK, 0) == 0;
}

bool cgroup_level_exists(struct cgroup_level *l)
{
	return level_has(l, "");
}

bool cgroup_level_is_own(const struct cgroup_level *l)
{
	return l->place->below[l->below_len] == '\0';
}

bool cgroup_level_up(struct cgroup_level *l)
{
	if (l->below_len == 0)
		return false;
	do
		l->below_len--;
	while (l->below_len > 0 && l->place->below[l->below_len] != '/');
	return true;
}

int cgroup_walk(const struct cgroup_place *p, cgroup_visit *visit, void *data)
{
	if (!p->point)
		return p->error;

	auto_cgroup_level struct cgroup_level l = CGROUP_LEVEL_OWN(p);

	do {
		int r = visit(&l, data);

		if (r == -ENOENT && cgroup_level_is_own(&l) && !cgroup_level_exists(&l))
			r = -ENODEV;
		if (r < 0 && r != -ENOENT)
			return r;
	} while (cgroup_level_up(&l));
	return 0;
}

bool cgroup_parse_limit(const char *text, uint64_t *ret, bool *ret_max)
{
	*ret_max = strncmp(text, "max", 3) == 0;
	if (*ret_max)
		text += 3;
	else if (!text_uint(&text, ret))
		return false;
	return *text == '\n' || *text == ' ' || *text == '\0';
}

/* The smallest quota so far. */
struct quota {
	bool known;
	double cpus;
};

static void take_quota(struct quota *q, uint64_t quota, uint64_t period)
{
	double cpus = (double)quota / (double)period;

	if (!q->known || cpus < q->cpus)
		*q = (struct quota){.known = true, .cpus = cpus};
}

/* cpu.max: "max 100000", "50000 100000". */
static int visit_cpu_max(struct cgroup_level *l, void *data)
{
	uint64_t quota;
	uint64_t period;
	bool max;
	int r = cgroup_level_read(l, "cpu.max");

	if (r < 0)
		return r;
	if (!cgroup_parse_limit(l->text.data, &quota, &max))
		return -EINVAL;
	if (max)
		return 0;

	const char *p = l->text.data;

	if (!text_uint(&p, &quota) || !text_uint(&p, &period) || period == 0)
		return -EINVAL;
	take_quota(data, quota, period);
	return 0;
}

/* -1 is no limit. */
static int visit_cfs_quota(struct cgroup_level *l, void *data)
{
	int64_t quota;
	uint64_t period;
	int r = cgroup_level_read(l, "cpu.cfs_quota_us");
	const char *p = l->text.data;

	if (r < 0)
		return r;
	if (!text_int(&p, &quota))
		return -EINVAL;
	if (quota < 0)
		return 0;
	r = cgroup_level_read(l, "cpu.cfs_period_us");
	p = l->text.data;
	if (r < 0)
		return r;
	if (!text_uint(&p, &period) || period == 0)
		return -EINVAL;
	take_quota(data, (uint64_t)quota, period);
	return 0;
}

int cgroup_quota(const struct cgroups *c, double *ret)
{
	const struct cgroup_place *p = &c->places[CGROUP_CPU];
	struct quota q = {0};
	int r = cgroup_walk(p, p->version == 1 ? visit_cfs_quota : visit_cpu_max, &q);

	if (r < 0)
		return r;
	if (q.known)
		*ret = q.cpus;
	return q.known;
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
static void find_mount(int sys, const struct mounts *mounts, const char *controller,
		       struct cgroup_place *p)
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
		p->dirfd = sys;
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

/* A system without them has no places, and error says why. */
static void set_errors(struct cgroups *c, int error)
{
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		c->places[i].error = error;
}

/* Which groups we are in: 0 or -errno, -ENOENT where this kernel has none. */
static int read_membership(int proc, struct cgroups *c, bool *ret_has_v1)
{
	int r = file_read_whole_at(proc, "self/cgroup", &c->text);

	if (r < 0)
		return r;

	char *cursor = c->text.data;
	char *line;

	*ret_has_v1 = false;
	while ((line = text_line(&cursor)))
		parse_line(c, line, ret_has_v1);
	/* No controller, no limit; but one that is out of reach may have some. */
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		c->places[i].error = c->places[i].version == 0 ? -ENOENT : -ENOTSUP;
	return 0;
}

static int find_mounts(int proc, int sys, struct cgroups *c, bool has_v1)
{
	int r = mounts_read(proc, &c->mounts);

	if (r < 0)
		return r;
	set_version(c, has_v1);
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		struct cgroup_place *p = &c->places[i];

		if (p->version != 0)
			find_mount(sys, &c->mounts,
				   p->version == 1 ? controller_names[i] : NULL, p);
	}
	return 0;
}

/*
 * Find our group below the usual mount point, as if all of the hierarchy were mounted
 * there. The marker is in every group of this version and nowhere else. In a container
 * that sees a part of the hierarchy under its full name it does not stand there; the list
 * of mounts is needed then.
 */
static bool find_usual(int sys, struct cgroup_place *p)
{
	struct cgroup_place usual = *p;

	usual.below = p->path ? path_below(p->path, "/") : NULL;
	if (!usual.below)
		return false;
	usual.point = p->version == 1 ? "fs/cgroup/cpu" : "fs/cgroup";
	usual.dirfd = sys;

	auto_cgroup_level struct cgroup_level own = CGROUP_LEVEL_OWN(&usual);

	if (!level_has(&own,
		       p->version == 1 ? "cpu.cfs_period_us" : "cgroup.controllers"))
		return false;
	*p = usual;
	return true;
}

static int find(int proc, int sys, bool cpu_only, struct cgroups *ret)
{
	struct cgroups c = {0};
	bool has_v1;
	int r = read_membership(proc, &c, &has_v1);
	bool none = r == -ENOENT;

	if (r == 0 && !(cpu_only && find_usual(sys, &c.places[CGROUP_CPU])))
		r = find_mounts(proc, sys, &c, has_v1);
	if (r < 0) {
		cgroups_clear(&c);
		if (r == -ENOMEM)
			return r;
		set_errors(&c, !none && r == -ENOENT ? -ENOTSUP : r);
	}
	*ret = c;
	return 0;
}

int cgroups_find(int proc, int sys, struct cgroups *ret)
{
	return find(proc, sys, false, ret);
}

int cgroups_find_cpu(int proc, int sys, struct cgroups *ret)
{
	return find(proc, sys, true, ret);
}

void cgroups_clear(struct cgroups *c)
{
	buf_clear(&c->text);
	mounts_clear(&c->mounts);
	*c = (struct cgroups){0};
}
