/* SPDX-License-Identifier: MIT */
/*
 * A scan as the board takes it: the sequence table (sono_regs.h), made from
 * a struct sono_scan and read back into one. A table that is made here has
 * passed every check that the board would make.
 */
#ifndef SONO_SEQUENCE_H
#define SONO_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/sono.h>

#include "scan.h"
#include "sono_regs.h"

/* What a table may hold at most, whatever a board or a file says. */
#define SONO_SEQ_ELEMENTS_MAX 4096
#define SONO_SEQ_DELAYS_MAX (4u << 20) /* events times elements */
#define SONO_SEQ_TGC_POINTS_MAX 1024

/**
 * enum sono_trigger - what an event waits for, its time being due
 * @SONO_TRIGGER_NONE: nothing
 * @SONO_TRIGGER_EXT: the external input
 * @SONO_TRIGGER_ECG: the ECG's R wave
 */
enum sono_trigger {
	SONO_TRIGGER_NONE,
	SONO_TRIGGER_EXT,
	SONO_TRIGGER_ECG,
};

/**
 * struct sono_waveform - how one event transmits
 * @frequency: of the pulse [Hz]
 * @half_cycles: length of the pulse, from 1
 * @inverted: the first half cycle is negative
 * @voltage: [V]
 * @settle: time before the trigger for the voltage to settle [s]
 * @amplitude: pulse width of each element, 0 to 1, [elements]; NULL: all 1
 * @trigger: what it waits for
 */
struct sono_waveform {
	double frequency;
	uint32_t half_cycles;
	bool inverted;
	double voltage;
	double settle;
	const double *amplitude;
	enum sono_trigger trigger;
};

/**
 * struct sono_table - a sequence table
 * @data: to be given to SONO_CMD_CONFIG; freed by sono_table_finish()
 * @bytes: of it
 */
struct sono_table {
	void *data;
	size_t bytes;
};

#define SONO_NO_EVENT UINT32_MAX

/**
 * struct sono_fault - why a scan cannot become a table
 * @code: what the board would say, SONO_SEQ_E_HEADER where the scan does not
 *        even fit the fields of a table
 * @event: event it was refused for, or SONO_NO_EVENT
 * @why: the event and the limit in words
 */
struct sono_fault {
	enum sono_seq_error code;
	uint32_t event;
	char why[256];
};

/**
 * sono_sequence_compile() - make the table of a scan
 * @table: written on success
 * @scan: laid out by sono_scan_layout(); one frame
 * @waveform: [events] of the scan; only its voltage counts where no element
 *            transmits
 * @info: limits and clocks of the board
 * @fault: written on -EINVAL
 *
 * Times are rounded to the nearest unit of the table: delays to 1/256 board
 * tick, periods to board ticks, the receive window to ADC clocks.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int sono_sequence_compile(struct sono_table *table,
			  const struct sono_scan *scan,
			  const struct sono_waveform *waveform,
			  const struct sono_info *info,
			  struct sono_fault *fault);

/** sono_table_finish() - free a table's bytes; may be empty */
void sono_table_finish(struct sono_table *table);

/**
 * sono_sequence_decode() - read a table back
 * @scan: the scan; its elements' places, the waves' shapes and beams, fc, c,
 *        lens and pulse delay are not in a table and stay 0
 * @data: a table of one frame; nothing in it is trusted, any alignment
 * @bytes: its length
 * @info: only adc_clock and board_clock are used
 * @why: the reason of -EBADMSG; may be NULL
 * @why_bytes: its size
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int sono_sequence_decode(struct sono_scan **scan, const void *data,
			 size_t bytes, const struct sono_info *info, char *why,
			 size_t why_bytes);

/**
 * sono_sequence_waveform() - how one event of a table transmits
 * @table: one that sono_sequence_decode() takes
 * @event: below its number of events
 * @waveform: written; @amplitude is its amplitude
 * @amplitude: [elements], 0 for an element that does not transmit
 */
void sono_sequence_waveform(const struct sono_table *table, uint32_t event,
			    struct sono_waveform *waveform, double *amplitude);

#endif /* SONO_SEQUENCE_H */
