/* SPDX-License-Identifier: MIT */
/*
 * Inside of the plan compiler. A compilation goes through the files in this
 * order: plan_waves.c places the elements and makes each part's delays,
 * plan_time.c says when every event comes, plan.c makes scan and table of
 * that, plan_picture.c the parameters of the pipeline. All return 0, -ENOMEM,
 * or -EINVAL after a refusal.
 */
#ifndef SONO_PLAN_COMPILE_H
#define SONO_PLAN_COMPILE_H

#include "dsp/spectrum.h"
#include "plan.h"
#include "plan_text.h"

/**
 * struct plan_line - the group that says where a part that is one line goes
 * @group: its name
 * @here: the group
 * @x_mm: where the line starts, of a linear probe
 * @angle_deg: its direction
 */
struct plan_line {
	const char *group;
	const struct plan_value *here;
	const struct plan_value *x_mm;
	const struct plan_value *angle_deg;
};

/**
 * struct plan_part - what transmits for one purpose
 * @role: the purpose
 * @name: its group in the file
 * @here: that group
 * @line: where it goes, if it is one line; NULL: where @waves say
 * @waves: as written
 * @pulse: as written; what the part does not say is B's
 * @pulse_here: line of the group that says it
 * @window: as written, or B's
 * @window_name: its group
 * @prf: as written, NULL: none can be
 * @count: transmits of one shot; with pulse inversion waves come in pairs
 * @place: of each: angle [rad] or, of a linear probe's beams, x [m]
 * @inversion: of every two transmits the second is the first, inverted
 * @shots: how often each is transmitted in a frame
 * @burst: shots of a line that comes at equal times, at its period
 * @by_beam: all shots of a transmit before the next, not all transmits of a
 *           shot
 * @delay: from the trigger, NAN: silent [s], [count][elements]
 * @weight: pulse widths, 0 to 1, [count][elements]
 * @beam: x, z and angle of each transmit's beam, [count]
 * @longest: delay [s]
 * @shift: delay of the first element, so that all parts' pulses have their
 *         centres at the same time [s]
 * @rx_start: first sample [ADC clocks]
 * @samples: of its window
 * @window_end: from the trigger [ADC clocks]
 * @need: from the trigger to where the next one may come [board ticks]
 * @pri: between its triggers [board ticks]
 */
struct plan_part {
	enum sono_role role;
	const char *name;
	const struct plan_value *here;
	const struct plan_line *line;
	const struct plan_waves_text *waves;
	struct plan_pulse_text pulse;
	const struct plan_receive_window_text *window;
	const char *window_name;
	const struct plan_value *prf;
	uint32_t count;
	double *place;
	bool inversion;
	uint32_t shots;
	uint32_t burst;
	bool by_beam;
	double *delay;
	double *weight;
	struct plan_beam {
		double x, z, angle;
	} *beam;
	double longest;
	double shift;
	uint64_t rx_start;
	uint32_t samples;
	uint64_t window_end;
	uint64_t need;
	uint64_t pri;
};

/** struct plan_slot - an event of the frame; ticks: to the next one */
struct plan_slot {
	const struct plan_part *part;
	uint32_t shot;
	uint32_t transmit;
	uint64_t ticks;
};

/* A compilation: what is written, what it becomes, and the way between. */
struct compiler {
	const char *path;
	char *why;
	size_t why_bytes;
	struct plan_text text;
	const struct sono_info *info;
	struct sono_plan *plan;

	uint32_t elements;
	struct sono_element *element;	/* [elements] */
	double c;			/* speed of sound [m/s] */
	double fs;			/* after decimation [Hz] */
	uint32_t decimation;
	double fc;			/* that is received [Hz] */
	double pulse_delay;		/* of all parts [s] */
	struct plan_line m_line, pw_line;
	struct plan_part b, colour, m, pw; /* count 0: there is none */

	struct plan_slot *slot;		/* [slots] */
	uint32_t slots;
	uint32_t slots_max;
	uint64_t frame;			/* between frames [board ticks] */
	const struct plan_part *steady;	/* comes at equal times, NULL: none */
	uint64_t interval;		/* between its lines [board ticks] */
};

/** plan_refuse() - "FILE:LINE: KEY: reason", and -EINVAL */
int plan_refuse(struct compiler *c, const char *group, const char *key,
		unsigned int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Refuses the setting text.SETTING, by its name and its line. */
#define refuse(c, setting, ...) \
	plan_refuse(c, NULL, #setting, (c)->text.setting.line, __VA_ARGS__)
#define refuse_group(c, group, ...) \
	plan_refuse(c, NULL, #group, (c)->text.group.here.line, __VA_ARGS__)

/* Refuses MEMBER.KEY of a part, as waves.count. */
#define refuse_part(c, part, member, key, ...) \
	plan_refuse(c, (part)->name, #member "." #key, \
		    (part)->member->key.line, __VA_ARGS__)
#define refuse_waves(c, part, ...) \
	plan_refuse(c, (part)->name, "waves", (part)->waves->here.line, \
		    __VA_ARGS__)
#define refuse_window(c, part, key, ...) \
	plan_refuse(c, (part)->window_name, #key, \
		    (part)->window->key.line, __VA_ARGS__)

/** plan_radians() - an angle as it is written [deg] in radians */
double plan_radians(double degrees);

/* --- plan_waves.c --- */

/** plan_probe() - place the elements */
int plan_probe(struct compiler *c);

/** plan_parts() - which parts there are, their waves, pulses and windows */
int plan_parts(struct compiler *c);

/** plan_beam_start() - where a beam of this angle or x leaves the probe */
struct plan_beam plan_beam_start(const struct compiler *c, double place,
				 double steer);

/**
 * plan_echo_time() - when the centre of the last echo is back [s]
 * @c: a compilation
 * @part: that transmits
 * @depth: straight ahead [m]
 */
double plan_echo_time(const struct compiler *c, const struct plan_part *part,
		      double depth);

/** plan_window_end() - of a part, from the trigger [s] */
double plan_window_end(const struct compiler *c, const struct plan_part *part);

/* --- plan_time.c --- */

/** plan_times() - the events of a frame in their order, and their periods */
int plan_times(struct compiler *c);

/** plan_aux_bytes() - of the auxiliary block, for a frame of c->frame */
uint32_t plan_aux_bytes(const struct compiler *c);

/* --- plan_picture.c --- */

/** plan_picture() - the parameters of the pipeline */
int plan_picture(struct compiler *c);

#endif /* SONO_PLAN_COMPILE_H */
