/* SPDX-License-Identifier: MIT */
/*
 * Self tests of a board, for whoever serves it: "sono diag" and any other
 * program. A check says what it measured, judges that by the limits of
 * limits.tsv, and names what is wrong; what a source does not have is skipped,
 * with the reason, and never passed.
 *
 *	struct diag *d;
 *	struct diag_result r;
 *
 *	diag_open(&d, "/dev/sono0", why, sizeof(why));
 *	for (size_t i = 0; i < diag_checks(); i++) {
 *		diag_run(d, diag_check(i), &r);
 *		... r.status, r.fault[], r.measure[] ...
 *		diag_result_finish(&r);
 *	}
 *	diag_close(d);
 *
 * Nothing is printed.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIAG_MEASURES 48
#define DIAG_FAULTS 32
#define DIAG_PLOTS 4
#define DIAG_TEXT 256

/* Exit statuses of a set of checks: Documentation/diagnostics.rst. */
#define DIAG_EXIT_PASS 0
#define DIAG_EXIT_INTERNAL 1
#define DIAG_EXIT_WARN 2
#define DIAG_EXIT_FAIL 4
#define DIAG_EXIT_SKIP 77
#define DIAG_EXIT_TIMEOUT 124

/** enum diag_level - how much a check takes; a level contains those before it */
enum diag_level {
	DIAG_QUICK,	/* seconds; a stream that is on goes on */
	DIAG_MEDIUM,	/* a minute or two; needs the board for itself */
	DIAG_LONG,	/* a quarter of an hour, and a phantom */
};

/** enum diag_status - of a check, the later the worse */
enum diag_status {
	DIAG_SKIP,
	DIAG_PASS,
	DIAG_WARN,
	DIAG_TIMEOUT,
	DIAG_FAIL,
};

/**
 * struct diag_measure - a figure
 * @name: of it, within its check
 * @unit: "" where there is none
 * @value: measured
 * @lo: least that passes, -INFINITY: any
 * @hi: most that passes, INFINITY: any
 * @baseline: of the installation, NAN: none is stored
 * @status: DIAG_PASS also where nothing limits it
 */
struct diag_measure {
	char name[40];
	const char *unit;
	double value;
	double lo, hi;
	double baseline;
	enum diag_status status;
};

/**
 * struct diag_plot - figures over a number, for a report
 * @title: of it
 * @x: what counts to the right, with its unit
 * @y: what counts upwards, with its unit
 * @n: points
 * @from: place of the first
 * @step: to the next
 * @value: [n]
 * @lo: a line to be drawn there, NAN: none
 * @hi: the same
 */
struct diag_plot {
	const char *title;
	const char *x;
	const char *y;
	size_t n;
	double from, step;
	double *value;
	double lo, hi;
};

/**
 * struct diag_picture - what was seen, for a report
 * @title: of it; empty: there is none
 * @width: pixels
 * @height: pixels
 * @rgb: [height][width][3]
 */
struct diag_picture {
	char title[DIAG_TEXT];
	uint32_t width, height;
	uint8_t *rgb;
};

struct diag;
struct diag_result;

/**
 * struct diag_check - a row of the table
 * @id: by which it is asked for
 * @level: to which it belongs
 * @title: what is checked
 * @run: does it; @r is zeroed but for @check
 */
struct diag_check {
	const char *id;
	enum diag_level level;
	const char *title;
	void (*run)(struct diag *d, struct diag_result *r);
};

/**
 * struct diag_result - what a check came to
 * @check: which
 * @status: the worst of its faults and measures
 * @duration: [s]
 * @detail: for a person: what was found, or why it was skipped
 * @measures: figures of @measure
 * @measure: figures
 * @faults: lines of @fault
 * @fault: what is wrong, each named once: "channel 17 is dead"
 * @plots: of @plot
 * @plot: for a report
 * @picture: for a report
 */
struct diag_result {
	const struct diag_check *check;
	enum diag_status status;
	double duration;
	char detail[DIAG_TEXT];
	size_t measures;
	struct diag_measure measure[DIAG_MEASURES];
	size_t faults;
	char fault[DIAG_FAULTS][DIAG_TEXT];
	size_t plots;
	struct diag_plot plot[DIAG_PLOTS];
	struct diag_picture picture;
};

/**
 * diag_open() - a source to be checked
 * @d: the handle; diag_close() ends it
 * @source: as for sono_open(), but no recording
 * @why: reason, for whoever gave @source
 * @why_bytes: its size
 *
 * Return: 0 or -errno.
 */
int diag_open(struct diag **d, const char *source, char *why,
	      size_t why_bytes);

/** diag_close() - NULL is fine */
void diag_close(struct diag *d);

/**
 * diag_serial() - number of the board
 * @d: handle
 * @text: written
 * @n: its size
 *
 * Return: false where it has none, as a board in process.
 */
bool diag_serial(const struct diag *d, char *text, size_t n);

/** diag_checks() - rows of the table, in the order in which they are run */
size_t diag_checks(void);

/** diag_check() - a row of the table; NULL beyond the last */
const struct diag_check *diag_check(size_t index);

/**
 * diag_run() - do one check
 * @d: handle
 * @check: of the table
 * @r: written; diag_result_finish() frees what it holds
 *
 * May take as long as the check's level says. Does nothing lasting to the
 * board. Transmits where the check is about that, at what the board permits.
 */
void diag_run(struct diag *d, const struct diag_check *check,
	      struct diag_result *r);

/** diag_result_finish() - free what a result holds */
void diag_result_finish(struct diag_result *r);

/**
 * diag_progress() - who wants to know how far a check is
 * @d: handle
 * @tell: called now and then with the share done, 0 to 1; NULL: nobody
 * @arg: its first argument
 */
void diag_progress(struct diag *d, void (*tell)(void *arg, double done),
		   void *arg);

/**
 * diag_state() - where results are kept, which has to have room
 * @d: handle
 * @dir: folder, which need not be there yet; else that of diag_store_dir()
 */
void diag_state(struct diag *d, const char *dir);

/** diag_suspend() - the check "suspend" is wanted: the machine may sleep */
void diag_suspend(struct diag *d);

/** diag_unplug() - the check "unplug" is wanted: the board may leave the bus */
void diag_unplug(struct diag *d);

/** diag_soak() - seconds that the check "soak" takes; 900 unless set */
void diag_soak(struct diag *d, unsigned int seconds);

/**
 * diag_stop() - end the check that runs, from a signal handler or a thread
 *
 * The check and all that follow are skipped.
 */
void diag_stop(struct diag *d);

/** diag_status_text() - "pass", "warn", "timeout", "fail", "skip" */
const char *diag_status_text(enum diag_status status);

/** diag_level_text() - "quick", "medium", "long" */
const char *diag_level_text(enum diag_level level);

/**
 * diag_exit() - exit status of a set of checks
 * @worst: status of the worst; DIAG_SKIP where all were skipped, or none was
 */
int diag_exit(enum diag_status worst);

#endif /* DIAG_H */
