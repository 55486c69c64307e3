// SPDX-License-Identifier: MIT
/*
 * Each element by what it hears of the others and they of it: the elements
 * transmit one after the other, and all channels receive. The probe is held in
 * air or on a phantom, anything that reflects all over its face. What element k
 * hears of e is what e sends, times what k hears, times what is due to their
 * distance (elements.c). An element is compared with its neighbours that
 * are sound, as arrus' probe check does, however far they are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "elements.h"
#include "names.h"

#define CHUNK 16 /* elements of a table */
#define FRAMES 4
#define SAMPLES 1024

/* What is left of an element that is off is crosstalk. */
#define DEAD 0.12

/* Echoes at least, in power over noise, for a verdict on a twelfth of them. */
#define ECHO_MIN 0.5
#define ECHO_NONE_DB (-20.0)

/* Without transmit an ADC hears noise; 20 dB more of it is a pattern. */
#define PATTERN 100.0

/* As much above or below the installation: it is the strongest that are sound. */
#define TRUSTED_DB 6.0

/**
 * struct probing - what the check knows
 * @shots: of the chunk in hand
 * @first: element of it
 * @quiet: nothing is transmitted
 * @e: of all
 */
struct probing {
	struct diag_shots shots;
	uint32_t first;
	bool quiet;
	struct elements e;
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

			if (p->quiet)
				p->e.noise[k] += x / p->shots.events;
			else
				elements_at(&p->e, p->first + e, k)[0] += x;
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

/* --- verdicts --------------------------------------------------------------- */

static const struct {
	const char *one, *many;
} kinds[] = {
	[ELEMENT_DEAD] = { "is dead", "are dead" },
	[ELEMENT_WEAK] = { "is weak", "are weak" },
	[ELEMENT_STRONG] = { "is too strong", "are too strong" },
	[ELEMENT_MUTE] = { "does not send", "do not send" },
	[ELEMENT_FAINT] = { "sends weakly", "send weakly" },
	[ELEMENT_DEAF] = { "does not hear", "do not hear" },
	[ELEMENT_DULL] = { "hears weakly", "hear weakly" },
	[ELEMENT_UNKNOWN] = { "cannot be judged, no channel about it is sound",
			      "cannot be judged, no channel about them is sound" },
};

/* A figure that is not known is that of the other way. */
static enum element_kind kind_of(double sends, double hears)
{
	const double s = isnan(sends) ? hears : sends;
	const double h = isnan(hears) ? sends : hears;

	if (isnan(s))
		return ELEMENT_UNKNOWN;
	if (fmax(s, h) < DEAD)
		return ELEMENT_DEAD;
	if (fmax(s, h) < ELEMENT_LEAST)
		return ELEMENT_WEAK;
	if (fmin(s, h) > ELEMENT_MOST)
		return ELEMENT_STRONG;
	if (s < ELEMENT_LEAST)
		return s < DEAD ? ELEMENT_MUTE : ELEMENT_FAINT;
	if (h < ELEMENT_LEAST)
		return h < DEAD ? ELEMENT_DEAF : ELEMENT_DULL;
	return ELEMENT_SOUND;
}

static void figures_of(char *text, size_t n, double sends, double hears)
{
	if (isnan(hears))
		snprintf(text, n, ": sends %.2f of its neighbours", sends);
	else if (isnan(sends))
		snprintf(text, n, ": hears %.2f of its neighbours", hears);
	else
		snprintf(text, n, ": sends %.2f, hears %.2f of its neighbours",
			 sends, hears);
}

static void name(struct diag_result *r, const struct elements *e,
		 const enum element_kind *kind, bool *set)
{
	for (int i = ELEMENT_DEAD; i < ELEMENT_KINDS; i++) {
		struct diag_names names = { "element", kinds[i].one,
					    kinds[i].many, "" };

		for (uint32_t k = 0; k < e->elements; k++) {
			set[k] = (int)kind[k] == i;
			if (set[k] && i != ELEMENT_UNKNOWN)
				figures_of(names.figures, sizeof(names.figures),
					   e->sends[k], e->hears[k]);
		}
		diag_blame_set(r, i == ELEMENT_UNKNOWN ? DIAG_WARN : DIAG_FAIL,
			       &names, set, e->elements);
	}
}

static void plot(struct diag_result *r, const struct elements *e)
{
	double *shown = calloc(e->elements, sizeof(*shown));

	for (uint32_t k = 0; shown && k < e->elements; k++)
		shown[k] = isnan(e->sends[k]) ? -40 :
			   fmax(20 * log10(fmax(e->sends[k], 1e-3)), -40);
	if (shown)
		diag_plot(r, &(struct diag_plot){
			.title = "What is heard of each element",
			.x = "element", .y = "dB re neighbours",
			.n = e->elements, .step = 1,
			.lo = 20 * log10(ELEMENT_LEAST),
			.hi = 20 * log10(ELEMENT_MOST) }, shown);
	free(shown);
}

static void judge(struct diag *d, struct diag_result *r,
		  const struct elements *e, bool trusted)
{
	enum element_kind *kind = calloc(e->elements, sizeof(*kind));
	bool *set = calloc(e->elements, sizeof(*set));
	uint32_t count = 0, run = 0, longest = 0;
	enum diag_status in_a_row;
	bool bad;

	for (uint32_t k = 0; kind && k < e->elements; k++) {
		kind[k] = kind_of(e->sends[k], e->hears[k]);
		bad = kind[k] != ELEMENT_SOUND && kind[k] != ELEMENT_UNKNOWN;
		run = bad ? run + 1 : 0;
		longest = run > longest ? run : longest;
		count += bad;
	}
	diag_note(d, r, "bad", "elements", count);
	in_a_row = diag_measure(d, r, "bad_in_a_row", "elements", longest);
	if (count > e->elements / 2 && !trusted)
		diag_blame(r, DIAG_FAIL,
			   "most elements are bad: %u of %u, compared with the strongest",
			   count, e->elements);
	else if (kind && set)
		name(r, e, kind, set);
	if (in_a_row > DIAG_PASS)
		diag_blame(r, in_a_row, "bad elements in a row: %u, which %s",
			   longest, in_a_row == DIAG_WARN ?
			   "changes the beam" : "has a clinical effect");
	plot(r, e);
	free(kind);
	free(set);
}

/* --- sensitivity ------------------------------------------------------------ */

/* Change since the installation [dB], 0 where none is known; it is judged. */
static double judge_sensitivity(struct diag *d, struct diag_result *r,
				double db, bool *known)
{
	struct diag_measure m;

	diag_judge(d, r, "sensitivity", db, &m);
	diag_measure(d, r, "sensitivity", "dB re noise", db);
	*known = !isnan(m.baseline);
	return *known ? db - m.baseline : 0;
}

static void blame_loss(struct diag_result *r, double change)
{
	struct diag_measure *m = &r->measure[r->measures - 1];

	if (m->status > DIAG_PASS)
		diag_blame(r, m->status,
			   "all elements are weak: transmit or receive lost %.1f dB since the installation",
			   -change);
}

/* A probe that is on nothing, or one that does nothing. */
static void nothing(struct diag *d, struct diag_result *r, double noise)
{
	const double pattern = PATTERN * d->info->channels * d->noise * d->noise;
	bool known;
	double change;

	if (d->noise > 0 && noise > pattern) {
		diag_skip(r, "the ADC delivers a pattern, no echoes");
		return;
	}
	change = judge_sensitivity(d, r, ECHO_NONE_DB, &known);
	if (known)
		diag_blame(r, DIAG_FAIL,
			   "no element sends or hears: transmit or receive lost %.0f dB and more since the installation, or nothing reflects",
			   -change);
	else
		diag_blame(r, DIAG_WARN,
			   "no element is heard: hold the probe in air, or on a phantom; if it is, all are dead");
}

static void finish(struct diag *d, struct diag_result *r, struct probing *p)
{
	double noise = 0, echo, db, change;
	bool known;

	for (uint32_t k = 0; k < d->info->channels; k++)
		noise += d->bad_channel[k] ? 0 : p->e.noise[k];
	if (noise == 0) {
		diag_skip(r, "no channel is sound");
		return;
	}
	echo = elements_solve(&p->e);
	if (!(echo > ECHO_MIN * noise)) {
		nothing(d, r, noise);
		return;
	}
	db = 10 * log10(echo / noise);
	diag_detail(r, "%u elements, echoes %.1f dB above noise",
		    d->info->elements, db);
	change = judge_sensitivity(d, r, db, &known);
	blame_loss(r, change);
	judge(d, r, &p->e, known && fabs(change) < TRUSTED_DB);
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
	};

	if (elements_create(&p.e, d->info->elements, d->info->channels,
			    d->bad_channel, FRAMES * SAMPLES))
		diag_blame(r, DIAG_FAIL, "out of memory");
	else if (diag_need_stream(d, r))
		probe(d, r, &p);
	elements_finish(&p.e);
}
