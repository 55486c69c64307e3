/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What goes wrong on request. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdint.h>

/**
 * struct sim_faults - which faults to inject; 0 is never, everywhere
 * @lost: every Nth frame is written but its completion is not
 * @duplicate: every Nth completion is written twice
 * @slot: every Nth completion names another slot
 * @gen: every Nth completion names another generation
 * @len: every Nth completion claims 64 bytes too many
 * @backward: every Nth completion repeats an earlier frame number
 * @stray: every Nth frame goes to an address that no host maps
 * @crc: every Nth sequence table arrives with a bit flipped
 * @dead: all-ones reads, this many ms after the first start
 * @overtemp: over-temperature, this many ms after the first start
 * @overvolt: over-voltage, this many ms after the first start
 *
 * Frames and tables are counted from power-on.
 */
struct sim_faults {
	uint32_t lost;
	uint32_t duplicate;
	uint32_t slot;
	uint32_t gen;
	uint32_t len;
	uint32_t backward;
	uint32_t stray;
	uint32_t crc;
	uint32_t dead;
	uint32_t overtemp;
	uint32_t overvolt;
};

/**
 * sim_faults_parse() - add faults from text
 * @faults: the fields named in @text are set
 * @text: "NAME=N[,NAME=N...]", the names of the fields above
 *
 * Return: 0, or -EINVAL and @faults may be partly set.
 */
int sim_faults_parse(struct sim_faults *faults, const char *text);

#endif /* SIM_FAULT_H */
