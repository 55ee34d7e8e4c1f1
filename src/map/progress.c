#include "config.h"

#include "map/progress.h"

#include "base/nsec.h"
#include "base/out.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_WIDTH = 25, DEFAULT_WIDTH = 80 };

#define REDRAW_AFTER (100 * NSEC_PER_MS)

/* Back to the first column, and wipe to the end of the line (ECMA-48, EL). */
static const char wipe[] = "\r\033[K";

static int add_bar(struct buf *b, const struct progress_counts *c)
{
	double share = (double)c->done / (double)c->total;
	int filled = (int)(share * BAR_WIDTH);
	char bar[BAR_WIDTH + 1];

	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '#', (size_t)(filled < BAR_WIDTH ? filled : BAR_WIDTH));
	bar[BAR_WIDTH] = '\0';
	return buf_add_format(b, "[%s] %d%% %llu/%llu done", bar, (int)(share * 100),
			      (unsigned long long)c->done, (unsigned long long)c->total);
}

/* 16s, 3m05s, 2h10m. */
static int add_time(struct buf *b, double seconds)
{
	unsigned long s = seconds < 1e9 ? (unsigned long)seconds : 1000000000UL;

	if (s < 60)
		return buf_add_format(b, ", %lus left", s);
	if (s < 3600)
		return buf_add_format(b, ", %lum%02lus left", s / 60, s % 60);
	return buf_add_format(b, ", %luh%02lum left", s / 3600, s / 60 % 60);
}

int progress_format(struct buf *b, const struct progress_counts *c, nsec_t elapsed,
		    unsigned width)
{
	double seconds = (double)elapsed / NSEC_PER_SEC;
	double rate = seconds > 0 ? (double)c->done / seconds : 0;
	int r = c->total ? add_bar(b, c)
			 : buf_add_format(b, "%llu done", (unsigned long long)c->done);

	if (r == 0)
		r = buf_add_format(b, ", %llu running, %llu failed, %.*f/s",
				   (unsigned long long)c->running,
				   (unsigned long long)c->failed, rate < 10 ? 1 : 0,
				   rate);
	if (r == 0 && c->total > c->done && c->done && rate > 0)
		r = add_time(b, (double)(c->total - c->done) / rate);
	if (r == 0 && b->len > width) {
		b->len = width;
		b->data[width] = '\0';
	}
	return r;
}

static unsigned terminal_width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
		       ? size.ws_col - 1U
		       : DEFAULT_WIDTH - 1;
}

/* A terminal that was stopped (Ctrl-S) must not stop us. */
static bool takes_text(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

static void on_time(struct loop_timer *timer)
{
	struct progress *p = timer->data;
	struct progress_counts counts = {0};
	auto_buf struct buf text = BUF_INIT;
	auto_buf struct buf line = BUF_INIT;

	timer->at = nsec_add(nsec_now(), REDRAW_AFTER);
	p->count(p->data, &counts);
	if (progress_format(&text, &counts, nsec_now() - p->started, terminal_width()) <
		    0 ||
	    buf_add_format(&line, "%s%s", wipe, text.data) < 0 || !takes_text())
		return;
	(void)fd_write_all(STDERR_FILENO, line.data, line.len);
	p->is_shown = true;
}

int progress_init(struct progress *p, struct loop *loop,
		  void (*count)(void *data, struct progress_counts *ret), void *data)
{
	*p = (struct progress){
		.enabled = isatty(STDERR_FILENO) == 1,
		.started = nsec_now(),
		.timer = {.at = NSEC_FOREVER, .expired = on_time, .data = p},
		.count = count,
		.data = data,
	};
	if (!p->enabled)
		return 0;
	p->timer.at = nsec_add(p->started, REDRAW_AFTER);
	return loop_add_timer(loop, &p->timer);
}

void progress_hide(struct progress *p)
{
	if (!p->is_shown)
		return;
	p->is_shown = false;
	(void)fd_write_all(STDERR_FILENO, wipe, sizeof(wipe) - 1);
}

void progress_end(struct progress *p)
{
	progress_hide(p);
	p->timer.at = NSEC_FOREVER;
	p->enabled = false;
}
