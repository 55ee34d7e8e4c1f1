#include "config.h"

#include "drive/report.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
	RECORD_SHORT = 1 << 20, /* captured bytes that a record in memory may hold */
	WRITE_WHOLE = 4096,	/* a page */
};

static int open_file(struct drive *d)
{
	const struct run_options *o = d->options;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;

	d->report =
		open(o->report, flags | (o->report_append ? O_APPEND : O_TRUNC), 0666);
	if (d->report >= 0)
		return 0;
	message("cannot open the report '%s': %s", o->report, error_text(errno));
	return EXIT_OWN_FAILURE;
}

/* A copy above 2 and closed at exec, of a descriptor that can be written. */
static int open_fd(struct drive *d)
{
	int fd = d->options->report_fd;
	int mode = fcntl(fd, F_GETFL);

	if (mode >= 0 && (mode & (O_ACCMODE | O_PATH)) != O_WRONLY &&
	    (mode & (O_ACCMODE | O_PATH)) != O_RDWR)
		errno = EBADF;
	else if (mode >= 0)
		d->report = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (d->report >= 0)
		return 0;
	message("--report-fd: cannot write to descriptor %d: %s", fd, error_text(errno));
	return EXIT_OWN_FAILURE;
}

int report_open(struct drive *d)
{
	if (d->options->report)
		return open_file(d);
	return d->options->report_fd >= 0 ? open_fd(d) : 0;
}

static int write_to(const struct drive *d, int fd)
{
	struct out o;

	out_init(&o, fd);
	drive_write_record(d, &o);
	return out_close(&o);
}

/* Whether the file is ours to replace by another. */
static bool may_rename(const struct drive *d)
{
	struct stat st;

	return d->options->report && !d->options->report_append &&
	       fstat(d->report, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

/* Write beside the file and rename over it: 0; -errno when that cannot be, and nothing is
 * left. */
static int write_by_rename(const struct drive *d)
{
	char path[PATH_MAX];
	auto_free char *name = NULL;
	struct stat st;

	if (!realpath(d->options->report, path) || fstat(d->report, &st) < 0)
		return -errno;
	if (asprintf(&name, "%s.XXXXXX", path) < 0) {
		name = NULL;
		return -ENOMEM;
	}

	auto_fd int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		return -errno;

	int r = fchmod(fd, st.st_mode & 07777) < 0 ? -errno : 0;

	if (r == 0 && st.st_uid != geteuid())
		r = fchown(fd, st.st_uid, st.st_gid) < 0 ? -errno : 0;
	if (r == 0)
		r = write_to(d, fd);
	if (r == 0 && rename(name, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(name);
	return r;
}

/* A long record: by way of another file, or as it comes where that cannot be. */
static int write_long(const struct drive *d)
{
	int r = may_rename(d) ? write_by_rename(d) : -EXDEV;

	if (r == 0 || r == -ENOSPC || r == -EDQUOT || r == -EFBIG)
		return r;
	return write_to(d, d->report);
}

/*
 * A record without captured data is made in memory first. One of no more than a page goes
 * to the file in a single write, which a kill does not cut (the kernel looks for one
 * between pages).
 */
static int write_record(const struct drive *d)
{
	struct out o;
	int r;

	if (d->result.out.size + d->result.err.size > RECORD_SHORT || d->attempts >= 0)
		return write_long(d);
	out_init(&o, -1);
	drive_write_record(d, &o);
	r = o.error;
	if (r == 0 && o.buf.len > WRITE_WHOLE && may_rename(d))
		r = write_long(d);
	else if (r == 0)
		r = fd_write_all(d->report, o.buf.data, o.buf.len);
	(void)out_close(&o);
	return r;
}

int report_write(const struct drive *d)
{
	int r;

	if (d->report < 0)
		return 0;
	if (d->options->report_append)
		(void)flock(d->report, LOCK_EX);
	r = write_record(d);
	if (r == 0)
		return 0;
	if (d->options->report)
		message("cannot write the report '%s': %s", d->options->report,
			error_text(-r));
	else
		message("--report-fd: cannot write to descriptor %d: %s",
			d->options->report_fd, error_text(-r));
	return EXIT_OWN_FAILURE;
}
