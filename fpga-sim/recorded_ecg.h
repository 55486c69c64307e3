/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The ECG of a recording, from its frames' auxiliary blocks. It plays in its
 * own time: as fast as it was taken, whatever plan the frames are played with.
 */
#ifndef SIM_RECORDED_ECG_H
#define SIM_RECORDED_ECG_H

#include <stdint.h>

struct sono_recording;
struct recorded_ecg;

/**
 * recorded_ecg_create() - find the ECG of a recording
 * @ecg: set; NULL where the recording has none
 * @file: stays open as long; all its frames can be read
 *
 * Return: 0 or -ENOMEM.
 */
int recorded_ecg_create(struct recorded_ecg **ecg, struct sono_recording *file);

/** recorded_ecg_destroy() - NULL is fine */
void recorded_ecg_destroy(struct recorded_ecg *ecg);

/** recorded_ecg_rate() - samples per second; 0 for NULL */
uint32_t recorded_ecg_rate(const struct recorded_ecg *ecg);

/** recorded_ecg_at() - the sample at @at ticks after the first frame [uV] */
int16_t recorded_ecg_at(const struct recorded_ecg *ecg, uint64_t at);

/**
 * recorded_ecg_r_wave() - when the next R wave comes, at @at or later
 *
 * Where there is none in the whole recording, when it begins again.
 */
uint64_t recorded_ecg_r_wave(const struct recorded_ecg *ecg, uint64_t at);

#endif /* SIM_RECORDED_ECG_H */
