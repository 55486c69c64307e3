/* SPDX-License-Identifier: MIT */
/*
 * What a frame means: the probe, the transmit events and the sampling. A
 * scan comes from a compiled plan or from a recording and is all that the
 * beamformer needs to know of either.
 *
 * Axes, everywhere: x to the right, z away from the probe, the probe's
 * centre at the origin. SI units. Positive velocity is towards the probe.
 */
#ifndef SONO_SCAN_H
#define SONO_SCAN_H

#include <stddef.h>
#include <stdint.h>

/**
 * enum sono_wave - shape of a transmitted wave
 * @SONO_WAVE_PLANE: plane, steered by its delays
 * @SONO_WAVE_DIVERGING: from a virtual source behind the probe
 * @SONO_WAVE_FOCUSED: to a focus in front of it
 *
 * For plane and diverging waves the minimum over the elements of (delay +
 * distance / c) is the exact first arrival at a point. For a focused wave it
 * is not: there the arrival counts from the focus, with the sign of the side
 * the point lies on.
 */
enum sono_wave {
	SONO_WAVE_PLANE,
	SONO_WAVE_DIVERGING,
	SONO_WAVE_FOCUSED,
};

/**
 * enum sono_role - what an event is for
 * @SONO_ROLE_B: the grey picture
 * @SONO_ROLE_COLOUR: the velocity in a box
 * @SONO_ROLE_M: one line over time
 * @SONO_ROLE_PW: velocities in one volume over time
 */
enum sono_role {
	SONO_ROLE_B,
	SONO_ROLE_COLOUR,
	SONO_ROLE_M,
	SONO_ROLE_PW,
};

/*
 * An event's tag in the board's table says what it is for, so that a table
 * alone can be understood: its role, its number among the shots at the same
 * place (the ensemble of colour, the lines of M and of PW), and its number among the
 * transmits of one shot.
 */
#define SONO_TAG(role, shot, index)                                    \
	((uint32_t)(role) << 28 | ((uint32_t)(shot) & 0xfff) << 16 |   \
	 ((uint32_t)(index) & 0xffff))
#define SONO_TAG_ROLE(tag) ((enum sono_role)((tag) >> 28))
#define SONO_TAG_SHOT(tag) ((tag) >> 16 & 0xfff)
#define SONO_TAG_INDEX(tag) ((tag) & 0xffff)

/**
 * struct sono_element - one element of the probe
 * @x: position [m]
 * @z: position [m]
 * @nx: unit normal, out of the probe
 * @nz: unit normal, 1 for a flat array
 */
struct sono_element {
	double x, z;
	double nx, nz;
};

/**
 * struct sono_event - one transmit event as the beamformer sees it
 * @wave: shape of the wave
 * @tag: SONO_TAG() of the event
 * @beam_x: where a focused, M or PW beam leaves the probe [m]
 * @beam_z: the same [m]
 * @beam_angle: its direction from +z towards +x [rad]
 * @focus: of a focused wave, distance along the beam, > 0 [m]
 * @period: time to the next trigger [s]
 * @rx_start: time of the first sample after the trigger [s]; negative in
 *            recordings whose time zero lies inside the record
 * @samples: samples per channel
 * @offset: of the event's first row in the frame's payload [bytes]
 * @stride: from one channel's row to the next [bytes], a multiple of 64
 * @delay: per element, from the trigger [s], NAN where it does not transmit
 */
struct sono_event {
	enum sono_wave wave;
	uint32_t tag;
	double beam_x, beam_z;
	double beam_angle;
	double focus;
	double period;
	double rx_start;
	uint32_t samples;
	size_t offset;
	size_t stride;
	const double *delay;
};

/**
 * struct sono_scan - a scan, complete
 * @elements: number of elements of the probe
 * @element: their places, [elements]
 * @channels: rows of an event's payload
 * @channel_element: element of each channel, [channels]
 * @events: events of a frame
 * @event: the events, [events]
 * @fs: samples per second after decimation [Hz]
 * @fc: centre frequency, for demodulation and velocity [Hz]
 * @c: speed of sound [m/s]
 * @lens_delay: one way through the lens [s]; counts twice
 * @pulse_delay: from the trigger to the centre of the pulse [s]
 * @frame_period: between first triggers of frames [s]
 * @tgc_points: points of the receive gain that the board applied, 0: none
 * @tgc_db: [tgc_points], at equal steps over the receive window [dB]
 * @frame_bytes: payload with the auxiliary block
 * @aux_offset: of the auxiliary block in the payload [bytes]
 *
 * All arrays belong to the scan; sono_scan_free() frees them with it.
 */
struct sono_scan {
	uint32_t elements;
	struct sono_element *element;
	uint32_t channels;
	uint32_t *channel_element;
	uint32_t events;
	struct sono_event *event;
	double fs;
	double fc;
	double c;
	double lens_delay;
	double pulse_delay;
	double frame_period;
	uint32_t tgc_points;
	double *tgc_db;
	size_t frame_bytes;
	size_t aux_offset;
};

/**
 * sono_scan_alloc() - a scan with its arrays, zeroed
 * @elements: elements of the probe, at least 1
 * @channels: channels received, at least 1
 * @events: events of a frame, at least 1
 *
 * Every event's delay points at a row of @elements doubles.
 *
 * Return: the scan, or NULL without memory.
 */
struct sono_scan *sono_scan_alloc(uint32_t elements, uint32_t channels,
				  uint32_t events);

/**
 * sono_scan_layout() - place the events' rows in the payload
 * @scan: with samples of every event set; sets offset, stride, aux_offset
 *        and frame_bytes
 * @aux_bytes: of the auxiliary block, a multiple of 64
 */
void sono_scan_layout(struct sono_scan *scan, uint32_t aux_bytes);

/** sono_scan_free() - free a scan; NULL is fine */
void sono_scan_free(struct sono_scan *scan);

#endif /* SONO_SCAN_H */
