/*
 * Subcommands that are programs of their own: prockit-NAME.
 */
#ifndef EXTERNAL_H
#define EXTERNAL_H

/*
 * Become prockit-NAME, where NAME is words[0] and the other words are its arguments. It
 * is looked for in the folders of PROCKIT_EXEC_PATH (a colon list; without it, the
 * libexec folder), then beside prockit itself, as in a build tree, then along PATH.
 * Comes back with 0 when there is no such program, or with an exit status after a message
 * when there is one that cannot be run.
 */
int external_run(char **words);

/* The same for one that belongs to prockit (helpers.h): it is not looked for along PATH,
 * and it is an error if it is missing. */
int external_run_helper(char **words);

#endif
