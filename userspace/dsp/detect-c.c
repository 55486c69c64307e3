// SPDX-License-Identifier: MIT
/* Detection: the specification. */
#include <math.h>

#include "detect.h"

void detect_log_c(float *db, const float *iq, const float *gain_db, size_t n,
		  float floor_db)
{
	size_t j;

	for (j = 0; j < n; j++) {
		/* double: the square of a small or large float is a number */
		const double re = iq[2 * j], im = iq[2 * j + 1];
		const float level = 10 * log10(re * re + im * im) + gain_db[j];

		db[j] = level > floor_db ? level : floor_db;
	}
}

void detect_persist_c(float *db, const float *now, size_t n, float share)
{
	size_t j;

	for (j = 0; j < n; j++)
		db[j] = now[j] + share * (db[j] - now[j]);
}
