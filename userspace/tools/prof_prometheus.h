/* SPDX-License-Identifier: MIT */
#ifndef SONO_PROF_PROMETHEUS_H
#define SONO_PROF_PROMETHEUS_H

#include <stdio.h>

#include "prof_figures.h"

/**
 * prof_prometheus() - figures in Prometheus' text format
 * @f: figures
 * @plan: label of all
 * @source: the same
 * @to: where; errors are the file's
 */
void prof_prometheus(const struct prof_figures *f, const char *plan,
		     const char *source, FILE *to);

/**
 * prof_prometheus_write() - a whole file, always: what collects it sees the
 * former one or this
 * @f: figures
 * @plan: label of all
 * @source: the same
 * @path: of the file; PATH.tmp is used, too
 *
 * Return: 0 or -errno.
 */
int prof_prometheus_write(const struct prof_figures *f, const char *plan,
			  const char *source, const char *path);

#endif /* SONO_PROF_PROMETHEUS_H */
