// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "dsp/detect.h"

static struct detect *make(const struct detect_params *params)
{
	struct detect *detect;
	const char *why = "";

	cr_assert_eq(detect_create(&detect, 1, 3, params, &why), 0, "%s", why);
	return detect;
}

/* One line of three samples of the same magnitude. */
static void detect_line(struct detect *detect, float *db, float magnitude)
{
	float data[6] = { magnitude, 0, 0, -magnitude, 0.6f * magnitude,
			  0.8f * magnitude };
	const struct iq iq = { data, 1, 1, 3 };
	struct env env = { db, 1, 3 };

	detect_execute(detect, &env, &iq, 0);
}

Test(detect, zero_db_is_the_reference_whatever_the_phase)
{
	struct detect *d = make(&(struct detect_params){
				.reference = 500, .range_db = 60 });
	float db[3];
	int j;

	detect_line(d, db, 500);
	for (j = 0; j < 3; j++)
		cr_assert_float_eq(db[j], 0, 1e-3);
	detect_line(d, db, 50);
	cr_assert_float_eq(db[1], -20, 1e-3);
	detect_line(d, db, 5000);
	cr_assert_float_eq(db[1], 20, 1e-3, "no clamp above 0 dB");
	detect_destroy(d);
}

Test(detect, nothing_is_the_floor)
{
	struct detect *d = make(&(struct detect_params){
				.reference = 1, .range_db = 45 });
	float db[3];

	detect_line(d, db, 0);
	cr_assert_eq(db[0], -45);
	detect_line(d, db, 1e-6f);
	cr_assert_eq(db[0], -45);
	detect_destroy(d);
}

Test(detect, trim_is_linear_between_its_points)
{
	static const double trim[] = { 0, 10 };
	struct detect *d = make(&(struct detect_params){
				.reference = 1, .range_db = 60,
				.tgc_points = 2, .tgc_db = trim });
	float db[3];

	detect_line(d, db, 1);
	cr_assert_float_eq(db[0], 0, 1e-3);
	cr_assert_float_eq(db[1], 5, 1e-3);
	cr_assert_float_eq(db[2], 10, 1e-3);
	detect_destroy(d);
}

Test(detect, persistence_starts_anew_after_reset)
{
	struct detect *d = make(&(struct detect_params){
				.reference = 1, .range_db = 60,
				.persistence = 0.75 });
	float db[3] = { 99, 99, 99 };

	detect_line(d, db, 1);
	cr_assert_float_eq(db[0], 0, 1e-3, "nothing persists at first");
	detect_line(d, db, 0.01f);
	cr_assert_float_eq(db[0], -10, 1e-3, "a quarter of -40 dB");
	detect_reset(d);
	detect_line(d, db, 0.01f);
	cr_assert_float_eq(db[0], -40, 1e-3);
	detect_destroy(d);
}

Test(detect, image_of_the_packet_is_the_one_asked_for)
{
	struct detect *d = make(&(struct detect_params){
				.reference = 1, .range_db = 60 });
	float data[12] = { [6] = 10, [8] = 10, [10] = 10 }, db[3];
	const struct iq iq = { data, 2, 1, 3 };
	struct env env = { db, 1, 3 };

	detect_execute(d, &env, &iq, 1);
	cr_assert_float_eq(db[2], 20, 1e-3);
	detect_destroy(d);
}

static const char *refusal(const struct detect_params *params)
{
	struct detect *detect;
	const char *why = NULL;

	cr_assert_eq(detect_create(&detect, 1, 3, params, &why), -EINVAL);
	cr_assert_not_null(why);
	return why;
}

Test(detect, wrong_params_are_refused_with_a_reason)
{
	static const double trim[] = { NAN };

	cr_assert_str_eq(refusal(&(struct detect_params){ .range_db = 60 }),
			 "detection: reference level is not positive");
	cr_assert_str_eq(refusal(&(struct detect_params){ .reference = 1 }),
			 "detection: dynamic range is not above 0, to 200 dB");
	cr_assert_str_eq(refusal(&(struct detect_params){
				 .reference = 1, .range_db = 60,
				 .persistence = 1 }),
			 "detection: persistence is not 0 to below 1");
	cr_assert_str_eq(refusal(&(struct detect_params){
				 .reference = 1, .range_db = 60,
				 .tgc_points = 1, .tgc_db = trim }),
			 "detection: a gain beyond 200 dB");
}
