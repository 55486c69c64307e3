/* SPDX-License-Identifier: MIT */
/*
 * What a board is to do and what becomes of its frames: a preset with its
 * controls turned, made ready in full before anything that runs is touched.
 */
#ifndef SONOD_SETUP_H
#define SONOD_SETUP_H

#include "dsp/pipeline.h"
#include "indices.h"
#include "plan.h"
#include "present/share.h"

#define PRESET_NAME_MAX 64

/**
 * struct setup - a preset, ready
 * @preset: its name
 * @controls: that were turned
 * @plan: compiled
 * @pipeline: of it
 * @share: buffers for its pictures
 * @indices: of its output
 * @cfg_gen: of its table, once the board has it
 */
struct setup {
	char preset[PRESET_NAME_MAX];
	struct sono_controls controls;
	struct sono_plan *plan;
	struct pipeline *pipeline;
	struct share *share;
	struct sono_indices indices;
	uint32_t cfg_gen;
};

/**
 * struct setup_params - what setups of one daemon have in common
 * @presets: folder of the plans
 * @info: of the board
 * @workers: of a pipeline
 * @buffers: for pictures
 */
struct setup_params {
	const char *presets;
	struct sono_info info;
	unsigned int workers;
	unsigned int buffers;
};

/**
 * setup_check_name() - a name, not a way out of the folder
 *
 * Return: 0, or -EINVAL with the reason.
 */
int setup_check_name(const char *preset, char *why, size_t why_bytes);

/**
 * setup_create() - make a preset ready
 * @setup: written
 * @params: see there
 * @preset: name of a file in @params->presets, without ".plan"
 * @controls: to turn
 * @why: reason on an error
 * @why_bytes: its size
 *
 * Takes as long as a pipeline's tables do, up to seconds. One at a time: by the
 * maker's thread, or before there is one.
 *
 * Return: 0, -ENOENT for a preset that there is not, -EINVAL for one that
 * cannot be, or what else went wrong.
 */
int setup_create(struct setup **setup, const struct setup_params *params,
		 const char *preset, const struct sono_controls *controls,
		 char *why, size_t why_bytes);

void setup_destroy(struct setup *setup);

#endif /* SONOD_SETUP_H */
