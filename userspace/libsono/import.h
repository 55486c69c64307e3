/* SPDX-License-Identifier: MIT */
/*
 * Sets of channel data as a folder: meta.json says what rf_int16.bin holds.
 * The reader turns them into a scan and frames in the payload's layout.
 *
 * Keys of meta.json: shape, layout ("[A][sample][element]" or
 * "[A][element][sample]", A one of tx, frame, ensemble), dtype "int16 LE", fs,
 * fc, c, pitch, nel, t0; optionally PRF and txdelays_s [tx][element], without
 * which all elements fire at once, and width_rad, which tells diverging waves
 * from plane ones. The transmits of a set of "tx" are the
 * events of one frame; those of the others are a frame each.
 */
#ifndef SONO_IMPORT_H
#define SONO_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "scan.h"

/**
 * struct sono_import - a set, read
 * @scan: of every frame; where the set has no PRF, an event's period is the
 *        time to the end of its record
 * @frames: number of frames
 * @payload: the frames, scan->frame_bytes each, aligned to 64 bytes
 */
struct sono_import {
	struct sono_scan *scan;
	uint32_t frames;
	uint8_t *payload;
};

/**
 * sono_import() - read a set
 * @dir: its folder
 * @set: written; end with sono_import_free()
 * @why: on an error says what is wrong and where, as a string
 * @why_size: of @why
 *
 * Return: 0, -ENOMEM, -EINVAL for a set that makes no sense, or the errno of
 * opening or reading a file.
 */
int sono_import(const char *dir, struct sono_import **set, char *why,
		size_t why_size);

/** sono_import_free() - free a set with its scan; NULL is fine */
void sono_import_free(struct sono_import *set);

#endif /* SONO_IMPORT_H */
