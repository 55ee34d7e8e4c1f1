#include "config.h"

#include "sysinfo/screen.h"

#include "base/parse.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SIZE_MOST = 10000 };

static unsigned from_environment(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);
	int64_t value;

	if (!text || parse_number(text, 1, SIZE_MOST, &value) < 0)
		return otherwise;
	return (unsigned)value;
}

struct screen screen_size(void)
{
	struct winsize size = {0};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return (struct screen){
		.width = from_environment("COLUMNS", size.ws_col),
		.height = from_environment("LINES", size.ws_row),
	};
}

void screen_style(struct style *style)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	style->color = false;
	style->width = 0;
	if (style->format != FORMAT_TABLE || !isatty(STDOUT_FILENO))
		return;
	style->color = !(no_color && *no_color) && term && *term &&
		       strcmp(term, "dumb") != 0;
	style->width = screen_size().width;
}
