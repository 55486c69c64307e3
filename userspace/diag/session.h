/* SPDX-License-Identifier: MIT */
/* Inside of the checks: what they share, and how they say what they found. */
#ifndef DIAG_SESSION_H
#define DIAG_SESSION_H

#include <jansson.h>

#include "diag.h"
#include "sono.h"
#include "store.h"

#define DIAG_CHANNELS_MAX 4096

/**
 * struct diag - a source under test
 * @source: its name
 * @sono: its handle
 * @info: of it
 * @slots_bytes: of a slot of the stream, 0: there is none yet
 * @virtual_time: the board's time is not this machine's
 * @broken: what keeps the board from streaming at all; empty: nothing. It has
 *          been named, and is not named again
 * @named: a fault
 * @leaks: there is a transmit voltage at rest; it has been named
 * @lossy: frames get lost; it has been named
 * @wrong_lengths: frames have wrong lengths; it has been named
 * @wrong_words: frames have wrong words; it has been named
 * @deaf: interrupts do not arrive as they should; it has been named
 * @bad_channel: found dead, noisy or quiet, [channels]
 * @noise: of a sound channel, rms [LSB]; 0: not known
 * @baseline: {CHECK: {MEASURE: value}}, NULL without one
 * @state: folder of results
 * @soak: seconds
 * @suspend: the machine may sleep
 * @unplug: the board may leave the bus; its handle is another one then
 * @stopped: nothing more is wanted
 * @tell: progress
 * @tell_arg: its argument
 */
struct diag {
	char *source;
	struct sono *sono;
	const struct sono_info *info;
	uint32_t slots_bytes;
	bool virtual_time;
	char broken[DIAG_TEXT];
	bool named;
	bool leaks;
	bool lossy;
	bool wrong_lengths;
	bool wrong_words;
	bool deaf;
	bool bad_channel[DIAG_CHANNELS_MAX];
	double noise;
	json_t *baseline;
	char state[DIAG_STORE_PATH];
	unsigned int soak;
	bool suspend, unplug;
	atomic_bool stopped;
	void (*tell)(void *arg, double done);
	void *tell_arg;
};

/** diag_tell() - so much is done */
void diag_tell(struct diag *d, double done);

/** diag_is_driver() - there is a driver, and all that goes with it */
bool diag_is_driver(const struct diag *d);

/**
 * diag_timely() - is what takes time the board's own?
 *
 * How soon an emulated board answers in real time is its host's affair, which
 * may have other things to do.
 */
bool diag_timely(const struct diag *d);

/**
 * diag_detail() - say what was found
 * @r: of a check; what it said before is replaced
 */
void diag_detail(struct diag_result *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** diag_skip() - the check cannot be done; why */
void diag_skip(struct diag_result *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * diag_blame() - name what is wrong
 * @r: of a check
 * @status: DIAG_WARN, DIAG_TIMEOUT or DIAG_FAIL
 * @format: as printf(): "channel 17 is dead"
 */
void diag_blame(struct diag_result *r, enum diag_status status,
		const char *format, ...) __attribute__((format(printf, 3, 4)));

/**
 * diag_measure() - note a figure, and judge it by its limits
 * @d: handle
 * @r: of a check
 * @name: of the figure
 * @unit: a constant
 * @value: measured
 *
 * Who blames says what is wrong; a measure beyond its limits that nobody blames
 * is blamed by its name.
 *
 * Return: the status.
 */
enum diag_status diag_measure(struct diag *d, struct diag_result *r,
			      const char *name, const char *unit, double value);

/**
 * diag_judge() - a figure by its limits, without noting it
 * @m: written
 */
void diag_judge(struct diag *d, struct diag_result *r, const char *name,
		double value, struct diag_measure *m);

/** diag_note() - note a figure that nothing limits */
void diag_note(struct diag *d, struct diag_result *r, const char *name,
	       const char *unit, double value);

/**
 * diag_plot() - a plot for the report
 * @r: of a check
 * @plot: all but @value
 * @value: [plot->n], copied
 */
void diag_plot(struct diag_result *r, const struct diag_plot *plot,
	       const double *value);

/** diag_try() - sono_selftest(); false: it cannot be, which has been said */
bool diag_try(struct diag *d, struct diag_result *r, enum sono_selftest what,
	      struct sono_selftest_result *s);

/** diag_median() - of @n > 0 figures, whose order changes */
double diag_median(double *value, size_t n);

/* The checks, a file for each kind; diag.c has the table. */
void diag_check_identity(struct diag *d, struct diag_result *r);
void diag_check_link(struct diag *d, struct diag_result *r);
void diag_check_vectors(struct diag *d, struct diag_result *r);
void diag_check_host(struct diag *d, struct diag_result *r);
void diag_check_aer(struct diag *d, struct diag_result *r);
void diag_check_firmware(struct diag *d, struct diag_result *r);
void diag_check_scratch(struct diag *d, struct diag_result *r);
void diag_check_interrupt(struct diag *d, struct diag_result *r);
void diag_check_sensors(struct diag *d, struct diag_result *r);
void diag_check_dma(struct diag *d, struct diag_result *r);
void diag_check_channels(struct diag *d, struct diag_result *r);
void diag_check_elements(struct diag *d, struct diag_result *r);
void diag_check_gain(struct diag *d, struct diag_result *r);
void diag_check_voltage(struct diag *d, struct diag_result *r);
void diag_check_interlock(struct diag *d, struct diag_result *r);
void diag_check_watchdog(struct diag *d, struct diag_result *r);
void diag_check_ring(struct diag *d, struct diag_result *r);
void diag_check_image(struct diag *d, struct diag_result *r);
void diag_check_soak(struct diag *d, struct diag_result *r);
void diag_check_suspend(struct diag *d, struct diag_result *r);
void diag_check_unplug(struct diag *d, struct diag_result *r);

#endif /* DIAG_SESSION_H */
