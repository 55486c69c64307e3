/* SPDX-License-Identifier: MIT */
/*
 * A full screen: a picture with its scales at the left, what a person wants to
 * know beside it, a line of words below. The same drawing for a display and for
 * a file.
 */
#ifndef PRESENT_SCREEN_H
#define PRESENT_SCREEN_H

#include "calliper.h"
#include "dsp/pipeline.h"

struct screen;

/* The least that the figures and a picture fit on [pixels]. */
#define SCREEN_WIDTH_MIN 640
#define SCREEN_HEIGHT_MIN 480

enum screen_state {
	SCREEN_LIVE,
	SCREEN_FROZEN,
	SCREEN_PLAYING,
	SCREEN_FAULT,
};

/**
 * struct screen_status - what stands beside a picture
 * @state: above all
 * @preset: name
 * @source: name
 * @depth: of the picture, from the probe [m]
 * @gain: against the plan's [dB]
 * @power: against the plan's [dB]
 * @rate: pictures per second of the board's clock; NAN: unknown [Hz]
 * @mi: mechanical index; NAN: unknown
 * @ti: thermal index; NAN: unknown
 * @dropped: frames that found no slot
 * @lost: frames whose completion never came
 * @skipped: frames that the pipeline came too late for
 * @place: of the picture among those kept, from 0
 * @kept: pictures; 0: none
 * @callipers: on the picture, which measure by its calibration; NULL: none
 * @line: below; "": none
 *
 * Of controls that the plan does not have, NAN. Strings are the caller's.
 */
struct screen_status {
	enum screen_state state;
	const char *preset;
	const char *source;
	double depth;
	double gain;
	double power;
	double rate;
	double mi;
	double ti;
	uint64_t dropped;
	uint64_t lost;
	uint64_t skipped;
	uint32_t place;
	uint32_t kept;
	const struct callipers *callipers;
	const char *line;
};

/**
 * screen_create() - an empty screen
 * @screen: written
 * @width: at least SCREEN_WIDTH_MIN [pixels]
 * @height: at least SCREEN_HEIGHT_MIN [pixels]
 *
 * Return: 0, -EINVAL for one too small, -ENOMEM.
 */
int screen_create(struct screen **screen, uint32_t width, uint32_t height);

/**
 * screen_scale() - pixels of a dot of letters, margins and figures
 *
 * One more for every 540 rows, so that a screen of twice the size is read from the
 * same distance.
 */
int screen_scale(const struct screen *screen);

/**
 * screen_fit() - make a pipeline's pictures as large as there is room
 * @screen: that they are for
 * @params: its display, and the heights of its strips, keep their proportions
 */
void screen_fit(const struct screen *screen, struct pipeline_params *params);

/**
 * screen_execute() - draw
 * @screen: of any size
 * @annotated: a picture with its scales; cut where it is larger than its room
 * @picture: the same without them: its calibration and its heart rate
 * @status: beside it
 *
 * Return: an RGB24 picture, which belongs to @screen and holds until the next
 * call; its seq and time are those of @picture.
 */
const struct image *screen_execute(struct screen *screen,
				   const struct image *annotated,
				   const struct image *picture,
				   const struct screen_status *status);

void screen_destroy(struct screen *screen);

#endif /* PRESENT_SCREEN_H */
