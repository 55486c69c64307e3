// SPDX-License-Identifier: MIT
/* Reads a folder of channel data: meta.json, then the samples. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "import.h"

#define TRANSMITS_MAX	65536
#define ELEMENTS_MAX	4096
#define SAMPLES_MAX	65536

/* One reading: the file in hand, for messages, and what meta.json says. */
struct reader {
	char path[4096];
	char *why;
	size_t why_size;
	json_t *meta;
	uint32_t transmits, elements, samples;
	bool frames;		/* each transmit is a frame of its own */
	bool sample_last;	/* samples of an element lie together */
};

__attribute__((format(printf, 3, 4)))
static int fail(struct reader *r, int error, const char *format, ...)
{
	va_list args;
	int n = snprintf(r->why, r->why_size, "%s: ", r->path);

	if (n >= 0 && (size_t)n < r->why_size) {
		va_start(args, format);
		vsnprintf(r->why + n, r->why_size - n, format, args);
		va_end(args);
	}
	return error;
}

static int set_path(struct reader *r, const char *dir, const char *file)
{
	int n = snprintf(r->path, sizeof(r->path), "%s/%s", dir, file);

	if (n < 0 || (size_t)n >= sizeof(r->path))
		return fail(r, -ENAMETOOLONG, "path too long");
	return 0;
}

static int read_meta(struct reader *r)
{
	json_error_t error;
	FILE *file = fopen(r->path, "r");
	int ret = 0;

	if (!file) {
		ret = -errno;
		return fail(r, ret, "%s", strerror(-ret));
	}
	r->meta = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	fclose(file);
	if (!r->meta)
		return fail(r, -EINVAL, "line %d: %s", error.line, error.text);
	if (!json_is_object(r->meta))
		ret = fail(r, -EINVAL, "not an object");
	return ret;
}

/* A number above @above; NAN stands for "no bound". */
static int read_number(struct reader *r, const char *key, double above,
		       double *value)
{
	const json_t *item = json_object_get(r->meta, key);

	if (!json_is_number(item))
		return fail(r, -EINVAL, "%s: missing or not a number", key);
	*value = json_number_value(item);
	if (*value <= above)
		return fail(r, -EINVAL, "%s: %g is not above %g", key, *value,
			    above);
	return 0;
}

static int read_extent(struct reader *r, unsigned int i, uint32_t max,
		       uint32_t *extent)
{
	const json_t *shape = json_object_get(r->meta, "shape");
	json_int_t value = json_integer_value(json_array_get(shape, i));

	if (json_array_size(shape) != 3 || value < 1 || value > max)
		return fail(r, -EINVAL,
			    "shape: item %u missing or not 1 to %u", i, max);
	*extent = value;
	return 0;
}

static int read_layout(struct reader *r)
{
	static const struct {
		const char *layout;
		bool frames, sample_last;
	} known[] = {
		{ "[tx][sample][element]", false, false },
		{ "[tx][element][sample]", false, true },
		{ "[frame][sample][element]", true, false },
		{ "[frame][element][sample]", true, true },
		{ "[ensemble][sample][element]", true, false },
		{ "[ensemble][element][sample]", true, true },
	};
	const char *layout =
		json_string_value(json_object_get(r->meta, "layout"));
	const char *dtype =
		json_string_value(json_object_get(r->meta, "dtype"));
	size_t i;

	if (!dtype || strcmp(dtype, "int16 LE"))
		return fail(r, -EINVAL, "dtype: not \"int16 LE\"");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!layout || strcmp(layout, known[i].layout))
			continue;
		r->frames = known[i].frames;
		r->sample_last = known[i].sample_last;
		return 0;
	}
	return fail(r, -EINVAL, "layout: missing or unknown");
}

static int read_shape(struct reader *r)
{
	double nel;
	int ret = read_layout(r);

	if (!ret)
		ret = read_extent(r, 0, TRANSMITS_MAX, &r->transmits);
	if (!ret)
		ret = read_extent(r, r->sample_last ? 1 : 2, ELEMENTS_MAX,
				  &r->elements);
	if (!ret)
		ret = read_extent(r, r->sample_last ? 2 : 1, SAMPLES_MAX,
				  &r->samples);
	if (!ret)
		ret = read_number(r, "nel", 0, &nel);
	if (!ret && nel != r->elements)
		ret = fail(r, -EINVAL, "nel: %g, but shape has %u elements",
			   nel, r->elements);
	return ret;
}

static int read_delays(struct reader *r, const struct sono_scan *scan)
{
	const json_t *all = json_object_get(r->meta, "txdelays_s");
	uint32_t e, i;

	if (!all)
		return 0;	/* all zero, as allocated */
	if (json_array_size(all) != scan->events)
		return fail(r, -EINVAL, "txdelays_s: not %u rows",
			    scan->events);
	for (e = 0; e < scan->events; e++) {
		const json_t *row = json_array_get(all, e);
		double *delay = (double *)scan->event[e].delay;

		for (i = 0; i < scan->elements; i++) {
			const json_t *item = json_array_get(row, i);

			if (!json_is_number(item))
				return fail(r, -EINVAL,
					    "txdelays_s: row %u, item %u: not a number",
					    e, i);
			delay[i] = json_number_value(item);
		}
	}
	return 0;
}

static void place_elements(struct sono_scan *scan, double pitch)
{
	uint32_t i;

	for (i = 0; i < scan->elements; i++) {
		scan->element[i] = (struct sono_element){
			.x = (i - (scan->elements - 1) / 2.0) * pitch,
			.nz = 1,
		};
		scan->channel_element[i] = i;
	}
}

static int read_events(struct reader *r, struct sono_scan *scan)
{
	const bool prf_known = json_object_get(r->meta, "PRF");
	double t0, prf = 0;
	uint32_t e;
	int ret = read_number(r, "t0", NAN, &t0);

	if (!ret && prf_known)
		ret = read_number(r, "PRF", 0, &prf);
	if (ret)
		return ret;
	for (e = 0; e < scan->events; e++) {
		struct sono_event *event = &scan->event[e];

		event->wave = json_object_get(r->meta, "width_rad") ?
				      SONO_WAVE_DIVERGING : SONO_WAVE_PLANE;
		event->tag = e;
		event->rx_start = t0;
		event->samples = r->samples;
		event->period = prf_known ? 1 / prf :
					    t0 + r->samples / scan->fs;
		scan->frame_period += event->period;
	}
	return 0;
}

static int read_scan(struct reader *r, struct sono_scan **out)
{
	uint32_t events = r->frames ? 1 : r->transmits;
	struct sono_scan *scan = sono_scan_alloc(r->elements, r->elements,
						 events);
	double pitch;
	int ret;

	if (!scan)
		return fail(r, -ENOMEM, "out of memory");
	*out = scan;
	ret = read_number(r, "fs", 0, &scan->fs);
	if (!ret)
		ret = read_number(r, "fc", 0, &scan->fc);
	if (!ret)
		ret = read_number(r, "c", 0, &scan->c);
	if (!ret)
		ret = read_number(r, "pitch", 0, &pitch);
	if (!ret)
		ret = read_events(r, scan);
	if (!ret)
		ret = read_delays(r, scan);
	if (ret)
		return ret;
	place_elements(scan, pitch);
	sono_scan_layout(scan, 0);
	return 0;
}

/* One transmit from the file's order to the payload's rows. */
static void place_rows(const struct reader *r, const int16_t *from,
		       uint8_t *event, size_t stride)
{
	uint32_t i, n;

	for (i = 0; i < r->elements; i++) {
		int16_t *row = (int16_t *)(event + i * stride);

		if (r->sample_last) {
			memcpy(row, from + (size_t)i * r->samples,
			       r->samples * sizeof(*row));
			continue;
		}
		for (n = 0; n < r->samples; n++)
			row[n] = from[(size_t)n * r->elements + i];
	}
}

static int read_transmits(struct reader *r, struct sono_import *set,
			  FILE *file, int16_t *one)
{
	const struct sono_scan *scan = set->scan;
	const size_t n = (size_t)r->elements * r->samples;
	uint32_t t;

	for (t = 0; t < r->transmits; t++) {
		const struct sono_event *event =
			&scan->event[r->frames ? 0 : t];
		uint8_t *frame = set->payload +
				 (r->frames ? t : 0) * scan->frame_bytes;

		if (fread(one, sizeof(*one), n, file) != n)
			return fail(r, ferror(file) ? -EIO : -EINVAL,
				    "transmit %u: cannot be read", t);
		place_rows(r, one, frame + event->offset, event->stride);
	}
	return 0;
}

static int check_size(struct reader *r, FILE *file)
{
	const uint64_t want = 2ull * r->transmits * r->elements * r->samples;
	struct stat st;

	if (fstat(fileno(file), &st))
		return fail(r, -errno, "%s", strerror(errno));
	if ((uint64_t)st.st_size != want)
		return fail(r, -EINVAL, "%lld bytes, but shape says %llu",
			    (long long)st.st_size, (unsigned long long)want);
	return 0;
}

static int read_payload(struct reader *r, struct sono_import *set)
{
	const size_t n = (size_t)r->elements * r->samples;
	FILE *file = fopen(r->path, "rb");
	int16_t *one;
	int ret;

	if (!file) {
		ret = -errno;
		return fail(r, ret, "%s", strerror(-ret));
	}
	ret = check_size(r, file);
	if (ret)
		goto out_close;
	set->frames = r->frames ? r->transmits : 1;
	set->payload = aligned_alloc(64, set->frames * set->scan->frame_bytes);
	one = malloc(n * sizeof(*one));
	if (set->payload && one) {
		memset(set->payload, 0,
		       set->frames * set->scan->frame_bytes);
		ret = read_transmits(r, set, file, one);
	} else {
		ret = fail(r, -ENOMEM, "out of memory");
	}
	free(one);
out_close:
	fclose(file);
	return ret;
}

int sono_import(const char *dir, struct sono_import **out, char *why,
		size_t why_size)
{
	struct reader r = { .why = why, .why_size = why_size };
	struct sono_import *set = calloc(1, sizeof(*set));
	int ret;

	if (!set)
		return fail(&r, -ENOMEM, "out of memory");
	ret = set_path(&r, dir, "meta.json");
	if (!ret)
		ret = read_meta(&r);
	if (!ret)
		ret = read_shape(&r);
	if (!ret)
		ret = read_scan(&r, &set->scan);
	if (!ret)
		ret = set_path(&r, dir, "rf_int16.bin");
	if (!ret)
		ret = read_payload(&r, set);
	json_decref(r.meta);
	if (ret)
		sono_import_free(set);
	else
		*out = set;
	return ret;
}

void sono_import_free(struct sono_import *set)
{
	if (!set)
		return;
	sono_scan_free(set->scan);
	free(set->payload);
	free(set);
}
