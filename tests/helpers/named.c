/*
 * named COMM WORDS ENVIRON READY: be a process with exactly this name, command line and
 * environment, until the one that started it ends.
 *
 * WORDS and ENVIRON are files with texts that end with a NUL each. READY is made once all
 * is so. The program executes itself with these words, so it cannot tell by them that it
 * is the second time: what is left to do comes through a descriptor.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_BYTES = 65536, MOST_TEXTS = 1024, LETTER = 200 };

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(2);
}

static char **read_texts(const char *path)
{
	static char *texts[2][MOST_TEXTS];
	static int used;
	char **list = texts[used++];
	char *data = calloc(1, MOST_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 || !data ? -1 : read(fd, data, MOST_BYTES - 1);
	size_t count = 0;

	if (n < 0)
		fail(path);
	close(fd);
	for (ssize_t at = 0; at < n && count < MOST_TEXTS - 1;) {
		list[count++] = data + at;
		at += (ssize_t)strlen(data + at) + 1;
	}
	return list;
}

/* The second time: take the name, say that all is ready, and wait. */
static _Noreturn void be_named(void)
{
	char letter[8192];
	ssize_t n = read(LETTER, letter, sizeof(letter) - 1);

	if (n < 0)
		fail("letter");
	letter[n] = '\0';
	close(LETTER);
	(void)prctl(PR_SET_NAME, letter);

	int fd = open(letter + strlen(letter) + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		fail("ready");
	close(fd);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int letter[2];

	if (fcntl(LETTER, F_GETFD) >= 0)
		be_named();
	if (argc != 5) {
		fprintf(stderr, "usage: named COMM WORDS ENVIRON READY\n");
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pipe2(letter, O_CLOEXEC) < 0 || dup2(letter[0], LETTER) < 0)
		fail("pipe");
	if (write(letter[1], argv[1], strlen(argv[1]) + 1) < 0 ||
	    write(letter[1], argv[4], strlen(argv[4]) + 1) < 0)
		fail("write");

	char **words = read_texts(argv[2]);
	char **environment = read_texts(argv[3]);

	execve("/proc/self/exe", words, environment);
	fail("exec");
}
