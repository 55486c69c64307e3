// SPDX-License-Identifier: MIT
/*
 * The beamformer's object: what may be asked of it, what it is made of, what
 * it costs. Documentation/dsp.rst, "Beamforming".
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "beamform_private.h"
#include "cpu.h"
#include "demod.h"

/* Lines of a group, and receive delays of its tile: half of a level 2 cache. */
#define GROUP_MAX	64
#define GROUP_DELAYS	8192
#define GROUP_LAWS	1024	/* of packets: a quarter of it */
#define GROUP_SUMS	2048	/* tiles of images: a quarter of a level 2 cache */

/* A grid's samples are divided at most so often. */
#define REFINE_MAX	8

const struct beamform_receive_variant beamform_receive_variants[] = {
	{ beamform_receive_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ beamform_receive_avx2, "avx2", CPU_AVX2 },
	{ beamform_receive_c, "c", 0 },
	{ }
};

const struct beamform_add_variant beamform_add_variants[] = {
	{ beamform_add_avx512, "avx512", CPU_AVX2 | CPU_AVX512, false },
	{ beamform_add_avx2, "avx2", CPU_AVX2, true },
	{ beamform_add_c, "c", 0, false },
	{ }
};

const struct beamform_law_variant beamform_law_variants[] = {
	{ beamform_law_avx512, "avx512", CPU_AVX2 | CPU_AVX512,
	  beamform_sum_avx512 },
	{ beamform_law_avx2, "avx2", CPU_AVX2, beamform_sum_avx2 },
	{ beamform_law_c, "c", 0, beamform_sum_c },
	{ }
};

const struct beamform_note_variant beamform_note_variants[] = {
	{ beamform_note_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ beamform_note_avx2, "avx2", CPU_AVX2 },
	{ beamform_note_c, "c", 0 },
	{ }
};

static const char *window_fault(const struct beamform_params *p)
{
	if (p->window != WINDOW_BOXCAR && p->window != WINDOW_HANN &&
	    p->window != WINDOW_TUKEY)
		return "beamforming: unknown window";
	if (p->window != WINDOW_BOXCAR && p->f_number == 0)
		return "beamforming: a window needs an F-number";
	if (p->window == WINDOW_TUKEY && !(p->taper >= 0 && p->taper <= 1))
		return "beamforming: taper is not 0 to 1";
	return NULL;
}

static const char *group_fault(const struct sono_scan *scan,
			       const struct beamform_params *p)
{
	uint32_t e, g;

	if (!p->groups || p->groups > scan->events)
		return "beamforming: groups are not 1 to the scan's events";
	if (!p->group)
		return p->groups > 1 ? "beamforming: events without a group" :
				       NULL;
	for (g = 0; g < p->groups; g++) {
		for (e = 0; e < scan->events && p->group[e] != g; e++)
			;
		if (e == scan->events)
			return "beamforming: a group without events";
	}
	for (e = 0; e < scan->events; e++)
		if (p->group[e] >= p->groups && p->group[e] != BEAMFORM_UNUSED)
			return "beamforming: an event in an unknown group";
	return NULL;
}

/* Of each image an even number of events, or a pair would be cut in two. */
static const char *pair_fault(const struct sono_scan *scan,
			      const struct beamform_params *p)
{
	uint32_t e, g, n;

	for (g = 0; g < p->groups; g++) {
		for (e = 0, n = 0; e < scan->events; e++)
			n += p->group ? p->group[e] == g : true;
		if (n % 2)
			return "beamforming: pairs of an odd number of events";
	}
	return NULL;
}

static const char *scan_fault(const struct sono_scan *scan)
{
	uint32_t i;

	if (!(scan->c > 0) || !isfinite(scan->c))
		return "scan: speed of sound is not positive";
	if (scan->channels > UINT16_MAX)
		return "scan: more than 65535 channels";
	for (i = 0; i < scan->elements; i++) {
		const struct sono_element *el = &scan->element[i];

		if (!(fabs(hypot(el->nx, el->nz) - 1) < 1e-6))
			return "scan: an element's normal is not a unit vector";
		if (!isfinite(el->x) || !isfinite(el->z))
			return "scan: an element's place is not a number";
	}
	for (i = 0; i < scan->channels; i++)
		if (scan->channel_element[i] >= scan->elements)
			return "scan: a channel of an unknown element";
	for (i = 0; i < scan->events; i++)
		if (scan->event[i].wave == SONO_WAVE_FOCUSED &&
		    (!(scan->event[i].focus > 0) ||
		     !isfinite(scan->event[i].focus)))
			return "scan: a focus is not in front of the probe";
	return NULL;
}

static const char *fault(const struct sono_scan *scan,
			 const struct beamform_params *p)
{
	const char *why = grid_check(&p->grid);

	if (!why && !(p->f_number >= 0 && p->f_number <= 16))
		why = "beamforming: F-number is not 0 to 16";
	if (!why && p->decimate > 1 &&
	    scan->fc > DEMOD_TURNS_MAX * demod_rate(scan, p->decimate, p->interpolation))
		why = "beamforming: decimated to less than 3.3 samples a period of fc";
	if (!why && p->interpolation > INTERPOLATION_UPSAMPLED)
		why = "beamforming: unknown interpolation";
	if (!why && !(fabs(p->steer) < 1.5))
		why = "beamforming: receive aperture steered by a right angle";
	if (!why)
		why = window_fault(p);
	if (!why && p->pairs && p->coherence)
		why = pair_fault(scan, p);
	if (!why && p->coherence && p->window != WINDOW_BOXCAR)
		why = "beamforming: coherence of an aperture with a window";
	if (!why)
		why = group_fault(scan, p);
	if (!why)
		why = scan_fault(scan);
	return why;
}

/* --- the object --- */

static size_t receive_vectors(const struct beamform *b)
{
	return b->shared ? b->laws : (size_t)b->group * b->scan->channels;
}

/* Laws kept of lines of a group, one by one. */
static size_t own_laws(const struct beamform *b)
{
	return b->packet ? (size_t)b->group * b->scan->channels : 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Lines at a time. */
static uint32_t choose_group(const struct beamform *b)
{
	const uint32_t channels = b->scan->channels;
	uint32_t n = least(GROUP_MAX, GROUP_SUMS / b->params.groups);

	if (!b->shared)
		n = least(n, GROUP_DELAYS / channels);
	if (b->packet && !b->kept)
		n = least(n, GROUP_LAWS / channels);
	n -= n % beamform_unit(b);
	return n > 1 ? n : 1;
}

static size_t heard_tiles(const struct beamform *b)
{
	return b->params.coherence ? (size_t)b->params.groups * b->group : 0;
}

static int make_scratch(struct beamform *b, struct scratch *s)
{
	const size_t lines = (size_t)b->group * b->scan->channels;

	s->receive = dsp_alloc(receive_vectors(b), TILE * sizeof(*s->receive));
	s->weight = dsp_alloc(lines, TILE * sizeof(*s->weight));
	s->acc = dsp_alloc((size_t)b->params.groups * b->group,
			   2 * TILE * sizeof(*s->acc));
	s->heard = dsp_alloc(heard_tiles(b), 2 * TILE * sizeof(*s->heard));
	if (!s->receive || !s->weight || !s->acc || !s->heard)
		return -ENOMEM;
	if (!b->fitted)
		return 0;
	s->laws = dsp_alloc(b->kept + own_laws(b), BEAMFORM_LAW_BYTES);
	s->law = dsp_alloc(own_laws(b), sizeof(*s->law));
	s->bundle = dsp_alloc((size_t)BUNDLES * b->group, sizeof(*s->bundle));
	return s->laws && s->law && s->bundle ? 0 : -ENOMEM;
}

static int make_scratches(struct beamform *b)
{
	uint32_t w;
	int ret = 0;

	b->group = choose_group(b);
	b->scratch = calloc(b->params.workers, sizeof(*b->scratch));
	if (!b->scratch)
		return -ENOMEM;
	for (w = 0; !ret && w < b->params.workers; w++)
		ret = make_scratch(b, &b->scratch[w]);
	return ret;
}

static int build(struct beamform *b, const char **why)
{
	int ret;

	b->part = calloc(b->scan->events, sizeof(*b->part));
	if (!b->part)
		return -ENOMEM;
	beamform_fill_parts(b);
	ret = aperture_create(&b->aperture, b->scan, &b->params);
	if (!ret)
		ret = beamform_make_services(b);
	if (ret)
		return ret;
	*why = beamform_fill_waves(b);
	if (*why)
		return -EINVAL;
	ret = beamform_make_laws(b, why);
	if (ret)
		return ret;
	beamform_fill_kinds(b);
	ret = beamform_choose_kept(b);
	return ret ? ret : make_scratches(b);
}

uint32_t beamform_finer(const struct sono_scan *scan, double step,
			uint32_t decimate, enum interpolation interpolation)
{
	/* there and back */
	const double apart = 2 * step / scan->c *
			     demod_rate(scan, decimate ? decimate : 1,
					interpolation);

	return fmin(fmax(ceil(apart / BEAMFORM_APART), 1), REFINE_MAX);
}

static void refine(struct beamform *b)
{
	struct grid *grid = &b->params.grid;

	b->refine = beamform_finer(b->scan, grid->sample_step,
				   b->params.decimate,
				   b->params.interpolation);
	grid->samples = (grid->samples - 1) * b->refine + 1;
	grid->sample_step /= b->refine;
}

int beamform_create(struct beamform **beamform, const struct sono_scan *scan,
		    const struct beamform_params *params, const char **why)
{
	struct beamform *b;
	int ret;

	*why = fault(scan, params);
	if (*why)
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->scan = scan;
	b->params = *params;
	if (!b->params.decimate)
		b->params.decimate = 1;
	if (!b->params.workers)
		b->params.workers = 1;
	b->fs = demod_rate(scan, b->params.decimate,
			   b->params.interpolation);
	refine(b);
	b->tiles = (b->params.grid.samples + TILE - 1) / TILE;
	b->receive = cpu_choose(beamform_receive_variants)->fn;
	b->add = cpu_choose(beamform_add_variants)->fn;
	b->quads = cpu_choose(beamform_add_variants)->quads;
	b->make_laws = cpu_choose(beamform_law_variants)->fn;
	b->sum = cpu_choose(beamform_law_variants)->sum;
	b->note = cpu_choose(beamform_note_variants)->fn;
	beamform_fit_taps(&b->taps, scan->fc / b->fs,
			  b->params.interpolation);
	ret = build(b, why);
	b->params.group = NULL;		/* the caller's, now in part[] */
	if (ret)
		beamform_destroy(b);
	else
		*beamform = b;
	return ret;
}

/* --- figures --- */

static uint64_t count_channel(const struct beamform *b, uint32_t line,
			      uint32_t k, uint32_t c)
{
	const struct sono_event *event =
		&b->scan->event[b->part[service_of(b, line, k)->part].event];
	const double last = (demod_samples(b->scan, event->samples,
					   b->params.decimate,
					   b->params.interpolation) - 1.0) * STEPS;
	const struct aperture_span span = aperture_span(b->aperture, line, c);
	const uint32_t law = law_of(b, line, c);
	const double step = b->params.grid.sample_step * b->fs / b->scan->c *
			    STEPS;
	int32_t transmit[TILE];
	uint64_t n = 0;
	uint32_t j, tile = UINT32_MAX;

	/* only samples that are given count */
	for (j = (span.first + b->refine - 1) / b->refine * b->refine;
	     j < span.end; j += b->refine) {
		const double a = b->along[law] + j * step;
		double s;

		if (j / TILE != tile)
			get_transmit(wave_of(b, j / TILE, line, k), transmit);
		tile = j / TILE;
		s = transmit[j % TILE] + sqrt(a * a + b->across2[law]);
		n += s >= 0 && s <= last;
	}
	return n;
}

uint64_t beamform_points(const struct beamform *b)
{
	uint64_t n = 0;
	uint32_t line, k, c;

	for (line = 0; line < b->params.grid.lines; line++)
		for (k = 0; k < b->services[line]; k++)
			for (c = 0; c < b->scan->channels; c++)
				n += count_channel(b, line, k, c);
	return n;
}

double beamform_irregular(const struct beamform *b)
{
	size_t all = 0, irregular = 0;
	uint32_t line, tile, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		for (k = 0; k < b->services[line]; k++) {
			for (tile = 0; tile < b->tiles; tile++)
				irregular += wave_of(b, tile, line, k)->kind ==
					     TILE_IRREGULAR;
			all += b->tiles;
		}
	}
	return (double)irregular / all;
}

static size_t scratch_bytes(const struct beamform *b)
{
	const size_t lines = b->group, channels = b->scan->channels;
	const size_t bytes =
		TILE * (receive_vectors(b) * sizeof(int32_t) +
			lines * channels * sizeof(int16_t) +
			(b->params.groups * lines + heard_tiles(b)) * 2 *
				sizeof(float));

	if (!b->fitted)
		return bytes;
	return bytes + b->kept * BEAMFORM_LAW_BYTES +
	       own_laws(b) * (BEAMFORM_LAW_BYTES + sizeof(uint32_t)) +
	       lines * BUNDLES * sizeof(struct bundle);
}

size_t beamform_bytes(const struct beamform *b)
{
	const size_t lines = b->params.grid.lines;
	const size_t channels = b->scan->channels;

	return aperture_bytes(b->aperture) +
	       lines * b->most *
		       (b->tiles * sizeof(*b->wave) + sizeof(*b->service)) +
	       lines * channels * (2 * sizeof(float) + sizeof(*b->law)) +
	       b->params.workers * scratch_bytes(b);
}

void beamform_destroy(struct beamform *b)
{
	uint32_t w;

	if (!b)
		return;
	for (w = 0; b->scratch && w < b->params.workers; w++) {
		free(b->scratch[w].receive);
		free(b->scratch[w].weight);
		free(b->scratch[w].acc);
		free(b->scratch[w].heard);
		free(b->scratch[w].laws);
		free(b->scratch[w].law);
		free(b->scratch[w].bundle);
	}
	free(b->scratch);
	aperture_destroy(b->aperture);
	free(b->part);
	free(b->services);
	free(b->service);
	free(b->wave);
	free(b->fitted);
	free(b->line_like);
	free(b->law_like);
	free(b->along);
	free(b->across2);
	free(b->law);
	free(b);
}
