// SPDX-License-Identifier: MIT
#include <complex.h>
#include <math.h>

#include "checkdsp.h"
#include "dsp/beamform.h"

/* Within the header's tolerances: what the C form leaves of exact phases. */
#define C_PHASE		6e-6	/* second order of pi / 1024, and float */
#define C_WINDOW	1e-5	/* linear interpolation of a Hann window */
#define VARIANT_WEIGHT	2e-4
#define SUM		1e-6

static float cis_table[2 * BEAMFORM_PHASES];
static float window_table[BEAMFORM_WINDOW + 2];

static struct beamform_law make_law(void)
{
	int i;

	for (i = 0; i < BEAMFORM_PHASES; i++) {
		cis_table[2 * i] = cos(2 * M_PI * i / BEAMFORM_PHASES);
		cis_table[2 * i + 1] = sin(2 * M_PI * i / BEAMFORM_PHASES);
	}
	for (i = 0; i <= BEAMFORM_WINDOW; i++)
		window_table[i] = window_weight(WINDOW_HANN, 0,
						(double)i / BEAMFORM_WINDOW);
	return (struct beamform_law){
		.scale = 65536 * 20.832e6 / 1540,
		.turn = 65536 * 0.2501,
		.cis = cis_table,
		.window = window_table,
	};
}

/* The carrier's phase over a Q16 index, exactly. */
static double complex phase(int32_t index, const struct beamform_law *law)
{
	double turns = remainder(index * (law->turn / 4294967296.0), 1);

	return cexp(2 * M_PI * I * turns);
}

/* An aperture that moves and grows along the line, to u = 1.25. */
static void make_aperture(struct beamform_aperture *aperture, uint32_t n)
{
	static float centre[1024], scale[1024];
	uint32_t j;

	for (j = 0; j < n; j++) {
		centre[j] = 10e-3 + 1e-6 * j;
		scale[j] = 1 / (4e-3 + 1e-6 * j);
	}
	*aperture = (struct beamform_aperture){ centre, scale, 5e-3 };
}

static double place(const struct ray *ray, uint32_t j,
		    const struct sono_element *el)
{
	return hypot(ray->x + j * ray->dx - el->x,
		     ray->z + j * ray->dz - el->z);
}

static void compare_receive(beamform_receive_fn *fn, uint32_t n,
			    uint32_t first, bool window)
{
	const struct ray ray = { 1e-3, 20e-3, 3e-6, 40e-6 };
	const struct sono_element el = { -2e-3, 1e-3, sin(-0.1), cos(-0.1) };
	const struct beamform_law law = make_law();
	struct guarded index = guarded_new(4 * n, 4);
	struct guarded weight = guarded_new(8 * n, 4);
	const double tolerance = fn == beamform_receive_c ?
				 C_PHASE + C_WINDOW : VARIANT_WEIGHT;
	struct beamform_aperture aperture;
	uint32_t j;

	make_aperture(&aperture, first + n);
	fn(index.data, weight.data, n, &ray, first, &el, &law,
	   window ? &aperture : NULL);
	for (j = 0; j < n; j++) {
		const int32_t got = ((int32_t *)index.data)[j];
		const float *w = (float *)weight.data + 2 * j;
		const uint32_t k = first + j;
		double d = place(&ray, k, &el);
		double u = fabs(aperture.at - (double)aperture.centre[k]) *
			   aperture.scale[k];
		double complex want = phase(got, &law);

		if (window)
			want *= window_weight(WINDOW_HANN, 0, fmin(u, 1));
		checkdsp_near("index", j, got, d * law.scale,
			      fn == beamform_receive_c ? 0.501 : 1.501);
		checkdsp_near("weight.re", j, w[0], creal(want), tolerance);
		checkdsp_near("weight.im", j, w[1], cimag(want), tolerance);
	}
	guarded_end(&index);
	guarded_end(&weight);
}

struct receive_call {
	beamform_receive_fn *fn;
	int32_t index[1024];
	float weight[2048];
	struct beamform_law law;
};

static void call_receive(void *arg)
{
	const struct ray ray = { 1e-3, 5e-3, 0, 40e-6 };
	const struct sono_element el = { -2e-3, 0, 0, 1 };
	struct receive_call *c = arg;

	c->fn(c->index, c->weight, 1024, &ray, 0, &el, &c->law, NULL);
}

static void check_receive(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 16, 33, 609 };
	const struct beamform_receive_variant *v;
	static struct receive_call c;
	unsigned int i;

	for (v = beamform_receive_variants; v->fn; v++) {
		if (!checkdsp_begin("beamform_receive", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			compare_receive(v->fn, sizes[i], 0, false);
			compare_receive(v->fn, sizes[i], 13, true);
		}
		c.fn = v->fn;
		c.law = make_law();
		checkdsp_bench(call_receive, &c, 1024, "point");
		checkdsp_end();
	}
}

struct add {
	struct guarded acc, want, row, receive, transmit, weight;
	uint32_t samples, n;
};

/*
 * Indices lie anywhere about the record: before it, on its last tap, behind
 * it. @scale: of the samples.
 */
static void make_add(struct add *a, uint32_t samples, uint32_t n, float scale)
{
	uint32_t j;

	a->samples = samples;
	a->n = n;
	a->acc = guarded_new(8 * n, 4);
	a->want = guarded_new(8 * n, 0);
	a->row = guarded_new(8 * samples, 4);
	a->receive = guarded_new(4 * n, 4);
	a->transmit = guarded_new(4 * n, 4);
	a->weight = guarded_new(8 * n, 4);
	for (j = 0; j < 2 * samples; j++)
		((float *)a->row.data)[j] = scale * checkdsp_random();
	for (j = 0; j < n; j++) {
		int32_t *receive = (int32_t *)a->receive.data + j;
		int32_t *transmit = (int32_t *)a->transmit.data + j;
		float *weight = (float *)a->weight.data + 2 * j;

		*receive = checkdsp_below((samples + 2) * 65536);
		*transmit = checkdsp_below(131072) - 131072;
		if (j % 5 == 1)
			*transmit = (samples - 1) * 65536 - *receive - j % 2;
		weight[0] = checkdsp_random();
		weight[1] = checkdsp_random();
	}
}

static void end_add(struct add *a)
{
	guarded_end(&a->acc);
	guarded_end(&a->want);
	guarded_end(&a->row);
	guarded_end(&a->receive);
	guarded_end(&a->transmit);
	guarded_end(&a->weight);
}

static void exact_add(float *acc, const float *row, uint32_t samples,
		      const int32_t *receive, const int32_t *transmit,
		      const float *weight, uint32_t n)
{
	uint32_t j;

	for (j = 0; j < n; j++) {
		double s = ((double)receive[j] + transmit[j]) / 65536;
		double part = s - floor(s);
		const float *tap = row + 2 * (long)floor(s);
		double complex v, w = weight[2 * j] + I * weight[2 * j + 1];

		if (s < 0 || s >= samples - 1)
			continue;
		v = (1 - part) * (tap[0] + I * tap[1]) +
		    part * (tap[2] + I * tap[3]);
		acc[2 * j] += creal(v * w);
		acc[2 * j + 1] += cimag(v * w);
	}
}

static void compare_add(beamform_add_fn *fn, uint32_t samples, uint32_t n,
			float scale)
{
	beamform_add_fn *oracle = fn == beamform_add_c ? exact_add :
							 beamform_add_c;
	struct add a;
	uint32_t j;

	make_add(&a, samples, n, scale);
	fn(a.acc.data, a.row.data, samples, a.receive.data, a.transmit.data,
	   a.weight.data, n);
	oracle(a.want.data, a.row.data, samples, a.receive.data,
	       a.transmit.data, a.weight.data, n);
	for (j = 0; j < 2 * n; j++)
		checkdsp_near("acc", j, ((float *)a.acc.data)[j],
			      ((float *)a.want.data)[j], SUM * scale);
	end_add(&a);
}

struct add_call {
	beamform_add_fn *fn;
	struct add *add;
};

static void call_add(void *arg)
{
	struct add_call *c = arg;
	struct add *a = c->add;

	c->fn(a->acc.data, a->row.data, a->samples, a->receive.data,
	      a->transmit.data, a->weight.data, a->n);
}

static void check_add(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 16, 33, 609 };
	const struct beamform_add_variant *v;
	struct add a;
	unsigned int i;

	for (v = beamform_add_variants; v->fn; v++) {
		if (!checkdsp_begin("beamform_add", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			compare_add(v->fn, 1536, sizes[i], 1);
			compare_add(v->fn, 2, sizes[i], 1);
			compare_add(v->fn, 1, sizes[i], 1);
			compare_add(v->fn, 1536, sizes[i], 131072);
			compare_add(v->fn, 1536, sizes[i], 1e-38f);
		}
		make_add(&a, 1536, 1024, 1);
		checkdsp_bench(call_add, &(struct add_call){ v->fn, &a }, 1024,
			       "point");
		end_add(&a);
		checkdsp_end();
	}
}

static void exact_rotate(float *out, const float *acc,
			 const int32_t *transmit, uint32_t n,
			 const struct beamform_law *law)
{
	uint32_t j;

	for (j = 0; j < n; j++) {
		double complex a = acc[2 * j] + I * acc[2 * j + 1];

		a *= phase(transmit[j], law);
		out[2 * j] += creal(a);
		out[2 * j + 1] += cimag(a);
	}
}

static void compare_rotate(beamform_rotate_fn *fn, uint32_t n)
{
	const bool c = fn == beamform_rotate_c;
	beamform_rotate_fn *oracle = c ? exact_rotate : beamform_rotate_c;
	const struct beamform_law law = make_law();
	struct guarded out = guarded_new(8 * n, 4);
	struct guarded want = guarded_new(8 * n, 0);
	struct guarded acc = guarded_new(8 * n, 4);
	struct guarded transmit = guarded_new(4 * n, 4);
	uint32_t j;

	for (j = 0; j < 2 * n; j++) {
		((float *)acc.data)[j] = checkdsp_random();
		((float *)out.data)[j] = checkdsp_random();
		((float *)want.data)[j] = ((float *)out.data)[j];
	}
	for (j = 0; j < n; j++)
		((int32_t *)transmit.data)[j] =
			checkdsp_below(1u << 30) - (1 << 29);
	fn(out.data, acc.data, transmit.data, n, &law);
	oracle(want.data, acc.data, transmit.data, n, &law);
	for (j = 0; j < 2 * n; j++)
		checkdsp_near("out", j, ((float *)out.data)[j],
			      ((float *)want.data)[j], c ? 2 * C_PHASE : SUM);
	guarded_end(&out);
	guarded_end(&want);
	guarded_end(&acc);
	guarded_end(&transmit);
}

struct rotate_call {
	beamform_rotate_fn *fn;
	float out[2048], acc[2048];
	int32_t transmit[1024];
	struct beamform_law law;
};

static void call_rotate(void *arg)
{
	struct rotate_call *c = arg;

	c->fn(c->out, c->acc, c->transmit, 1024, &c->law);
}

static void check_rotate(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 16, 33, 609 };
	const struct beamform_rotate_variant *v;
	static struct rotate_call c;
	unsigned int i;

	for (v = beamform_rotate_variants; v->fn; v++) {
		if (!checkdsp_begin("beamform_rotate", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			compare_rotate(v->fn, sizes[i]);
		c.fn = v->fn;
		c.law = make_law();
		checkdsp_bench(call_rotate, &c, 1024, "point");
		checkdsp_end();
	}
}

void check_beamform(void)
{
	check_receive();
	check_add();
	check_rotate();
}
