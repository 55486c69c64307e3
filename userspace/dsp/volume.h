/* SPDX-License-Identifier: MIT */
/*
 * A sample volume as Doppler sees it: elements lie at different angles to the
 * flow, so that one velocity has a band of Doppler shifts. Documentation/
 * dsp.rst, "Sample volume".
 */
#ifndef DSP_VOLUME_H
#define DSP_VOLUME_H

#include "beamform.h"

/**
 * struct volume_params - a volume and who looks at it
 * @role: of the events that hear it
 * @grid: of one line, whose samples are the gate
 * @f_number: of the receive aperture, 0: all elements
 * @window: over it
 * @taper: of WINDOW_TUKEY
 * @steer: of it, as struct beamform_params
 * @flow: from the line to the flow's axis, positive to the right, as all
 *        angles downwards; below a right angle [rad]
 */
struct volume_params {
	enum sono_role role;
	struct grid grid;
	double f_number;
	enum window window;
	double taper;
	double steer;
	double flow;
};

/**
 * struct volume - what it makes of a velocity
 * @cosine: mean Doppler shift of the velocity v is 2 @cosine v f / c
 * @spread: width of its band at half power, as a share of the mean shift
 */
struct volume {
	double cosine;
	double spread;
};

/**
 * volume_measure() - work it out
 * @volume: written
 * @scan: with events of the role
 * @params: as above
 *
 * Return: 0, -EINVAL where nobody sees the flow but from aside, or -ENOMEM.
 */
int volume_measure(struct volume *volume, const struct sono_scan *scan,
		   const struct volume_params *params);

#endif /* DSP_VOLUME_H */
