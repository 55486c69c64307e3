/* SPDX-License-Identifier: MIT */
/*
 * Where pictures go: a sink is one struct and one small file. Nothing is
 * printed; every call returns 0 or -errno.
 */
#ifndef PRESENT_H
#define PRESENT_H

#include "dsp/dsp.h"

/**
 * struct sink - a place for pictures
 * @name: by which it is asked for
 * @open: @target is a path, where the sink needs one; *state is written and
 *        belongs to the sink until @close
 * @frame: takes one picture; it is not used after the return
 * @close: ends the sink; an error is one that could not be told earlier.
 *         NULL is fine
 */
struct sink {
	const char *name;
	int (*open)(void **state, const char *target);
	int (*frame)(void *state, const struct image *image);
	int (*close)(void *state);
};

/*
 * png: @target is a file, which every picture replaces at once and whole, or,
 * when it ends in "/", a folder that gets SEQ.png per picture.
 */
extern const struct sink sink_png;

/*
 * y4m: @target is a file of YUV4MPEG2, 4:4:4, its rate from the times of the
 * first two pictures; "-" is standard output. All pictures have one size, or
 * @frame returns -EINVAL.
 */
extern const struct sink sink_y4m;

/*
 * webp: @target is an animation, written at the end, each picture as long as
 * its time says. All pictures have one size, or @frame returns -EINVAL.
 */
extern const struct sink sink_webp;

/* md5: @target is a file that gets a line "DIGEST  SEQ" per picture. */
extern const struct sink sink_md5;

/* null: takes everything, keeps nothing; no @target. */
extern const struct sink sink_null;

/**
 * sink_find() - a sink by its name
 * @name: of the sink
 *
 * Return: the sink, or NULL.
 */
const struct sink *sink_find(const char *name);

#endif /* PRESENT_H */
