/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The event log file. Lines gather in memory until log_flush(), which comes
 * before every interrupt and before every wait: whatever the host has been
 * told of is in the file.
 */
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include <stddef.h>

/**
 * struct log - a log
 * @fd: file, or -1 for none
 * @used: bytes waiting in @buffer
 * @buffer: whole lines
 */
struct log {
	int fd;
	size_t used;
	char buffer[1 << 16];
};

/** log_open() - start the file anew; NULL for no file; -errno */
int log_open(struct log *log, const char *path);

/** log_line() - add a line */
void log_line(struct log *log, const char *line);

/** log_flush() - write what waits */
void log_flush(struct log *log);

/** log_close() - flush and close */
void log_close(struct log *log);

#endif /* SIM_LOG_H */
