#include "config.h"

#include "proc/pause.h"

#include "base/cleanup.h"
#include "proc/loop.h"

#include <stdbool.h>

struct pause {
	const struct job *job;
	struct loop loop;
	struct loop_source signals;
	struct loop_source watch;
	struct loop_timer timer;
	bool over;
	int result;
};

static void end(struct pause *p, int result)
{
	p->over = true;
	p->result = result;
}

static void on_time(struct loop_timer *timer)
{
	end(timer->data, 0);
}

static void on_watch(struct loop_source *source, short revents)
{
	(void)revents;
	end(source->data, -ECANCELED);
}

static void on_signal(struct loop_source *source, short revents)
{
	struct pause *p = source->data;
	struct signalfd_siginfo info;

	(void)revents;
	while (signals_read(p->job->signals, &info) > 0) {
		nsec_t before = nsec_now();

		switch (info.ssi_signo) {
		case SIGCHLD:
		case SIGCONT:
		case SIGXFSZ:
			break;
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			signals_stop_self((int)info.ssi_signo);
			loop_shift_timers(&p->loop, nsec_now() - before);
			break;
		default:
			end(p, (int)info.ssi_signo);
			break;
		}
	}
}

static int run(struct pause *p, nsec_t wait)
{
	int r = signals_catch(p->job->signals);

	if (r < 0)
		return r;
	p->signals = (struct loop_source){.fd = p->job->signals->fd,
					  .events = POLLIN,
					  .ready = on_signal,
					  .data = p};
	p->watch = (struct loop_source){
		.fd = p->job->watch_fd, .events = POLLIN, .ready = on_watch, .data = p};
	p->timer = (struct loop_timer){
		.at = nsec_add(nsec_now(), wait), .expired = on_time, .data = p};
	r = loop_add(&p->loop, &p->signals);
	if (r == 0 && p->job->watch_fd >= 0)
		r = loop_add(&p->loop, &p->watch);
	if (r == 0)
		r = loop_add_timer(&p->loop, &p->timer);
	while (r == 0 && !p->over)
		r = loop_step(&p->loop);
	signals_release(p->job->signals);
	return r < 0 ? r : p->result;
}

int pause_job(const struct job *job, nsec_t wait)
{
	struct pause p = {.job = job};

	loop_init(&p.loop);

	int r = run(&p, wait);

	loop_clear(&p.loop);
	return r;
}
