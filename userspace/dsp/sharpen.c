// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp.h"
#include "sharpen.h"

#define REACH		64	/* bins to either side */
#define END		3.0	/* standard deviations */

/**
 * struct blur - how one velocity is spread over the bins
 * @reach: bins to either side
 * @weight: from the bin itself on; both sides are alike, the sum of all is 1
 */
struct blur {
	int reach;
	float weight[REACH + 1];
};

struct sharpen {
	int bins;
	struct blur *blur;	/* [bins] */
	float *ratio;		/* [bins] */
};

static void make_blur(struct blur *blur, double deviation)
{
	double sum = 0;
	int i;

	blur->reach = fmin(ceil(END * deviation), REACH);
	for (i = 0; i <= blur->reach; i++) {
		blur->weight[i] = exp(-i * i / (2 * deviation * deviation));
		sum += blur->weight[i] * (i ? 2 : 1);
	}
	for (i = 0; i <= blur->reach; i++)
		blur->weight[i] /= sum;
}

int sharpen_create(struct sharpen **sharpen, uint32_t bins,
		   const double *deviation)
{
	struct sharpen *s = calloc(1, sizeof(*s));
	uint32_t i;

	if (!s)
		return -ENOMEM;
	s->bins = bins;
	s->blur = dsp_alloc(bins, sizeof(*s->blur));
	s->ratio = dsp_alloc(bins, sizeof(*s->ratio));
	if (!s->blur || !s->ratio) {
		sharpen_destroy(s);
		return -ENOMEM;
	}
	for (i = 0; i < bins; i++)
		make_blur(&s->blur[i], deviation[i]);
	*sharpen = s;
	return 0;
}

/* A spectrum from one without widths. */
static void spread(float *to, const float *from, const struct sharpen *s)
{
	const int n = s->bins;
	int i, k;

	memset(to, 0, n * sizeof(*to));
	for (i = 0; i < n; i++) {
		const struct blur *b = &s->blur[i];

		to[i] += from[i] * b->weight[0];
		for (k = 1; k <= b->reach; k++) {
			to[(i + k) & (n - 1)] += from[i] * b->weight[k];
			to[(i - k) & (n - 1)] += from[i] * b->weight[k];
		}
	}
}

/* Mean of what is around a velocity, as it is spread. */
static float gathered(const float *from, const struct sharpen *s, int i)
{
	const struct blur *b = &s->blur[i];
	const int n = s->bins;
	float sum = from[i] * b->weight[0];
	int k;

	for (k = 1; k <= b->reach; k++)
		sum += (from[(i + k) & (n - 1)] + from[(i - k) & (n - 1)]) *
		       b->weight[k];
	return sum;
}

void sharpen_execute(struct sharpen *s, float *sharp, const float *power)
{
	float *ratio = s->ratio;
	int i, round;

	memcpy(sharp, power, s->bins * sizeof(*sharp));
	for (round = 0; round < SHARPEN_ROUNDS; round++) {
		spread(ratio, sharp, s);
		for (i = 0; i < s->bins; i++)
			ratio[i] = ratio[i] > 0 ? power[i] / ratio[i] : 0;
		for (i = 0; i < s->bins; i++)
			sharp[i] *= gathered(ratio, s, i);
	}
}

void sharpen_destroy(struct sharpen *s)
{
	if (!s)
		return;
	free(s->blur);
	free(s->ratio);
	free(s);
}
