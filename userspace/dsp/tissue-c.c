// SPDX-License-Identifier: MIT
/* Sums of the grey picture's power: the specification. */
#include <math.h>

#include "tissue.h"

void tissue_sum_c(double *sum, const float *db, uint32_t n)
{
	double all = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		all += (double)expf(db[i] * (float)(M_LN10 / 10));
		sum[i] = all;
	}
}

void tissue_add_c(double *to, const double *from, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		to[i] += from[i];
}
