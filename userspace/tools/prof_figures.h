/* SPDX-License-Identifier: MIT */
/*
 * What a run has cost, and who is to blame for what was lost. The way of a
 * frame is cut into parts: waking up, the pipeline's stages, sinks, the disk.
 */
#ifndef SONO_PROF_FIGURES_H
#define SONO_PROF_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "prof_histogram.h"

#define PROF_PARTS_MAX	32

/* Successive frames whose median is one value for a comparison. */
#define PROF_BLOCK	16
#define PROF_BLOCKS_MAX	64

/**
 * enum prof_kind - what a part of the way is
 * @PROF_WAKE: from the record to the frame being taken, where it was waited for
 * @PROF_LOOP: between parts: taking, releasing, bookkeeping
 * @PROF_STAGE: of the pipeline
 * @PROF_SINK: a picture goes out
 * @PROF_DISK: waiting for slots that are being written to a recording
 */
enum prof_kind { PROF_WAKE, PROF_LOOP, PROF_STAGE, PROF_SINK, PROF_DISK };

/**
 * struct prof_blocks - a long run as a few values
 * @frames: of a block that is not complete
 * @ns: their durations
 * @count: complete blocks
 * @merged: blocks of PROF_BLOCK frames that are one value now
 * @into: of these, how many are in @sum
 * @sum: of their medians [ns]
 * @value: means of @merged medians each [ns]
 */
struct prof_blocks {
	uint32_t frames;
	uint64_t ns[PROF_BLOCK];
	uint32_t count;
	uint32_t merged;
	uint32_t into;
	double sum;
	double value[PROF_BLOCKS_MAX];
};

/**
 * struct prof_part - a part of the way
 * @name: for a person
 * @kind: of it
 * @time: how long it took, each time
 * @typical: median of @time, as it was a while ago [ns]
 * @cpu_runs: times that processor time was measured
 * @cpu_ns: processor time of these, of all threads
 * @blocks: of @time
 */
struct prof_part {
	char name[32];
	enum prof_kind kind;
	struct histogram time;
	uint64_t typical;
	uint64_t cpu_runs;
	uint64_t cpu_ns;
	struct prof_blocks blocks;
};

/**
 * enum prof_loss - what became of a frame that was not shown in time
 * @PROF_LATE: shown, but it took longer than there is time for a frame
 * @PROF_SKIPPED: released unseen, as there was a newer one
 * @PROF_DROPPED: by the board, which had no slot to put it
 * @PROF_LOST: its completion never came
 */
enum prof_loss { PROF_LATE, PROF_SKIPPED, PROF_DROPPED, PROF_LOST, PROF_LOSSES };

/* Who is to blame: the number of a part, or one of these. */
enum prof_culprit {
	PROF_CONSUMER = PROF_PARTS_MAX,	/* its thread did not run */
	PROF_RECORDING,			/* the disk had the slots */
	PROF_BOARD,			/* slots and time there were */
	PROF_LINK,
	PROF_PLAYED,			/* the recording that is played */
	PROF_CULPRITS,
};

/**
 * struct prof_sample - a frame that went its way
 * @hw: board clock at the first transmit [ns]
 * @host: when its record was made; 0: on no clock of this run [ns]
 * @taken: by the consumer [ns]
 * @published: its way was at an end [ns]
 * @ran: bits of the parts that it passed
 * @ns: time that it spent in each of them
 * @off_cpu: of the time in stages, so long the consumer's thread did not run
 * @has_cpu: @cpu is known
 * @cpu: processor time of all threads in each part
 * @waited: the consumer stood idle until this frame came
 * @newest: the consumer takes the newest and lets older ones go
 * @skipped: frames before it that were let go
 * @dropped: as its record says
 * @lost: the same
 * @on_disk: slots whose frames were on their way to the disk, when most were
 */
struct prof_sample {
	uint64_t hw;
	uint64_t host;
	uint64_t taken;
	uint64_t published;
	uint32_t ran;
	uint64_t ns[PROF_PARTS_MAX];
	uint64_t off_cpu;
	bool has_cpu;
	uint64_t cpu[PROF_PARTS_MAX];
	bool waited;
	bool newest;
	uint32_t skipped;
	uint32_t dropped;
	uint32_t lost;
	uint32_t on_disk;
};

/**
 * struct prof_window - what the consumer did since it was last idle
 * @frames: that it took
 * @ns: in each part
 * @stages: in all stages [ns]
 * @off_cpu: of that [ns]
 * @on_disk: as of samples, the largest
 */
struct prof_window {
	uint32_t frames;
	uint64_t ns[PROF_PARTS_MAX];
	uint64_t stages;
	uint64_t off_cpu;
	uint32_t on_disk;
};

/**
 * struct prof_figures - of a run
 * @period: from frame to frame of the board [ns]
 * @deadline: for a frame from being taken to being published [ns]
 * @slots: of the stream
 * @played: frames come from a recording: what it lacks nobody loses now
 * @parts: how many
 * @part: in the order of the way
 * @frame: from being taken to being published
 * @frame_blocks: the same
 * @latency: from the record to being published
 * @record: from the board's trigger to the record, but for what all have
 * @frames: that went their way
 * @first: when the first one was taken [ns]
 * @last: when the last one was published [ns]
 * @loss: frames that were late, skipped, dropped, lost
 * @blamed: and through whom
 * @window: see there
 * @former: the one before; it ended at @former_end [ns]
 * @host: when the last frame's record was made [ns]
 * @earliest: least host - hw of the run [ns]
 * @early: least host - hw, of this and of the former 512 frames [ns]
 */
struct prof_figures {
	uint64_t period;
	uint64_t deadline;
	uint32_t slots;
	bool played;
	uint32_t parts;
	struct prof_part part[PROF_PARTS_MAX];
	struct histogram frame;
	struct prof_blocks frame_blocks;
	struct histogram latency;
	struct histogram record;
	uint64_t frames;
	uint64_t first;
	uint64_t last;
	uint64_t loss[PROF_LOSSES];
	uint64_t blamed[PROF_LOSSES][PROF_CULPRITS];
	struct prof_window window;
	struct prof_window former;
	uint64_t former_end;
	uint64_t host;
	int64_t earliest;
	int64_t early[2];
};

/**
 * prof_figures_part() - add a part, before the first frame
 * @f: figures, all 0 but for period, deadline, slots and played
 * @kind: of the part
 * @name: copied
 *
 * Return: its number; -1: there are PROF_PARTS_MAX.
 */
int prof_figures_part(struct prof_figures *f, enum prof_kind kind,
		      const char *name);

/** prof_figures_add() - one more frame */
void prof_figures_add(struct prof_figures *f, const struct prof_sample *s);

/**
 * prof_figures_end() - what the account of a run has beyond the records
 * @f: figures
 * @dropped: of the whole run
 * @lost: of the whole run
 * @link: an error of the link has ended it
 */
void prof_figures_end(struct prof_figures *f, uint64_t dropped, uint64_t lost,
		      bool link);

/** prof_culprit_name() - for a person; of a stage: "stage NAME" */
void prof_culprit_name(const struct prof_figures *f, unsigned int culprit,
		       char *name, unsigned int bytes);

/** prof_loss_name() - for a person and for programs */
const char *prof_loss_name(enum prof_loss loss);

/**
 * prof_blocks_add() - one duration more
 * @b: blocks, all 0 at first
 * @ns: a duration
 */
void prof_blocks_add(struct prof_blocks *b, uint64_t ns);

#endif /* SONO_PROF_FIGURES_H */
