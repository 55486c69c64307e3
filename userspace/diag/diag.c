// SPDX-License-Identifier: MIT
/* The table of checks, and what is around each. Read this first. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limits.h"
#include "place.h"
#include "session.h"
#include "sono_regs.h"

#define SOAK_SECONDS 900

/* What is cheap first; streaming at all before what needs it. */
static const struct diag_check checks[] = {
	{ "identity", DIAG_QUICK, "what the board is, and that it may be used",
	  diag_check_identity },
	{ "link", DIAG_QUICK, "all lanes of its link, at full speed",
	  diag_check_link },
	{ "aer", DIAG_QUICK, "errors of the link", diag_check_aer },
	{ "vectors", DIAG_QUICK, "all its interrupt vectors; its IOMMU group",
	  diag_check_vectors },
	{ "host", DIAG_QUICK, "the machine's clock, room on its disks",
	  diag_check_host },
	{ "scratch", DIAG_QUICK, "registers hold what is written",
	  diag_check_scratch },
	{ "interrupt", DIAG_QUICK, "every interrupt arrives, once, in time",
	  diag_check_interrupt },
	{ "firmware", DIAG_QUICK, "versions, and a flash that is sound",
	  diag_check_firmware },
	{ "sensors", DIAG_QUICK, "temperature, and no transmit voltage at rest",
	  diag_check_sensors },
	{ "dma", DIAG_MEDIUM, "tables arrive, frames arrive, bit by bit",
	  diag_check_dma },
	{ "channels", DIAG_MEDIUM, "noise of each channel, transmit off",
	  diag_check_channels },
	{ "gain", DIAG_MEDIUM, "receive gain is what is asked for",
	  diag_check_gain },
	{ "elements", DIAG_MEDIUM, "each element sends and receives",
	  diag_check_elements },
	{ "voltage", DIAG_MEDIUM, "transmit voltage comes, and goes",
	  diag_check_voltage },
	{ "interlock", DIAG_MEDIUM, "no transmit where there must be none",
	  diag_check_interlock },
	{ "watchdog", DIAG_MEDIUM, "transmit ends when nobody consumes",
	  diag_check_watchdog },
	{ "ring", DIAG_MEDIUM, "frames are told in time, under load",
	  diag_check_ring },
	{ "image", DIAG_LONG, "image quality on the phantom", diag_check_image },
	{ "soak", DIAG_LONG, "no frame is lost for a long time",
	  diag_check_soak },
	{ "suspend", DIAG_LONG, "frames are right after the machine slept",
	  diag_check_suspend },
	{ "unplug", DIAG_LONG, "frames are right after it left the bus",
	  diag_check_unplug },
};

#define CHECKS (sizeof(checks) / sizeof(*checks))

size_t diag_checks(void)
{
	return CHECKS;
}

const struct diag_check *diag_check(size_t index)
{
	return index < CHECKS ? &checks[index] : NULL;
}

/* --- a source --------------------------------------------------------------- */

int diag_open(struct diag **handle, const char *source, char *why,
	      size_t why_bytes)
{
	struct diag *d = calloc(1, sizeof(*d));
	int ret = -ENOMEM;

	if (!d)
		return ret;
	d->soak = SOAK_SECONDS;
	diag_store_dir(d->state);
	d->source = strdup(source);
	if (!d->source)
		goto err;
	ret = sono_open(&d->sono, source, why, why_bytes);
	if (ret)
		goto err;
	d->info = sono_info(d->sono);
	if (sono_scan(d->sono) || d->info->channels > DIAG_CHANNELS_MAX) {
		snprintf(why, why_bytes, "not a board");
		ret = -EINVAL;
		goto err;
	}
	d->virtual_time = !diag_is_driver(d) && !strstr(source, "pace=real");
	*handle = d;
	return 0;

err:
	diag_close(d);
	return ret;
}

void diag_close(struct diag *d)
{
	if (!d)
		return;
	sono_close(d->sono);
	json_decref(d->baseline);
	free(d->source);
	free(d);
}

bool diag_serial(const struct diag *d, char *text, size_t n)
{
	return diag_is_driver(d) &&
	       !diag_place_read(d->source, "serial", text, n) &&
	       strcmp(text, "0");
}

void diag_progress(struct diag *d, void (*tell)(void *arg, double done),
		   void *arg)
{
	d->tell = tell;
	d->tell_arg = arg;
}

void diag_state(struct diag *d, const char *dir)
{
	snprintf(d->state, sizeof(d->state), "%s", dir);
}

void diag_soak(struct diag *d, unsigned int seconds)
{
	d->soak = seconds;
}

void diag_suspend(struct diag *d)
{
	d->suspend = true;
}

void diag_unplug(struct diag *d)
{
	d->unplug = true;
}

void diag_stop(struct diag *d)
{
	atomic_store(&d->stopped, true);
}

void diag_tell(struct diag *d, double done)
{
	if (d->tell)
		d->tell(d->tell_arg, done);
}

bool diag_is_driver(const struct diag *d)
{
	return *d->source == '/';
}

bool diag_timely(const struct diag *d)
{
	return d->virtual_time ||
	       !(d->info->hw_features & SONO_FEAT_EMULATED);
}

/* --- a check ---------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What is beyond its limits and nobody has found words for. */
static void name_measure(struct diag_result *r)
{
	for (size_t i = 0; i < r->measures && !r->faults; i++) {
		const struct diag_measure *m = &r->measure[i];

		if (m->status > DIAG_PASS)
			diag_blame(r, m->status, "%s is %.4g %s, beyond %.4g",
				   m->name, m->value, m->unit,
				   m->value > m->hi ? m->hi : m->lo);
	}
}

/*
 * What was measured at the installation and cannot be today is no pass; unless
 * something else has been named, which may be why.
 */
static void warn_of_skip(struct diag *d, struct diag_result *r)
{
	char why[DIAG_TEXT];

	if (r->status > DIAG_PASS)
		d->named = true;
	if (r->status != DIAG_SKIP || d->named || atomic_load(&d->stopped) ||
	    !json_object_size(json_object_get(d->baseline, r->check->id)))
		return;
	snprintf(why, sizeof(why), "%s", r->detail);
	diag_blame(r, DIAG_WARN,
		   "this was measured at the installation, and cannot be now: %.160s",
		   why);
}

void diag_run(struct diag *d, const struct diag_check *check,
	      struct diag_result *r)
{
	const double begun = now();

	memset(r, 0, sizeof(*r));
	r->check = check;
	r->status = DIAG_PASS;
	diag_tell(d, 0);
	if (!atomic_load(&d->stopped))
		check->run(d, r);
	if (atomic_load(&d->stopped) && r->status == DIAG_PASS)
		diag_skip(r, "stopped");
	name_measure(r);
	warn_of_skip(d, r);
	r->duration = now() - begun;
}

void diag_result_finish(struct diag_result *r)
{
	for (size_t i = 0; i < r->plots; i++)
		free(r->plot[i].value);
	free(r->picture.rgb);
	memset(r, 0, sizeof(*r));
}

void diag_detail(struct diag_result *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->detail, sizeof(r->detail), format, ap);
	va_end(ap);
}

void diag_skip(struct diag_result *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->detail, sizeof(r->detail), format, ap);
	va_end(ap);
	r->status = DIAG_SKIP;
}

static void worse(struct diag_result *r, enum diag_status status)
{
	if (status > r->status)
		r->status = status;
}

void diag_blame(struct diag_result *r, enum diag_status status,
		const char *format, ...)
{
	va_list ap;

	worse(r, status);
	if (r->faults == DIAG_FAULTS)
		return;
	va_start(ap, format);
	vsnprintf(r->fault[r->faults++], DIAG_TEXT, format, ap);
	va_end(ap);
}

static double baseline_of(const struct diag *d, const struct diag_result *r,
			  const char *name)
{
	const json_t *of = json_object_get(d->baseline, r->check->id);
	const json_t *value = json_object_get(of, name);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void fill(struct diag *d, struct diag_result *r, const char *name,
		 const char *unit, double value, struct diag_measure *m)
{
	*m = (struct diag_measure){
		.unit = unit,
		.value = value,
		.lo = -INFINITY,
		.hi = INFINITY,
		.baseline = baseline_of(d, r, name),
		.status = DIAG_PASS,
	};
	snprintf(m->name, sizeof(m->name), "%s", name);
}

static void keep(struct diag_result *r, const struct diag_measure *m)
{
	if (r->measures < DIAG_MEASURES)
		r->measure[r->measures++] = *m;
}

void diag_note(struct diag *d, struct diag_result *r, const char *name,
	       const char *unit, double value)
{
	struct diag_measure m;

	fill(d, r, name, unit, value, &m);
	keep(r, &m);
}

void diag_judge(struct diag *d, struct diag_result *r, const char *name,
		double value, struct diag_measure *m)
{
	struct diag_limit l;
	const char *at = NULL;

	fill(d, r, name, "", value, m);
	while (diag_limit_next(&at, r->check->id, name, &l) > 0)
		diag_limit_judge(&l, m);
}

enum diag_status diag_measure(struct diag *d, struct diag_result *r,
			      const char *name, const char *unit, double value)
{
	struct diag_measure m;

	diag_judge(d, r, name, value, &m);
	m.unit = unit;
	keep(r, &m);
	worse(r, m.status);
	return m.status;
}

void diag_plot(struct diag_result *r, const struct diag_plot *plot,
	       const double *value)
{
	struct diag_plot *p = &r->plot[r->plots];

	if (r->plots == DIAG_PLOTS)
		return;
	*p = *plot;
	p->value = malloc(plot->n * sizeof(*value));
	if (!p->value)
		return;
	memcpy(p->value, value, plot->n * sizeof(*value));
	r->plots++;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double diag_median(double *value, size_t n)
{
	qsort(value, n, sizeof(*value), ascending);
	return n % 2 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2;
}

/* --- words ------------------------------------------------------------------ */

const char *diag_status_text(enum diag_status status)
{
	static const char *const text[] = {
		[DIAG_SKIP] = "skip", [DIAG_PASS] = "pass",
		[DIAG_WARN] = "warn", [DIAG_TIMEOUT] = "timeout",
		[DIAG_FAIL] = "fail",
	};

	return text[status];
}

const char *diag_level_text(enum diag_level level)
{
	static const char *const text[] = { "quick", "medium", "long" };

	return text[level];
}

int diag_exit(enum diag_status worst)
{
	static const int status[] = {
		[DIAG_SKIP] = DIAG_EXIT_SKIP,
		[DIAG_PASS] = DIAG_EXIT_PASS,
		[DIAG_WARN] = DIAG_EXIT_WARN,
		[DIAG_TIMEOUT] = DIAG_EXIT_TIMEOUT,
		[DIAG_FAIL] = DIAG_EXIT_FAIL,
	};

	return status[worst];
}
