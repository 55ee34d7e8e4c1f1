#include "config.h"

#include "sysinfo/source.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_root(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int source_open(struct source *s, const char *proc, const char *sys,
		const char **ret_failed)
{
	*s = (struct source){
		.proc_path = proc ? proc : "/proc",
		.sys_path = sys ? sys : "/sys",
		.other_proc = proc != NULL,
		.other_sys = sys != NULL,
		.sys = -1,
	};
	s->proc = open_root(s->proc_path);
	if (s->proc < 0) {
		*ret_failed = s->proc_path;
		return s->proc;
	}
	if (sys)
		s->sys = open_root(sys);
	if (sys && s->sys < 0) {
		int r = s->sys;

		*ret_failed = sys;
		s->proc = fd_close(s->proc);
		return r;
	}
	return 0;
}

int source_sys(struct source *s)
{
	if (s->sys < 0)
		s->sys = open_root(s->sys_path);
	return s->sys;
}

int source_read_proc(struct source *s, const char *path, struct buf *b)
{
	return file_read_at(s->proc, path, b);
}

int source_read_proc_whole(struct source *s, const char *path, struct buf *b)
{
	return file_read_whole_at(s->proc, path, b);
}

int source_read_sys(struct source *s, const char *path, struct buf *b)
{
	int fd = source_sys(s);

	if (fd < 0) {
		b->len = 0;
		return buf_add(b, "", 0) < 0 ? -ENOMEM : fd;
	}
	return file_read_whole_at(fd, path, b);
}

int source_sys_line(struct source *s, const char *path, struct buf *b)
{
	int r = source_read_sys(s, path, b);

	if (r < 0)
		return r;
	b->len = strcspn(b->data, "\n");
	while (b->len > 0 && strchr(" \t\r", b->data[b->len - 1]))
		b->len--;
	b->data[b->len] = '\0';
	return 0;
}

int source_sys_int(struct source *s, const char *path, int64_t *ret)
{
	auto_buf struct buf b = BUF_INIT;
	int r = source_sys_line(s, path, &b);

	if (r < 0)
		return r;

	const char *p = b.data;

	return text_int(&p, ret) ? 0 : -EINVAL;
}

int source_device_name(struct source *s, const char *kind, unsigned major, unsigned minor,
		       struct buf *b)
{
	static const char key[] = "DEVNAME=";
	char path[64];

	(void)snprintf(path, sizeof(path), "dev/%s/%u:%u/uevent", kind, major, minor);

	int r = source_read_sys(s, path, b);

	if (r < 0)
		return r;

	char *cursor = b->data;

	for (char *line; (line = text_line(&cursor));)
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)]) {
			b->len = strlen(line + strlen(key));
			memmove(b->data, line + strlen(key), b->len + 1);
			return 0;
		}
	return -ENODATA;
}

/* In a user namespace of our own we may mount. Who we are stays the same in it. */
static int enter_user_namespace(void)
{
	auto_buf struct buf map = BUF_INIT;
	unsigned uid = geteuid();
	unsigned gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -errno;

	static const char *const files[] = {"/proc/self/setgroups", "/proc/self/uid_map",
					    "/proc/self/gid_map"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		map.len = 0;
		if ((i == 0   ? buf_add_string(&map, "deny")
		     : i == 1 ? buf_add_format(&map, "%u %u 1\n", uid, uid)
			      : buf_add_format(&map, "%u %u 1\n", gid, gid)) < 0)
			return -ENOMEM;

		auto_fd int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, map.data, map.len) < 0)
			return -errno;
	}
	return 0;
}

int source_mount_proc(struct source *s)
{
	if (!s->other_proc || s->mounted)
		return 0;
	if (unshare(CLONE_NEWNS) < 0) {
		int r = errno == EPERM ? enter_user_namespace() : -errno;

		if (r < 0)
			return r;
	}
	/* Nothing of this may reach the namespace we came from. */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(s->proc_path, "/proc", NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	s->mounted = true;
	return 0;
}

double source_ticks(void)
{
	long ticks = sysconf(_SC_CLK_TCK);

	return ticks > 0 ? (double)ticks : 100;
}
