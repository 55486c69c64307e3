/* SPDX-License-Identifier: MIT */
/*
 * The board and its pipeline, in a thread of their own. That thread alone uses
 * the board: it takes frames, makes pictures and puts the newest into the
 * outlet. What is asked of it is done between two frames.
 *
 *	frozen --scan--> scanning --freeze--> frozen
 *	                    |
 *	                  fault --scan--> scanning, or fault again
 */
#ifndef SONOD_SCANNER_H
#define SONOD_SCANNER_H

#include <stdatomic.h>

#include "setup.h"
#include "sono.h"

/**
 * struct outlet - where pictures leave the scanner
 * @newest: picture that nobody has taken yet, or NULL; whoever exchanges it
 *          owns it
 * @layers: bits of enum sono_layer that somebody wants
 * @event: eventfd, written when there is a newest picture
 */
struct outlet {
	struct share_buffer *_Atomic newest;
	atomic_uint layers;
	int event;
};

enum scanner_state {
	SCANNER_FROZEN,
	SCANNER_SCANNING,
	SCANNER_FAULT,
};

/**
 * struct scanner_status - how the scanner is
 * @state: frozen, scanning, fault
 * @fault: in words, where it is one
 * @preset: name; empty: none yet
 * @controls: in force
 * @sector: its box lies between angles, not between places
 * @angles: its sample volume is on an angle, not at a place
 * @rates: of the plan
 * @indices: of the output while it transmits
 * @calibrated: the indices are not mere estimates
 * @cfg_gen: of the table that the board has; always rises
 * @heartbeat_ms: after which the board ends transmit by itself
 * @run: number of the run, the board's
 * @counts: of the run
 */
struct scanner_status {
	enum scanner_state state;
	char fault[256];
	char preset[PRESET_NAME_MAX];
	struct sono_controls controls;
	bool sector;
	bool angles;
	struct sono_plan_rates rates;
	struct sono_indices indices;
	bool calibrated;
	uint32_t cfg_gen;
	uint32_t heartbeat_ms;
	uint64_t run;
	struct sono_stream_counts counts;
};

/**
 * struct scanner_params - of a scanner
 * @source: of sono_open()
 * @presets: folder of the plans
 * @slots: for frames
 * @workers: of the pipeline; 0: one for each processor
 * @buffers: for pictures
 * @heartbeat_ms: 0: the driver's own
 * @realtime: be as punctual as the system allows
 * @changed: called in the scanner's thread when the state has changed
 * @arg: of @changed
 */
struct scanner_params {
	const char *source;
	const char *presets;
	uint32_t slots;
	unsigned int workers;
	unsigned int buffers;
	uint32_t heartbeat_ms;
	bool realtime;
	void (*changed)(void *arg);
	void *arg;
};

struct scanner;

/**
 * scanner_create() - open the board and start the thread
 * @scanner: written
 * @params: copied; strings must outlive it
 * @outlet: for pictures; must outlive it
 * @why: reason on an error
 * @why_bytes: its size
 *
 * Return: 0 or -errno.
 */
int scanner_create(struct scanner **scanner,
		   const struct scanner_params *params, struct outlet *outlet,
		   char *why, size_t why_bytes);

/**
 * scanner_setup_params() - for setups that it can use
 *
 * For the thread of the three below.
 */
struct setup_params scanner_setup_params(const struct scanner *scanner);

/*
 * The three below are for one thread, the controller's, and return when it is
 * done: 0, or -errno with the reason. What is refused changes nothing, but
 * that a start which fails leaves a fault.
 */

/**
 * scanner_use() - another preset, or other controls of it
 *
 * @setup is the scanner's from now on, on an error too. While it scans the
 * table changes between two frames, and pictures follow.
 */
int scanner_use(struct scanner *scanner, struct setup *setup, char *why,
		size_t why_bytes);

/** scanner_scan() - transmit; nothing if it does */
int scanner_scan(struct scanner *scanner, char *why, size_t why_bytes);

/** scanner_freeze() - transmit no more; also ends a fault */
int scanner_freeze(struct scanner *scanner, char *why, size_t why_bytes);

/** scanner_status() - how it is; for any thread */
void scanner_status(struct scanner *scanner, struct scanner_status *status);

/**
 * scanner_alive() - a number that changes as long as the thread does its work
 *
 * Return: it, or 0 where it has nothing to do.
 */
uint64_t scanner_alive(struct scanner *scanner);

/** scanner_destroy() - freeze and end; NULL is fine */
void scanner_destroy(struct scanner *scanner);

#endif /* SONOD_SCANNER_H */
