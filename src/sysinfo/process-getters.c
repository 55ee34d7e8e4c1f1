#include "config.h"

#include "sysinfo/process-getters.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "proc/handle.h"
#include "sysinfo/names.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

static const struct status_word {
	char letter;
	const char *word;
} status_words[] = {
	{'R', "running"},      {'S', "sleeping"}, {'D', "disk-sleep"}, {'T', "stopped"},
	{'t', "tracing-stop"}, {'Z', "zombie"},	  {'X', "dead"},       {'x', "dead"},
	{'K', "wake-kill"},    {'W', "waking"},	  {'I', "idle"},       {'P', "parked"},
};

int process_status_words(struct buf *ret)
{
	int r = 0;

	/* Of a word with two letters, these stand side by side. */
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(status_words); i++)
		if (i == 0)
			r = buf_add_string(ret, status_words[i].word);
		else if (strcmp(status_words[i].word, status_words[i - 1].word) != 0)
			r = buf_add_format(ret, ", %s", status_words[i].word);
	return r;
}

/* psutil's word for a letter of stat, or NULL. */
static const char *status_word(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_words); i++)
		if (status_words[i].letter == letter)
			return status_words[i].word;
	return NULL;
}

char process_status_letter(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_words); i++)
		if (strcmp(status_words[i].word, word) == 0 ||
		    (status_words[i].letter == word[0] && word[1] == '\0'))
			return status_words[i].letter;
	return 0;
}

/* A column of which stat has nothing. */
static void null_stat(struct process *p, struct row *row, size_t column)
{
	row_null(row, column, p->denied ? WHY_PERMISSION : WHY_UNSUPPORTED);
}

static void null_file(struct process *p, struct row *row, size_t column, int error)
{
	process_null(p, &row->values[column], error);
}

void get_status(struct process *p, struct row *row, size_t column)
{
	const char *word = status_word(p->stat.state);

	if (word)
		row_text(row, column, word);
	else
		null_stat(p, row, column);
}

void get_name(struct process *p, struct row *row, size_t column)
{
	if (p->denied)
		null_stat(p, row, column);
	else
		row_text(row, column, process_name(p));
}

void get_cmdline(struct process *p, struct row *row, size_t column)
{
	int r = process_read_cmdline(p);
	const struct buf *b = &p->host->cmdline;

	if (r < 0)
		null_file(p, row, column, r);
	else if (b->len == 0 && p->is_bare)
		row_null(row, column, WHY_NOT_APPLICABLE);
	else
		value_words(row->table, &row->values[column], b->data, b->len);
}

/* The words of a command line, as one would type them. */
static void join_words(struct out *o, const struct buf *b)
{
	size_t len = b->len;

	/* Programs that rewrite their title leave NULs behind it. */
	while (len > 0 && b->data[len - 1] == '\0')
		len--;
	/* A single word is a program without arguments, or a title with blanks in it. */
	if (strlen(b->data) >= len) {
		out_write(o, b->data, len);
		return;
	}
	for (size_t at = 0; at < len; at += strlen(b->data + at) + 1) {
		if (at == 0) {
			quote_word(o, b->data);
			continue;
		}
		out_char(o, ' ');
		quote_argument(o, b->data + at);
	}
}

void get_command(struct process *p, struct row *row, size_t column)
{
	/* A thread of the kernel has none: that is one file less to open. */
	int r = p->is_kernel ? 0 : process_read_cmdline(p);
	struct out *o = &p->host->words;

	if (r < 0) {
		null_file(p, row, column, r);
		return;
	}
	o->buf.len = 0;
	if (!p->is_kernel && p->host->cmdline.len > 0)
		join_words(o, &p->host->cmdline);
	if (o->error) {
		row->table->error = o->error;
		return;
	}
	if (o->buf.len > 0)
		row_text_n(row, column, o->buf.data, o->buf.len);
	else
		row_format(row, column, "[%s]%s", p->stat.comm,
			   p->stat.state == 'Z' ? " <defunct>" : "");
}

/* exe and exe_deleted. */
void get_exe(struct process *p, struct row *row, size_t column)
{
	bool deleted;

	if (p->is_bare) {
		row_null(row, column, WHY_NOT_APPLICABLE);
		return;
	}

	int r = process_link(p, "exe", &deleted);

	if (r < 0)
		null_file(p, row, column, r);
	else if (column == PS_EXE_DELETED)
		row_bool(row, column, deleted);
	else
		row_text(row, column, p->host->file.data);
}

void get_folder(struct process *p, struct row *row, size_t column)
{
	bool deleted;
	int r = process_link(p, column == PS_CWD ? "cwd" : "root", &deleted);

	if (r < 0)
		null_file(p, row, column, r);
	else
		row_text(row, column, p->host->file.data);
}

void get_environ(struct process *p, struct row *row, size_t column)
{
	struct buf *b = &p->host->file;

	if (p->is_bare) {
		row_null(row, column, WHY_NOT_APPLICABLE);
		return;
	}

	int r = process_read(p, "environ", b);

	if (r < 0)
		null_file(p, row, column, r);
	else
		value_environ(row->table, &row->values[column], b->data, b->len);
}

void get_username(struct process *p, struct row *row, size_t column)
{
	int r = process_read_ids(p);

	if (r < 0) {
		null_file(p, row, column, r);
		return;
	}

	/* Two threads of ours may ask, and names are looked up once for both. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	(void)pthread_mutex_lock(&lock);

	const char *name = name_of_user(p->ids.uid[column == PS_EUSER]);

	(void)pthread_mutex_unlock(&lock);
	if (name)
		row_text(row, column, name);
	else
		row->table->error = -ENOMEM;
}

void get_id(struct process *p, struct row *row, size_t column)
{
	int r = process_read_ids(p);

	if (r < 0) {
		null_file(p, row, column, r);
		return;
	}

	bool is_user = column == PS_RUID || column == PS_EUID;
	bool is_effective = column == PS_EUID || column == PS_EGID;

	row_uint(row, column, (is_user ? p->ids.uid : p->ids.gid)[is_effective]);
}

void get_ids(struct process *p, struct row *row, size_t column)
{
	static const char *const names[] = {"real", "effective", "saved"};
	int r = process_read_ids(p);

	if (r < 0) {
		null_file(p, row, column, r);
		return;
	}

	const uint32_t *ids = column == PS_UIDS ? p->ids.uid : p->ids.gid;
	struct value *items = value_object(row->table, &row->values[column], 3, names);

	for (size_t i = 0; items && i < 3; i++)
		value_uint(&items[i], ids[i]);
}

void get_handle(struct process *p, struct row *row, size_t column)
{
	char text[HANDLE_SIZE];
	int r = process_pidfd(p);

	/* The number is of a process there, and would name another one here. */
	if (r < 0 && p->host->is_foreign) {
		row_null(row, column, WHY_NOT_APPLICABLE);
		return;
	}
	r = handle_format(p->pid, p->pidfd, text);
	if (r < 0)
		null_file(p, row, column, r);
	else
		row_text(row, column, text);
}

void get_kthread(struct process *p, struct row *row, size_t column)
{
	if (procfs_has(&p->stat, PROCFS_FLAGS))
		row_bool(row, column, p->is_kernel);
	else
		null_stat(p, row, column);
}

void get_stat_number(struct process *p, struct row *row, size_t column)
{
	enum procfs_field field = column == PS_NICE	      ? PROCFS_NICE
				  : column == PS_PRIORITY     ? PROCFS_PRIORITY
				  : column == PS_NUM_THREADS  ? PROCFS_THREADS
				  : column == PS_MINOR_FAULTS ? PROCFS_MINOR_FAULTS
				  : column == PS_MAJOR_FAULTS ? PROCFS_MAJOR_FAULTS
							      : PROCFS_CPU;

	if (procfs_has(&p->stat, field))
		row_int(row, column, (int64_t)p->stat.value[field]);
	else
		null_stat(p, row, column);
}

void get_file_number(struct process *p, struct row *row, size_t column)
{
	struct buf *b = &p->host->file;
	int r = process_read(p, column == PS_OOM_SCORE ? "oom_score" : "oom_score_adj",
			     b);
	int64_t value;

	if (r < 0) {
		null_file(p, row, column, r);
		return;
	}

	const char *text = b->data;

	if (text_int(&text, &value))
		row_int(row, column, value);
}

/* Seconds that it has been there, or NAN. */
static double age_of(const struct process *p)
{
	double uptime = process_host_uptime(p->host);

	return procfs_has(&p->stat, PROCFS_START)
		       ? uptime - (double)process_start(p) / p->host->ticks
		       : NAN;
}

/* Of its life, as ps(1) has it. Of a window: derive() does that. */
void get_cpu_percent(struct process *p, struct row *row, size_t column)
{
	double age = age_of(p);

	if (!procfs_has(&p->stat, PROCFS_SYSTEM_TIME))
		null_stat(p, row, column);
	else if (p->host->windowed || !(age > 0))
		row_null(row, column, WHY_NOT_APPLICABLE);
	else
		row_real(row, column,
			 100 * (double)process_cpu_ticks(p) / p->host->ticks / age);
}

void get_create_time(struct process *p, struct row *row, size_t column)
{
	/* Ticks: what is beyond is junk, and may fit into no integer. */
	static const double most = 1e15;
	double ticks = p->host->ticks;
	double since_epoch = p->host->booted * ticks + (double)process_start(p);

	if (!procfs_has(&p->stat, PROCFS_START))
		null_stat(p, row, column);
	else if (fabs(since_epoch) < most)
		/* No more exact than a tick: the same in each run. */
		row_real(row, column, (double)(int64_t)(since_epoch + 0.5) / ticks);
}

/* Whether the kernel counts how long processes wait for a disk. Where it can be switched,
 * since Linux 5.14, it most often is off, and then there is no 0 to show. */
static bool has_delays(struct process *p)
{
	struct process_host *host = p->host;

	if (host->delays == 0) {
		const char *file = "sys/kernel/task_delayacct";
		bool is_off = process_host_read(host, file, &host->file) == 0 &&
			      host->file.data[0] == '0';

		host->delays = is_off ? -1 : 1;
	}
	return host->delays > 0;
}

void get_cpu_times(struct process *p, struct row *row, size_t column)
{
	static const char *const names[] = {"user", "system", "children_user",
					    "children_system", "iowait"};
	static const enum procfs_field fields[] = {PROCFS_USER_TIME, PROCFS_SYSTEM_TIME,
						   PROCFS_CHILDREN_USER_TIME,
						   PROCFS_CHILDREN_SYSTEM_TIME,
						   PROCFS_IO_DELAY};

	if (!procfs_has(&p->stat, PROCFS_SYSTEM_TIME)) {
		null_stat(p, row, column);
		return;
	}

	struct value *items =
		value_object(row->table, &row->values[column], ARRAY_SIZE(fields), names);

	for (size_t i = 0; items && i < ARRAY_SIZE(fields); i++)
		if (procfs_has(&p->stat, fields[i]) &&
		    (fields[i] != PROCFS_IO_DELAY || has_delays(p)))
			value_real(&items[i],
				   (double)p->stat.value[fields[i]] / p->host->ticks);
}

void get_page_faults(struct process *p, struct row *row, size_t column)
{
	static const char *const names[] = {"minor", "major", "children_minor",
					    "children_major"};
	static const enum procfs_field fields[] = {PROCFS_MINOR_FAULTS,
						   PROCFS_MAJOR_FAULTS,
						   PROCFS_CHILDREN_MINOR_FAULTS,
						   PROCFS_CHILDREN_MAJOR_FAULTS};

	if (!procfs_has(&p->stat, PROCFS_CHILDREN_MAJOR_FAULTS)) {
		null_stat(p, row, column);
		return;
	}

	struct value *items =
		value_object(row->table, &row->values[column], ARRAY_SIZE(fields), names);

	for (size_t i = 0; items && i < ARRAY_SIZE(fields); i++)
		value_uint(&items[i], p->stat.value[fields[i]]);
}

/* The pages that it has in RAM. statm counts exactly; stat, which is there where statm is
 * not, may lag by megabytes on machines with many CPUs. */
static int read_rss(struct process *p, uint64_t *ret)
{
	int r = process_read_statm(p);

	if (r == 0 && p->n_statm > STATM_RESIDENT) {
		*ret = p->statm[STATM_RESIDENT];
		return 0;
	}
	if (!procfs_has(&p->stat, PROCFS_RSS))
		return r < 0 ? r : -ENODATA;
	*ret = p->stat.value[PROCFS_RSS];
	return 0;
}

void get_rss(struct process *p, struct row *row, size_t column)
{
	uint64_t pages;
	int r = read_rss(p, &pages);

	if (r < 0)
		null_file(p, row, column, r);
	else
		row_uint(row, column, pages * p->host->page_size);
}

void get_vms(struct process *p, struct row *row, size_t column)
{
	if (procfs_has(&p->stat, PROCFS_VSIZE))
		row_uint(row, column, p->stat.value[PROCFS_VSIZE]);
	else
		null_stat(p, row, column);
}

static uint64_t memory_total(struct process_host *host)
{
	if (host->has_memory_total)
		return host->memory_total;
	host->has_memory_total = true;
	host->memory_total = 0;
	if (process_host_read(host, "meminfo", &host->file) < 0)
		return 0;

	char *cursor = host->file.data;
	static const char key[] = "MemTotal:";
	uint64_t size;

	for (char *line; (line = text_line(&cursor));) {
		const char *number = line + strlen(key);

		if (strncmp(line, key, strlen(key)) == 0 && text_uint(&number, &size))
			host->memory_total = size * 1024;
	}
	return host->memory_total;
}

void get_memory_percent(struct process *p, struct row *row, size_t column)
{
	uint64_t total = memory_total(p->host);
	uint64_t pages;
	int r = read_rss(p, &pages);

	if (r < 0)
		null_file(p, row, column, r);
	else if (total > 0)
		row_real(row, column,
			 100 * (double)(pages * p->host->page_size) / (double)total);
}

void get_statm(struct process *p, struct row *row, size_t column)
{
	enum process_statm field = column == PS_SHARED ? STATM_SHARED
				   : column == PS_TEXT ? STATM_TEXT
						       : STATM_DATA;
	int r = process_read_statm(p);

	if (r < 0)
		null_file(p, row, column, r);
	else if (p->n_statm > field)
		row_uint(row, column, p->statm[field] * p->host->page_size);
}

void get_peak_rss(struct process *p, struct row *row, size_t column)
{
	int error;
	uint64_t size;
	const char *text = process_status(p, "VmHWM", &error);

	if (text && text_uint(&text, &size))
		row_uint(row, column, size * 1024);
	else if (error < 0 && error != -ENODATA)
		null_file(p, row, column, error);
	else if (p->is_bare)
		row_null(row, column, WHY_NOT_APPLICABLE);
}

void get_smaps(struct process *p, struct row *row, size_t column)
{
	enum process_smaps which = column == PS_PSS   ? SMAPS_PSS
				   : column == PS_USS ? SMAPS_USS
						      : SMAPS_SWAP;

	if (p->is_bare) {
		row_null(row, column, WHY_NOT_APPLICABLE);
		return;
	}

	int r = process_read_smaps(p);

	if (r < 0)
		null_file(p, row, column, r);
	else if (p->has_smaps[which])
		row_uint(row, column, p->smaps[which]);
}

void get_io(struct process *p, struct row *row, size_t column)
{
	static const enum process_io fields[] = {
		[PS_IO_READ_COUNT - PS_IO_READ_COUNT] = IO_READ_COUNT,
		[PS_IO_WRITE_COUNT - PS_IO_READ_COUNT] = IO_WRITE_COUNT,
		[PS_IO_READ_BYTES - PS_IO_READ_COUNT] = IO_READ_BYTES,
		[PS_IO_WRITE_BYTES - PS_IO_READ_COUNT] = IO_WRITE_BYTES,
		[PS_IO_READ_CHARS - PS_IO_READ_COUNT] = IO_READ_CHARS,
		[PS_IO_WRITE_CHARS - PS_IO_READ_COUNT] = IO_WRITE_CHARS,
	};
	enum process_io field = fields[column - PS_IO_READ_COUNT];
	int r = process_read_io(p);

	if (r < 0)
		null_file(p, row, column, r);
	else if (p->has_io[field])
		row_uint(row, column, p->io[field]);
}
