/* SPDX-License-Identifier: MIT */
/*
 * A scan plan as it is written: every setting with its value and its line,
 * each checked alone. What settings mean together is plan.c's business.
 * Documentation/plan.rst describes the file; the table in plan_text.c is the
 * list of all keys.
 */
#ifndef SONO_PLAN_TEXT_H
#define SONO_PLAN_TEXT_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct plan_value - one setting
 * @number: its value: a number, 0 or 1, the index of a word, or for a group 1
 *          if it is there
 * @line: where it is written; 0: it is not, @number is the default
 */
struct plan_value {
	double number;
	unsigned int line;
};

/**
 * struct plan_list - a setting of several numbers
 * @number: [count], owned
 * @count: 0 where it is not written
 * @line: where it is written
 */
struct plan_list {
	double *number;
	uint32_t count;
	unsigned int line;
};

/* Words, by index. */
enum plan_probe { PLAN_LINEAR, PLAN_CONVEX, PLAN_PHASED };
enum plan_waves { PLAN_PLANE, PLAN_DIVERGING, PLAN_FOCUSED };
enum plan_order { PLAN_B_COLOUR, PLAN_COLOUR_B, PLAN_ALTERNATE };
enum plan_interleave { PLAN_SIMULTANEOUS, PLAN_UPDATE };
enum plan_trigger { PLAN_FREE, PLAN_ECG, PLAN_EXTERNAL };
enum plan_grid { PLAN_GRID_LINEAR, PLAN_GRID_SECTOR };
enum plan_interpolation { PLAN_ENVELOPE_LINEAR, PLAN_COMPENSATED, PLAN_UPSAMPLED };
enum plan_window { PLAN_BOXCAR, PLAN_HANN, PLAN_TUKEY };
enum plan_grey { PLAN_GREY_LINEAR, PLAN_GREY_GAMMA, PLAN_GREY_S };
enum plan_wall { PLAN_POLYNOMIAL, PLAN_FIR, PLAN_IIR, PLAN_SVD };
enum plan_start { PLAN_PROJECTION, PLAN_STEP, PLAN_ZERO };
enum plan_estimator { PLAN_KASAI, PLAN_LOUPAS };
enum plan_of { PLAN_OF_FLOW, PLAN_OF_TISSUE };
enum plan_trace { PLAN_NO_TRACE, PLAN_PEAK, PLAN_MEAN, PLAN_BOTH };
enum plan_map {
	PLAN_VELOCITY,
	PLAN_VARIANCE,
	PLAN_POWER,
	PLAN_DIRECTIONAL
};

struct plan_probe_text {
	struct plan_value here;
	struct plan_value kind;
	struct plan_value elements;
	struct plan_value pitch_mm;
	struct plan_value radius_mm;
	struct plan_value field_deg;
	struct plan_value lens_delay_us;
};

/* Of B, of colour, and, without places, of what is one line. */
struct plan_waves_text {
	struct plan_value here;
	struct plan_value kind;
	struct plan_list angles_deg;
	struct plan_list positions_mm;
	struct plan_value count;
	struct plan_value max_deg;
	struct plan_value max_mm;
	struct plan_list range_deg;
	struct plan_list range_mm;
	struct plan_value steer_deg;
	struct plan_value width_deg;
	struct plan_value focus_mm;
	struct plan_value f_number;
};

struct plan_pulse_text {
	struct plan_value here;
	struct plan_value fc_mhz;
	struct plan_value half_cycles;
	struct plan_value inverted;
	struct plan_value harmonic;
	struct plan_value inversion;
	struct plan_value hv_v;
	struct plan_value settle_us;
	struct plan_value apodisation;
	struct plan_value taper;
	struct plan_value delay_us;
};

struct plan_receive_window_text {
	struct plan_value here;
	struct plan_value start_mm;
	struct plan_value end_mm;
	struct plan_value start_us;
	struct plan_value samples;
};

struct plan_colour_text {
	struct plan_value here;
	struct plan_waves_text waves;
	struct plan_pulse_text pulse;
	struct plan_receive_window_text window;
	struct plan_value ensemble;
	struct plan_value prf_hz;
};

struct plan_m_text {
	struct plan_value here;
	struct plan_waves_text waves;
	struct plan_receive_window_text window;
	struct plan_value lines_hz;
	struct plan_value ensemble;
	struct plan_value prf_hz;
};

struct plan_pw_text {
	struct plan_value here;
	struct plan_waves_text waves;
	struct plan_pulse_text pulse;
	struct plan_receive_window_text window;
	struct plan_value prf_hz;
	struct plan_value interleave;
	struct plan_value lines;
};

struct plan_sequence_text {
	struct plan_value here;
	struct plan_waves_text waves;
	struct plan_pulse_text pulse;
	struct plan_receive_window_text window;
	struct plan_value sampling_mhz;
	struct plan_value prf_hz;
	struct plan_value frame_rate_hz;
	struct plan_value ensemble;
	struct plan_colour_text colour;
	struct plan_value order;
	struct plan_m_text m;
	struct plan_pw_text pw;
	struct plan_value ecg;
	struct plan_value trigger;
	struct plan_list tgc_db;
};

struct plan_receive_text {
	struct plan_value here;
	struct plan_value c_m_s;
	struct plan_value f_number;
	struct plan_value apodisation;
	struct plan_value taper;
	struct plan_value interpolation;
	struct plan_value coherence;
};

struct plan_grid_text {
	struct plan_value here;
	struct plan_value kind;
	struct plan_value lines;
	struct plan_value samples;
	struct plan_list x_mm;
	struct plan_list z_mm;
	struct plan_list angle_deg;
	struct plan_list range_mm;
	struct plan_value apex_mm;
};

/* A part of the grid's area; of the grid's kind and from its apex. */
struct plan_box_text {
	struct plan_value here;
	struct plan_value lines;
	struct plan_value samples;
	struct plan_list x_mm;
	struct plan_list z_mm;
	struct plan_value steer_deg;
	struct plan_list angle_deg;
	struct plan_list range_mm;
};

struct plan_demodulation_text {
	struct plan_value here;
	struct plan_value pass_mhz;
	struct plan_value stop_mhz;
	struct plan_value reject_db;
	struct plan_value decimation;
};

struct plan_doppler_text {
	struct plan_value here;
	struct plan_box_text box;
	struct plan_value f_number;
	struct plan_value packet_frames;
	struct plan_value wall;
	struct plan_value wall_order;
	struct plan_value wall_cutoff_cm_s;
	struct plan_value wall_start;
	struct plan_value estimator;
	struct plan_value average_lines;
	struct plan_value average_samples;
	struct plan_value frequency_mhz;
	struct plan_value power_min_db;
	struct plan_value velocity_min_cm_s;
	struct plan_value priority_db;
	struct plan_value of;
	struct plan_value tissue_db;
	struct plan_value tissue_mm;
};

struct plan_m_line_text {
	struct plan_value here;
	struct plan_value x_mm;
	struct plan_value angle_deg;
	struct plan_list depth_mm;
	struct plan_value samples;
	struct plan_doppler_text doppler;
};

struct plan_volume_text {
	struct plan_value here;
	struct plan_value x_mm;
	struct plan_value angle_deg;
	struct plan_value depth_mm;
	struct plan_value gate_mm;
	struct plan_value flow_deg;
	struct plan_value f_number;
	struct plan_value wall_cutoff_cm_s;
	struct plan_value window;
	struct plan_value fft;
	struct plan_value looks;
	struct plan_value trace_columns;
	struct plan_value reference_counts;
	struct plan_value range_db;
};

struct plan_processing_text {
	struct plan_value here;
	struct plan_grid_text grid;
	struct plan_demodulation_text demodulation;
	struct plan_value reference_counts;
	struct plan_value range_db;
	struct plan_value persistence;
	struct plan_list tgc_trim_db;
	struct plan_doppler_text doppler;
	struct plan_m_line_text m;
	struct plan_volume_text pw;
};

struct plan_display_text {
	struct plan_value here;
	struct plan_value width;
	struct plan_value height;
	struct plan_value grey;
	struct plan_value colour;
	struct plan_value map;
	struct plan_value power_range_db;
	struct plan_value baseline;
	struct plan_value invert;
	struct plan_value m_height;
	struct plan_value m_colour;
	struct plan_value pw_height;
	struct plan_value pw_baseline;
	struct plan_value pw_invert;
	struct plan_value pw_trace;
	struct plan_value ecg;
	struct plan_value ecg_height;
	struct plan_value sweep_mm_s;
	struct plan_value strip_mm;
};

/** struct plan_text - a plan, written */
struct plan_text {
	struct plan_probe_text probe;
	struct plan_sequence_text sequence;
	struct plan_receive_text receive;
	struct plan_processing_text processing;
	struct plan_display_text display;
};

/**
 * plan_text_read() - read a plan
 * @text: written; end with plan_text_finish(), also after an error
 * @path: of the file
 * @why: on an error "FILE:LINE: key: reason"; may be NULL
 * @why_bytes: its size
 *
 * Return: 0, -EINVAL for a plan that is wrong, -ENOMEM, or the errno of
 * reading the file.
 */
int plan_text_read(struct plan_text *text, const char *path, char *why,
		   size_t why_bytes);

/** plan_text_finish() - free what a plan's lists hold */
void plan_text_finish(struct plan_text *text);

#endif /* SONO_PLAN_TEXT_H */
