#include "config.h"

#include "map/map.h"

#include "base/cleanup.h"
#include "base/exit.h"
#include "base/message.h"
#include "proc/procfs.h"
#include "record/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Of an item, in a message. */
enum { SHOWN_LENGTH = 60 };

/* After a stop that the terminal has sent to all of us: how long after we were continued
 * our workers are, which may not have been. */
#define CONTINUE_AFTER NSEC_PER_SEC

/* How long a reader may take for what is left. */
#define FLUSH_MOST NSEC_PER_SEC

/* Failed jobs are counted up to here in the exit status; more are one more. */
enum { STATUS_COUNT_MOST = 100, STATUS_MORE = 101 };

void map_say(struct map *m, const struct map_job *j, const char *text)
{
	const char *item = j->item.data ? j->item.data : "";

	progress_hide(&m->progress);
	message("job %" PRIu64 " (%.*s%s): %s", j->seq, SHOWN_LENGTH, item,
		strlen(item) > SHOWN_LENGTH ? "..." : "", text);
}

void map_limit_flush(struct map *m)
{
	if (m->is_finished && m->ending >= MAP_ENDS && (m->ended_by || m->timed_out) &&
	    m->flush_timer.at == NSEC_FOREVER)
		m->flush_timer.at = nsec_add(nsec_now(), FLUSH_MOST);
}

void map_end(struct map *m, enum map_ending how)
{
	if (how <= m->ending)
		return;
	m->ending = how;
	map_limit_flush(m);
	pool_drain(&m->pool);
	m->throttle_timer.at = NSEC_FOREVER;
	if (how == MAP_DRAINS)
		return;
	pool_pause(&m->pool, false);
	pool_order(&m->pool, how == MAP_KILLS ? JOB_ORDER_KILL
			     : m->timed_out   ? JOB_ORDER_TIME_OUT
					      : JOB_ORDER_END);
}

void map_fail(struct map *m, int status)
{
	if (m->status == 0)
		m->status = status;
	map_end(m, MAP_ENDS);
}

void map_check_halt(struct map *m, const struct map_job *j)
{
	const struct halt *h = &m->options->halt;
	const struct halt_counts counts = {
		.failed = m->failed,
		.succeeded = m->succeeded,
		.total = m->total > m->skipped ? m->total - m->skipped : 0,
	};

	if (h->when == HALT_NEVER || m->halted || m->ending != MAP_GOES_ON ||
	    !halt_is_reached(h, &counts))
		return;
	m->halted = true;
	m->halt_status = j->status;
	if (!m->run->quiet && h->why == HALT_FAIL && !m->run->verbose &&
	    j->result.outcome == OUTCOME_EXITED && !j->error_message) {
		char text[64];

		(void)snprintf(text, sizeof(text), "exited with status %d: --halt",
			       j->status);
		map_say(m, j, text);
	}
	map_end(m, h->when == HALT_NOW ? MAP_ENDS : MAP_DRAINS);
}

void map_check_output(struct map *m)
{
	static const char *const names[] = {"standard output", "standard error"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		int error = output_error(&m->output, i);

		if (!error || m->status)
			continue;
		/* A reader that went away wants no more, and no words about it. */
		if (error == EPIPE && !m->ignores_pipe) {
			map_fail(m, EXIT_BY_SIGNAL(SIGPIPE));
			continue;
		}
		progress_hide(&m->progress);
		message("cannot write to %s: %s", names[i], error_text(error));
		map_fail(m, EXIT_OWN_FAILURE);
	}
}

/* Under --ungroup it is the jobs that write, and each would find out for itself. */
static void on_stdout_gone(struct loop_source *source, short revents)
{
	struct map *m = source->data;

	(void)revents;
	loop_remove(&m->loop, source);
	if (!m->ignores_pipe)
		map_fail(m, EXIT_BY_SIGNAL(SIGPIPE));
}

int map_watch_stdout(struct map *m)
{
	struct stat st;

	/* A terminal that goes away has its SIGHUP. */
	if (fstat(STDOUT_FILENO, &st) < 0 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
		return 0;
	/* Without a reader it is POLLERR or POLLHUP, whatever is asked for; and that is
	 * something which never comes. */
	m->stdout_source = (struct loop_source){.fd = STDOUT_FILENO,
						.events = POLLPRI,
						.ready = on_stdout_gone,
						.data = m};
	return loop_add(&m->loop, &m->stdout_source);
}

/* --- signals --- */

static void show_job(struct pool_job *job, pid_t worker, void *data)
{
	struct map_job *j = map_job_of(job);
	auto_buf struct buf text = BUF_INIT;
	struct pid_list children = {0};
	nsec_t ran = nsec_now() - job->started;
	struct out command;

	(void)procfs_children(worker, 1, &children);
	out_init(&command, -1);
	command_write(&command, &j->job, 0, 1);
	if (buf_add_format(&text, "runs for %lld.%lld s", (long long)(ran / NSEC_PER_SEC),
			   (long long)(ran / (100 * NSEC_PER_MS) % 10)) == 0 &&
	    (!children.n ||
	     buf_add_format(&text, ", pid %d", (int)children.pids[0]) == 0) &&
	    buf_add_string(&text, ": ") == 0 && !command.error &&
	    buf_add(&text, command.buf.data, command.buf.len) == 0)
		map_say(data, j, text.data);
	(void)out_close(&command);
	free(children.pids);
}

/* SIGUSR1: what runs. */
static void show_jobs(struct map *m)
{
	progress_hide(&m->progress);
	message("%u running, %" PRIu64 " succeeded, %" PRIu64 " failed%s",
		m->pool.running, m->succeeded, m->failed,
		m->throttle.busy ? "; waiting for the machine to be less busy (--load, "
				   "--mem-free, --pressure)"
				 : "");
	pool_for_each(&m->pool, show_job, m);
}

/* SIGTERM and SIGHUP let what runs finish, and a second one ends it; every other signal
 * that would end us does so at once, and a second one kills. */
static void on_ending_signal(struct map *m, int signal)
{
	bool drains = (signal == SIGTERM || signal == SIGHUP) && m->ended_by == 0;

	m->ended_by = signal;
	if (drains && m->ending <= MAP_DRAINS) {
		progress_hide(&m->progress);
		if (!m->run->quiet && m->pool.running)
			message("waiting for %u running job%s; another signal ends %s",
				m->pool.running, m->pool.running == 1 ? "" : "s",
				m->pool.running == 1 ? "it" : "them");
		map_end(m, MAP_DRAINS);
	} else if (m->ending < MAP_ENDS) {
		map_end(m, MAP_ENDS);
	} else {
		map_end(m, MAP_KILLS);
	}
}

static void on_continue(struct loop_timer *timer)
{
	struct map *m = timer->data;
	sigset_t pending;

	/* Then all are about to stop, and this comes again. */
	if (sigpending(&pending) == 0 && sigismember(&pending, SIGTSTP) == 1)
		return;
	pool_continue(&m->pool);
}

/* Stop with our workers, and so do our clocks. */
static void stop_all(struct map *m, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	nsec_t before = nsec_now();

	/* To the whole group, which a shell continues as a whole. */
	bool is_shared = signals_from_terminal(info);

	progress_hide(&m->progress);
	if (!is_shared)
		pool_stop(&m->pool, signal);
	signals_stop_self(signal);
	/* A SIGCONT of ours might undo the next Ctrl-Z. */
	if (!is_shared)
		pool_continue(&m->pool);

	nsec_t stopped = nsec_now() - before;

	loop_shift_timers(&m->loop, stopped);
	pool_shift(&m->pool, stopped);
	if (is_shared)
		m->continue_timer.at = nsec_add(nsec_now(), CONTINUE_AFTER);
}

static void on_signal(struct loop_source *source, short revents)
{
	struct map *m = source->data;
	struct signalfd_siginfo info;

	(void)revents;
	while (signals_read(&m->drive->signals, &info) > 0) {
		int signal = (int)info.ssi_signo;

		switch (signal) {
		case SIGCHLD:
			pool_children_changed(&m->pool);
			break;
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			stop_all(m, &info);
			break;
		case SIGCONT:
			if (m->continue_timer.at == NSEC_FOREVER)
				pool_continue(&m->pool);
			break;
		case SIGUSR1:
			show_jobs(m);
			break;
		default:
			/* Our own write to a reader that went away, or beyond a limit. */
			if ((signal == SIGPIPE || signal == SIGXFSZ) &&
			    info.ssi_pid == (uint32_t)getpid())
				break;
			on_ending_signal(m, signal);
			break;
		}
	}
}

int map_catch(struct map *m)
{
	int r = signals_catch(&m->drive->signals);

	m->signal_source = (struct loop_source){.fd = m->drive->signals.fd,
						.events = POLLIN,
						.ready = on_signal,
						.data = m};
	m->continue_timer = (struct loop_timer){
		.at = NSEC_FOREVER, .expired = on_continue, .data = m};
	if (r == 0)
		r = loop_add_timer(&m->loop, &m->continue_timer);
	return r < 0 ? r : loop_add(&m->loop, &m->signal_source);
}

/* --- the exit status --- */

static int count_status(uint64_t failed)
{
	return failed > STATUS_COUNT_MOST ? STATUS_MORE : (int)failed;
}

int map_status(const struct map *m)
{
	const struct halt *h = &m->options->halt;

	if (m->status)
		return m->status;
	if (m->timed_out)
		return EXIT_LIMIT;
	if (m->ended_by)
		return m->run->no_reraise ? EXIT_SIGNAL_BASE + m->ended_by
					  : EXIT_BY_SIGNAL(m->ended_by);
	if (m->halted && h->why == HALT_FAIL && !h->is_percentage && h->value == 1)
		return m->halt_status;
	if (m->halted && h->why == HALT_SUCCESS)
		return 0;
	return count_status(m->failed);
}
