// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

int log_open(struct log *log, const char *path)
{
	log->used = 0;
	log->fd = -1;
	if (!path)
		return 0;
	log->fd = open(path,
		       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		       0644);
	return log->fd < 0 ? -errno : 0;
}

void log_line(struct log *log, const char *line)
{
	size_t n = strlen(line);

	if (log->fd < 0)
		return;
	if (n + 1 > sizeof(log->buffer) - log->used)
		log_flush(log);
	memcpy(log->buffer + log->used, line, n);
	log->used += n;
	log->buffer[log->used++] = '\n';
}

/* A log that cannot be written is of no use half: it ends there. */
void log_flush(struct log *log)
{
	size_t done = 0;

	while (done < log->used) {
		ssize_t n =
			write(log->fd, log->buffer + done, log->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(log->fd);
			log->fd = -1;
			break;
		}
		done += (size_t)n;
	}
	log->used = 0;
}

void log_close(struct log *log)
{
	if (log->fd < 0)
		return;
	log_flush(log);
	close(log->fd);
	log->fd = -1;
}
