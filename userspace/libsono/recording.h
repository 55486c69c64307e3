/* SPDX-License-Identifier: MIT */
/*
 * Recordings: frames of one sequence table in a file, with all that is
 * needed to make pictures of them. Documentation/recording.rst states the
 * layout byte by byte.
 *
 * A recorder and a recording are used by one thread at a time.
 */
#ifndef SONO_RECORDING_H
#define SONO_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include <linux/sono.h>

#include "scan.h"
#include "sequence.h"

#define SONO_RECORDING_VERSION 2

/* Frames and their payloads start on multiples of this many bytes. */
#define SONO_RECORDING_ALIGN 4096

/* Bytes of the note, with its NUL. */
#define SONO_RECORDING_NOTE 64

struct sono_recorder;
struct sono_recording;

/**
 * sono_recorder_create() - start a recording
 * @recorder: written
 * @path: of the file; an existing one is replaced
 * @scan: the places of the elements, shapes and beams of the waves, fc, c,
 *        lens and pulse delay are taken from it, all else from @table
 * @table: as the board ran it; one frame
 * @info: adc_clock and board_clock of that board are kept
 * @note: where the frames come from; NULL: nothing; cut at
 *        SONO_RECORDING_NOTE - 1 bytes
 * @why: the reason of an error; may be NULL
 * @why_bytes: its size
 *
 * Return: 0, -EINVAL for a scan that is not @table's, -ENOMEM, or the errno
 * of writing.
 */
int sono_recorder_create(struct sono_recorder **recorder, const char *path,
			 const struct sono_scan *scan,
			 const struct sono_table *table,
			 const struct sono_info *info, const char *note,
			 char *why, size_t why_bytes);

/**
 * sono_recorder_append() - add one frame
 * @recorder: a recorder
 * @record: its record; len is the table's frame_bytes
 * @payload: record->len bytes
 *
 * Return: 0, -EINVAL for a frame of another length, or the errno of writing;
 * a frame that could not be written whole is taken back.
 */
int sono_recorder_append(struct sono_recorder *recorder,
			 const struct sono_record *record,
			 const void *payload);

/**
 * sono_recorder_close() - end a recording; NULL is fine
 * @recorder: a recorder
 *
 * Return: 0, or the errno of bringing the file to the disk.
 */
int sono_recorder_close(struct sono_recorder *recorder);

/**
 * sono_recording_open() - open a recording for reading
 * @rec: written
 * @path: of the file; it must not shrink while it is open
 * @why: the reason of an error; may be NULL
 * @why_bytes: its size
 *
 * A file whose end is missing or was never finished opens with the frames
 * that are whole; sono_recording_damage() tells.
 *
 * Return: 0, -EBADMSG for a file that is not a recording or whose head is
 * damaged, -EPROTONOSUPPORT for another version (1 did not say which event
 * is for what), -ENOMEM, or the errno of
 * opening.
 */
int sono_recording_open(struct sono_recording **rec, const char *path,
			char *why, size_t why_bytes);

/** sono_recording_close() - end of reading; NULL is fine */
void sono_recording_close(struct sono_recording *rec);

/** sono_recording_damage() - what is missing at the end; NULL: nothing */
const char *sono_recording_damage(const struct sono_recording *rec);

/** sono_recording_scan() - what the frames mean; belongs to the recording */
const struct sono_scan *sono_recording_scan(const struct sono_recording *rec);

/** sono_recording_table() - the table that ran; belongs to the recording */
const struct sono_table *
sono_recording_table(const struct sono_recording *rec);

/** sono_recording_adc_clock() - of the board that recorded [Hz] */
uint32_t sono_recording_adc_clock(const struct sono_recording *rec);

/** sono_recording_board_clock() - unit of hw_ts [Hz] */
uint32_t sono_recording_board_clock(const struct sono_recording *rec);

/** sono_recording_note() - where the frames come from; may be empty */
const char *sono_recording_note(const struct sono_recording *rec);

/** sono_recording_frames() - whole frames, damaged ones included */
uint64_t sono_recording_frames(const struct sono_recording *rec);

/**
 * sono_recording_frame() - one frame
 * @rec: a recording
 * @index: below sono_recording_frames()
 * @record: its record
 * @payload: set to its payload, record->len bytes in the mapped file, aligned
 *           to SONO_RECORDING_ALIGN; valid until the recording is closed
 * @why: the reason of an error; may be NULL
 * @why_bytes: its size
 *
 * The CRC of a payload is checked when the frame is first asked for.
 *
 * Return: 0, -EINVAL beyond the last frame, -EBADMSG for a damaged one.
 */
int sono_recording_frame(struct sono_recording *rec, uint64_t index,
			 struct sono_record *record, const void **payload,
			 char *why, size_t why_bytes);

#endif /* SONO_RECORDING_H */
