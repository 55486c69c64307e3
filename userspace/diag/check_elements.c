// SPDX-License-Identifier: MIT
/*
 * Each element by what it hears of the others and they of it: the elements
 * transmit one after the other, and all channels receive. The probe is held in
 * air or on a phantom, anything that reflects all over its face. An element is
 * compared with its neighbours, as arrus' probe check does.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

#define CHUNK 16 /* elements of a table */
#define FRAMES 4
#define SAMPLES 1024
#define NEIGHBOURS 16 /* on each side, arrus: groups of 32 */
#define NEIGHBOURS_MIN 5

/* Of the amplitude of the neighbours' median: arrus probe_check.py 0.11.3. */
#define WEAK 0.5
#define STRONG 2.0
/* A quarter is weak; what is left of an element that is off is crosstalk. */
#define DEAD 0.12

/* Echoes at least, in power over noise, for a verdict on a twelfth of them. */
#define ECHO_MIN 0.5

#define NAMED 16

/**
 * struct probing - what the check knows
 * @shots: of the chunk in hand
 * @first: element of it
 * @sends: power heard of each element, [elements]
 * @hears: power in each channel, [channels]
 * @noise: the same without transmit, per event, [channels]
 */
struct probing {
	struct diag_shots shots;
	uint32_t first;
	bool quiet;
	double *sends;
	double *hears;
	double *noise;
};

static double power(const int16_t *row, uint32_t samples)
{
	double sum = 0;

	for (uint32_t i = 0; i < samples; i++)
		sum += (double)row[i] * row[i];
	return sum / samples;
}

static bool add(struct diag_capture *c, const struct sono_frame *f)
{
	struct probing *p = c->arg;
	const struct diag *d = c->d;

	for (uint32_t e = 0; e < p->shots.events; e++) {
		for (uint32_t k = 0; k < d->info->channels; k++) {
			const double x =
				power(diag_row(d, f->data, &p->shots, e, k),
				      SAMPLES) / FRAMES;

			if (p->quiet) {
				p->noise[k] += x / p->shots.events;
				continue;
			}
			p->hears[k] += x;
			if (!d->bad_channel[k])
				p->sends[p->first + e] += x;
		}
	}
	return true;
}

static int probe_chunk(struct diag_capture *c, uint32_t first, bool quiet)
{
	struct probing *p = c->arg;
	const uint32_t left = c->d->info->elements - first;

	p->first = first;
	p->quiet = quiet;
	p->shots.first = first;
	p->shots.events = left < CHUNK ? left : CHUNK;
	c->transmit = !quiet;
	c->begin = (double)first / c->d->info->elements;
	c->share = (double)p->shots.events / c->d->info->elements;
	return diag_load(c, &p->shots) ?: diag_run_frames(c);
}

/* Echoes are what is more than noise. */
static void take_noise_off(const struct diag *d, struct probing *p)
{
	const uint32_t elements = d->info->elements;
	double all = 0;

	for (uint32_t k = 0; k < d->info->channels; k++) {
		all += d->bad_channel[k] ? 0 : p->noise[k];
		p->hears[k] = fmax(p->hears[k] - elements * p->noise[k], 0);
	}
	for (uint32_t e = 0; e < elements; e++)
		p->sends[e] = fmax(p->sends[e] - all, 0);
}

static double median_of(const double *value, uint32_t n)
{
	double *sorted = malloc(n * sizeof(*sorted)), median = 0;

	if (sorted) {
		memcpy(sorted, value, n * sizeof(*sorted));
		median = diag_median(sorted, n);
	}
	free(sorted);
	return median;
}

/* Amplitude of @at over the median of its neighbours'; NAN: there are too few. */
static double ratio(const double *power_of, uint32_t n, uint32_t at,
		    const bool *bad)
{
	double near[2 * NEIGHBOURS], median;
	uint32_t from = at > NEIGHBOURS ? at - NEIGHBOURS : 0, count = 0;

	for (uint32_t i = from; i < n && i <= at + NEIGHBOURS; i++)
		if (i != at && !(bad && bad[i]))
			near[count++] = power_of[i];
	if (count < NEIGHBOURS_MIN)
		return NAN;
	median = diag_median(near, count);
	return median > 0 ? sqrt(power_of[at] / median) : NAN;
}

static const char *fault_of(double sends, double hears)
{
	const double least = fmin(sends, isnan(hears) ? sends : hears);
	const double most = fmax(sends, isnan(hears) ? sends : hears);

	if (most < DEAD)
		return "is dead";
	if (most < WEAK)
		return "is weak";
	if (least > STRONG)
		return "is too strong";
	if (sends < WEAK)
		return sends < DEAD ? "does not send" : "sends weakly";
	if (hears < WEAK)
		return hears < DEAD ? "does not hear" : "hears weakly";
	return NULL;
}

static void judge(struct diag *d, struct diag_result *r,
		  const struct probing *p)
{
	const uint32_t elements = d->info->elements;
	double *shown = calloc(elements, sizeof(*shown));
	uint32_t count = 0, run = 0, longest = 0;

	for (uint32_t e = 0; e < elements; e++) {
		const bool hears = e < d->info->channels && !d->bad_channel[e];
		const double s = ratio(p->sends, elements, e, NULL);
		const double h = hears ? ratio(p->hears, d->info->channels, e,
					       d->bad_channel) : NAN;
		const char *fault = fault_of(s, h);

		run = fault ? run + 1 : 0;
		longest = run > longest ? run : longest;
		if (fault && count++ < NAMED)
			diag_blame(r, DIAG_FAIL,
				   "element %u %s: sends %.2f, hears %.2f of its neighbours",
				   e, fault, s, h);
		if (shown)
			shown[e] = fmax(20 * log10(fmax(s, 1e-3)), -40);
	}
	if (count > NAMED)
		diag_blame(r, DIAG_FAIL, "%u more elements are bad",
			   count - NAMED);
	diag_note(d, r, "bad", "elements", count);
	diag_note(d, r, "bad_in_a_row", "elements", longest);
	if (shown)
		diag_plot(r, &(struct diag_plot){
			.title = "What is heard of each element",
			.x = "element", .y = "dB re neighbours",
			.n = elements, .step = 1, .lo = 20 * log10(WEAK),
			.hi = 20 * log10(STRONG) }, shown);
	free(shown);
}

static void finish(struct diag *d, struct diag_result *r, struct probing *p)
{
	double noise = 0, echo;

	for (uint32_t k = 0; k < d->info->channels; k++)
		noise += d->bad_channel[k] ? 0 : p->noise[k];
	take_noise_off(d, p);
	echo = median_of(p->sends, d->info->elements);
	if (!(echo > ECHO_MIN * noise)) {
		diag_skip(r, "nothing reflects: hold the probe in air, or on a phantom");
		return;
	}
	diag_detail(r, "%u elements, echoes %.1f dB above noise",
		    d->info->elements, 10 * log10(echo / noise));
	diag_measure(d, r, "sensitivity", "dB re noise",
		     10 * log10(echo / noise));
	judge(d, r, p);
}

static void probe(struct diag *d, struct diag_result *r, struct probing *p)
{
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_ADC,
		.frames = FRAMES,
		.look = add,
		.arg = p,
	};
	int ret = probe_chunk(&c, 0, true);

	for (uint32_t e = 0; e < d->info->elements && !ret; e += CHUNK)
		ret = probe_chunk(&c, e, false);
	if (!ret)
		finish(d, r, p);
}

void diag_check_elements(struct diag *d, struct diag_result *r)
{
	struct probing p = {
		.shots = {
			.samples = SAMPLES,
			.start = 2e-6,
			.period = 100e-6,
			.voltage = 0.6e-3 * d->info->hv_max,
			/* four samples a period is what a probe is sampled with */
			.frequency = d->info->adc_clock / 4.0,
		},
		.sends = calloc(d->info->elements, sizeof(double)),
		.hears = calloc(d->info->channels, sizeof(double)),
		.noise = calloc(d->info->channels, sizeof(double)),
	};

	if (!p.sends || !p.hears || !p.noise)
		diag_blame(r, DIAG_FAIL, "out of memory");
	else if (diag_need_stream(d, r))
		probe(d, r, &p);
	free(p.sends);
	free(p.hears);
	free(p.noise);
}
