#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/loop.h"
#include "tap.h"

enum { MANY = 300, MORE = 40, MAX_ORDER = 16 };

static struct loop loop;

/* Who was called, in which order. */
static int order[MAX_ORDER];
static int n_order;

/* A source or timer that notes its calls, and then does what it is told. */
struct probe {
	struct loop_source source;
	struct loop_timer timer;
	int number;
	int calls;
	short revents;
	nsec_t at;     /* when the timer last expired */
	nsec_t again;  /* the timer sets itself anew, so much later; 0: it does not */
	nsec_t behind; /* the timer's moment, as it was set */
	void (*act)(struct probe *p);
};

static void note(struct probe *p)
{
	if (n_order < MAX_ORDER)
		order[n_order++] = p->number;
	p->calls++;
	if (p->act)
		p->act(p);
}

static void on_ready(struct loop_source *source, short revents)
{
	struct probe *p = source->data;

	p->revents = revents;
	note(p);
}

static void on_expired(struct loop_timer *timer)
{
	struct probe *p = timer->data;

	p->at = nsec_now();
	note(p);
	if (p->again)
		timer->at = nsec_add(nsec_now(), p->again);
}

/* A source that is always ready to be read. */
static void add_ready(struct probe *p, int number)
{
	*p = (struct probe){.number = number};
	p->source = (struct loop_source){.fd = eventfd(1, EFD_CLOEXEC),
					 .events = POLLIN,
					 .ready = on_ready,
					 .data = p};
	if (p->source.fd < 0 || loop_add(&loop, &p->source) < 0)
		ok(false, "source %d is added", number);
}

static void drop(struct probe *p)
{
	loop_remove(&loop, &p->source);
	p->source.fd = fd_close(p->source.fd);
}

static void add_timer(struct probe *p, int number, nsec_t at)
{
	*p = (struct probe){.number = number, .behind = at};
	p->timer = (struct loop_timer){.at = at, .expired = on_expired, .data = p};
	if (loop_add_timer(&loop, &p->timer) < 0)
		ok(false, "timer %d is added", number);
}

static void begin(void)
{
	loop_init(&loop);
	n_order = 0;
}

static void test_timers_never_early(void)
{
	static const nsec_t delays[] = {-NSEC_PER_SEC,
					0,
					1,
					999,
					50000,
					NSEC_PER_MS - 1,
					NSEC_PER_MS,
					NSEC_PER_MS + 1,
					3 * NSEC_PER_MS,
					10 * NSEC_PER_MS,
					20 * NSEC_PER_MS + 7};

	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		struct probe p;
		int r = 0;

		begin();
		add_timer(&p, 1, nsec_now() + delays[i]);
		while (r == 0 && p.calls == 0)
			r = loop_step(&loop);
		ok(r == 0 && p.at >= p.behind, "a timer of %lld ns is not early",
		   (long long)delays[i]);
		ok(p.timer.at == NSEC_FOREVER, "and is off afterwards");
		loop_clear(&loop);
	}
}

/* Steps that end for another reason do not bring the moment nearer. */
static void test_timer_among_events(void)
{
	struct probe busy;
	struct probe p;
	int r = 0;

	begin();
	add_ready(&busy, 1);
	add_timer(&p, 2, nsec_now() + 5 * NSEC_PER_MS);
	while (r == 0 && p.calls == 0)
		r = loop_step(&loop);
	ok(r == 0 && p.at >= p.behind, "a timer is not early beside a busy source");
	ok(busy.calls > 0, "and does not keep the source waiting");
	drop(&busy);

	/* What is ready does not keep a due timer waiting, and comes first. */
	n_order = 0;
	add_ready(&busy, 1);
	p.timer.at = nsec_now();
	ok(loop_step(&loop) == 0 && n_order == 2 && order[0] == 1 && order[1] == 2,
	   "one step calls what is ready and then what is due");
	drop(&busy);
	loop_clear(&loop);
}

static void test_timer_order(void)
{
	struct probe late, soon, never;
	nsec_t now = nsec_now();
	int r = 0;

	begin();
	add_timer(&late, 1, now + 20 * NSEC_PER_MS);
	add_timer(&never, 3, NSEC_FOREVER);
	add_timer(&soon, 2, now + 2 * NSEC_PER_MS);
	while (r == 0 && late.calls == 0)
		r = loop_step(&loop);
	ok(r == 0 && soon.calls == 1 && late.calls == 1, "each timer comes once");
	ok(soon.at <= late.at, "the nearer moment comes first");
	is_int(never.calls, 0, "one that is off never comes");
	loop_clear(&loop);

	begin();
	add_timer(&soon, 1, nsec_now());
	soon.again = NSEC_PER_MS;
	for (r = 0; r == 0 && soon.calls < 4;)
		r = loop_step(&loop);
	is_int(soon.calls, 4, "a timer may set itself anew");
	loop_clear(&loop);
}

static struct probe more[MORE];

static void add_more_timers(struct probe *p)
{
	(void)p;
	for (int i = 0; i < MORE; i++)
		add_timer(&more[i], 100 + i, nsec_now());
}

static void test_timer_adds_timers(void)
{
	struct probe p;
	int once = 0;

	begin();
	add_timer(&p, 1, nsec_now());
	p.act = add_more_timers;
	do {
		(void)loop_step(&loop);
	} while (more[MORE - 1].calls == 0);
	is_int(p.calls, 1, "a timer that adds others comes once");
	/* One step more, which ends because that one is due again. */
	p.act = NULL;
	p.timer.at = nsec_now();
	(void)loop_step(&loop);
	for (int i = 0; i < MORE; i++)
		once += more[i].calls == 1;
	is_int(once, MORE, "and so does each of the others");
	loop_clear(&loop);
}

static void test_shift(void)
{
	struct probe p, off;
	nsec_t at = nsec_now() + NSEC_PER_MS;
	int r = 0;

	begin();
	add_timer(&p, 1, at);
	add_timer(&off, 2, NSEC_FOREVER);
	loop_shift_timers(&loop, 15 * NSEC_PER_MS);
	ok(p.timer.at == at + 15 * NSEC_PER_MS, "a timer is moved");
	ok(off.timer.at == NSEC_FOREVER, "one that is off stays off");
	while (r == 0 && p.calls == 0)
		r = loop_step(&loop);
	ok(p.at >= at + 15 * NSEC_PER_MS, "and comes at its new moment");

	p.timer.at = NSEC_FOREVER - 5;
	loop_shift_timers(&loop, 10);
	ok(p.timer.at == NSEC_FOREVER, "moved beyond the end of time it is off");
	loop_shift_timers(&loop, 0);
	ok(off.timer.at == NSEC_FOREVER, "moved by nothing it stays where it is");
	loop_clear(&loop);
}

static struct probe trio[3];

static void remove_first_and_third(struct probe *p)
{
	loop_remove(&loop, &p->source);
	loop_remove(&loop, &trio[2].source);
}

static void remove_and_add_again(struct probe *p)
{
	loop_remove(&loop, &p->source);
	(void)loop_add(&loop, &p->source);
}

static void add_more_sources(struct probe *p)
{
	p->act = NULL;
	for (int i = 0; i < MORE; i++)
		add_ready(&more[i], 100 + i);
}

static void test_sources_change(void)
{
	int once = 0;

	begin();
	for (int i = 0; i < 3; i++)
		add_ready(&trio[i], i);
	ok(loop_step(&loop) == 0 && n_order == 3 && order[0] == 0 && order[1] == 1 &&
		   order[2] == 2,
	   "sources are called in the order they were added");

	n_order = 0;
	trio[0].act = remove_first_and_third;
	ok(loop_step(&loop) == 0 && n_order == 2 && order[0] == 0 && order[1] == 1,
	   "one that an earlier one removes is not called in the same step");
	n_order = 0;
	ok(loop_step(&loop) == 0 && n_order == 1 && order[0] == 1,
	   "nor are the removed ones later");
	loop_remove(&loop, &trio[0].source);
	n_order = 0;
	trio[1].act = remove_and_add_again;
	ok(loop_step(&loop) == 0 && n_order == 1, "one removes and adds itself");
	ok(loop_step(&loop) == 0 && n_order == 2, "and is called once in each step");

	n_order = 0;
	trio[1].act = add_more_sources;
	ok(loop_step(&loop) == 0 && n_order == 1,
	   "what is added in a step waits for the next");
	(void)loop_step(&loop);
	for (int i = 0; i < MORE; i++)
		once += more[i].calls == 1 && more[i].revents == POLLIN;
	is_int(once, MORE, "and is called there, once each");
	for (int i = 0; i < MORE; i++)
		drop(&more[i]);
	for (int i = 0; i < 3; i++)
		drop(&trio[i]);
	loop_clear(&loop);
}

/* A step that nothing but a due timer ends, so that what is not ready cannot hang us. */
static void step_past(struct probe *timer)
{
	timer->timer.at = nsec_now();
	(void)loop_step(&loop);
}

static void test_paused(void)
{
	struct probe p = {.number = 1};
	struct probe tick;
	int ends[2];

	if (!ok(pipe2(ends, O_CLOEXEC) == 0, "a pipe"))
		return;
	begin();
	add_timer(&tick, 2, NSEC_FOREVER);
	p.source = (struct loop_source){
		.fd = ends[0], .events = 0, .ready = on_ready, .data = &p};
	(void)loop_add(&loop, &p.source);
	ok(write(ends[1], "x", 1) == 1, "something to read");
	step_past(&tick);
	is_int(p.calls, 0, "a paused source is not called when there is something");
	p.source.events = POLLIN;
	step_past(&tick);
	ok(p.calls == 1 && p.revents == POLLIN, "it is once it goes on");
	p.source.events = 0;
	close(ends[1]);
	step_past(&tick);
	is_int(p.calls, 1, "nor is it called for a hang-up while it is paused");
	p.source.events = POLLIN;
	step_past(&tick);
	ok(p.calls == 2 && (p.revents & POLLHUP), "only once it goes on");
	close(ends[0]);
	step_past(&tick);
	ok(p.calls == 3 && (p.revents & POLLNVAL),
	   "a closed descriptor does not go unseen");
	loop_clear(&loop);
}

static void test_many(void)
{
	static struct probe many[MANY];
	int right = 0;

	begin();
	for (int i = 0; i < MANY; i++)
		add_ready(&many[i], i);
	(void)loop_step(&loop);
	for (int i = 0; i < MANY; i++)
		right += many[i].calls == 1;
	is_int(right, MANY, "of many sources each is called once in a step");
	for (int i = 0; i < MANY; i += 2)
		loop_remove(&loop, &many[i].source);
	(void)loop_step(&loop);
	right = 0;
	for (int i = 0; i < MANY; i++)
		right += many[i].calls == 1 + i % 2;
	is_int(right, MANY, "and of those that are left when half have gone");
	for (int i = 0; i < MANY; i += 2)
		(void)loop_add(&loop, &many[i].source);
	(void)loop_step(&loop);
	right = 0;
	for (int i = 0; i < MANY; i++)
		right += many[i].calls == 2 + i % 2;
	is_int(right, MANY, "and of all when they are back");
	for (int i = 0; i < MANY; i++)
		drop(&many[i]);
	loop_clear(&loop);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void test_interrupted(void)
{
	const struct itimerval often = {{.tv_usec = 1000}, {.tv_usec = 1000}};
	const struct itimerval off = {0};
	const struct sigaction action = {.sa_handler = on_alarm};
	int r;

	begin();
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &often, NULL);
	r = loop_step(&loop);
	(void)setitimer(ITIMER_REAL, &off, NULL);
	ok(r == 0 && alarms > 0, "a signal ends a step, which is no failure");
	loop_clear(&loop);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	test_timers_never_early();
	test_timer_among_events();
	test_timer_order();
	test_timer_adds_timers();
	test_shift();
	test_sources_change();
	test_paused();
	test_many();
	test_interrupted();
	return tap_done();
}
