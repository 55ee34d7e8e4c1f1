/*
 * The subcommands of this program.
 */
#ifndef SYSINFO_COMMANDS_H
#define SYSINFO_COMMANDS_H

#include "cli/subcommand.h"
#include "sysinfo/topic.h"

extern const struct subcommand cmd_ps;
extern const struct subcommand cmd_sysinfo;

/* The topic of ps, which sysinfo does not have. */
extern const struct topic topic_processes;

#endif
