/*
 * The end of what a subcommand wrote on its standard output.
 *
 *	struct out o;
 *	out_init(&o, STDOUT_FILENO);
 *	out_string(&o, text);
 *	return out_finish_status(&o);
 *
 * A write to a pipe that nobody reads kills us there and then, as SIGPIPE's default is.
 * Only where SIGPIPE is blocked or was ignored when we started does the error come back
 * here.
 */
#ifndef CLI_STDOUT_H
#define CLI_STDOUT_H

#include "base/out.h"

/*
 * Flush and free o, and turn the outcome into what main() ends with: 0;
 * EXIT_BY_SIGNAL(SIGPIPE), quietly, when the reader went away; 125 after a message for
 * any other error, and also for a reader that went away where our parent had SIGPIPE
 * ignored.
 */
int out_finish_status(struct out *o);

/* The same for what another write to standard output returned: 0 or -errno. */
int stdout_error_status(int error);

#endif
