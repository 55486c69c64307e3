/* SPDX-License-Identifier: MIT */
/*
 * What outlives a diagnosis: the baseline of a board's installation, and a line
 * for each diagnosis since. Files of a board are called by its number.
 */
#ifndef DIAG_STORE_H
#define DIAG_STORE_H

#include <jansson.h>

#include "diag.h"

#define DIAG_STORE_PATH 512

/**
 * diag_store_dir() - where they are, unless somebody says otherwise
 * @dir: DIAG_STORE_PATH bytes: SONO_DIAG_STATE; else of root
 *       /var/lib/sono/diag; else $XDG_STATE_HOME/sono/diag
 */
void diag_store_dir(char *dir);

/**
 * diag_store_path() - of a file
 * @path: DIAG_STORE_PATH bytes
 * @dir: folder
 * @d: handle
 * @kind: "baseline.json" or "history.jsonl"
 */
void diag_store_path(char *path, const char *dir, const struct diag *d,
		     const char *kind);

/**
 * diag_store_ready() - could a file be written?
 * @path: of it; its folder is made
 *
 * Return: 0 or -errno.
 */
int diag_store_ready(const char *path);

/**
 * diag_baseline_load() - judge by changes from now on
 * @d: handle
 * @path: file of diag_baseline_save()
 *
 * Return: 0; -ENOENT where there is none; -EINVAL where it is none: figures are
 * numbers or null, and there is a check that has some.
 */
int diag_baseline_load(struct diag *d, const char *path);

/**
 * diag_baseline_save() - this is how the board was installed
 * @path: written as a whole or not at all; its folder is made
 * @results: array of diag_json_result()
 * @kept: how many checks that found no figures this time have earlier ones,
 *        which stay; written
 *
 * Return: 0 or -errno, -ENODATA where no check has found any.
 */
int diag_baseline_save(const char *path, const json_t *results, size_t *kept);

/**
 * diag_history_add() - one line more
 * @path: appended to, behind a line that was cut off, too; its folder is made
 * @all: the diagnosis: device, time, level, status, exit, checks
 *
 * Return: 0 or -errno.
 */
int diag_history_add(const char *path, const json_t *all);

/**
 * diag_history_read() - the latest diagnoses
 * @path: of the file
 * @most: of them
 *
 * Lines that are no JSON are passed over.
 *
 * Return: an array, the oldest first; empty without a file.
 */
json_t *diag_history_read(const char *path, size_t most);

#endif /* DIAG_STORE_H */
