/*
 * write-bytes N [stdout|stderr|both [CHUNK]]: write N bytes, 0 1 2 ... 250 0 1 ..., to
 * one stream or, by turns, the same to both; CHUNK bytes at a time (4096).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0) {
			perror("write-bytes");
			return 1;
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	const char *to = argc > 2 ? argv[2] : "stdout";
	size_t chunk = argc > 3 ? strtoull(argv[3], NULL, 10) : 4096;
	unsigned char *data = chunk ? malloc(chunk) : NULL;
	if (!data)
		return 2;
	for (size_t at = 0; at < n; at += chunk) {
		size_t len = n - at < chunk ? n - at : chunk;
		for (size_t i = 0; i < len; i++)
			data[i] = (unsigned char)((at + i) % 251);
		if (strcmp(to, "stderr") != 0 && write_all(STDOUT_FILENO, data, len))
			return 1;
		if (strcmp(to, "stdout") != 0 && write_all(STDERR_FILENO, data, len))
			return 1;
	}
	free(data);
	return 0;
}
