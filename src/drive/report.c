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

/* Whether the record may take more than one write, and the file is ours to replace. */
static bool wants_rename(const struct drive *d)
{
	const struct result *result = &d->result;
	struct stat st;

	return d->options->report && !d->options->report_append &&
	       result->out.size + result->err.size + d->attempts.len >
		       OUT_FLUSH_SIZE / 8 &&
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

int report_write(const struct drive *d)
{
	int r = -EAGAIN;

	if (d->report < 0)
		return 0;
	if (wants_rename(d))
		r = write_by_rename(d);
	/* A folder where we may not make files, for one: then as it is. */
	if (r < 0 && r != -ENOSPC && r != -EDQUOT) {
		if (d->options->report_append)
			(void)flock(d->report, LOCK_EX);
		r = write_to(d, d->report);
	}
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
