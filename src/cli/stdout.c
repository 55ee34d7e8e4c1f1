#include "config.h"

#include "cli/stdout.h"

#include "base/exit.h"
#include "base/message.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

static bool sigpipe_is_ignored(void)
{
	struct sigaction sa;

	return sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

int stdout_error_status(int error)
{
	if (error == 0)
		return 0;
	if (error == -EPIPE && !sigpipe_is_ignored())
		return EXIT_BY_SIGNAL(SIGPIPE);
	message("cannot write to standard output: %s", error_text(-error));
	return EXIT_OWN_FAILURE;
}

int out_finish_status(struct out *o)
{
	return stdout_error_status(out_close(o));
}
