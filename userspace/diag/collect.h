/* SPDX-License-Identifier: MIT */
/*
 * What support needs to know of a board and its machine, as a tar archive. Only
 * what is listed in collect.c gets in: nothing of plans, frames, ECG, files' or
 * people's names, nor what any program wrote to the log.
 */
#ifndef DIAG_COLLECT_H
#define DIAG_COLLECT_H

#include <stdio.h>

#include "diag.h"

/**
 * diag_collect() - write the archive
 * @d: handle
 * @dir: folder of baselines and history
 * @to: the archive
 *
 * What is not there, or may not be read, is named in its file "missing".
 *
 * Return: 0 or -errno of writing.
 */
int diag_collect(struct diag *d, const char *dir, FILE *to);

#endif /* DIAG_COLLECT_H */
