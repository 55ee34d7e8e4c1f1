/*
 * The sockets of a network namespace, as /proc/PID/net has them, with psutil's names.
 *
 * What a socket's inode is belongs to whoever has it open; the caller joins the two.
 */
#ifndef SYSINFO_SOCKETS_H
#define SYSINFO_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sysinfo/value.h"

enum socket_kinds {
	SOCKETS_TCP4 = 1 << 0,
	SOCKETS_TCP6 = 1 << 1,
	SOCKETS_UDP4 = 1 << 2,
	SOCKETS_UDP6 = 1 << 3,
	SOCKETS_UNIX = 1 << 4,
};

/* psutil's words, and what each stands for; the first is told from those behind it. */
#define SOCKETS_TCP (SOCKETS_TCP4 | SOCKETS_TCP6)
#define SOCKETS_UDP (SOCKETS_UDP4 | SOCKETS_UDP6)
#define SOCKETS_KINDS(FIRST, NEXT)                             \
	FIRST("all", SOCKETS_TCP | SOCKETS_UDP | SOCKETS_UNIX) \
	NEXT("inet", SOCKETS_TCP | SOCKETS_UDP)                \
	NEXT("inet4", SOCKETS_TCP4 | SOCKETS_UDP4)             \
	NEXT("inet6", SOCKETS_TCP6 | SOCKETS_UDP6)             \
	NEXT("tcp", SOCKETS_TCP)                               \
	NEXT("tcp4", SOCKETS_TCP4)                             \
	NEXT("tcp6", SOCKETS_TCP6)                             \
	NEXT("udp", SOCKETS_UDP)                               \
	NEXT("udp4", SOCKETS_UDP4)                             \
	NEXT("udp6", SOCKETS_UDP6)                             \
	NEXT("unix", SOCKETS_UNIX)

/* "all|inet|...": a literal. */
#define SOCKETS_FIRST_WORD(word, kinds) word
#define SOCKETS_NEXT_WORD(word, kinds)	"|" word
#define SOCKETS_WORDS			SOCKETS_KINDS(SOCKETS_FIRST_WORD, SOCKETS_NEXT_WORD)

/* What one of these words stands for; 0 for any other. */
unsigned sockets_kinds(const char *word);

struct socket_entry {
	unsigned kind;	    /* one of enum socket_kinds */
	const char *family; /* "AF_INET", "AF_INET6", "AF_UNIX" */
	const char *type;   /* "SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET" or NULL */
	const char *status; /* "LISTEN"...; "NONE" where there is none; NULL: unknown */
	uint64_t inode;
	char local_ip[64]; /* "" where unset, and for unix */
	unsigned local_port;
	char remote_ip[64];
	unsigned remote_port;
	const char *path; /* unix: "" where unnamed, "@name" for an abstract one */
};

typedef int sockets_visit(const struct socket_entry *entry, void *data);

/*
 * Visit every socket of these kinds; net is a folder such as "self/net" or "123/net",
 * relative to dirfd. A file that is not there (no IPv6) has none. 0, -errno, or what
 * visit returned if that is not 0. scratch is for the files.
 */
int sockets_read(int dirfd, const char *net, unsigned kinds, sockets_visit *visit,
		 void *data, struct buf *scratch);

/* {"ip": ..., "port": ...}; for unix the path as a text, and no remote address. Null (not
 * applicable) where it is unset or unnamed. */
void sockets_local(struct table *t, struct value *v, const struct socket_entry *entry);
void sockets_remote(struct table *t, struct value *v, const struct socket_entry *entry);

#endif
