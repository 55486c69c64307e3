/* SPDX-License-Identifier: MIT */
/* What a controller asks for, from JSON and to it. */
#ifndef SONOD_REQUEST_H
#define SONOD_REQUEST_H

#include <jansson.h>

#include "scanner.h"

#define REQUEST_MAX 4096

/**
 * struct wanted - what a scanner may be asked to do
 * @preset: name; empty: none
 * @controls: that were turned since it was chosen
 */
struct wanted {
	char preset[PRESET_NAME_MAX];
	struct sono_controls controls;
};

/**
 * struct chosen - what was asked of the scanner
 * @scanner: it
 * @presets: folder of the plans
 * @now: that it does
 */
struct chosen {
	struct scanner *scanner;
	const char *presets;
	struct wanted now;
};

/** chosen_init() - no preset, nothing turned, no scanner yet */
void chosen_init(struct chosen *chosen, const char *presets);

/*
 * The two below say what a request for another preset or other controls means:
 * 0 and @wanted, or -errno and the reason. Neither does anything.
 */

int request_preset(const struct chosen *chosen, const json_t *request,
		   struct wanted *wanted, char *why, size_t why_bytes);

int request_set(const struct chosen *chosen, const json_t *request,
		struct wanted *wanted, char *why, size_t why_bytes);

/** words_json() - a new string: @words, of which others chose a part */
json_t *words_json(const char *words);

/** state_json() - how it is, a new object */
json_t *state_json(const struct chosen *chosen);

#endif /* SONOD_REQUEST_H */
