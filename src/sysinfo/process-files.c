/*
 * Files of a process that several columns share, taken apart.
 */
#include "config.h"

#include "sysinfo/process.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

int process_read_statm(struct process *p)
{
	struct buf *b = &p->host->file;

	if (p->statm_error != PROCESS_UNREAD)
		return p->statm_error;
	p->n_statm = 0;
	p->statm_error = process_read(p, "statm", b);
	if (p->statm_error < 0)
		return p->statm_error;

	const char *text = b->data;

	while (p->n_statm < ARRAY_SIZE(p->statm) &&
	       text_uint(&text, &p->statm[p->n_statm]))
		p->n_statm++;
	return 0;
}

int process_read_io(struct process *p)
{
	static const char *const names[] = {
		[IO_READ_CHARS] = "rchar:",	 [IO_WRITE_CHARS] = "wchar:",
		[IO_READ_COUNT] = "syscr:",	 [IO_WRITE_COUNT] = "syscw:",
		[IO_READ_BYTES] = "read_bytes:", [IO_WRITE_BYTES] = "write_bytes:",
	};
	struct buf *b = &p->host->file;

	if (p->io_error != PROCESS_UNREAD)
		return p->io_error;
	memset(p->has_io, 0, sizeof(p->has_io));
	p->io_error = process_read(p, "io", b);
	if (p->io_error < 0)
		return p->io_error;

	char *cursor = b->data;

	for (char *line; (line = text_line(&cursor));)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			size_t len = strlen(names[i]);
			const char *number = line + len;

			if (strncmp(line, names[i], len) == 0)
				p->has_io[i] = text_uint(&number, &p->io[i]);
		}
	return 0;
}

/* Add what a line of smaps or smaps_rollup says, in KiB, to the figures. */
static void add_smaps_line(struct process *p, const char *line)
{
	enum process_smaps which;
	uint64_t size;
	const char *number = strchr(line, ':');

	if (strncmp(line, "Pss:", 4) == 0)
		which = SMAPS_PSS;
	else if (strncmp(line, "Swap:", 5) == 0)
		which = SMAPS_SWAP;
	else if (strncmp(line, "Private_", 8) == 0)
		which = SMAPS_USS; /* clean, dirty, huge pages */
	else
		return;
	if (!number++ || !text_uint(&number, &size))
		return;
	p->smaps[which] += size * 1024;
	p->has_smaps[which] = true;
}

int process_read_smaps(struct process *p)
{
	struct buf *b = &p->host->file;

	if (p->smaps_error != PROCESS_UNREAD)
		return p->smaps_error;
	memset(p->smaps, 0, sizeof(p->smaps));
	memset(p->has_smaps, 0, sizeof(p->has_smaps));
	p->smaps_error = process_read(p, "smaps_rollup", b);

	/* Not before Linux 4.14; and it may say ESRCH of a process that is there. This
	 * file comes in pieces. */
	if ((p->smaps_error == -ENOENT || p->smaps_error == -ESRCH) && !p->is_bare &&
	    p->dirfd >= 0)
		p->smaps_error =
			process_note(p, "smaps", file_read_at(p->dirfd, "smaps", b));
	if (p->smaps_error < 0)
		return p->smaps_error;

	char *cursor = b->data;

	for (char *line; (line = text_line(&cursor));)
		add_smaps_line(p, line);
	return 0;
}

/*
 * What Linux 6.13 tells of a pidfd. It saves the status file, which is long and costs ten
 * times as much, for the most common question: whose is it.
 */
struct pidfd_info {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t pid;
	uint32_t tgid;
	uint32_t ppid;
	uint32_t ruid;
	uint32_t rgid;
	uint32_t euid;
	uint32_t egid;
	uint32_t suid;
	uint32_t sgid;
	uint32_t fsuid;
	uint32_t fsgid;
	int32_t exit_code;
};

enum { PIDFD_INFO_HAS_IDS = 1 << 1 };

#define PIDFD_ASK_INFO _IOWR(0xff, 11, struct pidfd_info)

/* Whether the kernel has told. Once it did not know the question it is not asked again,
 * by this thread of ours. */
static bool ask_pidfd(struct process *p)
{
	struct pidfd_info info = {.mask = PIDFD_INFO_HAS_IDS};

	if (p->host->no_pidfd_info || p->is_thread || p->status_error != PROCESS_UNREAD)
		return false;

	int fd = process_pidfd(p);

	if (fd < 0)
		return false;
	if (ioctl(fd, PIDFD_ASK_INFO, &info) < 0) {
		if (errno == ENOTTY || errno == EINVAL)
			p->host->no_pidfd_info = true;
		return false;
	}
	/* The pidfd was opened by number, later than stat. */
	if (!(info.mask & PIDFD_INFO_HAS_IDS) || info.tgid != (uint32_t)p->pid ||
	    !procfs_has(&p->stat, PROCFS_PPID) ||
	    info.ppid != (uint32_t)p->stat.value[PROCFS_PPID])
		return false;
	p->ids = (struct process_ids){
		.uid = {info.ruid, info.euid, info.suid},
		.gid = {info.rgid, info.egid, info.sgid},
	};
	return true;
}

static int take_ids(struct process *p, const char *key, uint32_t ids[3])
{
	int error;
	const char *text = process_status(p, key, &error);

	if (!text)
		return error;
	for (size_t i = 0; i < 3; i++) {
		uint64_t id;

		if (!text_uint(&text, &id) || id > UINT32_MAX)
			return -ENODATA;
		ids[i] = (uint32_t)id;
	}
	return 0;
}

int process_read_ids(struct process *p)
{
	if (p->ids_error != PROCESS_UNREAD)
		return p->ids_error;
	p->ids_error = 0;
	if (ask_pidfd(p))
		return 0;
	p->ids_error = take_ids(p, "Uid", p->ids.uid);
	if (p->ids_error == 0)
		p->ids_error = take_ids(p, "Gid", p->ids.gid);
	return p->ids_error;
}
