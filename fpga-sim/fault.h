/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What goes wrong on request. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_CHANNELS_MAX 1024
#define SIM_NOISY_RMS 40.0f /* [LSB] */

/**
 * struct sim_faults - which faults to inject; 0 is never, everywhere
 * @lost: every Nth frame is written but its completion is not
 * @duplicate: every Nth completion is written twice
 * @slot: every Nth completion names another slot
 * @gen: every Nth completion names another generation
 * @len: every Nth completion claims 64 bytes too many
 * @backward: every Nth completion repeats an earlier frame number
 * @torn: of every Nth completion only the second half is written
 * @torn_end: ... only the first half, and the phase
 * @flip: of every Nth completion a bit is inverted, any but the phase's
 * @late: every Nth completion is written some ms later than it could be
 * @swapped: every Nth completion is written after the one that follows it
 * @stray: every Nth frame goes to an address that no host maps
 * @stray_page: ... to this page of 4 KiB instead; 0 is the former
 * @irq_lost: every Nth interrupt is not sent
 * @irq_double: every Nth interrupt is sent twice
 * @irq_late: every Nth interrupt is sent some ms later, after others
 * @reg_flip: of every Nth register that is read a bit is inverted, those of
 *            sensors and flash among them
 * @reg_wild: every Nth register that is read is any number
 * @stuck: every Nth run that is stopped keeps RUNNING until a reset
 * @hang: every Nth reset, but by RESET, leaves registers that read as 0 and
 *        take nothing until the next one
 * @crc: every Nth sequence table arrives with a bit flipped
 * @flash: every Nth block of firmware is not held by the flash
 * @forget: while every Nth sequence table is loaded the board resets itself
 * @dead: all-ones reads, this many ms after the first start
 * @overtemp: over-temperature, this many ms after the first start
 * @overvolt: over-voltage, this many ms after the first start
 * @stall: whoever runs the board stands still for a second, so many ms after
 *         the first start
 * @reboot: the board resets itself, this many ms after the first start
 * @seed: with it, "every Nth" is one of N by chance, the same for the same seed
 * @corrupt: every Nth frame arrives with a bit of its samples inverted
 * @scratch: this bit of the scratch registers, from 1, reads as 0
 * @rot: this byte of the bank that runs, from 1, is not as it was written
 * @hot: at rest the board has so many degrees [deg C]
 * @leak: transmit voltage while nothing transmits [V]
 * @ringing: elements ring so long after the trigger [us]; a matter of the
 *           probe, and only of one with a scene
 * @hv_low: transmit voltage is so many percent below what is asked for
 * @hv_slow: it rises with this time constant [ms]
 * @hv_stays: it falls with this time constant [ms]
 * @gain_stuck: not 0: curves of receive gain are taken for 0 dB
 * @deaf: not 0: the lapse of the heartbeat is not noticed
 * @heedless: not 0: transmit is not held off while noise is captured
 * @lanes: of its link that were found
 * @speed: of its link, as a generation: 1 is 2.5 GT/s
 * @blind: registers read as all ones and take nothing, while the run goes on,
 *         this many ms after the first start until a reset other than by RESET
 * @blank: likewise, but they read as 0
 * @numb: every Nth run can be ended neither by CONTROL nor by RESET
 * @glitch: every Nth read of STATUS, RUN_COUNT, CFG_GEN and FRAME_BYTES is all
 *          ones
 * @linger: of every Nth run that is stopped a write arrives 100 ms after RUNNING
 *          fell; DMA_BUSY says so
 *
 * @dead_channel: set of receive channels that deliver 0
 * @noisy_channel: set of receive channels with SIM_NOISY_RMS more noise
 * @weak_element: set of elements that send and receive a quarter; that is a
 *                matter of the probe, so of who makes the front-end
 * @dead_element: set of elements that neither send nor receive; likewise
 *
 * Frames, tables, runs, stops, resets, interrupts and reads of registers are
 * counted from power-on. Channels are rows of the payload, counted from 0, as elements
 * are.
 */
struct sim_faults {
	uint32_t lost;
	uint32_t duplicate;
	uint32_t slot;
	uint32_t gen;
	uint32_t len;
	uint32_t backward;
	uint32_t torn;
	uint32_t torn_end;
	uint32_t flip;
	uint32_t late;
	uint32_t swapped;
	uint32_t stray;
	uint32_t stray_page;
	uint32_t irq_lost;
	uint32_t irq_double;
	uint32_t irq_late;
	uint32_t reg_flip;
	uint32_t reg_wild;
	uint32_t stuck;
	uint32_t hang;
	uint32_t crc;
	uint32_t flash;
	uint32_t forget;
	uint32_t dead;
	uint32_t overtemp;
	uint32_t overvolt;
	uint32_t reboot;
	uint32_t stall;
	uint32_t seed;
	uint32_t corrupt;
	uint32_t scratch;
	uint32_t rot;
	uint32_t hot;
	uint32_t leak;
	uint32_t ringing;
	uint32_t hv_low;
	uint32_t hv_slow;
	uint32_t hv_stays;
	uint32_t gain_stuck;
	uint32_t deaf;
	uint32_t heedless;
	uint32_t lanes;
	uint32_t speed;
	uint32_t blind;
	uint32_t blank;
	uint32_t numb;
	uint32_t glitch;
	uint32_t linger;
	uint64_t dead_channel[SIM_CHANNELS_MAX / 64];
	uint64_t noisy_channel[SIM_CHANNELS_MAX / 64];
	uint64_t weak_element[SIM_CHANNELS_MAX / 64];
	uint64_t dead_element[SIM_CHANNELS_MAX / 64];
};

/**
 * sim_faults_parse() - add faults from text
 * @faults: the fields named in @text are set
 * @text: "NAME=N[,NAME=N...]", the names of the fields above, with - for _;
 *        N is added to what is a set
 *
 * Return: 0, or -EINVAL and @faults may be partly set.
 */
int sim_faults_parse(struct sim_faults *faults, const char *text);

/** sim_channel_has() - is the channel, or element, in the set? */
static inline bool sim_channel_has(const uint64_t *set, uint32_t channel)
{
	return channel < SIM_CHANNELS_MAX &&
	       (set[channel / 64] >> channel % 64 & 1);
}

/** sim_channels_any() - is any channel dead or noisy? */
static inline bool sim_channels_any(const struct sim_faults *faults)
{
	uint64_t any = 0;

	for (int i = 0; i < SIM_CHANNELS_MAX / 64; i++)
		any |= faults->dead_channel[i] | faults->noisy_channel[i];
	return any;
}

#endif /* SIM_FAULT_H */
