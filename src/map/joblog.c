#include "config.h"

#include "map/joblog.h"

#include "map/records.h"
#include "record/command.h"

#include <inttypes.h>

const char joblog_header[] =
	"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

static bool is_limit(enum outcome outcome)
{
	return outcome == OUTCOME_TIMED_OUT || outcome == OUTCOME_IDLE_TIMED_OUT ||
	       outcome == OUTCOME_OUTPUT_LIMIT;
}

/* The signal that a job died of, 0 where there is none. */
static int end_signal(const struct result *result)
{
	return result->n_stages ? result->stages[0].child.status.signal : 0;
}

static int exit_value(const struct map_job *j)
{
	if (is_limit(j->result.outcome))
		return -1;
	/* A signal has a field of its own. */
	return end_signal(&j->result) ? 0 : records_status(j);
}

/* Where nothing was started, that is known now. */
static struct timespec start_time(const struct result *result)
{
	struct timespec now = result->started_at;

	if (now.tv_sec == 0)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

static void write_command(struct out *o, const struct map_job *j)
{
	struct out text;

	out_init(&text, -1);
	command_write(&text, &j->job, 0, 1);
	for (size_t i = 0; i < text.buf.len; i++)
		if (text.buf.data[i] == '\n')
			text.buf.data[i] = '\0';
	if (text.error)
		out_fail(o, text.error);
	out_write(o, text.buf.data, text.buf.len);
	(void)out_close(&text);
}

void joblog_write(struct out *o, const struct map_job *j)
{
	const struct result *result = &j->result;
	struct timespec start = start_time(result);
	int64_t ms = result->duration > 0 ? result->duration / NSEC_PER_MS : 0;

	out_format(o, "%" PRIu64 "\t:\t%lld.%03ld\t%6" PRId64 ".%03d\t0\t%" PRIu64 "\t",
		   j->seq, (long long)start.tv_sec, start.tv_nsec / (long)NSEC_PER_MS,
		   ms / 1000, (int)(ms % 1000), result->out.size);
	out_format(o, "%d\t%d\t", exit_value(j), end_signal(result));
	write_command(o, j);
	out_char(o, '\n');
}
