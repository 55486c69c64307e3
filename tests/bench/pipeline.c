// SPDX-License-Identifier: MIT
/*
 * The whole pipeline, from the board to the picture, as sono view does it: the
 * board in process plays prepared frames, more than 64 MiB of them, through the
 * ring of libsono, in real time and from a thread of its own. Frames per second
 * are those of a board that is faster than the pipeline and has two slots: the
 * next frame is copied while one is processed, as DMA does it. One core is one
 * core: the board's thread has to share it.
 * Latency is told of a board at the plan's frame rate: from the record of a
 * frame, which is written when it is complete, to the pipeline's stamp of the
 * picture.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cycles.h"
#include "dsp/pipeline.h"
#include "prepared.h"
#include "take.h"

#define RING_BYTES	(64u << 20)
#define SLOTS		8
#define SLOTS_FASTEST	2	/* one in hand, the next one on its way */
#define PICTURES	300
#define PICTURES_SMOKE	20
#define TOGETHER_NS	3e8	/* some tens of frames: the first is not met */
#define LONGEST_NS	5e9	/* of measuring latency */
#define WAIT_US		1000000

struct object {
	struct prepared prepared;
	struct pipeline *pipeline;
	struct sono *sono;
	const char *plan;
	bool awake;
	bool smoke;
};

static void set_params(struct pipeline_params *p, const struct bench_run *run)
{
	p->workers = run->threads;
	if (!run->smoke)
		return;
	p->b.grid.lines = 24;
	if (p->colour.on)
		p->colour.grid.lines = 12;
}

static void *create(const void *plan, struct bench_run *run)
{
	struct object *o = bench_alloc(1, sizeof(*o));
	const char *why = "no memory";

	o->plan = plan;
	prepared_make(&o->prepared, plan, run->smoke ? 0 : RING_BYTES, true);
	set_params(&o->prepared.plan->params, run);
	if (pipeline_create(&o->pipeline, o->prepared.plan->scan,
			    &o->prepared.plan->params, &why))
		bench_die("pipeline", why);
	o->sono = prepared_start(&o->prepared, SLOTS_FASTEST);
	o->awake = true;
	o->smoke = run->smoke;
	run->frames = 1;
	return o;
}

static void process(struct object *o, struct sono *s,
		    const struct sono_frame *f)
{
	const struct rf_frame frame = sono_rf(s, f);
	const struct image *image;

	pipeline_execute(o->pipeline, &frame, &image);
	sono_release(s, f);
}

static void pass(void *arg, const struct sono_frame *f)
{
	(void)arg;
	(void)f;
}

/* Waits for a frame; of those that are there the newest. */
static void take(struct sono *s, struct sono_frame *f)
{
	int ret, waited = 0;

	/* a machine that has other things to do may leave the board no time */
	while (!(ret = sono_take(s, f, pass, NULL)) &&
	       (waited >= 0 || waited == -ETIME))
		waited = sono_wait(s, 1, WAIT_US);
	if (ret != 1)
		bench_die("pipeline", sono_end_text(sono_ctl(s)));
}

static void execute(void *object)
{
	struct object *o = object;
	struct sono_frame f;

	take(o->sono, &f);
	process(o, o->sono, &f);
}

static void wake(void *object)
{
	struct object *o = object;

	if (!o->awake)
		prepared_resume(o->sono);
	o->awake = true;
}

/* What was in the ring is given back: the next run begins anew. */
static void rest(void *object)
{
	struct object *o = object;

	prepared_pause(o->sono);
	o->awake = false;
}

/* When the picture of a frame was there [ns]. */
static double published(const struct pipeline *p, uint64_t seq)
{
	const struct pipeline_stamps *stamps = pipeline_stamps(p, seq);
	unsigned int last = 0;

	while (pipeline_timing(p, last + 1))
		last++;
	return stamps->end[last];
}

/* The board's thread may run wherever there is room, as a DMA does. */
static struct sono *start_anywhere(const struct prepared *prepared)
{
	struct sono *s;
	cpu_set_t own, all;

	sched_getaffinity(0, sizeof(own), &own);
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	s = prepared_start(prepared, SLOTS);
	sched_setaffinity(0, sizeof(own), &own);
	return s;
}

static void latency(void *object, struct bench_latency *to)
{
	struct object *o = object;
	const uint32_t most = o->smoke ? PICTURES_SMOKE : PICTURES;
	const double until = cycles_now_ns() + LONGEST_NS;
	double ms[PICTURES], first = 0, last = 0;
	struct prepared prepared;
	struct sono *s;
	uint32_t n = 0;

	/* the other board's frames are too many */
	sono_close(o->sono);
	o->sono = NULL;
	prepared_make(&prepared, o->plan, o->smoke ? 0 : RING_BYTES, false);
	s = start_anywhere(&prepared);
	while (n < 2 || (n < most && last < until)) {
		struct sono_frame f;

		take(s, &f);
		process(o, s, &f);
		last = published(o->pipeline, f.rec.seq);
		ms[n] = (last - f.rec.host_ts) / 1e6;
		first = n++ ? first : last;
	}
	sono_close(s);
	prepared_free(&prepared);
	to->frame_ms = (last - first) / (n - 1) / 1e6;
	to->median_ms = cycles_quantile(ms, n, 0.5);
	to->p99_ms = cycles_quantile(ms, n, 0.99);
}

static void destroy(void *object)
{
	struct object *o = object;

	pipeline_destroy(o->pipeline);
	sono_close(o->sono);
	prepared_free(&o->prepared);
	free(o);
}

#define CASE(case_name, count)						\
	{ .name = "pipeline." case_name, .threads = (count),		\
	  .arg = "tests/bench/" case_name ".plan", .create = create,	\
	  .execute = execute, .destroy = destroy, .latency = latency,	\
	  .wake = wake, .rest = rest, .together_ns = TOGETHER_NS }

const struct bench_case bench_pipeline[] = {
	CASE("cardiac_b", 1),
	CASE("cardiac_b", 2),
	CASE("cardiac_duplex", 1),
	CASE("cardiac_duplex", 2),
	{ }
};
