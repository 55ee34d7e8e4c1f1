/*
 * The subcommands that programs of their own do, as prockit and these programs show them.
 *
 * Each is prockit-NAME in the libexec folder; prockit-ps is another name of
 * prockit-sysinfo.
 */
#ifndef HELPERS_H
#define HELPERS_H

#define PS_SUMMARY	 "list processes, as tables and as JSON"
#define PS_OPERANDS	 "[PID|HANDLE...]"
#define SYSINFO_SUMMARY	 "show what the machine is doing, as tables and as JSON"
#define SYSINFO_OPERANDS "[TOPIC|PATH...]"

#endif
