// SPDX-License-Identifier: MIT
/* What a run of sono view leaves behind. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <sys/utsname.h>

#include "view.h"

static int write_velocity(struct view *v)
{
	const struct vel *vel = pipeline_vel(v->run.pipeline);
	const struct grid *grid = pipeline_colour_grid(v->run.pipeline);

	fputs("x_m\tz_m\tvelocity_m_s\tvalid\n", v->velocity);
	for (uint32_t line = 0; line < vel->lines; line++) {
		struct ray ray = grid_ray(grid, line);

		for (uint32_t i = 0; i < vel->samples; i++) {
			size_t at = (size_t)line * vel->samples + i;

			fprintf(v->velocity, "%.6f\t%.6f\t%.5f\t%d\n",
				ray.x + ray.dx * i, ray.z + ray.dz * i,
				(double)vel->v[at], vel->valid[at]);
		}
	}
	return view_close_file(&v->velocity, v->velocity_path);
}

/* From the first picture to the last; one alone has no rate. */
static double rate(const struct view *v)
{
	double time = v->ended - v->began;

	return time > 0 && v->pictures > 1 ?
		       (double)(v->pictures - 1) / time :
		       0;
}

static double syscalls_per_frame(const struct view *v)
{
	const struct sono_stats stats = run_stats(&v->run);

	return stats.frames ? (double)stats.syscalls / (double)stats.frames : 0;
}

static json_t *stages(const struct view *v)
{
	const struct pipeline_timing *t;
	json_t *list = json_array();

	for (unsigned int i = 0; (t = pipeline_timing(v->run.pipeline, i)); i++)
		json_array_append_new(
			list,
			json_pack("{s:s s:I s:f s:f}", "stage", t->stage,
				  "runs", (json_int_t)t->runs, "mean_ms",
				  t->runs ? (double)t->total_ns * 1e-6 /
						    (double)t->runs :
					    0,
				  "worst_ms", (double)t->worst_ns * 1e-6));
	return list;
}

/*
 * What the traces of the strip come to, in the words of scanners: the largest
 * velocity, and over time the means of the largest and of the mean.
 */
static json_t *spectrum(const struct view *v)
{
	const struct spectrum *s = pipeline_spectrum(v->run.pipeline);
	const struct image *strip = pipeline_layer(v->run.pipeline,
						   REGION_SPECTRUM);
	double largest = 0, peaks = 0, means = 0;
	uint32_t columns = 0;

	if (!s)
		return NULL;
	for (uint32_t x = 0; x < strip->raster.width; x++) {
		const double peak = (double)spectrum_peak(s)[x];

		if (!spectrum_drawn(s, x) || isnan(peak))
			continue;
		columns++;
		largest = fabs(peak) > fabs(largest) ? peak : largest;
		peaks += peak;
		means += (double)spectrum_mean(s)[x];
	}
	if (!columns)
		return json_pack("{s:I}", "columns", (json_int_t)0);
	return json_pack("{s:I s:f s:f s:f}", "columns", (json_int_t)columns,
			 "vmax_m_s", largest, "tamax_m_s", peaks / columns,
			 "tamean_m_s", means / columns);
}

/* In force at the end; what the plan does not have is NULL, and left out. */
static json_t *controls(const struct sono_plan *plan)
{
	const struct sono_controls *c = &plan->controls;
	const bool sector = plan->params.b.grid.shape == GRID_SECTOR;
	const double across = sector ? 180 / M_PI : 1e3;
	json_t *box = NULL, *volume = NULL;

	if (!isnan(c->box[0]))
		box = json_pack("{s:f s:f s:f s:f}",
				sector ? "left_deg" : "left_mm",
				c->box[0] * across,
				sector ? "right_deg" : "right_mm",
				c->box[1] * across, "near_mm", c->box[2] * 1e3,
				"far_mm", c->box[3] * 1e3);
	if (!isnan(c->volume[0]))
		volume = json_pack("{s:f s:f s:f}",
				   plan->angles ? "angle_deg" : "x_mm",
				   c->volume[0] *
					   (plan->angles ? 180 / M_PI : 1e3),
				   "depth_mm", c->volume[1] * 1e3, "gate_mm",
				   c->volume[2] * 1e3);
	return json_pack("{s:o* s:f s:f s:o* s:o* s:o*}", "depth_mm",
			 isnan(c->depth) ? NULL : json_real(c->depth * 1e3),
			 "gain_db", c->gain, "power_db", c->power, "focus_mm",
			 isnan(c->focus) ? NULL : json_real(c->focus * 1e3),
			 "box", box, "volume", volume);
}

static int write_report(struct view *v)
{
	struct utsname system;
	json_t *report;
	int ret;

	uname(&system);
	report = json_pack(
		"{s:s s:s s:s s:I s:I s:I s:I s:I s:f s:f s:o s:o s:o*}", "kernel",
		system.release, "plan", v->run.plan_path, "source", v->run.source,
		"frames", (json_int_t)run_stats(&v->run).frames, "pictures",
		(json_int_t)v->pictures, "skipped", (json_int_t)v->run.skipped,
		"dropped", (json_int_t)v->run.account.dropped, "lost",
		(json_int_t)v->run.account.lost, "fps", rate(v),
		"syscalls_per_frame", syscalls_per_frame(v), "stages",
		stages(v), "controls", controls(v->run.plan), "spectrum",
		spectrum(v));
	ret = json_dumpf(report, v->report, JSON_INDENT(2));
	json_decref(report);
	if (ret)
		return tool_fail("write", v->report_path, NULL, -errno);
	return view_close_file(&v->report, v->report_path);
}

void view_begin_times(struct view *v)
{
	const struct pipeline_timing *t;

	fputs("seq\tboard_ticks\trecord_ns\tbegin_ns", v->times);
	for (unsigned int i = 0; (t = pipeline_timing(v->run.pipeline, i)); i++)
		fprintf(v->times, "\t%s_ns", t->stage);
	fputs("\tshown_ns\n", v->times);
}

void view_add_times(struct view *v, const struct sono_record *rec)
{
	const struct pipeline_stamps *s = pipeline_stamps(v->run.pipeline,
							  rec->seq);

	fprintf(v->times, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64,
		(uint64_t)rec->seq, (uint64_t)rec->hw_ts,
		(uint64_t)rec->host_ts, s->begin);
	for (unsigned int i = 0; pipeline_timing(v->run.pipeline, i); i++)
		fprintf(v->times, "\t%" PRIu64, s->end[i]);
	fprintf(v->times, "\t%.0f\n", v->ended * 1e9);
}

int view_conclude(struct view *v)
{
	int status = TOOL_OK;

	fprintf(v->say, "%" PRIu64 " pictures", v->pictures);
	if (rate(v) > 0)
		fprintf(v->say, ", %s%.2f per second",
			v->freeze ? "processed at " : "", rate(v));
	fprintf(v->say,
		"; frames dropped %" PRIu64 ", lost %" PRIu64
		", skipped %" PRIu64 "; system calls per frame %.3f\n",
		(uint64_t)v->run.account.dropped,
		(uint64_t)v->run.account.lost, v->run.skipped, syscalls_per_frame(v));
	if (v->velocity)
		status = write_velocity(v);
	if (!status && v->report)
		status = write_report(v);
	return status;
}

