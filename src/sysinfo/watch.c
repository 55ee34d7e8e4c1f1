#include "config.h"

#include "sysinfo/watch.h"

#include "base/cleanup.h"
#include "proc/loop.h"
#include "proc/signals.h"
#include "sysinfo/history.h"
#include "sysinfo/screen.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* What a terminal is told (ECMA-48). */
#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define CLEAR	    "\033[H\033[2J"
#define HOME	    "\033[H"
#define CLEAR_LINE  "\033[K"
#define CLEAR_BELOW "\033[J"
#define NO_WRAP	    "\033[?7l"
#define WRAP	    "\033[?7h"

struct watch {
	struct signals signals;
	int resized_fd; /* a signalfd of SIGWINCH, which nobody else catches */
	struct loop loop;
	struct loop_source signal_source;
	struct loop_source resized_source;
	struct loop_timer timer;
	bool is_due;
	int signal; /* which ends us; 0: none so far */
	int error;
	struct history *history;

	/* What is on the screen, to be drawn again in another size. */
	const struct record *record;
	struct style style;
};

static void tell_terminal(struct watch *w, const char *text)
{
	int r = fd_write_all(STDOUT_FILENO, text, strlen(text));

	if (r < 0 && w->error == 0)
		w->error = r;
}

/* No more lines than the screen has, and each clears what stood there before. One that is
 * too wide for it, as many columns are, ends at its edge. */
static void write_lines(struct out *o, const struct buf *text, unsigned height)
{
	const char *p = text->len ? text->data : "";

	out_string(o, NO_WRAP HOME);
	/* The last line stays free: a newline on it would move everything up. */
	for (unsigned line = 1; *p && (height == 0 || line < height); line++) {
		size_t len = strcspn(p, "\n");

		out_write(o, p, len);
		out_string(o, CLEAR_LINE "\n");
		p += len + (p[len] == '\n');
	}
	out_string(o, CLEAR_BELOW WRAP);
}

/* What is shown, and when that was. */
static void write_title(struct out *o, const struct watch *w, const struct record *record)
{
	static const struct column time = {.type = COLUMN_TIME};
	struct value now;
	struct out title;
	size_t len;

	out_init(&title, -1);
	value_real(&now, (double)(int64_t)record->time);
	format_cell(&title, &time, &now, false);
	for (size_t i = 0; i < record->n_parts; i++)
		out_format(&title, "%s%s", i ? ", " : "  ", record->parts[i].topic->name);
	/* A line that wraps would count as two. */
	len = title.buf.len;
	if (w->style.width && len > w->style.width)
		len = w->style.width;
	out_write(o, title.buf.data, len);
	out_string(o, "\n\n");
	out_fail(o, title.error);
	(void)out_close(&title);
}

static int draw(struct watch *w)
{
	struct record record;
	struct out text;
	struct out o;
	int r;

	if (!w->record)
		return 0;
	out_init(&text, -1);
	out_init(&o, -1);
	screen_style(&w->style);
	write_title(&text, w, w->record);
	record = *w->record;
	/* A screenful has places of its own for what it shows. */
	r = w->style.summary
		    ? 0
		    : history_decorate(w->history, w->record, w->style.width, &record);
	if (r == 0)
		r = format_record(&text, &record, &w->style);
	out_fail(&o, r < 0 ? r : text.error);
	write_lines(&o, &text.buf, screen_size().height);
	r = o.error;
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, o.buf.data, o.buf.len);
	(void)out_close(&text);
	(void)out_close(&o);
	return r;
}

static void redraw(struct watch *w)
{
	tell_terminal(w, HIDE_CURSOR CLEAR);

	int r = draw(w);

	if (r < 0 && w->error == 0)
		w->error = r;
}

static void on_resized(struct loop_source *source, short revents)
{
	struct watch *w = source->data;
	struct signalfd_siginfo info;

	(void)revents;
	/* However often it was resized, once is enough. */
	while (read(w->resized_fd, &info, sizeof(info)) == sizeof(info))
		;
	redraw(w);
}

static void on_signal(struct loop_source *source, short revents)
{
	struct watch *w = source->data;
	struct signalfd_siginfo info;

	(void)revents;
	while (!w->signal && signals_read(&w->signals, &info) > 0)
		switch (info.ssi_signo) {
		case SIGCHLD:
		case SIGPIPE:
		case SIGXFSZ:
			break;
		case SIGCONT:
			redraw(w);
			break;
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			tell_terminal(w, SHOW_CURSOR);
			signals_stop_self((int)info.ssi_signo);
			redraw(w);
			break;
		default:
			w->signal = (int)info.ssi_signo;
			break;
		}
}

static void on_due(struct loop_timer *timer)
{
	struct watch *w = timer->data;

	w->is_due = true;
}

/* Signals, the terminal's size and the time, all in one loop. */
static int listen(struct watch *w)
{
	sigset_t resized;
	int r;

	signals_save(&w->signals);
	r = signals_catch(&w->signals);
	if (r < 0)
		return r;
	(void)sigemptyset(&resized);
	(void)sigaddset(&resized, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &resized, NULL);
	w->resized_fd = signalfd(-1, &resized, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->resized_fd < 0)
		return -errno;
	w->signal_source = (struct loop_source){
		.fd = w->signals.fd, .events = POLLIN, .ready = on_signal, .data = w};
	w->resized_source = (struct loop_source){
		.fd = w->resized_fd, .events = POLLIN, .ready = on_resized, .data = w};
	w->timer = (struct loop_timer){.at = NSEC_FOREVER, .expired = on_due, .data = w};
	r = loop_add(&w->loop, &w->signal_source);
	if (r == 0)
		r = loop_add(&w->loop, &w->resized_source);
	return r < 0 ? r : loop_add_timer(&w->loop, &w->timer);
}

int watch_open(struct watch **ret_watch)
{
	struct watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->signals.fd = -1;
	w->resized_fd = -1;
	loop_init(&w->loop);
	w->history = history_new();
	r = w->history ? listen(w) : -ENOMEM;
	if (r < 0) {
		watch_close(w);
		return r;
	}
	tell_terminal(w, HIDE_CURSOR CLEAR);
	*ret_watch = w;
	return 0;
}

void watch_close(struct watch *w)
{
	if (!w)
		return;
	if (w->resized_fd >= 0)
		tell_terminal(w, SHOW_CURSOR);
	w->resized_fd = fd_close(w->resized_fd);
	signals_release(&w->signals);
	loop_clear(&w->loop);
	history_free(w->history);
	free(w);
}

/* 0, the signal that ends us, or -errno: of a terminal that is gone, the signal tells. */
static int outcome(const struct watch *w, int error)
{
	if (w->signal)
		return w->signal;
	return error < 0 ? error : w->error;
}

int watch_draw(struct watch *w, const struct record *record, const struct style *style)
{
	int r = history_add(w->history, record);

	w->record = record;
	w->style = *style;
	if (r == 0)
		r = draw(w);
	if (r < 0) {
		w->timer.at = nsec_now();
		(void)loop_step(&w->loop);
	}
	return outcome(w, r);
}

int watch_wait(struct watch *w, nsec_t until)
{
	int r = 0;

	w->is_due = false;
	w->timer.at = until;
	while (r == 0 && !w->is_due && outcome(w, 0) == 0)
		r = loop_step(&w->loop);
	return outcome(w, r);
}
