/*
 * open-sockets LIST: open sockets of every kind, write them to LIST, and hold them until
 * our input ends. LIST has a line for each, an object as sysinfo net-connections has it
 * (without pid), and appears only when it is whole. Sockets with paths lie in the current
 * folder. Where there is no IPv6, its sockets are left out.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static FILE *list;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static void print_address(const char *name, const struct sockaddr_storage *a, bool known)
{
	char ip[INET6_ADDRSTRLEN] = "";
	const void *address = &((const struct sockaddr_in *)a)->sin_addr;
	unsigned port = ntohs(((const struct sockaddr_in *)a)->sin_port);

	if (a->ss_family == AF_INET6)
		address = &((const struct sockaddr_in6 *)a)->sin6_addr;
	if (known && inet_ntop(a->ss_family, address, ip, sizeof(ip)))
		fprintf(list, "\"%s\":{\"ip\":\"%s\",\"port\":%u},", name, ip, port);
	else
		fprintf(list, "\"%s\":null,", name);
}

/* What the kernel says of it, when asked for this one socket. */
static void print_inet(int fd, const char *status)
{
	struct sockaddr_storage local = {0};
	struct sockaddr_storage remote = {0};
	socklen_t len = sizeof(local);
	int type = 0;
	bool has_remote;

	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0)
		fail("getsockname");
	len = sizeof(remote);
	has_remote = getpeername(fd, (struct sockaddr *)&remote, &len) == 0;
	len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		fail("getsockopt");
	fprintf(list, "{\"fd\":%d,\"family\":\"%s\",\"type\":\"%s\",", fd,
		local.ss_family == AF_INET ? "AF_INET" : "AF_INET6",
		type == SOCK_STREAM ? "SOCK_STREAM" : "SOCK_DGRAM");
	print_address("laddr", &local, true);
	print_address("raddr", &remote, has_remote);
	fprintf(list, "\"status\":\"%s\"}\n", status);
}

/* A socket on the loopback with a port of the kernel's choice; -1: no such family. */
static int open_bound(int family, int type, bool any)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	int fd = socket(family, type, 0);
	int r;

	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	six.sin6_addr = any ? in6addr_any : in6addr_loopback;
	if (fd < 0)
		return -1;
	r = family == AF_INET ? bind(fd, (struct sockaddr *)&four, sizeof(four))
			      : bind(fd, (struct sockaddr *)&six, sizeof(six));
	if (r < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void connect_to(int fd, int other, int family)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getsockname(other, (struct sockaddr *)&address, &len) < 0)
		fail("getsockname");
	/* By IPv4 to one that listens for both. */
	if (family == AF_INET && address.ss_family == AF_INET6) {
		struct sockaddr_in four = {.sin_family = AF_INET};

		four.sin_port = ((struct sockaddr_in6 *)&address)->sin6_port;
		four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		memcpy(&address, &four, sizeof(four));
		len = sizeof(four);
	}
	if (connect(fd, (struct sockaddr *)&address, len) < 0)
		fail("connect");
}

/* One listens, one is connected to it, one comes of that. */
static void open_tcp(int family, bool mapped)
{
	int listener = open_bound(mapped ? AF_INET6 : family, SOCK_STREAM, mapped);
	int client;
	int server;

	if (listener < 0)
		return;
	if (listen(listener, 4) < 0)
		fail("listen");
	client = socket(family, SOCK_STREAM, 0);
	connect_to(client, listener, family);
	server = accept(listener, NULL, NULL);
	if (server < 0)
		fail("accept");
	print_inet(listener, "LISTEN");
	print_inet(client, "ESTABLISHED");
	print_inet(server, "ESTABLISHED");
}

/* One end has said all it had to say. */
static void open_half_closed(void)
{
	int listener = open_bound(AF_INET, SOCK_STREAM, false);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	char byte;

	if (listen(listener, 1) < 0)
		fail("listen");
	connect_to(client, listener, AF_INET);

	int server = accept(listener, NULL, NULL);

	/* The end of the file comes with the other's word; ours is acknowledged by then.
	 */
	if (server < 0 || shutdown(client, SHUT_WR) < 0 || read(server, &byte, 1) != 0)
		fail("shutdown");
	print_inet(listener, "LISTEN");
	print_inet(client, "FIN_WAIT2");
	print_inet(server, "CLOSE_WAIT");
}

static void open_udp(int family)
{
	int bound = open_bound(family, SOCK_DGRAM, false);
	int connected = open_bound(family, SOCK_DGRAM, false);

	if (bound < 0 || connected < 0)
		return;
	connect_to(connected, bound, family);
	print_inet(bound, "NONE");
	print_inet(connected, "NONE");
}

/* A name that begins with '@' is an abstract one; json is the same as a JSON string. */
static void open_unix(int type, const char *type_name, const char *name, const char *json)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, type, 0);

	memcpy(a.sun_path, name, len);
	if (name[0] == '@')
		a.sun_path[0] = '\0';
	else if (len > 0)
		len++;
	if (fd < 0 ||
	    (len > 0 &&
	     bind(fd, (struct sockaddr *)&a,
		  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0))
		fail("unix socket");
	if (type != SOCK_DGRAM && len > 0 && listen(fd, 1) < 0)
		fail("listen");
	fprintf(list,
		"{\"fd\":%d,\"family\":\"AF_UNIX\",\"type\":\"%s\",\"laddr\":%s,"
		"\"raddr\":null,\"status\":\"NONE\"}\n",
		fd, type_name, json);
}

int main(int argc, char **argv)
{
	char name[64];
	char json[80];
	char byte;

	if (argc < 2)
		return 2;
	list = fopen("open-sockets.list", "we");
	if (!list)
		fail("open-sockets.list");
	open_tcp(AF_INET, false);
	open_tcp(AF_INET6, false);
	open_tcp(AF_INET, true);
	open_half_closed();
	open_udp(AF_INET);
	open_udp(AF_INET6);
	open_unix(SOCK_STREAM, "SOCK_STREAM", "a path  with blanks",
		  "\"a path  with blanks\"");
	open_unix(SOCK_STREAM, "SOCK_STREAM", "two\nlines\n", "\"two\\nlines\\n\"");
	open_unix(SOCK_DGRAM, "SOCK_DGRAM", "", "null");
	(void)snprintf(name, sizeof(name), "@abstract %ld", (long)getpid());
	(void)snprintf(json, sizeof(json), "\"%s\"", name);
	open_unix(SOCK_SEQPACKET, "SOCK_SEQPACKET", name, json);
	if (fclose(list) != 0 || rename("open-sockets.list", argv[1]) < 0)
		fail(argv[1]);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
