/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The command line of sono-sim. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "phantom.h"
#include "sim.h"

/**
 * struct options - what was asked for
 * @socket: path to listen at
 * @log: file for the event log, or NULL
 * @help: print the help and nothing else
 * @scene: name of a scene, or NULL
 * @replay: recording to play, or NULL
 * @flash: file for the flash, or NULL for one that forgets
 * @phantom: how the scene is seen
 * @config: of the board; without its front-end and flash
 */
struct options {
	const char *socket;
	const char *log;
	bool help;
	const char *scene;
	const char *replay;
	const char *flash;
	struct sim_phantom_config phantom;
	struct sim_config config;
};

/** options_parse() - 0, or -EINVAL after one line on stderr */
int options_parse(struct options *o, int argc, char **argv);

/** options_help() - print the help on stdout */
void options_help(void);

#endif /* SIM_OPTIONS_H */
