/* SPDX-License-Identifier: MIT */
/* sono view on a whole screen: of a display, or drawn for the other sinks. */
#ifndef SONO_VIEW_SCREEN_H
#define SONO_VIEW_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "present/cine.h"
#include "present/kms.h"
#include "present/screen.h"
#include "run.h"

/**
 * struct view_screen - a screen
 * @display: argument: on a display
 * @card: argument: its device, or NULL: the first
 * @width: argument, or the display's; 0: no screen [pixels]
 * @height: the same
 * @cine_mib: argument: memory for pictures [MiB]
 * @kms: display, or NULL
 * @screen: what is drawn, or NULL: pictures with their scales only
 * @cine: pictures of the pipeline
 * @preset: name
 * @status: what stands beside the picture
 */
struct view_screen {
	bool display;
	const char *card;
	uint32_t width;
	uint32_t height;
	uint64_t cine_mib;

	struct kms *kms;
	struct screen *screen;
	struct cine *cine;
	char preset[64];
	struct screen_status status;
};

/**
 * view_screen_open() - take the display, if there is to be one
 * @s: with its arguments
 *
 * Before a board is opened (kms_open()).
 *
 * Return: TOOL_*, after one message where it is not TOOL_OK.
 */
int view_screen_open(struct view_screen *s);

/** view_screen_say() - what was taken, in a line */
void view_screen_say(const struct view_screen *s, FILE *say);

/**
 * view_screen_begin() - a plan's pictures are to be shown
 * @s: opened
 * @r: with a pipeline
 *
 * Return: TOOL_*, as above.
 */
int view_screen_begin(struct view_screen *s, const struct run *r);

/** view_screen_count() - what a frame's record says of those before it */
void view_screen_count(struct view_screen *s, const struct sono_record *rec);

/**
 * view_screen_draw() - the whole screen
 * @s: begun
 * @r: run that the picture is of
 * @picture: of the pipeline
 * @annotated: the same with its scales
 *
 * Return: a picture, which belongs to @s and holds until the next call.
 */
const struct image *view_screen_draw(struct view_screen *s, const struct run *r,
				     const struct image *picture,
				     const struct image *annotated);

/** view_screen_close() - the display as it was */
void view_screen_close(struct view_screen *s);

#endif /* SONO_VIEW_SCREEN_H */
