/* SPDX-License-Identifier: MIT */
/* The command line of sonod. */
#ifndef SONOD_OPTIONS_H
#define SONOD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct options - what sonod is to do
 * @source: of sono_open(); NULL: only help was asked for
 * @presets: folder of the plans
 * @preset: to begin with, or ""
 * @sockets: folder of the sockets, where nobody hands them over
 * @slots: for frames
 * @workers: 0: one for each processor
 * @heartbeat_ms: 0: the standard
 * @realtime: be as punctual as the system allows
 */
struct options {
	const char *source;
	const char *presets;
	const char *preset;
	const char *sockets;
	uint32_t slots;
	uint32_t workers;
	uint32_t heartbeat_ms;
	bool realtime;
};

/**
 * options_read() - Return: 0; or, after a message, the exit status 2
 */
int options_read(struct options *options, int argc, char **argv);

#endif /* SONOD_OPTIONS_H */
