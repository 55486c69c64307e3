// SPDX-License-Identifier: MIT
/*
 * Stages that make strips, whose axis is time.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cpu.h"
#include "pipeline_stage.h"
#include "sono_regs.h"

double column_time(const struct pipeline *p)
{
	const struct pipeline_display *d = &p->params.display;

	return d->sweep_width / d->sweep / d->width;
}

int strip_init(const struct pipeline *p, struct image *strip,
	       enum image_format format, uint32_t height, double z0, double dz)
{
	const double column = column_time(p);
	const struct raster raster = {
		.width = p->params.display.width,
		.height = height,
		.x0 = -column * (p->params.display.width - 1),
		.z0 = z0,
		.dx = column,
		.dz = dz,
	};

	return image_init(strip, format, &raster);
}

double shot_start(const struct pipeline *p, const struct focus *f,
		  uint32_t shot)
{
	uint32_t e = 0;

	while (f->group[e] != shot)
		e++;
	return p->start[e];
}

double shot_interval(const struct pipeline *p, const struct focus *f,
		     uint32_t lines)
{
	double interval = 0;
	uint32_t shot;

	for (shot = lines; shot < f->images; shot++) {
		const double time = shot_start(p, f, shot) -
				    shot_start(p, f, shot - lines);

		if (interval && fabs(time - interval) > 1e-6 * interval)
			return 0;
		interval = time;
	}
	return interval;
}

/*
 * The longest time from one line of the beam to the next, also to the next
 * frame's first; INFINITY where the scan does not say.
 */
static double line_interval(const struct pipeline *p)
{
	const uint32_t last = p->m_lines - 1;
	double longest = p->scan->frame_period + shot_start(p, &p->m, 0) -
			 shot_start(p, &p->m, last);
	uint32_t shot;

	for (shot = 0; shot < last; shot++)
		longest = fmax(longest, shot_start(p, &p->m, shot + 1) -
					shot_start(p, &p->m, shot));
	return longest > 0 ? longest : INFINITY;
}

/* --- colour M --- */

static int make_m_doppler(struct pipeline *p, const char **why)
{
	const struct pipeline_m *m = &p->params.m;
	const struct grid *grid = &p->m.grid;
	const struct doppler_params params = {
		.ensemble = p->m_burst,
		.interval = shot_interval(p, &p->m, p->m_lines),
		.c = p->scan->c,
		.estimator = m->estimator,
		.frequency = m->frequency ? m->frequency : p->scan->fc,
		.carrier = p->scan->fc,
		.sample_step = grid->sample_step,
		.wall = m->wall,
		.average_lines = 1,
		.average_samples = m->average_samples,
		.reference = m->reference ? m->reference :
					    p->params.b.reference,
		.power_min_db = m->power_min_db,
		.velocity_min = m->velocity_min,
	};
	int ret;

	if (p->m_burst > 1 && !(params.interval > 0)) {
		*why = "M-mode: shots of a line not at equal times";
		return -EINVAL;
	}
	ret = doppler_create(&p->m_doppler, p->m_lines, grid->samples, &params,
			     why);
	if (ret)
		return ret;
	p->m_strip.colour = pipeline_colours(p, doppler_nyquist(&params),
					     m->power_min_db);
	return vel_init(&p->m_vel, p->m_lines, grid->samples);
}

/* The shots of all lines lie as the images of a packet do. */
static void run_m_doppler(struct pipeline *p)
{
	struct iq packet = p->m.iq;

	packet.ensemble = p->m_burst;
	packet.lines = p->m_lines;
	doppler_execute(p->m_doppler, &p->m_vel, &packet);
}

const struct stage stage_m_doppler = {
	.name = "m-doppler",
	.every_frame = true,
	.wanted = with_m_colour,
	.make = make_m_doppler,
	.run = run_m_doppler,
};

static bool with_m_tissue(const struct pipeline *p)
{
	return with_m_colour(p) && p->params.m.tissue_db < INFINITY;
}

static int make_m_tissue(struct pipeline *p, const char **why)
{
	const struct tissue_params params = {
		.b = p->params.b.grid,
		.box = p->m.grid,
		.level_db = p->params.m.tissue_db,
		.width = p->params.m.tissue_width,
		.wanted = p->params.m.wanted,
		.workers = p->workers,
	};

	return tissue_create(&p->m_tissue, &params, why);
}

/* All of a frame's lines lie in one place of one grey picture. */
static void run_m_tissue(struct pipeline *p)
{
	tissue_execute(p->m_tissue, &p->m_vel, &p->env);
}

const struct stage stage_m_tissue = {
	.name = "m-tissue",
	.every_frame = true,
	.wanted = with_m_tissue,
	.make = make_m_tissue,
	.run = run_m_tissue,
};

static int m_strip_init(const struct pipeline *p, struct image *strip,
			enum image_format format)
{
	const struct colour_scale colour = strip->colour;
	const struct grid *grid = &p->m.grid;
	const uint32_t height = p->params.m.height;
	const int ret = strip_init(p, strip, format, height, grid->sample0,
				   grid->sample_step * (grid->samples - 1) /
					   (height - 1));

	strip->colour = colour;
	return ret;
}

static int make_mcolour(struct pipeline *p, double interval, const char **why)
{
	const struct mcolour_params params = {
		.samples = p->m.grid.samples,
		.width = p->params.display.width,
		.height = p->params.m.height,
		.column = column_time(p),
		.interval = interval,
		.colour = p->m_strip.colour,
		.priority_db = p->params.m.priority_db,
	};
	int ret = mcolour_create(&p->mcolour, &params, why);

	p->rgb = cpu_choose(scanconvert_rgb_variants)->fn;
	return ret ? ret : m_strip_init(p, &p->m_strip, IMAGE_RGB24);
}

/* --- M --- */

static int make_mmode(struct pipeline *p, const char **why)
{
	const struct pipeline_b *b = &p->params.b;
	const struct grid *grid = &p->m.grid;
	const struct detect_params detect = {
		.reference = p->params.m.reference ? p->params.m.reference :
						     b->reference,
		.range_db = b->range_db,
	};
	const struct mmode_params params = {
		.samples = grid->samples,
		.width = p->params.display.width,
		.height = p->params.m.height,
		.column = column_time(p),
		.interval = line_interval(p),
		.range_db = b->range_db,
		.grey = b->grey,
	};
	struct image *strip = p->m_doppler ? &p->m_grey : &p->m_strip;
	int ret = detect_create(&p->m_detect, 1, grid->samples, &detect, why);

	if (!ret)
		ret = env_init(&p->m_env, 1, grid->samples);
	if (!ret)
		ret = mmode_create(&p->mmode, &params, why);
	if (!ret)
		ret = m_strip_init(p, strip, IMAGE_GREY8);
	if (!ret && p->m_doppler)
		ret = make_mcolour(p, params.interval, why);
	p->m_strip.floor_db = -b->range_db;
	p->m_strip.grey = b->grey;
	return ret;
}

static void run_mmode(struct pipeline *p)
{
	struct image *strip = p->m_doppler ? &p->m_grey : &p->m_strip;
	uint32_t line;

	for (line = 0; line < p->m_lines; line++) {
		const double time = p->time + shot_start(p, &p->m, line);

		detect_execute(p->m_detect, &p->m_env, &p->m.iq, line);
		mmode_execute(p->mmode, strip, p->m_env.db, time);
		if (p->mcolour)
			mcolour_execute(p->mcolour, &p->m_vel, line,
					p->m_env.db, time);
	}
	if (!p->mcolour)
		return;
	for (line = 0; line < strip->raster.height; line++)
		p->rgb(p->m_strip.data + line * p->m_strip.stride,
		       strip->data + line * strip->stride,
		       strip->raster.width);
	mcolour_draw(p->mcolour, &p->m_strip);
}

const struct stage stage_mmode = {
	.name = "mmode",
	.every_frame = true,
	.wanted = with_m,
	.make = make_mmode,
	.run = run_mmode,
};

static int make_ecg(struct pipeline *p, const char **why)
{
	const struct ecg_params params = {
		.width = p->params.display.width,
		.height = p->params.ecg.height,
		.column = column_time(p),
	};
	int ret = ecg_create(&p->ecg, &params, why);

	return ret ? ret : strip_init(p, &p->ecg_strip, IMAGE_RGB24,
				      params.height, 0, -1);
}

/* The auxiliary block's samples; none where the frame has no whole block. */
static struct ecg_block ecg_of(const struct pipeline *p)
{
	const struct rf_frame *in = p->in;
	const char *at = (const char *)in->data + p->scan->aux_offset;
	struct ecg_block block = { 0 };
	size_t room = in->bytes - p->scan->aux_offset;
	struct sono_aux aux;

	if (in->bytes < p->scan->aux_offset || room < sizeof(aux))
		return block;
	memcpy(&aux, at, sizeof(aux));
	if (le32toh(aux.magic) != SONO_AUX_MAGIC ||
	    le32toh(aux.ecg_count) > (room - sizeof(aux)) / sizeof(int16_t))
		return block;
	block.data = (const uint8_t *)at + sizeof(aux);
	block.count = le32toh(aux.ecg_count);
	block.rate = le32toh(aux.ecg_rate);
	block.time = in->clock > 0 ? board_seconds(p, le64toh(aux.ecg_ts)) : p->time;
	return block;
}

static void run_ecg(struct pipeline *p)
{
	const struct ecg_block block = ecg_of(p);

	ecg_execute(p->ecg, &p->ecg_strip, &block);
}

const struct stage stage_ecg = {
	.name = "ecg",
	.every_frame = true,
	.wanted = with_ecg,
	.make = make_ecg,
	.run = run_ecg,
};
