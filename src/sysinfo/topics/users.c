/*
 * users: who is logged in.
 *
 * From utmp, or from logind's sessions where utmp is missing or has nobody, as on systems
 * that have done away with it. Of another system, whose files are below --proc, both are
 * looked for below its 1/root, the root folder of its first process.
 *
 * The file is read here and not by getutxent(3), which sets an alarm to lock it, and
 * whose path cannot be another. Its times have 32 bits on most machines; taken as
 * unsigned they last until 2106. psutil's "localhost" for the host ":0" is not made here:
 * as in who(1) it is the display.
 */
#include "config.h"

#include "base/cleanup.h"
#include "sysinfo/root-file.h"
#include "sysinfo/topic.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utmpx.h>

enum { USERS_NAME, USERS_TERMINAL, USERS_PID, USERS_HOST, USERS_STARTED };

static const struct column users_columns[] = {
	[USERS_NAME] = {.name = "name",
			.type = COLUMN_TEXT,
			.flags = COLUMN_ID,
			.aliases = "user",
			.help = "the user"},
	[USERS_TERMINAL] = {.name = "terminal",
			    .type = COLUMN_TEXT,
			    .flags = COLUMN_ID,
			    .aliases = "tty line",
			    .help = "the terminal, without /dev"},
	/* Logins without a terminal are told apart by it. */
	[USERS_PID] = {.name = "pid",
		       .type = COLUMN_NUMBER,
		       .flags = COLUMN_ID,
		       .help = "the process of the login"},
	[USERS_HOST] = {.name = "host",
			.type = COLUMN_TEXT,
			.help = "where the login came from"},
	[USERS_STARTED] = {.name = "started",
			   .type = COLUMN_TIME,
			   .help = "when the login was"},
};

static const char sessions_path[] = "run/systemd/sessions";

/* An empty text does not apply. One of utmp need not end with a NUL. */
static void set_text_n(struct row *row, size_t column, const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len > 0)
		row_text_n(row, column, text, len);
	else
		row_null(row, column, WHY_NOT_APPLICABLE);
}

static void set_text(struct row *row, size_t column, const char *text)
{
	set_text_n(row, column, text ? text : "", text ? strlen(text) : 0);
}

/* Who lost the connection may stand in the file for ever: who(1) looks as well. */
static bool is_stale(const struct reading *r, pid_t pid)
{
	return !r->source->other_proc &&
	       (pid <= 0 || (kill(pid, 0) < 0 && errno == ESRCH));
}

static double seconds_of(const struct utmpx *u)
{
	double seconds = sizeof(u->ut_tv.tv_sec) == sizeof(uint32_t)
				 ? (double)(uint32_t)u->ut_tv.tv_sec
				 : (double)u->ut_tv.tv_sec;

	return seconds + (double)u->ut_tv.tv_usec / 1e6;
}

static int add_login(struct table *t, const struct utmpx *u)
{
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	set_text_n(row, USERS_NAME, u->ut_user, sizeof(u->ut_user));
	set_text_n(row, USERS_TERMINAL, u->ut_line, sizeof(u->ut_line));
	set_text_n(row, USERS_HOST, u->ut_host, sizeof(u->ut_host));
	row_real(row, USERS_STARTED, seconds_of(u));
	row_int(row, USERS_PID, u->ut_pid);
	return 0;
}

/* Trouble with the file is as if it were not there: logind may know. */
static int read_utmp(struct reading *r, struct table *t)
{
	struct utmpx u;
	int error = 0;

	if (root_file_read(r->source, "run/utmp", &r->buf) < 0)
		return 0;
	for (size_t at = 0; error == 0 && r->buf.len - at >= sizeof(u); at += sizeof(u)) {
		memcpy(&u, r->buf.data + at, sizeof(u));
		if (u.ut_type == USER_PROCESS && u.ut_user[0] && !is_stale(r, u.ut_pid))
			error = add_login(t, &u);
	}
	return error;
}

/* What a session's file says. The texts lie in the buffer that was read. */
struct session {
	const char *user;
	const char *terminal;
	const char *host;
	const char *class;
	const char *state;
	uint64_t leader;
	uint64_t realtime; /* us since the epoch */
};

/* logind escapes what comes from outside: \n, \\, \", \303. In place. */
static void unescape(char *text)
{
	static const char letters[] = "abfnrtv";
	static const char controls[] = "\a\b\f\n\r\t\v";
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (p[0] != '\\' || p[1] == '\0') {
			*to++ = *p;
			continue;
		}
		p++;

		const char *letter = strchr(letters, *p);

		if (p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' &&
		    p[2] >= '0' && p[2] <= '7') {
			int byte = (p[0] - '0') * 64 + (p[1] - '0') * 8 + (p[2] - '0');

			*to++ = byte ? (char)byte : '?';
			p += 2;
		} else {
			*to++ = letter ? controls[letter - letters] : *p;
		}
	}
	*to = '\0';
}

static void parse_session(char *text, struct session *ret)
{
	char *line;

	*ret = (struct session){0};
	while ((line = text_line(&text))) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		unescape(value);

		const char *number = value;

		if (strcmp(line, "USER") == 0)
			ret->user = value;
		else if (strcmp(line, "TTY") == 0)
			ret->terminal = value;
		else if (strcmp(line, "REMOTE_HOST") == 0)
			ret->host = value;
		else if (strcmp(line, "CLASS") == 0)
			ret->class = value;
		else if (strcmp(line, "STATE") == 0)
			ret->state = value;
		else if (strcmp(line, "LEADER") == 0)
			(void)text_uint(&number, &ret->leader);
		else if (strcmp(line, "REALTIME") == 0)
			(void)text_uint(&number, &ret->realtime);
	}
}

/* Not a display manager's, not the user's service manager, and not one that has ended
 * but for what it left running. */
static bool is_login(const struct session *s)
{
	return s->user && *s->user && (!s->class || strncmp(s->class, "user", 4) == 0) &&
	       !(s->state && strcmp(s->state, "closing") == 0);
}

static int add_session(struct table *t, const struct session *s)
{
	struct row *row = table_add(t);

	if (!row)
		return -ENOMEM;
	row_text(row, USERS_NAME, s->user);
	set_text(row, USERS_TERMINAL, s->terminal);
	set_text(row, USERS_HOST, s->host);
	if (s->realtime > 0)
		row_real(row, USERS_STARTED, (double)s->realtime / 1e6);
	if (s->leader > 0)
		row_uint(row, USERS_PID, s->leader);
	return 0;
}

/* Each session also has a FIFO there, "1.ref". */
static int is_session(const struct dirent *entry)
{
	return !strchr(entry->d_name, '.');
}

static int read_session(struct reading *r, struct table *t, const char *name)
{
	char path[NAME_MAX + 32];
	struct session session;

	(void)snprintf(path, sizeof(path), "%s/%s", sessions_path, name);
	if (root_file_read(r->source, path, &r->buf) < 0)
		return 0;
	parse_session(r->buf.data, &session);
	return is_login(&session) ? add_session(t, &session) : 0;
}

static int read_sessions(struct reading *r, struct table *t)
{
	struct root_file folder;
	struct dirent **list;
	int error = root_file(r->source, sessions_path, &folder);
	int n;

	if (error < 0)
		return error;
	/* As utmp has them, the oldest first, mostly: numbers within a boot. */
	n = scandirat(folder.dirfd, folder.path, &list, is_session, versionsort);
	/* No logind either: then nobody has logged in. */
	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		if (error == 0)
			error = read_session(r, t, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return error;
}

static int users_read(struct reading *r, struct table *t)
{
	int error = read_utmp(r, t);

	if (error == 0 && t->n == 0)
		error = read_sessions(r, t);
	return error < 0 ? error : t->error;
}

const struct topic topic_users = {
	.name = "users",
	.summary = "who is logged in",
	.columns = users_columns,
	.n_columns = ARRAY_SIZE(users_columns),
	.flags = TOPIC_LIST,
	.read = users_read,
};
