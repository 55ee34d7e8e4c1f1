#include "config.h"

#include "sysinfo/process.h"

#include "base/cleanup.h"
#include "proc/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	KERNEL_THREAD = 0x00200000, /* PF_KTHREAD in the flags of stat */
};

static const char deleted_suffix[] = " (deleted)";

/* --proc: the tree's own clocks. */
static void read_clocks(struct process_host *host)
{
	uint64_t seconds;

	if (process_host_read(host, "uptime", &host->file) == 0) {
		const char *p = host->file.data;

		if (!text_real(&p, &host->uptime))
			host->uptime = NAN;
	}
	if (process_host_read(host, "stat", &host->file) < 0)
		return;

	const char *line = strstr(host->file.data, "btime ");

	if (!line || (line > host->file.data && line[-1] != '\n'))
		return;
	line += strlen("btime");
	if (text_uint(&line, &seconds))
		host->booted = (double)seconds;
}

/* Whether its numbers are of another system, or of another PID namespace than ours. */
static bool is_foreign(const struct source *source)
{
	char self[16];
	ssize_t n;

	if (source->other_proc)
		return true;
	n = readlinkat(source->proc, "self", self, sizeof(self) - 1);
	if (n < 0)
		return true;
	self[n] = '\0';
	return procfs_number(self) != getpid();
}

void process_host_begin(struct process_host *host, struct source *source)
{
	host->source = source;
	host->is_foreign = is_foreign(source);
	host->family = NULL;
	host->ticks = source_ticks();
	host->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	host->error = 0;
	host->has_memory_total = false;
	host->tty = 0;
	host->words.fd = -1;
	host->uptime = NAN;
	host->booted = NAN;
	if (source->other_proc)
		read_clocks(host);
	else
		host->booted = (double)(nsec_clock(CLOCK_REALTIME) -
					nsec_clock(CLOCK_BOOTTIME)) /
			       NSEC_PER_SEC;
}

void process_host_share(struct process_host *host, const struct process_host *from)
{
	struct process_host own = *host;

	*host = *from;
	host->tty = 0;
	host->file = own.file;
	host->status = own.status;
	host->cmdline = own.cmdline;
	host->words = own.words;
	host->words.fd = -1;
}

void process_host_clear(struct process_host *host)
{
	buf_clear(&host->file);
	buf_clear(&host->status);
	buf_clear(&host->cmdline);
	(void)out_close(&host->words);
	*host = (struct process_host){0};
}

int process_host_fail(struct process_host *host, const char *path, int error)
{
	if (host->error == 0) {
		host->error = error;
		(void)snprintf(host->failed_path, sizeof(host->failed_path), "%s", path);
	}
	return error;
}

int process_host_note(struct process_host *host, const char *path, int error)
{
	if (error == -EMFILE || error == -ENFILE)
		(void)process_host_fail(host, path, error);
	return error;
}

int process_host_read(struct process_host *host, const char *path, struct buf *b)
{
	return process_host_note(host, path,
				 source_read_proc_whole(host->source, path, b));
}

double process_host_uptime(const struct process_host *host)
{
	return host->source->other_proc
		       ? host->uptime
		       : (double)nsec_clock(CLOCK_BOOTTIME) / NSEC_PER_SEC;
}

/* The folder of the process or thread, relative to that of /proc. */
static void folder_path(const struct process *p, const char *file, char ret_path[64])
{
	if (p->is_thread)
		(void)snprintf(ret_path, 64, "%d/task/%d%s", (int)p->pid, (int)p->tid,
			       file);
	else
		(void)snprintf(ret_path, 64, "%d%s", (int)p->pid, file);
}

int process_note(struct process *p, const char *file, int error)
{
	char path[64];
	char name[32];

	if (error < 0) {
		(void)snprintf(name, sizeof(name), "%s%s", *file ? "/" : "", file);
		folder_path(p, name, path);
		(void)process_host_note(p->host, path, error);
	}
	return error;
}

int process_fail(struct process *p, int error)
{
	char path[64];

	folder_path(p, "", path);
	return process_host_fail(p->host, path, error);
}

static int open_folder(struct process *p)
{
	char path[64];

	folder_path(p, "", path);
	p->dirfd = openat(p->host->source->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->dirfd >= 0)
		return 0;
	p->dirfd = -1;
	/* A file of that name is no process. */
	return errno == ENOENT || errno == ENOTDIR ? -ESRCH : -errno;
}

/* Read stat, by way of the folder where it is open: 0, -ESRCH, or -errno. */
static int read_stat(struct process *p, struct procfs_fields *ret)
{
	struct buf *b = &p->host->file;
	char path[64];
	int r;

	if (p->dirfd >= 0) {
		r = file_read_whole_at(p->dirfd, "stat", b);
	} else {
		folder_path(p, "/stat", path);
		r = source_read_proc_whole(p->host->source, path, b);
	}
	/* In a folder of --proc it may be something else. */
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR || r == -EISDIR ? -ESRCH : r;
	return procfs_parse_stat(b->data, ret) < 0 ? -ESRCH : 0;
}

/* What stat says of it as a whole. */
static void take_stat(struct process *p)
{
	p->is_kernel = procfs_has(&p->stat, PROCFS_FLAGS) &&
		       p->stat.value[PROCFS_FLAGS] & KERNEL_THREAD;
	p->is_bare = p->is_kernel || p->stat.state == 'Z' || p->stat.state == 'X' ||
		     p->stat.state == 'x';
}

int process_open(struct process *p, struct process_host *host, pid_t pid, pid_t tid,
		 enum process_open how)
{
	p->host = host;
	p->pid = pid;
	p->tid = tid ? tid : pid;
	p->is_thread = tid != 0;
	p->dirfd = -1;
	p->pidfd = -1;
	p->gone = false;
	p->denied = false;
	p->status_error = PROCESS_UNREAD;
	p->statm_error = PROCESS_UNREAD;
	p->io_error = PROCESS_UNREAD;
	p->smaps_error = PROCESS_UNREAD;
	p->cmdline_error = PROCESS_UNREAD;
	p->ids_error = PROCESS_UNREAD;
	p->name[0] = '\0';

	int r = how == PROCESS_OPEN_FOLDER ? open_folder(p) : 0;

	if (r == 0)
		r = read_stat(p, &p->stat);
	if (r == -EACCES || r == -EPERM) {
		p->denied = true;
		p->stat = (struct procfs_fields){.n = 0};
		r = 0;
	}
	if (r == 0) {
		take_stat(p);
		return 0;
	}
	process_close(p);
	return r == -ESRCH ? r : process_fail(p, r);
}

void process_close(struct process *p)
{
	p->dirfd = fd_close(p->dirfd);
	p->pidfd = fd_close(p->pidfd);
}

procfs_ticks_t process_start(const struct process *p)
{
	return procfs_has(&p->stat, PROCFS_START) ? p->stat.value[PROCFS_START] : 0;
}

uint64_t process_cpu_ticks(const struct process *p)
{
	return procfs_has(&p->stat, PROCFS_SYSTEM_TIME)
		       ? p->stat.value[PROCFS_USER_TIME] +
				 p->stat.value[PROCFS_SYSTEM_TIME]
		       : 0;
}

/* Whether the folder, which was opened later than stat was read, is still of the same
 * process: 0, -ESRCH, or -errno. */
static int check_folder(struct process *p)
{
	struct procfs_fields now;

	if (p->denied)
		return 0;

	int r = read_stat(p, &now);

	if (r < 0)
		return r;
	if (now.n < p->stat.n || (procfs_has(&p->stat, PROCFS_START) &&
				  now.value[PROCFS_START] != process_start(p)))
		return -ESRCH;
	return 0;
}

int process_folder(struct process *p)
{
	if (p->dirfd >= 0)
		return p->dirfd;

	int r = open_folder(p);

	if (r == 0)
		r = check_folder(p);
	if (r == 0)
		return p->dirfd;
	p->dirfd = fd_close(p->dirfd);
	if (r == -ESRCH)
		p->gone = true;
	return process_note(p, "stat", r);
}

int process_pidfd(struct process *p)
{
	if (p->pidfd < 0 && p->host->is_foreign)
		return -ENOTSUP;
	if (p->pidfd < 0) {
		int fd = pidfd_for(p->pid);

		if (fd < 0)
			return process_note(p, "", fd);
		p->pidfd = fd;
	}
	return p->pidfd;
}

int process_read(struct process *p, const char *file, struct buf *b)
{
	int dirfd = process_folder(p);

	if (dirfd < 0) {
		b->len = 0;
		return buf_add(b, "", 0) < 0 ? -ENOMEM : dirfd;
	}
	return process_note(p, file, file_read_whole_at(dirfd, file, b));
}

int process_list(struct process *p, const char *folder, struct pid_list *list)
{
	int dirfd = process_folder(p);

	if (dirfd < 0)
		return dirfd;
	return process_note(p, folder,
			    process_list_numbers(dirfd, folder, list, &p->host->file));
}

const char *process_status(struct process *p, const char *key, int *ret_error)
{
	struct buf *b = &p->host->status;
	size_t len = strlen(key);

	if (p->status_error == PROCESS_UNREAD)
		p->status_error = process_read(p, "status", b);
	*ret_error = p->status_error;
	if (p->status_error < 0)
		return NULL;
	/* The name in the first line has its newlines escaped. */
	for (const char *line = b->data; *line;) {
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
	*ret_error = -ENODATA;
	return NULL;
}

int process_read_cmdline(struct process *p)
{
	if (p->cmdline_error == PROCESS_UNREAD)
		p->cmdline_error = process_read(p, "cmdline", &p->host->cmdline);
	return p->cmdline_error;
}

/* Whether the path names the file that the link leads to, so that what stands at its end
 * is part of the name. */
static bool is_named(int dirfd, const char *link, const char *path)
{
	struct stat target;
	struct stat named;

	return fstatat(dirfd, link, &target, 0) == 0 && stat(path, &named) == 0 &&
	       target.st_dev == named.st_dev && target.st_ino == named.st_ino;
}

int process_link(struct process *p, const char *file, bool *ret_deleted)
{
	struct buf *b = &p->host->file;
	int dirfd = process_folder(p);

	*ret_deleted = false;
	b->len = 0;
	if (dirfd < 0)
		return dirfd;
	if (buf_reserve(b, PATH_MAX) < 0)
		return -ENOMEM;

	ssize_t n = readlinkat(dirfd, file, b->data, PATH_MAX);

	if (n < 0)
		return -errno;
	if (n == PATH_MAX)
		return -ENAMETOOLONG;
	b->data[n] = '\0';
	b->len = (size_t)n;

	const size_t len = strlen(deleted_suffix);

	if (b->len <= len || strcmp(b->data + b->len - len, deleted_suffix) != 0 ||
	    is_named(dirfd, file, b->data))
		return 0;
	b->len -= len;
	b->data[b->len] = '\0';
	*ret_deleted = true;
	return 0;
}

const char *process_name(struct process *p)
{
	const char *comm = p->stat.comm;

	if (p->name[0])
		return p->name;
	(void)snprintf(p->name, sizeof(p->name), "%s", comm);
	/* The kernel keeps 15 bytes. The name of a thread is nobody's first word. */
	if (strlen(comm) < 15 || p->is_bare || p->tid != p->pid ||
	    process_read_cmdline(p) < 0)
		return p->name;

	const char *slash = strrchr(p->host->cmdline.data, '/');
	const char *word = slash ? slash + 1 : p->host->cmdline.data;

	if (strncmp(word, comm, strlen(comm)) == 0)
		(void)snprintf(p->name, sizeof(p->name), "%s", word);
	return p->name;
}

int process_list_numbers(int dirfd, const char *path, struct pid_list *list,
			 struct buf *scratch)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : procfs_list(fd, list, scratch);
}

/* Whether its folder is empty now. If it has only ended, it is bare. */
static bool has_gone(struct process *p)
{
	struct procfs_fields now;
	int r = p->gone ? -ESRCH : read_stat(p, &now);

	if (r == -ESRCH)
		return true;
	if (r < 0) {
		(void)process_note(p, "stat", r);
		return false;
	}
	if (procfs_has(&p->stat, PROCFS_START) &&
	    (!procfs_has(&now, PROCFS_START) ||
	     now.value[PROCFS_START] != process_start(p)))
		return true;
	p->stat.state = now.state;
	take_stat(p);
	return false;
}

void process_null(struct process *p, struct value *v, int error)
{
	enum why why = why_from_error(error);

	if (why == WHY_GONE && !p->is_bare && has_gone(p))
		p->gone = true;
	else if (why == WHY_GONE)
		why = p->is_bare ? WHY_NOT_APPLICABLE : WHY_UNSUPPORTED;
	value_null(v, why);
}
