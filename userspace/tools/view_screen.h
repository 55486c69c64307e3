/* SPDX-License-Identifier: MIT */
/* sono view on a whole screen: of a display, or drawn for the other sinks. */
#ifndef SONO_VIEW_SCREEN_H
#define SONO_VIEW_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "keyboard.h"
#include "present/annotate.h"
#include "present/calliper.h"
#include "present/cine.h"
#include "present/kms.h"
#include "present/screen.h"
#include "run.h"

/* What arrows turn while it is live, of that what the plan has. */
enum view_arrows {
	ARROWS_DEPTH,
	ARROWS_FOCUS,
	ARROWS_BOX,
	ARROWS_VOLUME,
	VIEW_ARROWS,
};

/**
 * struct view_screen - a screen, and who sits before it
 * @display: argument: on a display
 * @card: argument: its device, or NULL: the first
 * @width: argument, or the display's; 0: no screen [pixels]
 * @height: the same
 * @cine_mib: argument: memory for pictures [MiB]
 * @keys_path: argument: keys come from there, or NULL
 * @kms: display, or NULL
 * @screen: what is drawn, or NULL: pictures with their scales only
 * @keyboard: or NULL: nobody turns anything
 * @cine: pictures of the pipeline
 * @annotate: puts scales around them
 * @callipers: on the picture that is shown
 * @turned: controls
 * @now: controls in force
 * @sector: the sides of its box are angles
 * @angles: the side of its volume is one
 * @arrows: what they turn
 * @hint: line below, where there is no @message
 * @path: of the plan, if it is another one than the argument
 * @preset: name
 * @message: for the line below, until the next key
 * @status: what stands beside the picture
 * @due: while it plays: when the next picture is to come, CLOCK_MONOTONIC [s]
 * @ended: the recording has no more frames
 * @quit: somebody had enough
 */
struct view_screen {
	bool display;
	const char *card;
	uint32_t width;
	uint32_t height;
	uint64_t cine_mib;
	const char *keys_path;

	struct kms *kms;
	struct screen *screen;
	struct keyboard *keyboard;
	struct cine *cine;
	struct annotate *annotate;
	struct callipers callipers;
	struct sono_controls turned;
	struct sono_controls now;
	bool sector;
	bool angles;
	enum view_arrows arrows;
	char hint[160];
	char *path;
	char preset[64];
	char message[256];
	struct screen_status status;
	double due;
	bool ended;
	bool quit;
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
 * view_screen_make() - what shows a pipeline's pictures
 * @s: opened
 * @pipeline: any
 * @annotate: written; the caller's
 * @cine: written; the caller's
 *
 * Return: 0 or -ENOMEM.
 */
int view_screen_make(const struct view_screen *s,
		     const struct pipeline *pipeline,
		     struct annotate **annotate, struct cine **cine);

/** view_screen_begin() - live, with another plan: that of @r */
void view_screen_begin(struct view_screen *s, const struct run *r);

/** view_screen_has() - is there something that these arrows could turn? */
bool view_screen_has(const struct view_screen *s, enum view_arrows arrows);

/** view_screen_count() - what a frame's record says of those before it */
void view_screen_count(struct view_screen *s, const struct sono_record *rec);

/** view_screen_add() - a new picture, which is shown from now on */
void view_screen_add(struct view_screen *s, const struct run *r,
		     const struct image *picture);

/**
 * view_screen_draw() - the whole screen
 * @s: screen
 * @empty: in place of a picture, where there is none yet
 *
 * Return: a picture, which belongs to @s and holds until the next call.
 */
const struct image *view_screen_draw(struct view_screen *s,
				     const struct image *empty);

/** view_screen_message() - stands below the picture until the next key */
void view_screen_message(struct view_screen *s, const char *text);

/**
 * view_screen_play() - to the next picture, if it is time
 * @s: SCREEN_PLAYING
 *
 * As fast as the pictures came, round and round.
 *
 * Return: it is another one now.
 */
bool view_screen_play(struct view_screen *s);

/** view_screen_close() - the display as it was */
void view_screen_close(struct view_screen *s);

#endif /* SONO_VIEW_SCREEN_H */
