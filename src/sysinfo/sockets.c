#include "config.h"

#include "sysinfo/sockets.h"

#include "base/cleanup.h"
#include "sysinfo/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

unsigned sockets_kinds(const char *word)
{
	static const struct {
		const char *word;
		unsigned kinds;
	} list[] = {
#define KIND(word, kinds) {word, kinds},
		SOCKETS_KINDS(KIND, KIND)
#undef KIND
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (strcmp(word, list[i].word) == 0)
			return list[i].kinds;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(const char **cursor)
{
	*cursor += strspn(*cursor, " \t");
}

/* Move over a word and the blanks around it; false where there is none. */
static bool skip_word(const char **cursor)
{
	skip_blanks(cursor);
	if (**cursor == '\0' || **cursor == '\n')
		return false;
	*cursor += strcspn(*cursor, " \t\n");
	skip_blanks(cursor);
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to most hexadecimal digits at *cursor; moves behind them. */
static bool take_hex(const char **cursor, size_t most, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	for (int digit; n < most && (digit = hex_digit((*cursor)[n])) >= 0; n++)
		value = value << 4 | (unsigned)digit;
	if (n == 0)
		return false;
	*cursor += n;
	*ret = value;
	return true;
}

/*
 * "0100007F:1F90": the words of the address as the kernel has them in memory, each
 * printed as a number of this machine; so reading them back as such gives the bytes in
 * the network's order. Without a port the socket is not bound or not connected, as psutil
 * has it.
 */
static bool take_address(const char **cursor, int family, char ret_ip[64],
			 unsigned *ret_port)
{
	uint32_t words[4] = {0};
	size_t n = family == AF_INET ? 1 : 4;
	uint64_t number;

	for (size_t i = 0; i < n; i++) {
		const char *start = *cursor;

		if (!take_hex(cursor, 8, &number) || *cursor != start + 8)
			return false;
		words[i] = (uint32_t)number;
	}
	if (*(*cursor)++ != ':' || !take_hex(cursor, 4, &number) || !is_blank(**cursor))
		return false;
	*ret_port = (unsigned)number;
	ret_ip[0] = '\0';
	if (number != 0 && !inet_ntop(family, words, ret_ip, 64))
		return false;
	skip_blanks(cursor);
	return true;
}

static const char *tcp_status(uint64_t state)
{
	static const char *const names[] = {
		[1] = "ESTABLISHED",
		[2] = "SYN_SENT",
		[3] = "SYN_RECV",
		[4] = "FIN_WAIT1",
		[5] = "FIN_WAIT2",
		[6] = "TIME_WAIT",
		[7] = "CLOSE",
		[8] = "CLOSE_WAIT",
		[9] = "LAST_ACK",
		[10] = "LISTEN",
		[11] = "CLOSING",
		/* TCP_NEW_SYN_RECV, which the kernel itself shows as 3. */
		[12] = "SYN_RECV",
	};

	return state < ARRAY_SIZE(names) ? names[state] : NULL;
}

/* "0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 1000 0 12345 ..." */
static bool parse_inet(const char *line, struct socket_entry *e)
{
	int family = e->kind & (SOCKETS_TCP4 | SOCKETS_UDP4) ? AF_INET : AF_INET6;
	uint64_t state;

	if (!skip_word(&line) ||
	    !take_address(&line, family, e->local_ip, &e->local_port) ||
	    !take_address(&line, family, e->remote_ip, &e->remote_port) ||
	    !take_hex(&line, 2, &state) || !is_blank(*line))
		return false;
	/* Queues, timer, retransmits, owner, time-out. */
	for (int i = 0; i < 5; i++)
		if (!skip_word(&line))
			return false;
	if (!text_uint(&line, &e->inode) || (*line != '\n' && !is_blank(*line)))
		return false;
	if (e->kind & (SOCKETS_TCP4 | SOCKETS_TCP6))
		e->status = tcp_status(state);
	return true;
}

static const char *unix_type(uint64_t type)
{
	switch (type) {
	case SOCK_STREAM:
		return "SOCK_STREAM";
	case SOCK_DGRAM:
		return "SOCK_DGRAM";
	case SOCK_SEQPACKET:
		return "SOCK_SEQPACKET";
	default:
		return NULL;
	}
}

/* "ffff8881: 00000002 00000000 00010000 0001 01 12345 /path with blanks" */
static bool parse_unix(const char *line, struct socket_entry *e)
{
	uint64_t number;
	uint64_t type;

	skip_blanks(&line);
	if (!take_hex(&line, 16, &number) || *line++ != ':')
		return false;
	/* References, protocol, flags. */
	for (int i = 0; i < 3; i++) {
		skip_blanks(&line);
		if (!take_hex(&line, 8, &number) || !is_blank(*line))
			return false;
	}
	skip_blanks(&line);
	if (!take_hex(&line, 4, &type) || !is_blank(*line))
		return false;
	skip_blanks(&line);
	if (!take_hex(&line, 2, &number) || !is_blank(*line) ||
	    !text_uint(&line, &e->inode) || (*line != ' ' && *line != '\n'))
		return false;
	e->type = unix_type(type);
	e->path = *line == ' ' ? line + 1 : "";
	return true;
}

/*
 * The end of a unix socket's entry. The kernel does not escape newlines in paths: what
 * follows and is no entry of its own is more of the path, up to the size of one.
 */
static char *unix_end(const struct socket_entry *e, char *end)
{
	enum { PATH_MOST = sizeof(((struct sockaddr_un *)NULL)->sun_path) };
	struct socket_entry other;

	while (*e->path && end[1] && !parse_unix(end + 1, &other)) {
		char *further = strchr(end + 1, '\n');

		if (!further || further - e->path > PATH_MOST)
			break;
		end = further;
	}
	return end;
}

/* Lines that make no sense are left out, and so is one without its end. */
static int visit_lines(char *text, const struct socket_entry *kind, sockets_visit *visit,
		       void *data)
{
	char *end;

	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		struct socket_entry e = *kind;
		bool makes_sense;

		if (e.kind == SOCKETS_UNIX) {
			makes_sense = parse_unix(line, &e);
			if (makes_sense)
				end = unix_end(&e, end);
		} else {
			makes_sense = parse_inet(line, &e);
		}
		*end = '\0';

		int r = makes_sense ? visit(&e, data) : 0;

		if (r != 0)
			return r;
	}
	return 0;
}

int sockets_read(int dirfd, const char *net, unsigned kinds, sockets_visit *visit,
		 void *data, struct buf *scratch)
{
	static const struct {
		const char *name;
		unsigned kind;
		const char *family;
		const char *type;
		const char *status;
	} files[] = {
		{"tcp", SOCKETS_TCP4, "AF_INET", "SOCK_STREAM", NULL},
		{"tcp6", SOCKETS_TCP6, "AF_INET6", "SOCK_STREAM", NULL},
		{"udp", SOCKETS_UDP4, "AF_INET", "SOCK_DGRAM", "NONE"},
		{"udp6", SOCKETS_UDP6, "AF_INET6", "SOCK_DGRAM", "NONE"},
		{"unix", SOCKETS_UNIX, "AF_UNIX", NULL, "NONE"},
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct socket_entry kind = {
			.kind = files[i].kind,
			.family = files[i].family,
			.type = files[i].type,
			.status = files[i].status,
		};

		if (!(kinds & kind.kind))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", net, files[i].name);

		int r = file_read_at(dirfd, path, scratch);

		if (r == 0)
			r = visit_lines(scratch->data, &kind, visit, data);
		else if (r == -ENOENT)
			r = 0;
		if (r != 0)
			return r;
	}
	return 0;
}

static void set_address(struct table *t, struct value *v, const char *ip, unsigned port)
{
	static const char *const names[] = {"ip", "port"};

	if (*ip == '\0') {
		value_null(v, WHY_NOT_APPLICABLE);
		return;
	}

	struct value *items = value_object(t, v, ARRAY_SIZE(names), names);

	if (!items)
		return;
	value_text(t, &items[0], ip);
	value_uint(&items[1], port);
}

void sockets_local(struct table *t, struct value *v, const struct socket_entry *entry)
{
	if (entry->kind != SOCKETS_UNIX)
		set_address(t, v, entry->local_ip, entry->local_port);
	else if (*entry->path)
		value_text(t, v, entry->path);
	else
		value_null(v, WHY_NOT_APPLICABLE);
}

void sockets_remote(struct table *t, struct value *v, const struct socket_entry *entry)
{
	/* For unix sockets it is empty: the kernel does not tell the peer's here. */
	set_address(t, v, entry->remote_ip, entry->remote_port);
}
