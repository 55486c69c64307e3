// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import.h"

#define COMMON	"\"dtype\": \"int16 LE\", \"fs\": 2e7, \"fc\": 5e6, " \
		"\"c\": 1540, \"pitch\": 3e-4, \"nel\": 3"

static char folder[64];

static void make_folder(void)
{
	strcpy(folder, "/tmp/test_import_XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static const char *path(const char *file)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", folder, file);
	return text;
}

static void remove_folder(void)
{
	unlink(path("meta.json"));
	unlink(path("rf_int16.bin"));
	rmdir(folder);
}

TestSuite(import, .init = make_folder, .fini = remove_folder);

/* A set of 2 x 4 x 3 or 2 x 3 x 4 values that count up, and @meta. */
static void write_set(const char *meta, size_t values)
{
	FILE *file = fopen(path("meta.json"), "w");
	int16_t i;

	fputs(meta, file);
	fclose(file);
	file = fopen(path("rf_int16.bin"), "wb");
	for (i = 0; (size_t)i < values; i++)
		fwrite(&i, sizeof(i), 1, file);
	fclose(file);
}

static struct sono_import *read_set(void)
{
	struct sono_import *set;
	char why[256] = "";

	cr_assert_eq(sono_import(folder, &set, why, sizeof(why)), 0, "%s", why);
	return set;
}

static const int16_t *row(const struct sono_import *set, uint32_t frame,
			  uint32_t event, uint32_t channel)
{
	const struct sono_event *ev = &set->scan->event[event];

	return (const int16_t *)(set->payload +
				 frame * set->scan->frame_bytes + ev->offset +
				 channel * ev->stride);
}

Test(import, transmits_become_events)
{
	struct sono_import *set;

	write_set("{" COMMON ", \"shape\": [2, 4, 3], \"t0\": 1e-6, "
		  "\"layout\": \"[tx][sample][element]\", "
		  "\"txdelays_s\": [[0, 1e-7, 2e-7], [3e-7, 0, 0]]}", 24);
	set = read_set();
	cr_assert_eq(set->frames, 1);
	cr_assert_eq(set->scan->events, 2);
	cr_assert_eq(set->scan->event[1].samples, 4);
	cr_assert_eq(set->scan->event[1].delay[0], 3e-7);
	cr_assert_eq(set->scan->event[0].delay[2], 2e-7);
	cr_assert_float_eq(set->scan->event[0].rx_start, 1e-6, 1e-15);
	cr_assert_float_eq(set->scan->element[0].x, -3e-4, 1e-12);
	cr_assert_eq((uintptr_t)row(set, 0, 1, 2) % 64, 0);
	/* transmit 1, sample 3, element 2 */
	cr_assert_eq(row(set, 0, 1, 2)[3], 12 + 3 * 3 + 2);
	sono_import_free(set);
}

Test(import, ensemble_becomes_frames)
{
	struct sono_import *set;

	write_set("{" COMMON ", \"shape\": [2, 3, 4], \"t0\": 0, "
		  "\"layout\": \"[frame][element][sample]\", "
		  "\"PRF\": 5000}", 24);
	set = read_set();
	cr_assert_eq(set->frames, 2);
	cr_assert_eq(set->scan->events, 1);
	cr_assert_float_eq(set->scan->frame_period, 200e-6, 1e-12);
	/* frame 1, element 2, sample 3 */
	cr_assert_eq(row(set, 1, 0, 2)[3], 12 + 2 * 4 + 3);
	sono_import_free(set);
}

static const struct {
	const char *meta;
	const char *why;
} wrong[] = {
	{ "{", "meta.json: line 1: string or '}' expected near end of file" },
	{ "[1]", "meta.json: not an object" },
	{ "{\"dtype\": \"float\"}", "meta.json: dtype: not \"int16 LE\"" },
	{ "{" COMMON ", \"layout\": \"[a]\"}",
	  "meta.json: layout: missing or unknown" },
	{ "{" COMMON ", \"layout\": \"[tx][sample][element]\", "
	  "\"shape\": [2, 0, 3]}",
	  "meta.json: shape: item 1 missing or not 1 to 65536" },
	{ "{" COMMON ", \"layout\": \"[tx][sample][element]\", "
	  "\"shape\": [2, 4, 5]}",
	  "meta.json: nel: 3, but shape has 5 elements" },
	{ "{" COMMON ", \"layout\": \"[tx][sample][element]\", "
	  "\"shape\": [2, 4, 3]}",
	  "meta.json: t0: missing or not a number" },
	{ "{" COMMON ", \"layout\": \"[tx][sample][element]\", \"t0\": 0, "
	  "\"PRF\": 0, \"shape\": [2, 4, 3]}",
	  "meta.json: PRF: 0 is not above 0" },
	{ "{" COMMON ", \"layout\": \"[tx][sample][element]\", \"t0\": 0, "
	  "\"shape\": [2, 4, 3], \"txdelays_s\": [[0, 0, 0], [0, \"x\", 0]]}",
	  "meta.json: txdelays_s: row 1, item 1: not a number" },
	{ "{" COMMON ", \"layout\": \"[tx][sample][element]\", \"t0\": 0, "
	  "\"shape\": [2, 5, 3]}",
	  "rf_int16.bin: 48 bytes, but shape says 60" },
};

Test(import, wrong_sets_are_refused_with_file_and_place)
{
	struct sono_import *set;
	char why[256];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_set(wrong[i].meta, 24);
		cr_assert_eq(sono_import(folder, &set, why, sizeof(why)),
			     -EINVAL);
		cr_assert_not_null(strstr(why, wrong[i].why), "%s\nnot\n%s",
				   why, wrong[i].why);
	}
}

Test(import, missing_file_is_named)
{
	struct sono_import *set;
	char why[256];

	cr_assert_eq(sono_import(folder, &set, why, sizeof(why)), -ENOENT);
	cr_assert_not_null(strstr(why, "meta.json: No such file"));
}
