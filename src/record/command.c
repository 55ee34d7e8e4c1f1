#include "config.h"

#include "record/command.h"

#include "base/quote.h"

/* The program by the name it was found under; a name that --argv0 gave it says nothing.
 */
static void write_stage(struct out *o, const struct spawn *s)
{
	quote_word(o, s->file ? s->file : s->argv[0]);
	for (char *const *word = s->argv + 1; *word; word++) {
		out_char(o, ' ');
		quote_argument(o, *word);
	}
}

void command_write(struct out *o, const struct job *job, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++) {
		if (i > first)
			out_string(o,
				   job->stages[i - 1].merge_stderr ? " 2>&1 | " : " | ");
		write_stage(o, &job->stages[i].spawn);
	}
}
