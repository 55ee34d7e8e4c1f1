#include "config.h"

#include "map/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/cpus.h"

/* The longest first line of a file that we look at. */
enum { LINE_ROOM = 256 };

/* File systems keep times in steps, of 2 s at worst. What was changed so short a time ago
 * may be changed again without its times telling. */
enum { SETTLE_SECONDS = 2 };

static unsigned round_slots(double n)
{
	if (n < 1)
		return 1;
	return n < SLOTS_MOST ? (unsigned)(n + 0.5) : SLOTS_MOST;
}

/* "4", "50%", "12.5%", "+2", "-1": 0; -ERANGE: such a word, but it says "none"; -EINVAL:
 * another word. */
static int parse_slots(const char *word, unsigned *ret_slots)
{
	static const char decimal[] = "0123456789";
	char sign = *word == '+' || *word == '-' ? *word++ : '\0';
	const char *end = word + strspn(word, decimal);

	if (end == word)
		return -EINVAL;
	if (!sign && *end == '.' && strspn(end + 1, decimal) > 0)
		end += 1 + strspn(end + 1, decimal);

	bool is_percentage = !sign && *end == '%';
	bool is_whole = (size_t)(end - word) == strspn(word, decimal);

	if (end[is_percentage] != '\0' || (!is_percentage && !is_whole))
		return -EINVAL;

	/* A double: what is too large is only large. */
	double value = strtod(word, NULL);

	if (!sign && value <= 0)
		return -ERANGE;
	if (is_percentage)
		value = cpus_usable() * value / 100;
	else if (sign)
		value = cpus_usable() + (sign == '-' ? -value : value);
	*ret_slots = round_slots(value);
	return 0;
}

/* What of a file tells that it is another one now, or has another text. */
static struct slots_stamp make_stamp(const struct stat *st)
{
	return (struct slots_stamp){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.changed = st->st_mtim,
	};
}

static bool stamp_is_same(const struct slots_stamp *a, const struct slots_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Read the file's first line: 0, -EINVAL (no number in it) or -errno. */
static int read_file(struct slots *s)
{
	/* A FIFO without a writer must not hold us. */
	auto_fd int fd = open(s->word, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char line[LINE_ROOM];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;

	ssize_t n = read(fd, line, sizeof(line) - 1);

	if (n < 0)
		return -errno;
	s->stamp = make_stamp(&st);
	s->settled = time(NULL) - st.st_mtim.tv_sec > SETTLE_SECONDS;

	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';

	char *word = line + strspn(line, " \t\r");
	size_t len = strlen(word);

	while (len > 0 && strchr(" \t\r", word[len - 1]))
		word[--len] = '\0';
	return parse_slots(word, &s->now) < 0 ? -EINVAL : 0;
}

int slots_set(struct slots *s, const char *word)
{
	struct slots set = {.word = word};
	struct stat st;
	int r = 0;

	if (!word) {
		set.now = round_slots(cpus_usable());
	} else {
		r = parse_slots(word, &set.now);
		if (r == -EINVAL && (strchr(word, '/') || stat(word, &st) == 0)) {
			set.is_file = true;
			r = read_file(&set);
		}
	}
	if (r < 0)
		return r == -ERANGE ? -EINVAL : r;
	*s = set;
	return 0;
}

unsigned slots_get(struct slots *s)
{
	struct stat st;

	if (!s->word && s->now == 0)
		s->now = cpus_usable();
	if (s->is_file && stat(s->word, &st) == 0) {
		struct slots_stamp stamp = make_stamp(&st);

		if (!s->settled || !stamp_is_same(&stamp, &s->stamp))
			(void)read_file(s);
	}
	return s->now;
}
