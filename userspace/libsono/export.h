/* SPDX-License-Identifier: MIT */
/*
 * Recordings for research tools, as HDF5: zea (files of version 0.1.0 and
 * later, with tracks) and UFF, the ultrasound file format of USTB.
 *
 * What is for one purpose and has as many samples is a track: the grey
 * picture, colour, M, PW. Both formats get samples as the board made them, the
 * places of all elements, delays and apodisation of every transmit, and times
 * that count from the pulse's centre without the way through the lens, which
 * neither format knows.
 */
#ifndef SONO_EXPORT_H
#define SONO_EXPORT_H

#include <stddef.h>

#include "recording.h"

/**
 * sono_export_zea() - as zea
 * @rec: a recording; frames in it that are damaged are left out
 * @path: of the file; an existing one is replaced when all is written
 * @why: reason on an error, or what is wrong with the first that was left out
 * @why_bytes: its size
 *
 * int16 samples [frame][transmit][sample][element][1] of each track under
 * /tracks, uncompressed; the ECG, where there is one; numbers and times of the
 * frames and what was dropped, lost or left out between them under /custom. Rows
 * of elements that no channel listens to are 0.
 *
 * Return: how many frames were left out, -ENODATA without whole ones, -ENOMEM, or
 * -EIO or the errno of writing.
 */
int sono_export_zea(struct sono_recording *rec, const char *path, char *why,
		    size_t why_bytes);

/**
 * sono_export_uff() - as UFF, version 1.2.0
 *
 * As sono_export_zea(); float samples [frame][wave][element][sample], a
 * uff.channel_data for each track. A wave is a plane one, or a source; what
 * neither describes to a sixteenth of a period is refused with -EINVAL.
 */
int sono_export_uff(struct sono_recording *rec, const char *path, char *why,
		    size_t why_bytes);

#endif /* SONO_EXPORT_H */
