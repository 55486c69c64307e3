/* SPDX-License-Identifier: MIT */
/* What a controller asks for, from JSON and to it. */
#ifndef SONOD_REQUEST_H
#define SONOD_REQUEST_H

#include <jansson.h>

#include "scanner.h"

#define REQUEST_MAX 4096

/**
 * struct chosen - what was asked of the scanner
 * @scanner: it
 * @presets: folder of the plans
 * @preset: name of the one that is used; empty: none
 * @controls: that were turned since it was chosen
 */
struct chosen {
	struct scanner *scanner;
	const char *presets;
	char preset[PRESET_NAME_MAX];
	struct sono_controls controls;
};

/** chosen_init() - no preset, nothing turned, no scanner yet */
void chosen_init(struct chosen *chosen, const char *presets);

/** request_known() - is it a request for a controller? */
bool request_known(const char *name);

/**
 * request_do() - a controller's request
 * @chosen: updated where it is done
 * @name: of the request, known
 * @request: all of it
 * @why: reason on an error
 * @why_bytes: its size
 *
 * Return: 0 or -errno; what is refused changes nothing.
 */
int request_do(struct chosen *chosen, const char *name, const json_t *request,
	       char *why, size_t why_bytes);

/** state_json() - how it is, a new object */
json_t *state_json(const struct chosen *chosen);

#endif /* SONOD_REQUEST_H */
