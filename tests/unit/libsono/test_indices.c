// SPDX-License-Identifier: MIT
/* MI and TI against figures worked by hand from Documentation/sonod.rst. */
#include <criterion/criterion.h>
#include <math.h>

#include "indices.h"

#define ELEMENTS 64
#define PITCH	 0.3e-3
#define EVENTS	 3

static double amplitude[ELEMENTS];
static double delay[EVENTS][ELEMENTS];
static struct sono_element element[ELEMENTS];
static struct sono_event event[EVENTS];
static struct sono_waveform waveform[EVENTS];
static struct sono_scan scan;
static struct sono_plan plan;

/* A plane wave of 50 V, two cycles of 4 MHz, from all elements, 1000 times a second. */
static void usual(void)
{
	scan = (struct sono_scan){
		.elements = ELEMENTS, .element = element, .events = 1,
		.event = event, .c = 1540, .frame_period = 1e-3,
	};
	plan = (struct sono_plan){ .scan = &scan, .waveform = waveform };
	for (int e = 0; e < ELEMENTS; e++) {
		amplitude[e] = 1;
		element[e].x = (e - (ELEMENTS - 1) / 2.0) * PITCH;
		element[e].nz = 1;
	}
	for (int i = 0; i < EVENTS; i++) {
		for (int e = 0; e < ELEMENTS; e++)
			delay[i][e] = 0;
		event[i] = (struct sono_event){ .wave = SONO_WAVE_PLANE,
						.delay = delay[i] };
		waveform[i] = (struct sono_waveform){
			.frequency = 4e6, .half_cycles = 4, .voltage = 50,
			.amplitude = amplitude,
		};
	}
}

static void are(double mi, double ti)
{
	const struct sono_indices i = sono_indices_of(&plan);

	/* worked to five digits */
	cr_assert_float_eq(i.mi, mi, 2e-5 * mi, "MI %g", i.mi);
	cr_assert_float_eq(i.ti, ti, 2e-5 * ti, "TI %g", i.ti);
}

/*
 * 500 kPa at the face; 0.5 MPa / sqrt(4). 81.169 kW/m^2 through 13 mm x 10 mm of the
 * 19.2 mm, for 0.5 us of each ms: 5.2760 mW.
 */
Test(indices, plane_wave, .init = usual)
{
	are(0.25, 0.100495);
}

/* At 40 mm 19.2 mm / sqrt(0.385 mm x 40 mm) = 4.8926 times the face's, less 4.8 dB. */
Test(indices, focus, .init = usual)
{
	event[0].wave = SONO_WAVE_FOCUSED;
	event[0].focus = 40e-3;
	are(0.25 * 4.8926 * 0.575440, 0.100495);
}

/* 36 dB on the way to 300 mm are more than the focus gains: the face has more. */
Test(indices, far_focus, .init = usual)
{
	event[0].wave = SONO_WAVE_FOCUSED;
	event[0].focus = 300e-3;
	are(0.25, 0.100495);
}

/* 16 elements, 4.8 mm, at half the pulse width: a quarter of 4.8 / 10 of the power. */
Test(indices, narrow_aperture, .init = usual)
{
	for (int e = 0; e < ELEMENTS; e++)
		if (e < 8 || e >= 24)
			delay[0][e] = NAN;
		else
			amplitude[e] = 0.5;
	are(0.125, 0.100495 * 0.25 * 0.48);
}

/* At 1 MHz the pulse is 4 times as long, the index of it a quarter: the same TI. */
Test(indices, frequency, .init = usual)
{
	waveform[0].frequency = 1e6;
	are(0.5, 0.100495);
}

/* The largest MI, the sum of TI; one that does not transmit adds nothing. */
Test(indices, several_events, .init = usual)
{
	scan.events = EVENTS;
	waveform[1].voltage = 25;
	for (int e = 0; e < ELEMENTS; e++)
		delay[2][e] = NAN;
	are(0.25, 0.100495 * 1.25);
}
