// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "elements.h"
#include "session.h"

#define ROUNDS 6
#define STRONGEST 0.9	/* the quantile of what elements hear of themselves */
#define NEIGHBOURS 32	/* arrus: groups of 32 */
#define UNSURE 0.03	/* of a sound element's power: half of what is weak */
/* Weight of an element's echo of itself where its neighbours are silent. */
#define SELF 0.01

int elements_create(struct elements *e, uint32_t elements, uint32_t channels,
		    const bool *bad_channel, uint32_t samples)
{
	*e = (struct elements){
		.elements = elements,
		.channels = channels,
		.samples = samples,
		.bad_channel = bad_channel,
		.power = calloc((size_t)elements * channels, sizeof(double)),
		.noise = calloc(channels, sizeof(double)),
		.coupling = calloc(elements + channels, sizeof(double)),
		.sends = calloc(elements, sizeof(double)),
		.hears = calloc(elements, sizeof(double)),
		.sound = calloc(elements, sizeof(bool)),
	};
	return e->power && e->noise && e->coupling && e->sends && e->hears &&
			       e->sound ? 0 : -ENOMEM;
}

void elements_finish(struct elements *e)
{
	free(e->power);
	free(e->noise);
	free(e->coupling);
	free(e->sends);
	free(e->hears);
	free(e->sound);
}

static bool can_hear(const struct elements *e, uint32_t k)
{
	return k < e->channels && k < e->elements && !e->bad_channel[k];
}

static uint32_t apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* --- the first guess: what each hears of itself ------------------------------ */

static double strongest(const struct elements *e, double *sorted)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < e->elements; k++)
		if (can_hear(e, k))
			sorted[n++] = *elements_at(e, k, k);
	if (!n)
		return 0;
	diag_median(sorted, n);
	return sorted[(uint32_t)(STRONGEST * (n - 1))];
}

/* Whoever has no ears is no measure for others until it has been heard. */
static void guess(struct elements *e, double *self)
{
	const double most = strongest(e, self);

	for (uint32_t k = 0; k < e->elements; k++) {
		const double own = can_hear(e, k) ?
				   fmax(*elements_at(e, k, k), 0) : most;

		self[k] = most > 0 ? sqrt(own / most) : 0;
		e->sends[k] = self[k];
		e->hears[k] = can_hear(e, k) ? self[k] : NAN;
		e->sound[k] = most > 0 && can_hear(e, k) &&
			      self[k] > ELEMENT_LEAST * ELEMENT_LEAST;
	}
}

/* --- rounds ----------------------------------------------------------------- */

/* Of a distance, the median over those who are sound; 0: there are none. */
static double coupling_at(const struct elements *e, uint32_t distance,
			  double *some)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->elements; i++) {
		for (int way = -1; way <= (distance ? 1 : -1); way += 2) {
			const int64_t k = (int64_t)i + way * (int64_t)distance;

			if (k < 0 || !can_hear(e, (uint32_t)k) ||
			    !e->sound[i] || !e->sound[k])
				continue;
			some[n++] = *elements_at(e, i, (uint32_t)k) /
				    (e->sends[i] * e->hears[k]);
		}
	}
	return n ? fmax(diag_median(some, n), 0) : 0;
}

/*
 * Least squares of what one sends (or hears) by all that know; @self where they
 * are silent, if it can hear itself. NAN: what they know is noise.
 */
static double fit(const struct elements *e, uint32_t of, bool sends,
		  double self)
{
	const double weight = can_hear(e, of) ? SELF : 0;
	double product = 0, square = 0, all = 0, unsure = 0, s;

	for (uint32_t i = 0; i < e->elements; i++) {
		const uint32_t from = sends ? of : i, to = sends ? i : of;
		const double g = e->coupling[apart(from, to)];
		double w;

		if (!can_hear(e, to) || isnan(e->sends[i]))
			continue;
		w = g * (sends ? e->hears[to] : e->sends[from]);
		product += w * *elements_at(e, from, to);
		square += w * w;
		all += g * g;
		s = e->noise[to] * sqrt(2.0 / e->samples);
		unsure += (w * w + weight * g * g) * s * s;
	}
	square += weight * all;
	if (!(sqrt(unsure) < UNSURE * square))
		return NAN;
	return fmax((product + weight * all * self) / square, 0);
}

/* Median of the nearest that are sound, but itself. */
static double neighbours(const struct elements *e, const double *value,
			 uint32_t of)
{
	double near[NEIGHBOURS + 1];
	uint32_t n = 0;

	for (uint32_t far = 1; far < e->elements && n < NEIGHBOURS; far++) {
		if (of >= far && e->sound[of - far] && !isnan(value[of - far]))
			near[n++] = value[of - far];
		if (of + far < e->elements && e->sound[of + far] &&
		    !isnan(value[of + far]))
			near[n++] = value[of + far];
	}
	return n ? diag_median(near, n) : NAN;
}

static bool within(double power)
{
	return isnan(power) || (power > ELEMENT_LEAST * ELEMENT_LEAST &&
				power < ELEMENT_MOST * ELEMENT_MOST);
}

static double median_of_sound(const struct elements *e, const double *value,
			      double *some)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->elements; i++)
		if (e->sound[i] && !isnan(value[i]))
			some[n++] = value[i];
	return n ? diag_median(some, n) : 1;
}

/* So that coupling is all that is common; who is sound its neighbours say. */
static void normalise(struct elements *e, const double *sends,
		      const double *hears, double *some)
{
	const double s = median_of_sound(e, sends, some);
	const double h = median_of_sound(e, hears, some);

	for (uint32_t i = 0; i < e->elements; i++) {
		e->sends[i] = sends[i] / s;
		e->hears[i] = hears[i] / h;
	}
	for (uint32_t i = 0; i < e->elements; i++)
		some[i] = !isnan(sends[i]) &&
			  within(sends[i] / neighbours(e, sends, i)) &&
			  within(hears[i] / neighbours(e, hears, i));
	for (uint32_t i = 0; i < e->elements; i++)
		e->sound[i] = some[i] != 0;
}

static void once(struct elements *e, const double *self, double *sends,
		 double *hears, double *some)
{
	for (uint32_t d = 0; d < e->elements; d++)
		e->coupling[d] = coupling_at(e, d, some);
	for (uint32_t i = 0; i < e->elements; i++) {
		sends[i] = fit(e, i, true, self[i]);
		hears[i] = can_hear(e, i) ? fit(e, i, false, self[i]) : NAN;
	}
	normalise(e, sends, hears, some);
}

/* Amplitudes, over the neighbours'. */
static void compare(struct elements *e, const double *sends,
		    const double *hears)
{
	for (uint32_t i = 0; i < e->elements; i++) {
		e->sends[i] = sqrt(sends[i] / neighbours(e, sends, i));
		e->hears[i] = sqrt(hears[i] / neighbours(e, hears, i));
	}
}

static void take_noise_off(struct elements *e)
{
	for (uint32_t i = 0; i < e->elements; i++)
		for (uint32_t k = 0; k < e->channels; k++)
			*elements_at(e, i, k) -= e->noise[k];
}

/* Of a probe without a fault, through the channels that are sound. */
static double echo_of(const struct elements *e, double *sum)
{
	for (uint32_t i = 0; i < e->elements; i++) {
		sum[i] = 0;
		for (uint32_t k = 0; k < e->elements; k++)
			if (can_hear(e, k))
				sum[i] += e->coupling[apart(i, k)];
	}
	return diag_median(sum, e->elements);
}

double elements_solve(struct elements *e)
{
	/* of a distance there are two of each element */
	double *some = calloc(2 * e->elements, sizeof(*some));
	double *self = calloc(e->elements, sizeof(*self));
	double *sends = calloc(e->elements, sizeof(*sends));
	double *hears = calloc(e->elements, sizeof(*hears));
	double echo = 0;

	if (some && self && sends && hears) {
		take_noise_off(e);
		guess(e, self);
		for (int i = 0; i < ROUNDS; i++)
			once(e, self, sends, hears, some);
		compare(e, sends, hears);
		echo = echo_of(e, some);
	}
	free(some);
	free(self);
	free(sends);
	free(hears);
	return echo;
}
