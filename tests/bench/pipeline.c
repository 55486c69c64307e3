// SPDX-License-Identifier: MIT
/*
 * The whole pipeline, from a frame complete in memory to the picture. Prepared
 * frames, more than 64 MiB of them, are copied one after another into a slot,
 * as the board's DMA would, and that copy is paid for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "dsp/pipeline.h"

#define SPEED		1540.0
#define RING_BYTES	(64u << 20)
#define ELEMENTS	64
#define PITCH		0.3e-3
#define FC		2.7e6
#define DEGREES		(M_PI / 180)

/* What a frame has: waves of B, an ensemble of colour. */
struct shape {
	uint32_t waves;
	uint32_t ensemble;
};

struct object {
	struct sono_scan *scan;
	struct pipeline *pipeline;
	uint8_t *ring, *slot;
	size_t frames, next;
	uint64_t seq;
};

static void place_elements(struct sono_scan *scan)
{
	uint32_t e;

	for (e = 0; e < ELEMENTS; e++) {
		scan->element[e] = (struct sono_element){
			.x = (e - (ELEMENTS - 1) / 2.0) * PITCH, .nz = 1,
		};
		scan->channel_element[e] = e;
	}
}

/* A wave from behind the probe, 60 degrees wide, aimed at @angle. */
static void aim(struct sono_scan *scan, struct sono_event *event, double angle)
{
	const double behind = (ELEMENTS - 1) / 2.0 * PITCH / tan(M_PI / 6);
	double *delay = (double *)event->delay, least = INFINITY;
	uint32_t e;

	event->wave = SONO_WAVE_DIVERGING;
	event->samples = 2304;
	event->period = 220e-6;
	for (e = 0; e < ELEMENTS; e++) {
		delay[e] = hypot(scan->element[e].x + behind * sin(angle),
				 behind * cos(angle)) / SPEED;
		least = fmin(least, delay[e]);
	}
	for (e = 0; e < ELEMENTS; e++)
		delay[e] -= least;
}

static struct sono_scan *make_scan(const struct shape *shape)
{
	const uint32_t events = shape->waves + shape->ensemble;
	struct sono_scan *scan = sono_scan_alloc(ELEMENTS, ELEMENTS, events);
	uint32_t e;

	if (!scan)
		bench_die("pipeline", "no memory");
	scan->fs = 4 * FC;
	scan->fc = FC;
	scan->c = SPEED;
	scan->frame_period = 10e-3;
	place_elements(scan);
	for (e = 0; e < events; e++) {
		const bool b = e < shape->waves;
		struct sono_event *event = &scan->event[e];

		aim(scan, event, b ? 20 * DEGREES *
				     (2.0 * e / (shape->waves - 1) - 1) : 0);
		event->tag = b ? SONO_TAG(SONO_ROLE_B, 0, e) :
				 SONO_TAG(SONO_ROLE_COLOUR, e - shape->waves,
					  0);
	}
	sono_scan_layout(scan, 0);
	return scan;
}

static void set_params(struct pipeline_params *p, const struct shape *shape,
		       const struct bench_run *run)
{
	pipeline_params_init(p);
	p->b.grid = (struct grid){
		.shape = GRID_SECTOR, .lines = run->smoke ? 24 : 192,
		.samples = 1024, .line0 = -37.5 * DEGREES,
		.line_step = 75 * DEGREES / 191, .sample0 = 5e-3,
		.sample_step = SPEED / FC / 4,
	};
	p->b.reference = 1e6;
	p->display.width = 1024;
	p->display.height = 768;
	p->workers = run->threads;
	if (!shape->ensemble)
		return;
	p->colour.on = true;
	p->colour.grid = (struct grid){
		.shape = GRID_SECTOR, .lines = run->smoke ? 12 : 96,
		.samples = 256, .line0 = -15 * DEGREES,
		.line_step = 30 * DEGREES / 95, .sample0 = 40e-3,
		.sample_step = SPEED / FC / 2,
	};
	p->colour.wall.order = 2;
}

static void fill_ring(struct object *o, bool smoke)
{
	const size_t bytes = o->scan->frame_bytes;
	int16_t *first;
	size_t i;

	o->frames = smoke ? 1 : RING_BYTES / bytes + 1;
	o->ring = bench_alloc(o->frames, bytes);
	o->slot = bench_alloc(1, bytes);
	first = (int16_t *)o->ring;
	for (i = 0; i < bytes / 2; i++)
		first[i] = 8000 * bench_random() * sin(M_PI / 2 * i);
	for (i = 1; i < o->frames; i++)
		memcpy(o->ring + i * bytes, o->ring, bytes);
}

static void *create(const void *arg, struct bench_run *run)
{
	const struct shape *shape = arg;
	struct object *o = bench_alloc(1, sizeof(*o));
	struct pipeline_params params;
	const char *why = "no memory";

	o->scan = make_scan(shape);
	set_params(&params, shape, run);
	if (pipeline_create(&o->pipeline, o->scan, &params, &why))
		bench_die("pipeline", why);
	fill_ring(o, run->smoke);
	run->frames = 1;
	return o;
}

static void execute(void *object)
{
	struct object *o = object;
	const size_t bytes = o->scan->frame_bytes;
	const struct rf_frame frame = {
		.data = o->slot, .bytes = bytes, .seq = o->seq++,
	};
	const struct image *image;

	memcpy(o->slot, o->ring + o->next++ % o->frames * bytes, bytes);
	pipeline_execute(o->pipeline, &frame, &image);
}

static void destroy(void *object)
{
	struct object *o = object;

	pipeline_destroy(o->pipeline);
	sono_scan_free(o->scan);
	free(o->ring);
	free(o->slot);
	free(o);
}

static const struct shape b = { .waves = 7 };
static const struct shape duplex = { .waves = 3, .ensemble = 10 };

#define CASE(case_name, shape, count)					\
	{ .name = "pipeline." case_name, .threads = (count),		\
	  .arg = &(shape), .create = create, .execute = execute,	\
	  .destroy = destroy }

const struct bench_case bench_pipeline[] = {
	CASE("cardiac_b", b, 1),
	CASE("cardiac_b", b, 2),
	CASE("cardiac_duplex", duplex, 1),
	CASE("cardiac_duplex", duplex, 2),
	{ }
};
