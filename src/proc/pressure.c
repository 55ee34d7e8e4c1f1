#include "config.h"

#include "proc/pressure.h"

#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

int pressure_fetch(int proc, const char *path, struct buf *b)
{
	int r = file_read_whole_at(proc, path, b);

	if (r < 0)
		return r;
	while (b->len > 0 && !strchr(" \n", b->data[b->len - 1]))
		b->len--;
	b->data[b->len] = '\0';
	return 0;
}

/* "avg10=0.12", "total=1234". */
static void take_word(const char *word, struct pressure *p)
{
	static const char *const averages[PRESSURE_AVERAGES] = {
		[PRESSURE_10] = "avg10=",
		[PRESSURE_60] = "avg60=",
		[PRESSURE_300] = "avg300=",
	};
	const char *number = word + strcspn(word, "=");
	uint64_t total;
	double average;

	if (*number == '=')
		number++;
	for (size_t i = 0; i < PRESSURE_AVERAGES; i++)
		if (strncmp(word, averages[i], strlen(averages[i])) == 0 &&
		    text_real(&number, &average) && *number == '\0' && average >= 0 &&
		    isfinite(average)) {
			p->average[i] = average;
			p->has_average[i] = true;
		}
	if (strncmp(word, "total=", 6) == 0 && text_uint(&number, &total) &&
	    *number == '\0') {
		p->total = total;
		p->has_total = true;
	}
}

bool pressure_next(char **cursor, struct pressure *ret)
{
	char *line;

	while ((line = text_line(cursor))) {
		const char *kind = text_word(&line);
		const char *word;

		if (!kind || (strcmp(kind, "some") != 0 && strcmp(kind, "full") != 0))
			continue;
		*ret = (struct pressure){.kind = kind};
		while ((word = text_word(&line)))
			take_word(word, ret);
		return true;
	}
	return false;
}
